// A lookup never reads beyond the text, which ends where the block says or where the caller's bytes
// end, whichever is first.
#include "hostlib/image/settings.h"
#include "aloft/base/bytes.h"
#include "aloft/image.h"
#include <ctype.h>
#include <string.h>

_Static_assert(ALOFT_SETTINGS_OFF == ALOFT_IMAGE_HEAD_LEN, "behind the descriptor");

static const char magic[8] = {'A', 'L', 'O', 'F', 'T', 'C', 'F', 'G'};

// Encodes a line end inside a value.
#define LINE_END '\r'

static void replace(char *text, char from, char to)
{
    for (; (text = strchr(text, from)) != NULL; text++) {
        *text = to;
    }
}

bool aloft_settings_get(const uint8_t *block, size_t len, const char *key, char *value,
                        size_t value_size)
{
    size_t key_len = strlen(key);
    if (len < ALOFT_SETTINGS_HEAD || memcmp(block, magic, sizeof magic) != 0) {
        return false;
    }
    size_t left = aloft_get_le32(block + sizeof magic);
    const char *line = (const char *)block + ALOFT_SETTINGS_HEAD;
    left = left < len - ALOFT_SETTINGS_HEAD ? left : len - ALOFT_SETTINGS_HEAD;
    left = strnlen(line, left);
    while (left > 0) {
        const char *end = memchr(line, '\n', left);
        size_t line_len = end == NULL ? left : (size_t)(end - line);
        if (line_len > key_len && line[key_len] == '=' && memcmp(line, key, key_len) == 0) {
            size_t n = line_len - key_len - 1;
            if (n >= value_size) {
                return false;
            }
            memcpy(value, line + key_len + 1, n);
            value[n] = '\0';
            replace(value, LINE_END, '\n');
            return true;
        }
        size_t step = end == NULL ? left : line_len + 1;
        line += step;
        left -= step;
    }
    return false;
}

bool aloft_settings_fit(const struct aloft_setting *setting)
{
    size_t key_len = strlen(setting->key);
    size_t value_len = strlen(setting->value);
    if (key_len == 0 || key_len > ALOFT_SETTINGS_KEY_MAX || value_len > ALOFT_SETTINGS_VALUE_MAX) {
        return false;
    }
    for (const char *p = setting->key; *p != '\0'; p++) {
        if (!isalnum((unsigned char)*p) && strchr("_-.", *p) == NULL) {
            return false;
        }
    }
    for (const char *p = setting->value; *p != '\0'; p++) {
        if (((unsigned char)*p < ' ' && *p != '\n') || *p == 0x7F) {
            return false;
        }
    }
    return true;
}

static size_t text_len(const struct aloft_setting *settings, size_t count)
{
    size_t len = 1; // the NUL
    for (size_t i = 0; i < count; i++) {
        len += strlen(settings[i].key) + strlen(settings[i].value) + 2;
    }
    return len;
}

size_t aloft_settings_len(const struct aloft_setting *settings, size_t count)
{
    return (ALOFT_SETTINGS_HEAD + text_len(settings, count) + 3) / 4 * 4;
}

void aloft_settings_emit(const struct aloft_setting *settings, size_t count, uint8_t *block)
{
    memset(block, 0, aloft_settings_len(settings, count));
    memcpy(block, magic, sizeof magic);
    aloft_put_le32(block + sizeof magic, (uint32_t)text_len(settings, count));
    char *p = (char *)block + ALOFT_SETTINGS_HEAD;
    for (size_t i = 0; i < count; i++) {
        p = stpcpy(p, settings[i].key);
        *p++ = '=';
        char *value = p;
        p = stpcpy(p, settings[i].value);
        replace(value, '\n', LINE_END);
        *p++ = '\n';
    }
}
