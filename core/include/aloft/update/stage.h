// A stage that an artifact passes on its way to its slot: bytes go in, other bytes come out, fewer
// or many more. unwrap.h decrypts; others decompress or patch. Up to two stand in a row, between
// the way that brings the bytes (pull, push, browser) and judge and writer. Nobody but the stage
// itself knows its format.
//
// A stage is fed and drained with budgets: `sink` puts in what there is room for, `poll` takes out
// at most so many bytes. It looks at the first bytes and decides whether it has anything to do:
// when not, it is not active, and passes bytes unchanged.
//
//   begin -> (sink, poll..)* -> finish -> poll..            an update from its first byte on
//   begin -> resume -> (sink, poll..)* -> finish -> poll..  one that goes on after a reset
//
// Offsets of what goes in and of what comes out are never mixed: `in` counts the former, `out` the
// latter. A download can go on after a reset because the row can be asked backwards, from the image
// to the server: "To give bytes of the image from X on, restart me at byte Y of the artifact, with
// this state." Each stage names a point from which it can be started again; what it then gives
// before the byte that is wanted is dropped.
//
// Invariants
//   G1  A stage is given no more than its room, and gives no more than the budget. One that has
//       nothing to give has room for ALOFT_STAGE_PIECE bytes.
//   G2  The second stage is fed only when it has given all that it can.
//       G2 has no assertion: only another poll could tell, and it would take what it finds.
//   G3  `mark` is a point of the first stage, not behind any byte that the second one needs again
//       to be restarted.
//   G4  While the first stage is active, and proves only at its end what it gave, faults that are
//       found behind it are held back until then: damage is named as what it is.
//   G5  Of what a stage gives after a restart, exactly the bytes before the wanted one are dropped.
#ifndef ALOFT_STAGE_H
#define ALOFT_STAGE_H

#include "aloft/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define ALOFT_STAGES      2u   // the most that stand in a row
#define ALOFT_STAGE_STATE 32u  // bytes of state that a stage may have in a checkpoint
#define ALOFT_STAGE_KEPT  512u // bytes that it may keep besides, once for all checkpoints
#define ALOFT_STAGE_PIECE 64u  // bytes that go from stage to stage at a time
#define ALOFT_STAGE_ALIGN 16u  // see poll

// Where a stage can be started again: fed from `in` on, it gives what belongs at `out`.
struct aloft_stage_point {
    uint32_t in;
    uint32_t out;
    uint8_t state[ALOFT_STAGE_STATE]; // of which state_len bytes count; nothing secret
};

struct aloft_row;
struct aloft_stage;

struct aloft_stage_ops {
    // Forgets whatever was before. len: bytes that will go in, 0 when not known; room: bytes that
    // an image may have.
    void (*begin)(struct aloft_stage *stage, uint32_t len, uint32_t room);
    // How many bytes the next sink may have.
    uint32_t (*room)(const struct aloft_stage *stage);
    // Takes all of data. len: 1 to room.
    enum aloft_err (*sink)(struct aloft_stage *stage, const uint8_t *data, uint32_t len);
    // Gives up to cap bytes, and says how many: 0 when it needs more input first. cap: 1 or more;
    // to a stage that gives only multiples of ALOFT_STAGE_ALIGN, at least that.
    enum aloft_err (*poll)(struct aloft_stage *stage, uint8_t *out, uint32_t cap, uint32_t *made);
    // No more goes in, and poll has given 0. OK: all that was given is what the artifact's maker
    // put in. What is left to give, if anything, is polled afterwards.
    enum aloft_err (*finish)(struct aloft_stage *stage);
    // The last point, at or before where the stage is, from which it can be started again. False:
    // there is none. Only asked of an active stage.
    bool (*point)(const struct aloft_stage *stage, struct aloft_stage_point *point);
    // Right after begin: goes on from a point that an earlier boot has named; `kept` is as it was.
    // NULL: the stage was not active then, and bytes go on to pass.
    enum aloft_err (*resume)(struct aloft_stage *stage, const struct aloft_stage_point *point);
};

