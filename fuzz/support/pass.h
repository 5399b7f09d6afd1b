// An artifact through a row of stages, as the engine takes it there: in pieces and by budgets that
// the input chooses, into blocks of exact length, so that a byte too far is seen.
//
// Checked on the way: a stage with nothing to give has room, and no more comes out than the budget.
#ifndef ALOFT_FUZZ_PASS_H
#define ALOFT_FUZZ_PASS_H

#include "aloft/update/stage.h"
#include "fuzz.h"

enum { PASS_OUT = 16384 };

struct pass {
    struct aloft_stages stages; // begun by the target
    const uint8_t *file;
    enum aloft_err judge; // what the judge says of each piece that comes out
    uint32_t until;       // stop when so many bytes have come out; 0: never
    bool stopped;         // it has stopped there
    uint32_t made;        // bytes that came out; more than there is room for is IMAGE_TOO_LARGE
    uint8_t out[PASS_OUT];
};

// Feeds bytes [from, to) of the file, and takes what comes out.
enum aloft_err pass_feed(struct pass *pass, struct fuzz_input *how, uint32_t from, uint32_t to);

// The file has ended.
enum aloft_err pass_finish(struct pass *pass, struct fuzz_input *how);

#endif
