// Input placed hard against unreadable memory, so that a parser that reads one byte too far stops
// the test. On a bare device there is no such memory and the copies are plain: guard_bare.c.
#ifndef ALOFT_GUARD_H
#define ALOFT_GUARD_H

#include <stddef.h>
#include <stdint.h>

enum { GUARD_LEN_MAX = 0x10000 };

// A copy of data that ends where memory ends. It lives until the next call; len <= GUARD_LEN_MAX.
uint8_t *guard_after(const void *data, size_t len);

// A copy of data that starts where memory starts. It lives until the next call of this one.
uint8_t *guard_before(const void *data, size_t len);

#endif
