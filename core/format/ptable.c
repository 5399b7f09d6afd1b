// Partition table rows. One reader serves device, bootloader, tool and server, because "this table
// is good" must mean the same everywhere.
#include "aloft/format/ptable.h"
#include "aloft/base/bytes.h"
#include "aloft/base/hash.h"
#include <string.h>

#define MAGIC_PARTITION 0x50AAu // bytes AA 50
#define MAGIC_MD5       0xEBEBu
#define MAGIC_BLANK     0xFFFFu
#define MD5_PAD         14u // FF bytes between the MD5 row's magic and its digest

_Static_assert(ALOFT_PTABLE_ROWS == 96, "95 partitions and an end marker");

void aloft_ptable_init(struct aloft_ptable_reader *reader, const struct aloft_crypto *crypto,
                       uint32_t flash_size)
{
    memset(reader, 0, sizeof *reader);
    reader->crypto = crypto;
    reader->flash_size = flash_size;
    reader->err = crypto->hash_init(&reader->md5, ALOFT_HASH_MD5);
}

static enum aloft_ptable_row bad(struct aloft_ptable_reader *reader, enum aloft_err err)
{
    reader->err = err;
    return ALOFT_PTABLE_BAD;
}

void aloft_ptable_end(struct aloft_ptable_reader *reader)
{
    reader->crypto->hash_drop(&reader->md5);
}

static enum aloft_ptable_row md5_row(struct aloft_ptable_reader *reader, const uint8_t *row)
{
    uint8_t digest[ALOFT_MD5_LEN];
    if (reader->has_md5) {
        return bad(reader, ALOFT_ERR_PTABLE_MAGIC);
    }
    enum aloft_err err = reader->crypto->hash_finish(&reader->md5, digest);
    if (err != ALOFT_OK) {
        return bad(reader, err);
    }
    if (memcmp(digest, row + 2 + MD5_PAD, sizeof digest) != 0) {
        return bad(reader, ALOFT_ERR_PTABLE_MD5);
    }
    reader->has_md5 = true;
    return ALOFT_PTABLE_MD5_OK;
}

static enum aloft_ptable_row partition_row(struct aloft_ptable_reader *reader, const uint8_t *row,
                                           struct aloft_partition *out)
{
    memset(out, 0, sizeof *out);
    out->type = row[2];
    out->subtype = row[3];
    out->addr = aloft_get_le32(row + 4);
    out->len = aloft_get_le32(row + 8);
    memcpy(out->label, row + 12, ALOFT_PTABLE_LABEL);
    out->flags = aloft_get_le32(row + 28);
    if (out->addr > reader->flash_size || out->len > reader->flash_size - out->addr) {
        return bad(reader, ALOFT_ERR_PTABLE_RANGE);
    }
    if (!reader->has_md5) {
        enum aloft_err err = reader->crypto->hash_feed(&reader->md5, row, ALOFT_PTABLE_ROW);
        if (err != ALOFT_OK) {
            return bad(reader, err);
        }
    }
    reader->count++;
    return ALOFT_PTABLE_PARTITION;
}

enum aloft_ptable_row aloft_ptable_feed(struct aloft_ptable_reader *reader,
                                        const uint8_t row[ALOFT_PTABLE_ROW],
                                        struct aloft_partition *out)
{
    if (reader->err != ALOFT_OK) {
        return ALOFT_PTABLE_BAD;
    }
    uint32_t index = reader->rows++;
    uint16_t magic = aloft_get_le16(row);
    // The stock bootloader's end marker is looser than 32 x FF: magic, type and subtype decide.
    if (magic == MAGIC_BLANK && row[2] == 0xFF && row[3] == 0xFF) {
        return index == 0 ? bad(reader, ALOFT_ERR_PTABLE_EMPTY) : ALOFT_PTABLE_DONE;
    }
    if (magic != MAGIC_MD5 && magic != MAGIC_PARTITION) {
        return bad(reader, ALOFT_ERR_PTABLE_MAGIC);
    }
    if (index + 1 >= ALOFT_PTABLE_ROWS) {
        return bad(reader, ALOFT_ERR_PTABLE_END);
    }
    return magic == MAGIC_MD5 ? md5_row(reader, row) : partition_row(reader, row, out);
}

