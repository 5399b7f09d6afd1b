// How long a chip may take, and how often a thing is tried. For flasher*.c.
#ifndef ALOFT_HOSTLIB_FLASHER_TIME_H
#define ALOFT_HOSTLIB_FLASHER_TIME_H

#include <stdint.h>

// Seconds a megabyte; the slowest flash chips that are sold need most of it.
#define ALOFT_FLASHER_ERASE_S 40u
#define ALOFT_FLASHER_MD5_S   8u
#define ALOFT_FLASHER_CHIP_MS 120000u // at least, for a whole chip
#define ALOFT_FLASHER_TRIES   3

// Time for len bytes, and never less than any answer may take.
uint32_t aloft_flasher_time_ms(uint32_t seconds_per_mb, uint32_t len);

#endif
