// Log lines: a level for each tag that was named, and one for all others.
#include "aloft/base/printable.h"
#include "compat/esp-idf/host/host.h"
#include "esp_log.h"
#include <ctype.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE = 1024, PER_LINE = 16, ESCAPE = 0x1B };

struct tag_level {
    struct tag_level *next;
    esp_log_level_t level;
    char tag[];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct tag_level *levels;
static int others = -1; // -1: the project's default
static vprintf_like_t sink;

static size_t count(const char *text, char c)
{
    size_t n = 0;
    for (; *text != '\0'; text++) {
        n += *text == c;
    }
    return n;
}

// Line ends and colours of the format stay. If the text has more of them than the format, some came
// from an argument: then only the last line end stays, and no colour.
static void clean(const char *format, char *text, size_t len)
{
    bool lines = count(text, '\n') == count(format, '\n');
    bool colours = count(text, ESCAPE) == count(format, ESCAPE);
    size_t end = len > 0 && text[len - 1] == '\n' ? len - 1 : len;
    for (size_t from = 0; from < end;) {
        size_t to = from;
        while (to < end && !(colours && text[to] == ESCAPE)) {
            to++;
        }
        aloft_printable_clean(text + from, (uint32_t)(to - from), lines);
        from = to + 1;
    }
}

static int to_console(const char *format, va_list args)
{
    char text[LINE];
    int wanted = vsnprintf(text, sizeof text, format, args);
    size_t len = wanted < 0 ? 0 : (size_t)wanted;
    if (len >= sizeof text) {
        len = sizeof text - 1;
        text[len - 1] = '\n';
    }
    clean(format, text, len);
    aloft_idf_host.write(text, len);
    return wanted;
}

static void forget_all(void)
{
    while (levels != NULL) {
        struct tag_level *next = levels->next;
        free(levels);
        levels = next;
    }
}

static struct tag_level *find(const char *tag)
{
    struct tag_level *at = levels;
    while (at != NULL && strcmp(at->tag, tag) != 0) {
        at = at->next;
    }
    return at;
}

void esp_log_level_set(const char *tag, esp_log_level_t level)
{
    (void)pthread_mutex_lock(&lock);
    if (strcmp(tag, "*") == 0) {
        forget_all();
        others = (int)level;
    } else {
        size_t size = strlen(tag) + 1;
        struct tag_level *entry = find(tag);
        if (entry == NULL && (entry = malloc(sizeof *entry + size)) != NULL) {
            memcpy(entry->tag, tag, size);
            entry->next = levels;
            levels = entry;
        }
        if (entry != NULL) {
            entry->level = level;
        }
    }
    (void)pthread_mutex_unlock(&lock);
}

esp_log_level_t esp_log_level_get(const char *tag)
{
    (void)pthread_mutex_lock(&lock);
    const struct tag_level *entry = tag == NULL ? NULL : find(tag);
    int level = others < 0 ? aloft_idf_config.log_level : others;
    if (entry != NULL) {
        level = (int)entry->level;
    }
    (void)pthread_mutex_unlock(&lock);
    return (esp_log_level_t)level;
}

vprintf_like_t esp_log_set_vprintf(vprintf_like_t func)
{
    (void)pthread_mutex_lock(&lock);
    vprintf_like_t before = sink == NULL ? to_console : sink;
    sink = func;
    (void)pthread_mutex_unlock(&lock);
    return before;
}

uint32_t esp_log_timestamp(void)
{
    return aloft_idf_host.now_ms();
}

uint32_t esp_log_early_timestamp(void)
{
    return aloft_idf_host.now_ms();
}

char *esp_log_system_timestamp(void)
{
    static _Thread_local char text[sizeof "00:00:00.000"];
    uint32_t ms = aloft_idf_host.now_ms();
    (void)snprintf(text, sizeof text, "%02u:%02u:%02u.%03u", (unsigned)(ms / 3600000u % 24u),
                   (unsigned)(ms / 60000u % 60u), (unsigned)(ms / 1000u % 60u),
                   (unsigned)(ms % 1000u));
    return text;
}

void esp_log_writev(esp_log_level_t level, const char *tag, const char *format, va_list args)
{
    if (level == ESP_LOG_NONE || level > esp_log_level_get(tag)) {
        return;
    }
    (void)pthread_mutex_lock(&lock);
    vprintf_like_t out = sink == NULL ? to_console : sink;
    (void)pthread_mutex_unlock(&lock);
    (void)out(format, args);
}

void esp_log_write(esp_log_level_t level, const char *tag, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    esp_log_writev(level, tag, format, args);
    va_end(args);
}

// One line of a dump, in the form of its kind.
static void buffer_line(esp_log_level_t level, const char *tag, const char *text)
{
    static const char letters[] = "?EWIDV";
    esp_log_write(level, tag, "%c (%" PRIu32 ") %s: %s\n", letters[level], esp_log_timestamp(), tag,
                  text);
}

static size_t put_hex(char *text, size_t size, const uint8_t *bytes, size_t count)
{
    size_t len = 0;
    for (size_t i = 0; i < count; i++) {
        len += (size_t)snprintf(text + len, size - len, i == 0 ? "%02x" : " %02x", bytes[i]);
    }
    return len;
}

static size_t put_chars(char *text, const uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        text[i] = (char)(isprint(bytes[i]) ? bytes[i] : '.');
    }
    text[count] = '\0';
    return count;
}

void esp_log_buffer_hex_internal(const char *tag, const void *buffer, uint16_t buff_len,
                                 esp_log_level_t level)
{
    const uint8_t *bytes = buffer;
    char text[LINE];
    for (size_t off = 0; off < buff_len; off += PER_LINE) {
        size_t count = buff_len - off < PER_LINE ? buff_len - off : PER_LINE;
        (void)put_hex(text, sizeof text, bytes + off, count);
        buffer_line(level, tag, text);
    }
}

void esp_log_buffer_char_internal(const char *tag, const void *buffer, uint16_t buff_len,
                                  esp_log_level_t level)
{
    const uint8_t *bytes = buffer;
    char text[PER_LINE + 1];
    for (size_t off = 0; off < buff_len; off += PER_LINE) {
        size_t count = buff_len - off < PER_LINE ? buff_len - off : PER_LINE;
        for (size_t i = 0; i < count; i++) {
            text[i] = (char)bytes[off + i];
        }
        text[count] = '\0';
        buffer_line(level, tag, text);
    }
}

// Address, sixteen bytes in two halves, and as text between bars.
void esp_log_buffer_hexdump_internal(const char *tag, const void *buffer, uint16_t buff_len,
                                     esp_log_level_t level)
{
    enum { HALF = PER_LINE / 2, HALF_TEXT = HALF * 3 };
    const uint8_t *bytes = buffer;
    for (size_t off = 0; off < buff_len; off += PER_LINE) {
        size_t count = buff_len - off < PER_LINE ? buff_len - off : PER_LINE;
        size_t first = count < HALF ? count : HALF;
        char left[HALF_TEXT + 1] = "";
        char right[HALF_TEXT + 1] = "";
        char chars[PER_LINE + 1];
        char text[LINE];
        (void)put_hex(left, sizeof left, bytes + off, first);
        (void)put_hex(right, sizeof right, bytes + off + first, count - first);
        (void)put_chars(chars, bytes + off, count);
        (void)snprintf(text, sizeof text, "%p   %-23s  %-23s  |%s|", (const void *)(bytes + off),
                       left, right, chars);
        buffer_line(level, tag, text);
    }
}
