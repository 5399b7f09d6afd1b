// Where a flash has its partition table: at 0x8000, unless its bootloader is larger and looks for
// it further back. Nothing in flash says where; a table is known by what it is.
#ifndef ALOFT_HOSTLIB_TABLE_FIND_H
#define ALOFT_HOSTLIB_TABLE_FIND_H

#include "aloft/flash.h"
#include "hostlib/base/chip_info.h"
#include "hostlib/flash/flash_file.h"
#include <stddef.h>

#define ALOFT_TABLE_FIND_LAST 0x20000u // as far as it is looked for

// asked, if that is not 0: the user knows it. Else the first sector from 0x8000 on that begins a
// good table; 0x8000 when none does.
uint32_t aloft_table_find(const struct aloft_flash *flash, uint32_t asked);

// The same in the bytes of a flash, whole or its beginning.
uint32_t aloft_table_find_in(const uint8_t *data, size_t len, uint32_t asked);

// The same in a flash file. One that was opened as a dump and ends before a partition of its table
// is the beginning of a larger flash from now on.
uint32_t aloft_table_find_file(struct aloft_flash_file *file, uint32_t asked);

// Bytes in memory as a flash to read; what lies behind them is erased. They may be a whole flash,
// or the beginning of one, of any length: its size is theirs when that is a chip's and their table
// ends in it, else ALOFT_FLASH_FILE_MAX. bytes must outlive it.
struct aloft_table_bytes {
    const uint8_t *data;
    uint32_t len;
};
struct aloft_flash aloft_table_flash_of(const struct aloft_table_bytes *bytes);

// What a sentence about a missing table adds when ciphertext lies in its place: "" or that, and
// what to do. It is told from all else by its bytes: each value is about as frequent as another.
const char *aloft_table_find_note(const struct aloft_flash *flash, uint32_t addr);

// The chip that a flash is of: the one whose bootloader lies where that chip looks for it. NULL:
// there is none.
const struct aloft_chip_info *aloft_table_find_chip(const struct aloft_flash *flash);

#endif
