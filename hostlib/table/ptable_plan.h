// A partition table on its way between CSV text, binary and a person: the rows, where each came
// from, and messages about them. All checks are here, so that a table gets the same verdict whether
// it comes from a text, a file or a chip. aloft/format/ptable.h reads and writes the bytes.
//
// Checks: those of ESP-IDF components/partition_table/gen_esp32part.py.
#ifndef ALOFT_HOSTLIB_PTABLE_PLAN_H
#define ALOFT_HOSTLIB_PTABLE_PLAN_H

#include "aloft/format/ptable.h"
#include "hostlib/base/message.h"
#include <stddef.h>

#define ALOFT_PTABLE_WARNINGS_MAX 16u
#define ALOFT_PTABLE_NO_ADDR      0xFFFFFFFFu

// What the table is made for.
struct aloft_ptable_own_words; // hostlib/table/ptable_words.h
struct aloft_ptable_rules {
    uint32_t table_addr;      // where the table lies
    uint32_t flash_size;      // bytes of the chip; 0: not known, so nothing is held against it
    uint32_t bootloader_addr; // for bootloader rows; ALOFT_PTABLE_NO_ADDR: not given
    uint32_t recovery_addr;   // for a recovery bootloader row; ALOFT_PTABLE_NO_ADDR: not given
    const struct aloft_ptable_own_words *own_words; // for subtypes; NULL: none
};

// A table at its default address, and nothing else known.
#define ALOFT_PTABLE_RULES_DEFAULT                                                                 \
    {                                                                                              \
        ALOFT_PTABLE_ADDR_DEFAULT, 0, ALOFT_PTABLE_NO_ADDR, ALOFT_PTABLE_NO_ADDR, NULL             \
    }

// About 16 KiB. Whoever fills it in clears it first.
struct aloft_ptable_plan {
    struct aloft_partition partitions[ALOFT_PTABLE_MAX];
    uint32_t lines[ALOFT_PTABLE_MAX]; // in a CSV text, from 1; 0: the table was binary
    uint32_t count;
    bool has_md5; // the binary table carried an MD5 row
    struct aloft_message warnings[ALOFT_PTABLE_WARNINGS_MAX];
    uint32_t warning_count;
};

// Reads a binary table of at most 3,072 bytes. flash_size 0: unknown, ranges are not checked.
// Errors: those of aloft_ptable_feed, PTABLE_END when the bytes stop before the end marker. The
// plan
//         keeps the partitions before the fault.
enum aloft_err aloft_ptable_plan_load(struct aloft_ptable_plan *plan, const uint8_t *table,
                                      size_t len, uint32_t flash_size);

// Alignment, names, overlap, otadata, readonly, NVS size, and the fit into the chip. Adds warnings,
// one for each reason why a device with this table boots and cannot be updated.
// Fails: with a sentence that names the line or row, what stands there, and the cure.
bool aloft_ptable_plan_check(struct aloft_ptable_plan *plan, const struct aloft_ptable_rules *rules,
                             struct aloft_message *error);

// Adds a warning; one too many is dropped.
void aloft_ptable_plan_warn(struct aloft_ptable_plan *plan, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// The end of the partition that reaches furthest, 0 for an empty table.
uint64_t aloft_ptable_plan_end(const struct aloft_ptable_plan *plan);

// True for the rows that describe the bootloader and the table themselves; they lie below or at the
// table and take no part in placement.
bool aloft_ptable_plan_is_primary(const struct aloft_partition *partition);

#endif
