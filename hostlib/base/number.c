// The grammar is Python's, because the tables that people have were checked by a Python program.
#include "hostlib/base/number.h"
#include "hostlib/base/text.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>

static int digit_of(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)tolower((unsigned char)c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;
}

// Digits with single underscores between them. `len` bytes, all of which must fit.
static bool digits(const char *p, size_t len, int base, int64_t *value)
{
    bool after_digit = false;
    *value = 0;
    for (size_t i = 0; i < len; i++) {
        if (p[i] == '_' && after_digit) {
            after_digit = false;
            continue;
        }
        int digit = digit_of(p[i]);
        if (digit >= base || *value > ALOFT_NUMBER_MAX / base) {
            return false;
        }
        *value = *value * base + digit;
        after_digit = true;
    }
    return after_digit && *value <= ALOFT_NUMBER_MAX;
}

static bool unsigned_number(const char *p, size_t len, int64_t *value)
{
    int base = 10;
    if (len > 2 && p[0] == '0') {
        char letter = (char)tolower((unsigned char)p[1]);
        base = letter == 'x' ? 16 : letter == 'o' ? 8 : letter == 'b' ? 2 : 10;
    }
    if (base == 10) {
        // Python refuses 010, which is eight to some and ten to others.
        return digits(p, len, base, value) && (p[0] != '0' || *value == 0);
    }
    p += 2;
    len -= 2;
    if (p[0] == '_') { // 0x_10 is a number, 0x__10 is not
        p++;
        len--;
    }
    return digits(p, len, base, value);
}

static bool parse(const char *p, size_t len, int64_t *value)
{
    int64_t unit = 1;
    while (len > 0) {
        char last = (char)tolower((unsigned char)p[len - 1]);
        if (last != 'k' && last != 'm') {
            break;
        }
        unit *= last == 'k' ? 1024 : 1048576;
        if (unit > ALOFT_NUMBER_MAX) {
            return false;
        }
        len--;
    }
    size_t blank;
    while ((blank = aloft_text_blank_last(p, len)) > 0) {
        len -= blank;
    }
    while ((blank = aloft_text_blank_first(p, len)) > 0) {
        p += blank;
        len -= blank;
    }
    bool minus = len > 0 && *p == '-';
    if (minus || (len > 0 && *p == '+')) {
        p++;
        len--;
    }
    if (!unsigned_number(p, len, value) || *value > ALOFT_NUMBER_MAX / unit) {
        return false;
    }
    *value *= minus ? -unit : unit;
    return true;
}

bool aloft_number_parse(const char *text, int64_t *value)
{
    return parse(text, strlen(text), value);
}

bool aloft_number_parse_size(const char *text, uint32_t *size)
{
    int64_t value;
    size_t len = strlen(text);
    bool hex = text[0] == '0' && tolower((unsigned char)text[1]) == 'x';
    if (len > 1 && !hex && tolower((unsigned char)text[len - 1]) == 'b') {
        len--;
    }
    if (!parse(text, len, &value) || value < 1 || value > UINT32_MAX) {
        return false;
    }
    *size = (uint32_t)value;
    return true;
}

void aloft_number_emit_size(uint32_t size, char text[16])
{
    if (size % 0x100000 == 0) {
        (void)snprintf(text, 16, "%uM", size >> 20);
    } else if (size % 0x400 == 0) {
        (void)snprintf(text, 16, "%uK", size >> 10);
    } else {
        (void)snprintf(text, 16, "0x%x", size);
    }
}