// The first member of every stage's own struct, which stays where it is and outlives the engine.
struct aloft_stage {
    const struct aloft_stage_ops *ops;
    const struct aloft_row *row; // aloft_stage_row
    struct aloft_stage *next;    // takes what this one gives; NULL: judge and writer do. The app's
    uint8_t *kept;          // what resume needs besides a point: the same from the image's head
                            // on (ALOFT_IMAGE_HEAD_LEN), written to flash once. Nothing secret
    uint16_t kept_len;      // at most ALOFT_STAGE_KEPT, a multiple of 256; 0: nothing
    uint16_t id;            // not 0; another one whenever state or kept change their meaning
    uint8_t state_len;      // at most ALOFT_STAGE_STATE
    bool proves;            // finish proves what was given, which may be damaged before. Heeded of
                            // the first stage
    bool active;            // set by the stage, as soon as it knows
    enum aloft_err garbage; // the fault when what it gives does not begin as an image; OK: the
                            // judge's, IMAGE_MAGIC
    uint32_t longer;        // what goes in is at most so many bytes longer than what comes out
    uint32_t gives;         // bytes that will come out in all, once it knows; 0: not known
};

// Where a download can go on: the answer of the whole row.
struct aloft_restart {
    uint32_t image;                                // everything below this byte is in the slot
    uint32_t artifact;                             // the byte to ask the server for
    bool active[ALOFT_STAGES];                     // of each stage
    struct aloft_stage_point points[ALOFT_STAGES]; // of the stages that are active
};

// The row.
struct aloft_stages {
    const struct aloft_row *row; // NULL: there is no stage, and the artifact is the image
    struct aloft_stage *stage[ALOFT_STAGES]; // private from here on
    uint32_t count;
    uint32_t given[ALOFT_STAGES];    // bytes that each has given, dropped ones included
    uint32_t drop[ALOFT_STAGES];     // bytes that each will give again, and that are dropped
    uint32_t finished;               // so many stages have finished
    bool ended;                      // no more goes in
    bool done;                       // and nothing more comes out
    enum aloft_err held;             // a fault that is held back
    struct aloft_stage_point before; // the first stage, before the last piece went to the second
    struct aloft_stage_point mark;   // the same, but where the second can be restarted
};

// What can be asked of a row, by the functions below. A table, so that firmware without stages does
// not link it.
struct aloft_row {
    void (*begin)(struct aloft_stages *stages, struct aloft_stage *first, uint32_t len,
                  uint32_t room);
    uint32_t (*room)(const struct aloft_stages *stages);
    enum aloft_err (*sink)(struct aloft_stages *stages, const uint8_t *data, uint32_t len);
    enum aloft_err (*poll)(struct aloft_stages *stages, uint8_t *out, uint32_t cap, uint32_t *made);
    enum aloft_err (*fault)(struct aloft_stages *stages, enum aloft_err err);
    uint32_t (*image_len)(const struct aloft_stages *stages, uint32_t len);
    bool (*active)(const struct aloft_stages *stages, bool active[ALOFT_STAGES]);
    bool (*ask)(const struct aloft_stages *stages, uint32_t image, struct aloft_restart *restart);
    enum aloft_err (*resume)(struct aloft_stages *stages, const struct aloft_restart *restart);
    // For checkpoints, by the stages that were or are active. The ids of both as one number; 0 is
    // one that is not active.
    uint32_t (*ids)(const struct aloft_stage *first, const bool active[ALOFT_STAGES]);
    // Which of them have these ids; false: some are not there.
    bool (*known)(const struct aloft_stage *first, uint32_t ids, bool active[ALOFT_STAGES]);
    // The points of a restart as bytes: their length, 0 without active stages; bytes NULL: only
    // that.
    uint32_t (*put)(const struct aloft_stage *first, const bool active[ALOFT_STAGES],
                    const struct aloft_restart *restart, uint8_t *bytes);
    // And back, image being known; false: they make no sense.
    bool (*get)(const struct aloft_stage *first, const bool active[ALOFT_STAGES],
                const uint8_t *bytes, struct aloft_restart *restart);
    // Page `page` (256 bytes) of what the stages keep; NULL: there are no more.
    uint8_t *(*kept)(const struct aloft_stage *first, const bool active[ALOFT_STAGES],
                     uint32_t page);
};

