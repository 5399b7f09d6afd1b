// The conversion is iconv's; this file only knows byte order marks, blanks, and how to name the bad
// line.
#include "hostlib/base/text.h"
#include "hostlib/base/file.h"
#include <iconv.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct mark {
    const char *bytes;
    size_t len;
    const char *encoding;
};

// UTF-32LE begins like UTF-16LE, so it is looked for first.
static const struct mark marks[] = {
    {"\xEF\xBB\xBF", 3, "UTF-8"}, {"\xFF\xFE\0\0", 4, "UTF-32LE"}, {"\0\0\xFE\xFF", 4, "UTF-32BE"},
    {"\xFF\xFE", 2, "UTF-16LE"},  {"\xFE\xFF", 2, "UTF-16BE"},
};

struct blank {
    const char *bytes; // of one character
    bool ends_line;
};

// CR LF is one end of a line, so it stands before its two halves.
static const struct blank blanks[] = {
    {" ", false},
    {"\t", false},
    {"\r\n", true},
    {"\n", true},
    {"\r", true},
    {"\v", true},
    {"\f", true},
    {"\x1C", true},
    {"\x1D", true},
    {"\x1E", true},
    {"\x1F", false},
    {"\xC2\x85", true},
    {"\xC2\xA0", false},
    {"\xE1\x9A\x80", false},
    {"\xE2\x80\x80", false},
    {"\xE2\x80\x81", false},
    {"\xE2\x80\x82", false},
    {"\xE2\x80\x83", false},
    {"\xE2\x80\x84", false},
    {"\xE2\x80\x85", false},
    {"\xE2\x80\x86", false},
    {"\xE2\x80\x87", false},
    {"\xE2\x80\x88", false},
    {"\xE2\x80\x89", false},
    {"\xE2\x80\x8A", false},
    {"\xE2\x80\xA8", true},
    {"\xE2\x80\xA9", true},
    {"\xE2\x80\xAF", false},
    {"\xE2\x81\x9F", false},
    {"\xE3\x80\x80", false},
};
enum { BLANKS = sizeof blanks / sizeof blanks[0] };

static const struct blank *blank_at(const char *text, size_t len)
{
    for (size_t i = 0; i < BLANKS; i++) {
        size_t n = strlen(blanks[i].bytes);
        if (n <= len && strncmp(text, blanks[i].bytes, n) == 0) { // ends at a NUL, if there is one
            return &blanks[i];
        }
    }
    return NULL;
}

size_t aloft_text_blank_first(const char *text, size_t len)
{
    const struct blank *blank = blank_at(text, len);
    return blank == NULL ? 0 : strlen(blank->bytes);
}

size_t aloft_text_blank_last(const char *text, size_t len)
{
    for (size_t i = 0; i < BLANKS; i++) {
        size_t n = strlen(blanks[i].bytes);
        if (n <= len && memcmp(text + len - n, blanks[i].bytes, n) == 0) {
            return n;
        }
    }
    return 0;
}

char *aloft_text_strip(char *text)
{
    size_t len = strlen(text);
    size_t blank;
    while ((blank = aloft_text_blank_first(text, len)) > 0) {
        text += blank;
        len -= blank;
    }
    while ((blank = aloft_text_blank_last(text, len)) > 0) {
        len -= blank;
    }
    text[len] = '\0';
    return text;
}

size_t aloft_text_line(const char *text, size_t *sep)
{
    size_t len = 0;
    for (; text[len] != '\0'; len++) {
        const struct blank *blank = blank_at(text + len, SIZE_MAX);
        if (blank != NULL && blank->ends_line) {
            *sep = strlen(blank->bytes);
            return len;
        }
    }
    *sep = 0;
    return len;
}

// The number of the line in which the text stops.
static unsigned lines_in(const char *text)
{
    unsigned line = 1;
    size_t sep;
    for (size_t len = aloft_text_line(text, &sep); sep > 0; len = aloft_text_line(text, &sep)) {
        text += len + sep;
        line++;
    }
    return line;
}

static bool convert(const char *encoding, char *in, size_t in_len, char *out, size_t out_len,
                    struct aloft_message *error)
{
    char *start = out;
    iconv_t how = iconv_open("UTF-8", encoding);
    if (how == (iconv_t)-1) {
        return aloft_message_set(error, "this system cannot read %s; save the file as UTF-8",
                                 encoding);
    }
    size_t result = iconv(how, &in, &in_len, &out, &out_len);
    (void)iconv_close(how); // frees memory only
    *out = '\0';            // the caller left room for it
    if (result == (size_t)-1) {
        return aloft_message_set(error, "line %u: the text is not %s; save the file as UTF-8",
                                 lines_in(start), encoding);
    }
    if (strlen(start) != (size_t)(out - start)) {
        return aloft_message_set(error, "line %u: there is a NUL byte; this is not a text file",
                                 lines_in(start));
    }
    return true;
}

static const struct mark *mark_of(const void *text, size_t len)
{
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        if (len >= marks[i].len && memcmp(text, marks[i].bytes, marks[i].len) == 0) {
            return &marks[i];
        }
    }
    return NULL;
}

bool aloft_text_unmark(struct aloft_file *file, struct aloft_message *error)
{
    char *utf8;
    if (mark_of(file->data, file->len) == NULL) {
        return true;
    }
    if (!aloft_text_decode(file->data, file->len, &utf8, error)) {
        return false;
    }
    aloft_file_release(file); // wiped: it may be a password
    file->data = (uint8_t *)utf8;
    file->len = strlen(utf8);
    return true;
}

bool aloft_text_decode(const void *text, size_t len, char **utf8, struct aloft_message *error)
{
    const struct mark *mark = mark_of(text, len);
    const char *encoding = mark == NULL ? "UTF-8" : mark->encoding;
    size_t skip = mark == NULL ? 0 : mark->len;
    // UTF-16 can grow by half, UTF-8 and UTF-32 cannot grow.
    size_t room = len - skip + (len - skip) / 2 + 4;
    char *in = malloc(len - skip + 1);
    *utf8 = malloc(room + 1);
    bool ok = in != NULL && *utf8 != NULL;
    if (ok) {
        memcpy(in, (const char *)text + skip, len - skip);
        ok = convert(encoding, in, len - skip, *utf8, room, error);
    } else {
        (void)aloft_message_set(error, "out of memory");
    }
    if (in != NULL) {
        explicit_bzero(in, len - skip); // a password may be in it
    }
    free(in);
    if (!ok) {
        free(*utf8);
        *utf8 = NULL;
    }
    return ok;
}
