// What every fuzz target shares: its entry, a check that stops the fuzzer, and a reader that turns
// input bytes into choices. An input that is used up gives zeros, so every input is a valid one.
#ifndef ALOFT_FUZZ_H
#define ALOFT_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void fuzz_check(bool good, const char *text, const char *file, int line)
{
    if (!good) {
        (void)fprintf(stderr, "%s:%d: not so: %s\n", file, line, text);
        abort();
    }
}

#define FUZZ_CHECK(condition) fuzz_check((condition), #condition, __FILE__, __LINE__)

struct fuzz_input {
    const uint8_t *data;
    size_t left;
};

static inline uint8_t fuzz_u8(struct fuzz_input *in)
{
    if (in->left == 0) {
        return 0;
    }
    in->left--;
    return *in->data++;
}

static inline uint16_t fuzz_u16(struct fuzz_input *in)
{
    uint16_t low = fuzz_u8(in);
    return (uint16_t)(low | (uint16_t)(fuzz_u8(in) << 8));
}

static inline uint32_t fuzz_u32(struct fuzz_input *in)
{
    uint32_t low = fuzz_u16(in);
    return low | (uint32_t)fuzz_u16(in) << 16;
}

// Copies up to len bytes and says how many there were; the rest of to keeps what it held.
static inline uint32_t fuzz_bytes(struct fuzz_input *in, void *to, uint32_t len)
{
    uint32_t n = in->left < len ? (uint32_t)in->left : len;
    if (n > 0) {
        memcpy(to, in->data, n);
    }
    in->data += n;
    in->left -= n;
    return n;
}

// The next piece of an input that is fed in pieces: mostly short, sometimes long, 1..left. seed 0
// gives it in one piece.
static inline uint32_t fuzz_piece(uint32_t *seed, uint32_t left)
{
    if (*seed == 0) {
        return left;
    }
    *seed = *seed * 1664525u + 1013904223u;
    uint32_t random = *seed >> 8;
    *seed += *seed == 0;
    uint32_t n = 1 + (random >> 4) % (random % 4 == 0 ? 600 : 7);
    return n < left ? n : left;
}

#endif
