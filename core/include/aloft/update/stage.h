// A stage that an artifact passes on its way to its slot: bytes of what was downloaded go in, bytes
// of an image come out and go on to judge and writer. The engine takes one or none; the ways that
// bring bytes (pull, push, browser) know nothing of it.
//
//   begin -> (feed..)* -> finish                           an update from its first byte on
//   begin -> resume -> (reread..)* -> (feed..)* -> finish  one that goes on after a reset
//
// A stage looks at the first bytes and decides for itself whether it has anything to do: when not,
// it is not active, and the bytes pass unchanged. begin forgets whatever was before it.
//
// What comes out of an active stage is not proven before finish. So the judge's faults count within
// the image's head (ALOFT_IMAGE_HEAD_LEN), to refuse a wrong file before anything is erased. Later
// ones the stage keeps to itself until its own verdict: damage is named as what it is.
#ifndef ALOFT_STAGE_H
#define ALOFT_STAGE_H

#include "aloft/err.h"
#include <stdint.h>

// The most that a stage holds back: fed n bytes, it gives at most n and this many.
#define ALOFT_STAGE_HELD 15u

// When a stage is active: bytes of the artifact that come before those of the image, so that byte n
// of the image comes from byte n + ALOFT_STAGE_AHEAD; and bytes that it may keep in flash, behind
// the notes of progress.
#define ALOFT_STAGE_AHEAD 512u

// Takes bytes of the image.
typedef enum aloft_err aloft_stage_sink(void *ctx, const uint8_t *data, uint32_t len);

struct aloft_resume;

// Each gets the stage; a pointer to struct aloft_stage is one to what it is the first member of.
struct aloft_stage {
    // len: bytes of the artifact, 0 when not known; room: bytes that an image may have.
    void (*begin)(struct aloft_stage *stage, uint32_t len, uint32_t room);
    // Takes all of data, and hands what comes of it to the sink.
    enum aloft_err (*feed)(struct aloft_stage *stage, const uint8_t *data, uint32_t len,
                           aloft_stage_sink *sink, void *ctx);
    // The artifact is complete. OK: all that came out is what its maker put in.
    enum aloft_err (*finish)(struct aloft_stage *stage);
    // Once the head has passed and the notes' area was erased, with n 0 and then 1: writes page n
    // of what it needs to go on after a reset, into the last ALOFT_STAGE_AHEAD bytes of the area.
    // Nothing secret goes there. Not active: sets resume->ahead to 0 and leaves the bytes to notes.
    // Flash:      one program, at most a page.
    // Power loss: what is kept is not whole, and the head notes that vouch for it are not there.
    enum aloft_err (*keep)(struct aloft_stage *stage, struct aloft_resume *resume, uint32_t n);
    // Right after begin, instead of the first bytes: reads what was kept, and is active or not as
    // resume->ahead says.
    enum aloft_err (*resume)(struct aloft_stage *stage, const struct aloft_resume *resume);
    // Image bytes that came out before the reset, in order from the first one on, in pieces that
    // are a multiple of 16 long. The next feed goes on behind them.
    enum aloft_err (*reread)(struct aloft_stage *stage, const uint8_t *image, uint32_t len);
};

#endif
