// Splits never change a result: every_split runs a case over an input cut in all two-piece ways,
// byte by byte, and in random pieces. A failed check names the split, so it can be run again alone.
//
//     static void feeds_it(void *ctx, struct split *split)
//     {
//         ... init the machine ...
//         for (uint32_t n; (n = split_next(split)) > 0;) {
//             feed(machine, data + split->off, n);
//         }
//         ... check the outcome ...
//     }
//     every_split(len, feeds_it, ctx);
#ifndef ALOFT_SPLIT_H
#define ALOFT_SPLIT_H

#include "check.h"
#include <stdint.h>

enum { SPLIT_SEEDS = 32 };

enum split_kind { SPLIT_IN_TWO, SPLIT_BYTES, SPLIT_RANDOM };

struct split {
    enum split_kind kind;
    uint32_t len;  // of the whole input
    uint32_t at;   // of the cut when in two
    uint32_t seed; // when random
    uint32_t off;  // of the piece that split_next announced last
    uint32_t next; // of the piece after it
};

// A small generator whose sequence is the same everywhere (xorshift32). *state is never 0.
static inline uint32_t split_random(uint32_t *state)
{
    uint32_t x = *state;
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    *state = x;
    return x;
}

// Random pieces are mostly short, sometimes long, so that both kinds of seam occur.
static inline uint32_t split_piece(struct split *split, uint32_t left)
{
    if (split->kind == SPLIT_BYTES) {
        return 1;
    }
    if (split->kind == SPLIT_IN_TWO) {
        return split->next < split->at ? split->at : left;
    }
    uint32_t random = split_random(&split->seed);
    uint32_t n = 1 + (random >> 8) % (random % 4 == 0 ? 700 : 24);
    return n < left ? n : left;
}

// The length of the next piece, which starts at split->off; 0 when the input is used up.
static inline uint32_t split_next(struct split *split)
{
    uint32_t left = split->len - split->next;
    uint32_t n = left == 0 ? 0 : split_piece(split, left);
    split->off = split->next;
    split->next += n;
    return n;
}

typedef void split_case(void *ctx, struct split *split);

// step: every how many bytes to cut in two; 1 for all of them.
static inline void some_splits(uint32_t len, uint32_t step, split_case *run, void *ctx)
{
    for (uint32_t at = 0; at < len; at += step) {
        struct split split = {.kind = SPLIT_IN_TWO, .len = len, .at = at};
        check_note("cut in two at %ld of %ld", (long)at, (long)len);
        run(ctx, &split);
    }
    struct split bytes = {.kind = SPLIT_BYTES, .len = len};
    check_note("byte by byte, %ld of them", (long)len, 0);
    run(ctx, &bytes);
    for (uint32_t seed = 1; seed <= SPLIT_SEEDS; seed++) {
        struct split split = {.kind = SPLIT_RANDOM, .len = len, .seed = seed * 2654435761u};
        check_note("random pieces, seed %ld, of %ld", (long)seed, (long)len);
        run(ctx, &split);
    }
    check_state.note = NULL;
}

static inline void every_split(uint32_t len, split_case *run, void *ctx)
{
    some_splits(len, 1, run, ctx);
}

#endif
