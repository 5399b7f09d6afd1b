// Where a flash has its partition table: at 0x8000, unless its bootloader is larger and looks for
// it further back. Nothing in flash says where; a table is known by what it is.
#ifndef ALOFT_HOSTLIB_TABLE_FIND_H
#define ALOFT_HOSTLIB_TABLE_FIND_H

#include "aloft/flash.h"
#include <stddef.h>

#define ALOFT_TABLE_FIND_LAST 0x20000u // as far as it is looked for

// asked, if that is not 0: the user knows it. Else the first sector from 0x8000 on that begins a
// good table; 0x8000 when none does.
uint32_t aloft_table_find(const struct aloft_flash *flash, uint32_t asked);

// The same in the bytes of a whole flash; of anything else it is 0x8000.
uint32_t aloft_table_find_in(const uint8_t *bytes, size_t len, uint32_t asked);

#endif
