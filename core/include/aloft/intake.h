// The one place of a device where an image comes in, whoever brings it: the turn that a way takes
// before it writes, and for ways that are brought the bytes (push, browser) the engine and the
// selection behind it. Two senders at once never mix, as only the holder of the turn gets further.
//
//   take -> begin -> (feed, step..)* -> finish -> step.. -> DONE       the new slot is selected
//   any fault: FAILED; release gives the turn back, and the slot holds no image
//
// Invariants
//   I1  Between take and release nobody else takes.
//   I2  Without the turn nothing is written.
//   I3  A digest that the sender promised and that does not fit is a fault before the image's first
//       bytes are programmed.
#ifndef ALOFT_INTAKE_H
#define ALOFT_INTAKE_H

#include "aloft/bootsel.h"
#include "aloft/engine.h"

struct aloft_intake_config {
    const struct aloft_slots *slots;
    const struct aloft_image_rules *rules; // what an image must be to run here; crypto is required
    const struct aloft_image_facts *current; // of the running app; NULL: never refuse as the same
    struct aloft_stage *stage;         // opens encrypted images (unwrap.h); NULL: plain ones alone
    const struct aloft_policy *policy; // what the owner refuses besides; NULL: nothing
    struct aloft_events events;
    int running; // the slot that runs
    bool trial;  // select the new slot on trial
};

struct aloft_intake {
    struct aloft_intake_config config;
    const void *holder; // whose turn it is; NULL: nobody's
    enum aloft_err err; // of a failed image
    uint32_t phase;     // private from here on
    uint32_t len;       // promised; 0: not known
    uint32_t taken;     // bytes fed
    bool check_md5;
    uint8_t md5[ALOFT_MD5_LEN]; // promised
    struct aloft_hash hash;     // of what was fed
    union {
        struct aloft_engine engine;   // while the image comes
        struct aloft_bootsel bootsel; // once it is whole
    } work;
};

// config is copied, what it points to must outlive the intake.
void aloft_intake_init(struct aloft_intake *intake, const struct aloft_intake_config *config);

// True: it is `who`'s turn now, or was already. False: another's; try later or say so.
bool aloft_intake_take(struct aloft_intake *intake, const void *who);

// Gives the turn back; an image that is not complete is given up. Not the holder: nothing happens.
void aloft_intake_release(struct aloft_intake *intake, const void *who);

// Begins with an image of len bytes (0: not known) whose MD5 is promised (NULL: not).
// Errors: those of aloft_engine_begin; STATE without the turn.
enum aloft_err aloft_intake_begin(struct aloft_intake *intake, const void *who, uint32_t len,
                                  const uint8_t *md5);

// As aloft_engine_feed. Touches no flash.
enum aloft_err aloft_intake_feed(struct aloft_intake *intake, const void *who, const uint8_t *data,
                                 uint32_t len, uint32_t *used);

// All bytes were fed. Errors: those of aloft_engine_finish; PUSH_MD5 when they are not what was
// promised.
enum aloft_err aloft_intake_finish(struct aloft_intake *intake, const void *who);

// One flash operation, or reading at most 4 KiB. DONE before finish: feed more. DONE after finish:
// the image is whole, good and selected; restart to run it.
// Power loss: as aloft_engine_step, then as aloft_bootsel_set_boot.
enum aloft_step aloft_intake_step(struct aloft_intake *intake);

#endif
