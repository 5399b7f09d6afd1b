// The partition table compiler: CSV text -> plan, and back. It accepts what ESP-IDF's
// gen_esp32part.py accepts, refuses what it refuses, and leads to the same bytes.
//
// Format: ESP-IDF components/partition_table/gen_esp32part.py,
// docs/en/api-guides/partition-tables.rst.
#ifndef ALOFT_HOSTLIB_PTABLE_CSV_H
#define ALOFT_HOSTLIB_PTABLE_CSV_H

#include "hostlib/table/ptable_plan.h"

#define ALOFT_PTABLE_CSV_MAX 0x10000u // bytes of a CSV file

// Compiles the text: UTF-8, or UTF-16 or UTF-32 with a byte order mark; $NAME and ${NAME} come from
// the environment. Fills in blank offsets and runs aloft_ptable_plan_check. A bootloader row whose
// place the rules do not give lies where it says itself; the generator refuses it.
// Fails: with a sentence that begins "line N: " where a line is to blame.
bool aloft_ptable_csv_parse(struct aloft_ptable_plan *plan, const void *text, size_t len,
                            const struct aloft_ptable_rules *rules, struct aloft_message *error);

// Writes the plan as the generator would, with a NUL that *len does not count. What it writes is
// parsed once more: under the same rules it builds, and the rows are the same. Rows that do not
// stand in the order of their offsets are sorted, with a warning in the plan.
// Fails: with the reason why no CSV builds this table, or when size is too small; 12 KiB always
//        suffice.
#define ALOFT_PTABLE_CSV_ROOM 0x3000u
bool aloft_ptable_csv_emit(struct aloft_ptable_plan *plan, const struct aloft_ptable_rules *rules,
                           char *text, size_t size, size_t *len, struct aloft_message *error);

#endif
