// UTF-8 as RFC 3629 has it: the shortest form only, no surrogates, at most U+10FFFF.
#include "aloft/base/printable.h"

static bool between(uint32_t code, uint32_t first, uint32_t last)
{
    return code - first <= last - first;
}

uint32_t aloft_printable(const char *text, uint32_t len)
{
    const uint8_t *bytes = (const uint8_t *)text;
    uint32_t code = bytes[0];
    uint32_t n = code < 0x80 ? 1 : code < 0xE0 ? 2 : code < 0xF0 ? 3 : 4;
    if (n > len || between(code, 0x80, 0xC1) || code > 0xF4) {
        return 0;
    }
    code &= 0xFFu >> n; // the bit behind the length's is 0
    for (uint32_t i = 1; i < n; i++) {
        if ((bytes[i] & 0xC0) != 0x80) {
            return 0;
        }
        code = code << 6 | (bytes[i] & 0x3F);
    }
    bool broken =
        (n > 2 && code >> (5 * n - 4) == 0) || code > 0x10FFFF || between(code, 0xD800, 0xDFFF);
    bool control = code < ' ' || between(code, 0x7F, 0x9F);
    bool turns = code == 0x061C || between(code, 0x200E, 0x200F) || between(code, 0x2028, 0x202E) ||
                 between(code, 0x2066, 0x2069);
    return broken || control || turns ? 0 : n;
}

void aloft_printable_clean(char *text, uint32_t len, bool lines)
{
    for (uint32_t i = 0; i < len;) {
        uint32_t n = aloft_printable(text + i, len - i);
        if (n == 0 && !(lines && text[i] == '\n')) {
            text[i] = '?';
        }
        i += n > 0 ? n : 1;
    }
}
