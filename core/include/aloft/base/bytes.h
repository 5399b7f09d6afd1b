// Little-endian loads and stores that work at any alignment on any machine. Formats are read and
// written through these, never by overlaying a struct.
#ifndef ALOFT_BYTES_H
#define ALOFT_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Functions, not macros: on a small chip a call is a third of the code of four byte loads.
uint16_t aloft_get_le16(const uint8_t *p);
uint32_t aloft_get_le32(const uint8_t *p);
void aloft_put_le16(uint8_t *p, uint16_t value);
void aloft_put_le32(uint8_t *p, uint32_t value);

// True when all of the bytes are `value`; true for no bytes.
bool aloft_bytes_are(const uint8_t *p, size_t len, uint8_t value);

// value rounded up to a multiple of unit, a power of two. The caller guarantees no overflow.
static inline uint32_t aloft_align_up(uint32_t value, uint32_t unit)
{
    return (value + unit - 1) & ~(unit - 1);
}

#endif
