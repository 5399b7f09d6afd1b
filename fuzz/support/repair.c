// Written against the formats, not against core, and in the simplest way: everything is in memory.
#include "repair.h"
#include "aloft/base/bytes.h"
#include "aloft/base/crc32.h"
#include "hostlib/crypto/mbed_crypto.h"
#include "oracle.h"
#include <stdbool.h>
#include <string.h>

enum { ROW = 32, HEADER = 24, SEGMENT = 8, DIGEST = 32, TAIL = 16, SECTOR = 4096 };
enum { BLOCK = 1216, BLOCK_CRC = 1196, BLOCK_ZERO = 1200, BLOCKS = 3 };

static void digest(enum aloft_hash_alg alg, const uint8_t *data, uint32_t len, uint8_t *out)
{
    struct aloft_hash hash;
    (void)aloft_mbed_crypto.hash_init(&hash, alg); // mbedTLS's own code cannot fail on memory
    (void)aloft_mbed_crypto.hash_feed(&hash, data, len);
    (void)aloft_mbed_crypto.hash_finish(&hash, out);
}

void repair_table(uint8_t *table, uint32_t len)
{
    for (uint32_t off = 0; off + ROW <= len; off += ROW) {
        if (table[off] == 0xEB && table[off + 1] == 0xEB) {
            digest(ALOFT_HASH_MD5, table, off, table + off + 16);
        }
    }
}

void repair_record(uint8_t *record)
{
    aloft_put_le32(record + 28, oracle_crc(record, 4));
}

static void repair_signature(uint8_t *sector, uint32_t len)
{
    for (uint32_t i = 0; i < BLOCKS && (i + 1) * BLOCK <= len; i++) {
        uint8_t *block = sector + (size_t)i * BLOCK;
        if (block[0] == 0xE7) {
            aloft_put_le32(block + BLOCK_CRC, aloft_crc32(0, block, BLOCK_CRC));
            memset(block + BLOCK_ZERO, 0, BLOCK - BLOCK_ZERO);
        }
    }
}

// Bounds the segments, and says where the last one ends.
static uint32_t repair_segments(uint8_t *bytes, uint32_t room, uint8_t *checksum)
{
    uint32_t at = HEADER;
    uint8_t count = 0;
    uint8_t wanted = (uint8_t)(bytes[1] % 17);
    *checksum = 0xEF;
    while ((count == 0 || count < wanted) && room - at >= SEGMENT) {
        uint32_t max = (room - at - SEGMENT) & ~3u;
        uint32_t len = aloft_get_le32(bytes + at + 4) & ~3u;
        len = len < max ? len : max;
        aloft_put_le32(bytes + at + 4, len);
        at += SEGMENT;
        for (uint32_t end = at + len; at < end; at++) {
            *checksum ^= bytes[at];
        }
        count++;
    }
    bytes[1] = count;
    return at;
}

uint32_t repair_image(uint8_t *bytes, uint32_t len)
{
    uint8_t checksum;
    if (len < HEADER + SEGMENT + TAIL + DIGEST) {
        return 0;
    }
    bytes[0] = 0xE9;
    uint32_t end = repair_segments(bytes, len - TAIL - DIGEST, &checksum);
    end = (end | 15) + 1;
    bytes[end - 1] = checksum;
    if (bytes[23] != 0) {
        digest(ALOFT_HASH_SHA256, bytes, end, bytes + end);
        end += DIGEST;
    }
    uint32_t sector = aloft_align_up(end, SECTOR);
    if (sector < len) {
        repair_signature(bytes + sector, len - sector);
    }
    return end;
}
