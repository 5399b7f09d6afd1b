// The one place of a device where an image comes in, whoever brings it (pull, push, browser): the
// turn, the engine, and the road from there to aloft_bootsel_set_boot, which exists nowhere else.
// Ways bring bytes and do not touch flash; only the intake has an engine.
//
//   begin -> (feed, step..)* -> finish -> step.. -> DONE        the new slot is selected: restart
//   any fault: FAILED; release gives the turn back, and the slot holds no image
//
// The turn is the right to change flash. There are two kinds of senders:
//   * What the owner does, proved by a secret (a push, an upload, a command): take comes before
//     begin. The turn is the owner's until release.
//   * What a server sends: begin without take. The turn comes when the image's head has been
//     accepted, so a server that sends nothing useful blocks nothing. It is only lent: a take ends
//     what the server had begun; its sender gets NET_BUSY and may try again.
//
// Invariants
//   I1  Bytes of one sender at most come in; those of two never mix.
//   I2  Nothing is erased or programmed without the turn.
//   I3  The image's first bytes are programmed only after its sender has called finish. A sender
//       that finds a fault (a digest that does not fit) calls release instead.
//   I4  A turn that was taken is not lost, and one that is lent is lost to a take at any moment
//       before `whole`. From then on no peer is waited for: selecting takes a few operations.
//   I5  A slot is selected only when the engine has judged the whole image in flash good.
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
    struct aloft_events events;        // of the image, whoever brings it
    int running;                       // the slot that runs
    bool trial;                        // select the new slot on trial, the default of products
};

// Optional facts that a sender knows. What they point to must stay valid until the end.
struct aloft_intake_more {
    uint32_t
        from; // the first byte that will be fed; not 0: go on there, as aloft_intake_begun said
    const struct aloft_image_facts *current; // in place of the configuration's
    const struct aloft_artifact *artifact;   // write checkpoints for it (resume.h); NULL: do not
    const struct aloft_file_check *check;    // judges the whole file, too; NULL: nobody does
    bool just_started;                       // a server brings it, soon after the start (failed.h)
};

struct aloft_intake {
    struct aloft_intake_config config;
    const void *holder; // whose turn it is; NULL: nobody's
    const void *sender; // whose bytes come in; NULL: nobody's
    enum aloft_err err; // of the last failed image
    uint32_t taken;     // bytes fed
    bool whole;         // the image is in its slot, whole and good; it is being selected
    // private
    bool lent; // the turn is
    uint32_t phase;
    int target; // the slot that is selected
    union {
        struct aloft_engine engine;   // while the image comes
        struct aloft_bootsel bootsel; // once it is whole
    } work;
};

// config is copied, what it points to must outlive the intake.
void aloft_intake_init(struct aloft_intake *intake, const struct aloft_intake_config *config);

// Would take get the turn now?
bool aloft_intake_is_free(const struct aloft_intake *intake, const void *who);

// For the owner. True: `who` has the turn now, or had it already; what a server was sending is
// given up. False: another owner has it; try again later. `who` is any address that is unique to
// the caller.
bool aloft_intake_take(struct aloft_intake *intake, const void *who);

// Ends what `who` has begun, and gives its turn back. Nothing happens when another has the turn.
void aloft_intake_release(struct aloft_intake *intake, const void *who);

// Is there a download in the next slot that can go on after a reset? As aloft_engine_begun.
bool aloft_intake_begun(const struct aloft_intake *intake, struct aloft_artifact *artifact,
                        uint32_t *off);

// Begins with an artifact of len bytes (0: not known); more may be NULL. What another sender had
// begun without having the turn is given up. Errors: NET_BUSY when it is another's turn; those of
// aloft_engine_begin; HTTP_RANGE when `from` is not the offset of the slot's last checkpoint.
enum aloft_err aloft_intake_begin(struct aloft_intake *intake, const void *who, uint32_t len,
                                  const struct aloft_intake_more *more);

// As aloft_engine_feed. Touches no flash. Errors: NET_BUSY, when `who` is the sender no more.
enum aloft_err aloft_intake_feed(struct aloft_intake *intake, const void *who, const uint8_t *data,
                                 uint32_t len, uint32_t *used);

// How many bytes of `who` the next feed would take. 0: step first.
uint32_t aloft_intake_room(const struct aloft_intake *intake, const void *who);

// All bytes were fed. Errors: those of aloft_engine_finish; NET_BUSY.
enum aloft_err aloft_intake_finish(struct aloft_intake *intake, const void *who);

// For the sender: one flash operation, or reading at most 4 KiB. DONE before finish: feed more.
// DONE after finish: the image is whole, good and selected; restart to run it.
// Power loss: as aloft_engine_step, then as aloft_bootsel_set_boot.
// Errors:     of both; see err.
enum aloft_step aloft_intake_step(struct aloft_intake *intake);

#endif
