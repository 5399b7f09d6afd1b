// A stage that an artifact passes on its way to its slot: bytes of what was downloaded go in, bytes
// of an image come out and go on to judge and writer. The engine takes one or none; the ways that
// bring bytes (pull, push, browser) know nothing of it.
//
//   begin -> (feed..)* -> finish                           an update from its first byte on
//   begin -> resume -> (reread..)* -> (feed..)* -> finish  one that goes on after a reset
//
// A stage looks at the first bytes and decides for itself whether it has anything to do: when not,
// it is not active, and the bytes pass unchanged. begin forgets whatever was before it.
#ifndef ALOFT_STAGE_H
#define ALOFT_STAGE_H

#include "aloft/err.h"
#include <stdbool.h>
#include <stdint.h>

// The most that a stage holds back: what it is fed gives at most so many bytes more than were fed.
#define ALOFT_STAGE_HELD 15u

// The most that a stage needs to have kept for it over a reset.
#define ALOFT_STAGE_KEEP 420u

struct aloft_stage_ops {
    // When it is active: byte n of the image comes from byte n + ahead of the artifact.
    uint32_t ahead;
    // When it is active: bytes of `state` that make it go on after a reset, a multiple of 4. They
    // are kept in flash, in the clear.
    uint32_t keep;
    // len: bytes of the artifact, 0 when not known; room: bytes that an image may have.
    void (*begin)(void *ctx, uint32_t len, uint32_t room);
    // Takes all of data. out has room for len + ALOFT_STAGE_HELD bytes.
    enum aloft_err (*feed)(void *ctx, const uint8_t *data, uint32_t len, uint8_t *out,
                           uint32_t *made);
    // The artifact is complete. OK: all that came out is what its maker put in.
    enum aloft_err (*finish)(void *ctx);
    // Known once bytes have come out. While it is active, nothing that came out may be relied on
    // before finish said OK.
    bool (*active)(const void *ctx);
    uint8_t *(*state)(void *ctx);
    // After begin: `state` has what was kept, and the stage is active.
    enum aloft_err (*resume)(void *ctx);
    // Image bytes that came out before the reset, in order from the first one on; all pieces are a
    // multiple of 16 long. The next feed goes on behind them.
    enum aloft_err (*reread)(void *ctx, const uint8_t *image, uint32_t len);
};

struct aloft_stage {
    const struct aloft_stage_ops *ops;
    void *ctx;
};

#endif
