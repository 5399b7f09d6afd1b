// The conversion is iconv's; this file only knows byte order marks and how to name the bad line.
#include "hostlib/base/text.h"
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

static unsigned line_at(const char *text, const char *end)
{
    unsigned line = 1;
    for (; text < end; text++) {
        line += *text == '\n';
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
                                 line_at(start, out), encoding);
    }
    if (strlen(start) != (size_t)(out - start)) {
        return aloft_message_set(error, "line %u: there is a NUL byte; this is no text file",
                                 line_at(start, start + strlen(start)));
    }
    return true;
}

bool aloft_text_decode(const void *text, size_t len, char **utf8, struct aloft_message *error)
{
    const char *encoding = "UTF-8";
    size_t skip = 0;
    for (size_t i = 0; i < sizeof marks / sizeof marks[0] && skip == 0; i++) {
        if (len >= marks[i].len && memcmp(text, marks[i].bytes, marks[i].len) == 0) {
            encoding = marks[i].encoding;
            skip = marks[i].len;
        }
    }
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
    free(in);
    if (!ok) {
        free(*utf8);
        *utf8 = NULL;
    }
    return ok;
}
