// Numbers in the other byte order.
#ifndef ALOFT_REVERSE_H
#define ALOFT_REVERSE_H

#include <stddef.h>
#include <stdint.h>

static inline void aloft_reverse(uint8_t *out, const uint8_t *in, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        out[i] = in[len - 1 - i];
    }
}

#endif