void aloft_ptable_emit(const struct aloft_partition *partition, uint8_t row[ALOFT_PTABLE_ROW])
{
    size_t label_len = 0;
    while (label_len < ALOFT_PTABLE_LABEL && partition->label[label_len] != 0) {
        label_len++;
    }
    memset(row, 0, ALOFT_PTABLE_ROW);
    aloft_put_le16(row, MAGIC_PARTITION);
    row[2] = partition->type;
    row[3] = partition->subtype;
    aloft_put_le32(row + 4, partition->addr);
    aloft_put_le32(row + 8, partition->len);
    memcpy(row + 12, partition->label, label_len);
    aloft_put_le32(row + 28, partition->flags);
}

enum aloft_err aloft_ptable_emit_all(const struct aloft_partition *partitions, uint32_t count,
                                     const struct aloft_crypto *md5_crypto,
                                     uint8_t table[ALOFT_PTABLE_LEN])
{
    uint32_t len = count * ALOFT_PTABLE_ROW;
    if (count > ALOFT_PTABLE_MAX - (md5_crypto != NULL ? 1 : 0)) {
        return ALOFT_ERR_ARG;
    }
    memset(table, 0xFF, ALOFT_PTABLE_LEN);
    for (uint32_t i = 0; i < count; i++) {
        aloft_ptable_emit(&partitions[i], table + (size_t)i * ALOFT_PTABLE_ROW);
    }
    if (md5_crypto == NULL) {
        return ALOFT_OK;
    }
    aloft_put_le16(table + len, MAGIC_MD5);
    return aloft_hash_of(md5_crypto, ALOFT_HASH_MD5, table, len, table + len + 2 + MD5_PAD);
}

bool aloft_partition_is_app(const struct aloft_partition *partition)
{
    return partition->type == ALOFT_TYPE_APP;
}

bool aloft_partition_is_encrypted(const struct aloft_partition *partition)
{
    bool data = partition->type == ALOFT_TYPE_DATA &&
                (partition->subtype == ALOFT_DATA_OTA || partition->subtype == ALOFT_DATA_TEE_OTA ||
                 partition->subtype == ALOFT_DATA_NVS_KEYS);
    return data || partition->type == ALOFT_TYPE_APP || partition->type == ALOFT_TYPE_BOOTLOADER ||
           partition->type == ALOFT_TYPE_PTABLE ||
           (partition->flags & ALOFT_PARTITION_ENCRYPTED) != 0;
}

uint32_t aloft_partition_alignment(const struct aloft_partition *partition)
{
    return aloft_partition_is_app(partition) ? 0x10000u : 0x1000u;
}

// Both ends fit in 33 bits only; compare distances instead of ends.
bool aloft_ptable_overlap(uint32_t a, uint32_t a_len, uint32_t b, uint32_t b_len)
{
    bool apart = a <= b ? b - a >= a_len : a - b >= b_len;
    return !apart && a_len != 0 && b_len != 0;
}

enum aloft_err aloft_ptable_conflict(const struct aloft_partition *a,
                                     const struct aloft_partition *b)
{
    if (a == b) {
        uint32_t mask = aloft_partition_alignment(a) - 1;
        bool odd_len = aloft_partition_is_app(a) && a->len % 0x1000u != 0;
        return (a->addr & mask) != 0 || odd_len ? ALOFT_ERR_PTABLE_ALIGN : ALOFT_OK;
    }
    return aloft_ptable_overlap(a->addr, a->len, b->addr, b->len) ? ALOFT_ERR_PTABLE_OVERLAP
                                                                  : ALOFT_OK;
}
