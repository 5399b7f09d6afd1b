// Text files of people: whatever encoding their editor chose, UTF-8 comes out.
#ifndef ALOFT_HOSTLIB_TEXT_H
#define ALOFT_HOSTLIB_TEXT_H

#include "hostlib/base/message.h"
#include <stddef.h>

// Converts to UTF-8 with a NUL behind it, which the caller frees. A byte order mark names UTF-8,
// UTF-16 or UTF-32 and is dropped; without one the text must be UTF-8.
// Fails: when it is not what it says it is, or holds a NUL; the sentence names the line.
bool aloft_text_decode(const void *text, size_t len, char **utf8, struct aloft_message *error);

#endif
