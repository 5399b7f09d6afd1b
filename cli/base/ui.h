// What all commands share in talking to people and to scripts.
#ifndef ALOFT_CLI_UI_H
#define ALOFT_CLI_UI_H

#include "aloft/err.h"
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

// "aloft: ..." and "aloft: warning: ..." on standard error; on a terminal in red and in yellow.
void aloft_ui_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void aloft_ui_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

// The same for what is no fault.
void aloft_ui_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

// True when this descriptor is a terminal whose user wants colours: NO_COLOR and TERM=dumb do not.
bool aloft_ui_colour(int fd);

// True when standard output is for eyes that can see UTF-8.
bool aloft_ui_utf8(void);

// Text from a file or a peer, made fit for a terminal (aloft/base/printable.h). size bytes with the
// NUL; out may be text.
void aloft_ui_clean(const char *text, char *out, size_t size);

// A JSON string of any bytes; what is not UTF-8 becomes '?'.
json_t *aloft_ui_json_text(const char *text);

// Prints and releases the value; false when it could not be made or written. An object without an
// "error" gets what was said as one, or null.
bool aloft_ui_json_print(json_t *value);

// JSON was asked for: whatever goes wrong from now on, a script finds an object on standard output.
// The end is main's: it prints {"error": ...} for a command that failed and printed nothing; code:
// "USAGE" or "FAILED", NULL for a good one.
void aloft_ui_json_want(void);
void aloft_ui_json_end(const char *code);

// Gives a member its old name besides, for one release.
void aloft_ui_json_old(json_t *object, const char *old, const char *name);

// "1,318,176" into out, which has 32 bytes; returns out.
const char *aloft_ui_thousands(unsigned long long number, char out[32]);

// A digest or another run of bytes as hex; out has 2 * len + 1 bytes; returns out.
const char *aloft_ui_hex(const unsigned char *bytes, size_t len, char *out);

#endif
