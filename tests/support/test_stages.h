// Two stages of the tests, with formats of their own: one makes up to 300 bytes from one, one
// shrinks two bytes to one. They stand for what will decompress and patch, and are as awkward as
// these may be: bytes come out in any number, state stands in the middle of a run, and on request
// they can be restarted only now and then, or do not say how much they will give.
//
//   puff     'P', length u32 (0: not said), then tokens: 00..7F: so many bytes and one follow as
//   they
//            are; 80..FD: the byte before, 2..127 times; FE, FF: 300 times 00 or FF
//   shrink   'S', then each byte as 40 + its upper and 60 + its lower half
//
// Anything else passes unchanged.
#ifndef ALOFT_TEST_STAGES_H
#define ALOFT_TEST_STAGES_H

#include "aloft/update/stage.h"

enum { TEST_STAGE_IN = 80, TEST_STAGE_RUN = 300 };

struct test_stage {
    struct aloft_stage stage;
    uint8_t first; // byte of its format
    uint32_t
        apart;    // it can be restarted only each time that so many bytes have come out; 0: always
    bool mute;    // it does not say how much it will give
    bool decided; // the rest begins anew with each artifact
    uint32_t header;   // bytes of the header that are still to come
    uint32_t fill;     // bytes of in that wait,
    uint32_t first_in; // from here on
    uint32_t taken;    // bytes that were consumed
    uint32_t given;
    uint32_t run;      // bytes of the run that are still to come
    uint32_t literals; // bytes as they are
    uint8_t last;      // byte
    uint8_t half;      // 1: an upper half is in last
    struct aloft_stage_point point;
    uint8_t in[TEST_STAGE_IN];
};

// Stay where they are. next: NULL for none.
void test_puff_init(struct test_stage *stage, struct test_stage *next);
void test_shrink_init(struct test_stage *stage, struct test_stage *next);

// What such a stage makes `len` bytes of data from; returns its length. out has room for
// 2 * len + 16 bytes. with_length: the header says how many bytes come of it.
uint32_t test_puff_make(const uint8_t *data, uint32_t len, bool with_length, uint8_t *out);
uint32_t test_shrink_make(const uint8_t *data, uint32_t len, uint8_t *out);

// Rows of one and of two of them, in each order; some can be restarted only now and then, some do
// not say how much they give.
enum { TEST_ROWS = 9 };

struct test_row {
    struct test_stage stages[2];
};

// The first stage of row `kind`.
struct aloft_stage *test_row_init(struct test_row *row, uint32_t kind);

// The artifact that becomes `image` in that row. out has room for 4 * len + 32 bytes.
uint32_t test_row_make(uint32_t kind, const uint8_t *image, uint32_t len, uint8_t *out);

// A good image of about `sectors` sectors (1 to 6) that has runs and has none. Returns its length.
uint32_t test_row_image(uint8_t *bytes, uint32_t cap, uint32_t sectors);

#endif
