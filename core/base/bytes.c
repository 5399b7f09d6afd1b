// What several formats need: numbers at any alignment, and whether a stretch is blank.
#include "aloft/base/bytes.h"

uint16_t aloft_get_le16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

uint32_t aloft_get_le32(const uint8_t *p)
{
    return aloft_get_le16(p) | (uint32_t)aloft_get_le16(p + 2) << 16;
}

void aloft_put_le16(uint8_t *p, uint16_t value)
{
    p[0] = (uint8_t)value;
    p[1] = (uint8_t)(value >> 8);
}

void aloft_put_le32(uint8_t *p, uint32_t value)
{
    aloft_put_le16(p, (uint16_t)value);
    aloft_put_le16(p + 2, (uint16_t)(value >> 16));
}

bool aloft_bytes_are(const uint8_t *p, size_t len, uint8_t value)
{
    for (size_t i = 0; i < len; i++) {
        if (p[i] != value) {
            return false;
        }
    }
    return true;
}
