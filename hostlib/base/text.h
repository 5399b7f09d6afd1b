// Reads text files in any Unicode encoding as UTF-8.
#ifndef ALOFT_HOSTLIB_TEXT_H
#define ALOFT_HOSTLIB_TEXT_H

#include "hostlib/base/message.h"
#include <stddef.h>

// Converts to UTF-8 with a NUL behind it, which the caller frees. A byte order mark names UTF-8,
// UTF-16 or UTF-32 and is dropped; without one the text must be UTF-8.
// Fails: when it is not what it says it is, or holds a NUL; the sentence names the line.
bool aloft_text_decode(const void *text, size_t len, char **utf8, struct aloft_message *error);

// Text as a file has it, for a value that is taken as it is: with a byte order mark it becomes
// UTF-8 without one, in the same file; without one every byte stays.
struct aloft_file;
bool aloft_text_unmark(struct aloft_file *file, struct aloft_message *error);

// Blanks and lines are Python's (str.strip, str.splitlines), because the tables that people have
// were checked by a Python program: besides those of C, the separators 1C..1F, NEL, the no-break
// space, and the blanks of Unicode (U+1680, U+2000..U+200A, U+2028, U+2029, U+202F, U+205F,
// U+3000). All text is UTF-8.

// The bytes of the blank that the text begins or ends with; 0: it begins or ends with none.
size_t aloft_text_blank_first(const char *text, size_t len);
size_t aloft_text_blank_last(const char *text, size_t len);

// Cuts the blanks off both ends; returns where the rest begins.
char *aloft_text_strip(char *text);

// The bytes before the end of the line, and in *sep the bytes that end it, 0 at the end of the
// text. Ends: LF, CR, CR LF, VT, FF, 1C..1E, NEL, U+2028, U+2029.
size_t aloft_text_line(const char *text, size_t *sep);

#endif
