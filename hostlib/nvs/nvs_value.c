// Each reader below takes bytes that end with a NUL, so a text and a file are one to it.
#include "hostlib/nvs/nvs_value.h"
#include "aloft/base/bytes.h"
#include "aloft/base/hex.h"
#include "hostlib/base/text.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct source {
    const char *encoding;
    const uint8_t *data; // a NUL follows
    size_t len;
};

static bool take(struct aloft_nvs_value *value, enum aloft_nvs_value_kind kind, size_t len,
                 struct aloft_message *error)
{
    value->kind = kind;
    value->len = (uint32_t)len;
    value->bytes = calloc(1, len + 1);
    return value->bytes != NULL || aloft_message_set(error, "out of memory");
}

// --- numbers

// A decimal number as Python's int() takes it: blanks around, a sign, '_' between digits.
static bool read_decimal(const char *text, uint64_t *magnitude, bool *negative)
{
    const char *p = text + strspn(text, " \t\n\v\f\r");
    *negative = *p == '-';
    p += *p == '-' || *p == '+' ? 1 : 0;
    *magnitude = 0;
    if (!isdigit((unsigned char)*p)) {
        return false;
    }
    for (; isdigit((unsigned char)*p) || (*p == '_' && isdigit((unsigned char)p[1])); p++) {
        if (*p == '_') {
            continue;
        }
        uint64_t digit = (uint64_t)(*p - '0');
        if (*magnitude > (UINT64_MAX - digit) / 10) {
            return false;
        }
        *magnitude = *magnitude * 10 + digit;
    }
    return p[strspn(p, " \t\n\v\f\r")] == '\0';
}

struct number_type {
    const char *name;
    enum aloft_nvs_type type;
    unsigned bits; // of the magnitude
    bool is_signed;
};
static const struct number_type number_types[] = {
    {"u8", ALOFT_NVS_U8, 8, false},    {"i8", ALOFT_NVS_I8, 7, true},
    {"u16", ALOFT_NVS_U16, 16, false}, {"i16", ALOFT_NVS_I16, 15, true},
    {"u32", ALOFT_NVS_U32, 32, false}, {"i32", ALOFT_NVS_I32, 31, true},
    {"u64", ALOFT_NVS_U64, 64, false}, {"i64", ALOFT_NVS_I64, 63, true},
};

static bool read_number(struct aloft_nvs_value *value, const struct number_type *type,
                        const struct source *source, struct aloft_message *error)
{
    uint64_t magnitude;
    bool negative;
    const char *text = (const char *)source->data;
    if (strlen(text) != source->len || !read_decimal(text, &magnitude, &negative)) {
        return aloft_message_set(error, "'%s' is no decimal number", text);
    }
    uint64_t most = UINT64_MAX >> (64 - type->bits);
    uint64_t least = type->is_signed ? most + 1 : 0;
    if (magnitude > (negative ? least : most)) {
        return aloft_message_set(error, "'%s' does not fit %s", text, type->name);
    }
    value->kind = ALOFT_NVS_VALUE_NUMBER;
    value->type = type->type;
    value->number = negative ? 0 - magnitude : magnitude;
    return true;
}

// --- bytes

static bool read_text(struct aloft_nvs_value *value, const struct source *source,
                      struct aloft_message *error)
{
    char *utf8;
    struct aloft_message why;
    if (memchr(source->data, 0, source->len) != NULL) {
        return aloft_message_set(error, "a string with a NUL inside; use binary");
    }
    if (!aloft_text_decode(source->data, source->len, &utf8, &why)) {
        return aloft_message_set(error, "no string: it is not UTF-8; use binary");
    }
    free(utf8);
    if (!take(value, ALOFT_NVS_VALUE_TEXT, source->len, error)) {
        return false;
    }
    memcpy(value->bytes, source->data, source->len);
    return true;
}

static bool read_binary(struct aloft_nvs_value *value, const struct source *source,
                        struct aloft_message *error)
{
    if (!take(value, ALOFT_NVS_VALUE_BLOB, source->len, error)) {
        return false;
    }
    memcpy(value->bytes, source->data, source->len);
    return true;
}

static bool read_hex(struct aloft_nvs_value *value, const struct source *source,
                     struct aloft_message *error)
{
    const char *text = (const char *)source->data;
    size_t skip = strspn(text, " \t\n\v\f\r");
    size_t len = source->len - skip;
    while (len > 0 && isspace((unsigned char)text[skip + len - 1])) {
        len--;
    }
    if (!take(value, ALOFT_NVS_VALUE_BLOB, len / 2, error)) {
        return false;
    }
    return (len % 2 == 0 && aloft_hex_parse(text + skip, value->bytes, (uint32_t)(len / 2))) ||
           aloft_message_set(error, "hex2bin: an even number of hex digits, and nothing else");
}

