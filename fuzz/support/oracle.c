// Formats as ESP-IDF documents them; crypto is mbedTLS, where core's under test is our own.
#include "oracle.h"
#include "hostlib/crypto/mbed_crypto.h"
#include <string.h>

static uint32_t le32(const uint8_t *p)
{
    return (uint32_t)p[0] + p[1] * 0x100u + p[2] * 0x10000u + p[3] * 0x1000000u;
}

static uint32_t crc_more(uint32_t crc, const uint8_t *bytes, uint32_t len)
{
    for (uint32_t i = 0; i < 8 * len; i++) {
        uint32_t bit = (crc ^ (uint32_t)(bytes[i / 8] >> i % 8)) & 1;
        crc = (crc >> 1) ^ (bit != 0 ? 0xEDB88320u : 0);
    }
    return crc;
}

uint32_t oracle_crc(const uint8_t *bytes, uint32_t len)
{
    return ~crc_more(0, bytes, len);
}

uint32_t oracle_crc32(const uint8_t *bytes, uint32_t len)
{
    return ~crc_more(0xFFFFFFFFu, bytes, len);
}

static bool sha_is(const uint8_t *bytes, uint32_t len, const uint8_t *wanted)
{
    struct aloft_hash hash;
    uint8_t got[ALOFT_SHA256_LEN];
    return aloft_mbed_crypto.hash_init(&hash, ALOFT_HASH_SHA256) == ALOFT_OK &&
           aloft_mbed_crypto.hash_feed(&hash, bytes, len) == ALOFT_OK &&
           aloft_mbed_crypto.hash_finish(&hash, got) == ALOFT_OK &&
           memcmp(got, wanted, sizeof got) == 0;
}

uint32_t oracle_image(const uint8_t *bytes, uint32_t len, uint32_t *data_crc)
{
    uint8_t checksum = 0xEF;
    uint32_t crc = 0xFFFFFFFFu;
    uint64_t at = 24;
    if (len < 24 || bytes[0] != 0xE9 || bytes[1] == 0 || bytes[1] > 16) {
        return 0;
    }
    for (uint32_t i = 0; i < bytes[1]; i++) {
        if (at + 8 > len || le32(bytes + at + 4) % 4 != 0 || at + 8 + le32(bytes + at + 4) > len) {
            return 0;
        }
        uint32_t n = le32(bytes + at + 4);
        at += 8;
        if (data_crc != NULL) { // bit by bit, so only when it is wanted
            crc = crc_more(crc, bytes + at, n);
        }
        for (; n > 0; n--) {
            checksum ^= bytes[at++];
        }
    }
    at = at / 16 * 16 + 16;
    if (at > len || bytes[at - 1] != checksum) {
        return 0;
    }
    if (bytes[23] != 0) {
        if (at + 32 > len || !sha_is(bytes, (uint32_t)at, bytes + at)) {
            return 0;
        }
        at += 32;
    }
    if (data_crc != NULL) {
        *data_crc = ~crc;
    }
    return (uint32_t)at;
}

static bool usable(const uint8_t *record)
{
    uint32_t seq = le32(record);
    uint32_t state = le32(record + 24);
    return seq != 0 && seq != 0xFFFFFFFFu && le32(record + 28) == oracle_crc(record, 4) &&
           (state <= 2 || state == 0xFFFFFFFFu);
}

int oracle_active(const uint8_t *record_0, const uint8_t *record_1)
{
    if (!usable(record_0)) {
        return usable(record_1) ? 1 : -1;
    }
    return usable(record_1) && le32(record_1) > le32(record_0) ? 1 : 0;
}
