// Makes text from outside safe for a console or a terminal: version and project of an image, a URL,
// a file's name, answers of a peer. Such text passes here once, where it is printed. Printable
// UTF-8 stays as it is.
//
// Not printable: control characters (C0, DEL, C1: a terminal carries them out), line and paragraph
// separators (a log line is one line), marks that turn the direction of what follows, and what is
// no UTF-8 at all.
#ifndef ALOFT_PRINTABLE_H
#define ALOFT_PRINTABLE_H

#include <stdbool.h>
#include <stdint.h>

// Bytes of the printable character that text begins with, 1..4; 0: it begins with none. len >= 1.
uint32_t aloft_printable(const char *text, uint32_t len);

// Puts '?' in the place of each byte that belongs to none; line ends stay where `lines`.
void aloft_printable_clean(char *text, uint32_t len, bool lines);

#endif
