// A sentence for the user, filled in by whatever went wrong deep inside. It says what happened, to
// what, and what to do about it; the caller decides where it is shown.
#ifndef ALOFT_HOSTLIB_MESSAGE_H
#define ALOFT_HOSTLIB_MESSAGE_H

#include <stdbool.h>

struct aloft_message {
    char text[640];
};

// Writes the sentence, cut if it is too long, with bytes that would move a terminal's cursor made
// harmless. Always returns false, so that a failing function can end with it.
bool aloft_message_set(struct aloft_message *message, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
