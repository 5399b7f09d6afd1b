// One digit at a time: the hash that is printed takes far longer to compute.
#include "aloft/base/hex.h"

int aloft_hex_digit(char c)
{
    uint32_t letter = ((uint32_t)c | 0x20) - 'a'; // of both cases
    uint32_t digit = (uint32_t)c - '0';
    return digit < 10 ? (int)digit : letter < 6 ? (int)letter + 10 : -1;
}

void aloft_hex_emit(const uint8_t *bytes, uint32_t len, char *text)
{
    static const char digits[16] = "0123456789abcdef";
    for (const uint8_t *end = bytes + len; bytes < end; bytes++) {
        *text++ = digits[*bytes >> 4];
        *text++ = digits[*bytes & 15];
    }
}

bool aloft_hex_parse(const char *text, uint8_t *bytes, uint32_t len)
{
    for (uint32_t i = 0; i < 2 * len; i++) {
        int value = aloft_hex_digit(text[i]);
        if (value < 0) {
            return false;
        }
        bytes[i / 2] = (uint8_t)(bytes[i / 2] << 4 | value);
    }
    return true;
}
