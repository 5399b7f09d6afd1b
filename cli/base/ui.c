// Output helpers. Nothing here decides anything.
#include "cli/base/ui.h"
#include "aloft/base/hex.h"
#include "aloft/base/printable.h"
#include "cli/base/failure.h"
#include <langinfo.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_MAX = 8192 };

static bool json_wanted; // of this process
static bool json_printed;

enum tone { ERROR, WARNING, NOTE };

bool aloft_ui_colour(int fd)
{
    const char *no = getenv("NO_COLOR"); // no-color.org: set, and not empty
    const char *terminal = getenv("TERM");
    return isatty(fd) == 1 && (no == NULL || no[0] == '\0') &&
           (terminal == NULL || strcmp(terminal, "dumb") != 0);
}

static void say(enum tone tone, const char *what, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

static void say(enum tone tone, const char *what, const char *format, va_list args)
{
    static const char *const colours[] = {"\033[0;31m", "\033[0;33m", ""};
    bool coloured = tone != NOTE && aloft_ui_colour(STDERR_FILENO);
    (void)fflush(stdout); // keep the order that a person sees; main checks stdout at the end
    char text[TEXT_MAX];
    (void)vsnprintf(text, sizeof text, format, args); // a cut sentence is fine
    aloft_printable_clean(text, (uint32_t)strlen(text), true);
    (void)fprintf(stderr, "%s%s%s%s\n", coloured ? colours[tone] : "", what, text,
                  coloured ? "\033[0m" : "");
    if (tone == ERROR) {
        aloft_failure_note(text);
    }
}

void aloft_ui_error(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(ERROR, "aloft: ", format, args);
    va_end(args);
}

void aloft_ui_note(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(NOTE, "aloft: ", format, args);
    va_end(args);
}

void aloft_ui_warn(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(WARNING, "aloft: warning: ", format, args);
    va_end(args);
}

bool aloft_ui_utf8(void)
{
    return setlocale(LC_CTYPE, "") != NULL && strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

void aloft_ui_clean(const char *text, char *out, size_t size)
{
    size_t len = strnlen(text, size - 1);
    memmove(out, text, len); // they may be the same
    out[len] = '\0';
    aloft_printable_clean(out, (uint32_t)len, false);
}

json_t *aloft_ui_json_text(const char *text)
{
    json_t *value = json_string(text);
    char *copy = value == NULL ? strdup(text) : NULL;
    if (copy == NULL) {
        return value;
    }
    for (char *p = copy; *p != '\0'; p++) {
        *p = (unsigned char)*p < 0x80 ? *p : '?';
    }
    value = json_string(copy);
    free(copy);
    return value;
}

bool aloft_ui_json_print(json_t *value)
{
    if (value == NULL) {
        aloft_ui_error("out of memory");
        return false;
    }
    if (json_is_object(value) && json_object_get(value, "error") == NULL) {
        (void)json_object_set_new(value, "error", aloft_failure_json(NULL));
    }
    json_printed = true;
    bool ok = json_dumpf(value, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII) == 0;
    (void)putchar('\n'); // main checks stdout at the end
    json_decref(value);
    return ok;
}

void aloft_ui_json_want(void)
{
    json_wanted = true;
}

void aloft_ui_json_end(const char *code)
{
    if (json_wanted && !json_printed && code != NULL) {
        (void)aloft_ui_json_print(json_pack("{s:o}", "error", aloft_failure_json(code)));
    }
}

void aloft_ui_json_old(json_t *object, const char *old, const char *name)
{
    (void)json_object_set(object, old, json_object_get(object, name));
}

const char *aloft_ui_thousands(unsigned long long number, char out[32])
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%llu", number);
    char *p = out;
    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0) {
            *p++ = ',';
        }
        *p++ = digits[i];
    }
    *p = '\0';
    return out;
}

const char *aloft_ui_hex(const unsigned char *bytes, size_t len, char *out)
{
    aloft_hex_emit(bytes, (uint32_t)len, out);
    out[2 * len] = '\0';
    return out;
}