extern const struct aloft_row aloft_stage_row;

// The longest artifact that may become an image of at most `room` bytes.
static inline uint32_t aloft_stages_artifact_max(const struct aloft_stage *first, uint32_t room)
{
    for (const struct aloft_stage *stage = first; stage != NULL; stage = stage->next) {
        room = stage->longer < UINT32_MAX - room ? room + stage->longer : UINT32_MAX;
    }
    return room;
}

// first: the first stage, NULL for none. len, room: as begin of a stage.
static inline void aloft_stages_begin(struct aloft_stages *stages, struct aloft_stage *first,
                                      uint32_t len, uint32_t room)
{
    memset(stages, 0, sizeof *stages);
    stages->row = first != NULL ? first->row : NULL;
    if (first != NULL) {
        stages->row->begin(stages, first, len, room);
    }
}

// Is a stage active, so that the image is not the artifact? Which ones?
static inline bool aloft_stages_active(const struct aloft_stages *stages, bool active[ALOFT_STAGES])
{
    return stages->row != NULL && stages->row->active(stages, active);
}

// Bytes of the image that will come of an artifact of len bytes; 0: not known.
static inline uint32_t aloft_stages_image_len(const struct aloft_stages *stages, uint32_t len)
{
    return stages->row != NULL ? stages->row->image_len(stages, len) : len;
}

// As the stage's room and sink, of the first one. Not without a stage.
static inline uint32_t aloft_stages_room(const struct aloft_stages *stages)
{
    return stages->row->room(stages);
}

static inline enum aloft_err aloft_stages_sink(struct aloft_stages *stages, const uint8_t *data,
                                               uint32_t len)
{
    return stages->row->sink(stages, data, len);
}

// As the stage's poll, of the last one; moves what has to be moved before. Not without a stage.
static inline enum aloft_err aloft_stages_poll(struct aloft_stages *stages, uint8_t *out,
                                               uint32_t cap, uint32_t *made)
{
    return stages->row->poll(stages, out, cap, made);
}

// No more goes in: poll goes on until `done`, and says what the stages' finish says.
static inline void aloft_stages_end(struct aloft_stages *stages)
{
    stages->ended = true;
    stages->done = stages->row == NULL;
}

static inline bool aloft_stages_done(const struct aloft_stages *stages)
{
    return stages->done;
}

// A fault was found in what came out. Returns what to report now; OK: it is held back, nothing more
// comes out, and the last poll returns it, or what explains it. Faults within the image's head
// (ALOFT_IMAGE_HEAD_LEN) are never held back.
static inline enum aloft_err aloft_stages_fault(struct aloft_stages *stages, enum aloft_err err)
{
    return stages->row != NULL ? stages->row->fault(stages, err) : err;
}

// Where to start again so that bytes of the image come from `image` on; so many came out so far.
// False, and image 0 in *restart: it cannot be said.
static inline bool aloft_stages_ask(const struct aloft_stages *stages, uint32_t image,
                                    struct aloft_restart *restart)
{
    restart->image = image;
    restart->artifact = image;
    return stages->row == NULL || stages->row->ask(stages, image, restart);
}

// Right after begin, and with `kept` of each active stage as it was: goes on.
// Errors: the stages' own.
static inline enum aloft_err aloft_stages_resume(struct aloft_stages *stages,
                                                 const struct aloft_restart *restart)
{
    return stages->row != NULL ? stages->row->resume(stages, restart) : ALOFT_OK;
}

#endif