static int base64_digit(uint8_t c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *found = c != 0 ? strchr(digits, c) : NULL;
    return found != NULL ? (int)(found - digits) : -1;
}

// As Python's binascii without strict_mode: what is no digit is skipped, and padding ends it.
static bool read_base64(struct aloft_nvs_value *value, const struct source *source,
                        struct aloft_message *error)
{
    uint32_t bits = 0;
    unsigned digits = 0; // of the group of four
    unsigned pads = 0;
    if (!take(value, ALOFT_NVS_VALUE_BLOB, source->len, error)) {
        return false;
    }
    value->len = 0;
    for (size_t i = 0; i < source->len; i++) {
        int digit = base64_digit(source->data[i]);
        if (source->data[i] == '=' && digits >= 2 && digits + ++pads >= 4) {
            return true;
        }
        if (digit < 0) {
            continue;
        }
        pads = 0;
        bits = bits << 6 | (uint32_t)digit;
        digits = (digits + 1) % 4;
        if (digits != 1) {
            unsigned shift = digits == 2 ? 4 : digits == 3 ? 2 : 0;
            value->bytes[value->len++] = (uint8_t)(bits >> shift);
        }
    }
    return digits == 0 || aloft_message_set(error, "base64: digits or padding are missing");
}

// blob_fill(N;0xNN): the text and then NN up to N bytes; blob_sz_fill: its length before, besides.
static bool read_fill(struct aloft_nvs_value *value, const struct source *source,
                      struct aloft_message *error)
{
    unsigned len;
    unsigned fill;
    int end = 0;
    bool sized = strncmp(source->encoding, "blob_sz_fill(", 13) == 0;
    const char *inside = source->encoding + (sized ? 13 : 10);
    if (sscanf(inside, "%7u;0x%2x)%n", &len, &fill, &end) != 2 || end == 0 || inside[end] != '\0') {
        return aloft_message_set(error, "encoding '%s'; write it like blob_fill(16;0xFF)",
                                 source->encoding);
    }
    if (len > ALOFT_NVS_VALUE_MAX || source->len > len) {
        return aloft_message_set(error, "the value has %zu bytes, more than %s takes", source->len,
                                 source->encoding);
    }
    size_t head = sized ? 4 : 0;
    if (!take(value, ALOFT_NVS_VALUE_BLOB, head + len, error)) {
        return false;
    }
    memset(value->bytes, (int)fill, head + len);
    if (sized) {
        aloft_put_le32(value->bytes, (uint32_t)source->len);
    }
    memcpy(value->bytes + head, source->data, source->len);
    return true;
}

// --- encodings

struct encoding {
    const char *name; // all of it, or up to '('
    bool (*read)(struct aloft_nvs_value *value, const struct source *source,
                 struct aloft_message *error);
};
static const struct encoding encodings[] = {
    {"string", read_text},   {"hex2bin", read_hex},     {"base64", read_base64},
    {"binary", read_binary}, {"blob_fill(", read_fill}, {"blob_sz_fill(", read_fill},
};

static bool read_any(struct aloft_nvs_value *value, const struct source *source,
                     struct aloft_message *error)
{
    memset(value, 0, sizeof *value);
    for (size_t i = 0; i < sizeof number_types / sizeof number_types[0]; i++) {
        if (strcmp(source->encoding, number_types[i].name) == 0) {
            return read_number(value, &number_types[i], source, error);
        }
    }
    for (size_t i = 0; i < sizeof encodings / sizeof encodings[0]; i++) {
        size_t len = strlen(encodings[i].name);
        bool open = encodings[i].name[len - 1] == '(';
        if (strncmp(source->encoding, encodings[i].name, len) == 0 &&
            (open || source->encoding[len] == '\0')) {
            bool good = encodings[i].read(value, source, error);
            if (!good) {
                aloft_nvs_value_release(value);
            }
            return good;
        }
    }
    return aloft_message_set(error,
                             "encoding '%s'; there are u8, i8, u16, i16, u32, i32, u64, i64, "
                             "string, hex2bin, base64, binary, blob_fill and blob_sz_fill",
                             source->encoding);
}

bool aloft_nvs_value_of_text(struct aloft_nvs_value *value, const char *encoding, const char *text,
                             struct aloft_message *error)
{
    const struct source source = {encoding, (const uint8_t *)text, strlen(text)};
    return read_any(value, &source, error);
}

bool aloft_nvs_value_of_file(struct aloft_nvs_value *value, const char *encoding,
                             const struct aloft_file *file, struct aloft_message *error)
{
    const struct source source = {encoding, file->data, file->len};
    return read_any(value, &source, error);
}

void aloft_nvs_value_release(struct aloft_nvs_value *value)
{
    free(value->bytes);
    value->bytes = NULL;
}
