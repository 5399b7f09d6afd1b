// The partition table: bytes <-> partitions, a 32-byte row at a time, so that a device reads a
// table without holding its 3 KiB. Pure; reading it from flash is slots.h, writing it from CSV is
// hostlib.
//
// Format: ESP-IDF components/partition_table/gen_esp32part.py and
// components/bootloader_support/src/flash_partitions.c (esp_partition_table_verify).
#ifndef ALOFT_PTABLE_H
#define ALOFT_PTABLE_H

#include "aloft/crypto.h"
#include <stdbool.h>
#include <stdint.h>

#define ALOFT_PTABLE_ADDR_DEFAULT 0x8000u // where the table lies unless the build says otherwise
#define ALOFT_PTABLE_LEN          0xC00u  // bytes of a table; the sector's rest is for a signature
#define ALOFT_PTABLE_SECTOR       0x1000u // bytes that the table occupies in flash
#define ALOFT_PTABLE_ROW          32u
#define ALOFT_PTABLE_ROWS         (ALOFT_PTABLE_LEN / ALOFT_PTABLE_ROW)
#define ALOFT_PTABLE_MAX          95u // partitions in one table
#define ALOFT_PTABLE_LABEL        16u // bytes of a label; all 16 may be used, without a terminator

enum aloft_partition_type {
    ALOFT_TYPE_APP = 0x00,
    ALOFT_TYPE_DATA = 0x01,
    ALOFT_TYPE_BOOTLOADER = 0x02,
    ALOFT_TYPE_PTABLE = 0x03,
};

enum aloft_partition_subtype {
    ALOFT_APP_FACTORY = 0x00,
    ALOFT_APP_OTA_0 = 0x10, // .. 0x1F for ota_15
    ALOFT_APP_TEST = 0x20,
    ALOFT_DATA_OTA = 0x00, // otadata
    ALOFT_DATA_PHY = 0x01,
    ALOFT_DATA_NVS = 0x02,
    ALOFT_DATA_COREDUMP = 0x03,
    ALOFT_DATA_NVS_KEYS = 0x04,
    ALOFT_DATA_EFUSE = 0x05,
    ALOFT_DATA_UNDEFINED = 0x06,
    ALOFT_DATA_TEE_OTA = 0x90,
};

enum aloft_partition_flag { ALOFT_PARTITION_ENCRYPTED = 1, ALOFT_PARTITION_READONLY = 2 };

struct aloft_partition {
    uint8_t type;
    uint8_t subtype;
    uint32_t addr;                      // in the chip
    uint32_t len;                       // bytes
    uint32_t flags;                     // enum aloft_partition_flag
    char label[ALOFT_PTABLE_LABEL + 1]; // always terminated here
};

enum aloft_ptable_row {
    ALOFT_PTABLE_PARTITION, // *out holds the next partition
    ALOFT_PTABLE_MD5_OK,    // the MD5 row, and it is right
    ALOFT_PTABLE_DONE,      // the end marker: the table is good
    ALOFT_PTABLE_BAD,       // the table is no good; see err
};

// Reads a table row by row, from the first. After DONE or BAD nothing more may be fed, and
// aloft_ptable_end is called, as for one that is left before.
struct aloft_ptable_reader {
    const struct aloft_crypto *crypto;
    struct aloft_hash md5;
    uint32_t flash_size; // bytes; partitions may not reach beyond
    uint32_t count;      // partitions so far
    uint32_t rows;       // rows so far
    bool has_md5;        // an MD5 row was seen
    enum aloft_err err;
};

void aloft_ptable_init(struct aloft_ptable_reader *reader, const struct aloft_crypto *crypto,
                       uint32_t flash_size);

// Gives its hash back. At any time, and more than once.
void aloft_ptable_end(struct aloft_ptable_reader *reader);

// Judges one row as the stock bootloader does: magic, range, MD5, end marker. Overlap and alignment
// are not its business; aloft_ptable_conflict is.
// Errors: PTABLE_MAGIC, PTABLE_MD5, PTABLE_END (the 96th row was no end marker), PTABLE_RANGE,
//         PTABLE_EMPTY (the very first row is blank), CRYPTO.
enum aloft_ptable_row aloft_ptable_feed(struct aloft_ptable_reader *reader,
                                        const uint8_t row[ALOFT_PTABLE_ROW],
                                        struct aloft_partition *out);

// Writes one row. The label is cut at 16 bytes.
void aloft_ptable_emit(const struct aloft_partition *partition, uint8_t row[ALOFT_PTABLE_ROW]);

// Writes a whole 3,072-byte table: rows, MD5 row if wanted, FF to the end.
// Errors: ARG when count > 95, or > 94 with the MD5 row; CRYPTO.
enum aloft_err aloft_ptable_emit_all(const struct aloft_partition *partitions, uint32_t count,
                                     const struct aloft_crypto *md5_crypto,
                                     uint8_t table[ALOFT_PTABLE_LEN]);

// True when the partition carries code: app rows of any subtype.
bool aloft_partition_is_app(const struct aloft_partition *partition);

// True when a chip with flash encryption keeps the partition encrypted, as ESP-IDF has it: all with
// the flag, and apps, bootloader, table, otadata and NVS keys without it. NVS itself is not.
bool aloft_partition_is_encrypted(const struct aloft_partition *partition);

// The alignment that the address of such a partition must have: 64 KiB for apps, else 4 KiB.
uint32_t aloft_partition_alignment(const struct aloft_partition *partition);

// True when two stretches, each an address and a length, have a byte in common.
bool aloft_ptable_overlap(uint32_t a, uint32_t a_len, uint32_t b, uint32_t b_len);

// What is wrong between two different partitions, or with one against itself (a == b).
// Errors: PTABLE_OVERLAP, PTABLE_ALIGN.
enum aloft_err aloft_ptable_conflict(const struct aloft_partition *a,
                                     const struct aloft_partition *b);

#endif
