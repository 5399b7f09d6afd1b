// Little-endian loads and stores that work at any alignment on any machine. Formats are read and
// written through these, never by overlaying a struct.
#ifndef ALOFT_BYTES_H
#define ALOFT_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline uint16_t aloft_get_le16(const uint8_t *p)
{
    return (uint16_t)(p[0] | (uint16_t)(p[1] << 8));
}

static inline uint32_t aloft_get_le32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline void aloft_put_le16(uint8_t *p, uint16_t value)
{
    p[0] = (uint8_t)value;
    p[1] = (uint8_t)(value >> 8);
}

static inline void aloft_put_le32(uint8_t *p, uint32_t value)
{
    p[0] = (uint8_t)value;
    p[1] = (uint8_t)(value >> 8);
    p[2] = (uint8_t)(value >> 16);
    p[3] = (uint8_t)(value >> 24);
}

// True when all of the bytes are `value`; true for no bytes.
bool aloft_bytes_are(const uint8_t *p, size_t len, uint8_t value);

// value rounded up to a multiple of unit, a power of two. The caller guarantees no overflow.
static inline uint32_t aloft_align_up(uint32_t value, uint32_t unit)
{
    return (value + unit - 1) & ~(unit - 1);
}

#endif
