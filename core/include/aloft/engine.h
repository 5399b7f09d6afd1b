// The update engine: takes an image in pieces of any size into the spare slot, refuses a wrong file
// in its first kilobyte and before anything is erased, and judges the whole image from flash.
//
// Counterparts in ESP-IDF components/app_update: begin, feed+step, finish+step and abort are
// esp_ota_begin, esp_ota_write, esp_ota_end, esp_ota_abort. What blocks there is a step here.
//
//   begin -> (feed, step..)* -> finish -> step.. -> DONE       then aloft_bootsel_set_boot
//
// Invariants
//   E1  Only the target slot is erased or programmed; never the running one or factory; and otadata
//       only as E6 says.
//   E2  Nothing is erased before the image's head (288 bytes) was read and accepted.
//   E3  The first 16 bytes are programmed only after the whole image was read back and judged good.
//   E4  What checkpoints say is a hint: it is judged again, and the whole image at the end.
//   E5  A release that has just failed its trial is not installed again, nor, for a server and soon
//       after the start, one whose last two trials a loss of power has ended.
//   E6  Before anything is erased, otadata selects the running app. It does not when that is a
//       fallback: what was selected has rotted, and the update goes over it. Were that record left
//       in place, the new image would boot from its first 16 bytes on, and without a trial.
//   E7  What comes out of an active stage is completed only after every stage has finished and
//       found the whole artifact good.
//   E8  A step that has nothing to do leaves room for the next feed: nobody waits for the other.
#ifndef ALOFT_ENGINE_H
#define ALOFT_ENGINE_H

#include "aloft/bootsel.h"
#include "aloft/event.h"
#include "aloft/policy.h"
#include "aloft/slots.h"
#include "aloft/update/checkpoint.h"
#include "aloft/update/failed.h"
#include "aloft/update/resume.h"
#include "aloft/update/stage.h"
#include "aloft/update/writer.h"
#include "aloft/verify.h"

struct aloft_engine_config {
    const struct aloft_slots *slots;
    const struct aloft_image_rules *rules;   // what an image must be to run here; copied
    const struct aloft_image_facts *current; // refuse this project and version; NULL: accept all
    const struct aloft_policy *policy;       // what the owner refuses besides; NULL: nothing
    const struct aloft_events *events;       // may be NULL; must outlive the engine
    int running;                             // the slot that runs
    int target;                              // ALOFT_SLOT_NONE: the next one
    uint32_t len;                            // bytes of the artifact; 0: not known
    struct aloft_stage *stage;               // the first stage that an artifact passes (stage.h);
                                             // NULL: plain images alone. One engine at a time, and
                                             // it must outlive that
    const struct aloft_artifact *artifact;   // write checkpoints for it, so that a reset need not
                                             // start again; NULL: do not. Must outlive the engine
    const struct aloft_file_check *check;    // judges the whole artifact, too, when it is in flash,
                                             // unless a stage has changed it; NULL: nobody does.
                                             // Must outlive the engine
    bool just_started;                       // as aloft_failed_read
};

struct aloft_engine {
    uint32_t phase; // private
    enum aloft_err err;
    const struct aloft_slots *slots;
    const struct aloft_image_facts *current;
    const struct aloft_policy *policy;
    const struct aloft_events *events;
    struct aloft_image_rules rules;
    uint32_t len;       // promised, 0 when not known
    uint32_t taken;     // bytes of the artifact that were fed
    uint32_t image_len; // bytes of the image so far
    uint32_t reread;    // bytes judged again after a resume
    const struct aloft_artifact *artifact;
    const struct aloft_file_check *check;
    uint32_t checkpoints;       // private
    uint32_t hold_phase;        // private
    bool hold_writes;           // private: `hold` runs
    bool head_passed;           // the image's head is known and accepted
    int running;                // slot
    int target;                 // slot
    struct aloft_failed failed; // releases that are not to be tried again
    struct aloft_stages stages;
    struct aloft_checkpoint checkpoint; // in the slot's tail
    struct aloft_restart restart;       // the next one: where the image's last sector began
    struct aloft_writer writer;
    struct aloft_verify verify; // its judge follows the stream first, and flash at the end
    struct aloft_bootsel hold;  // selects the running app
};

// Chooses and checks the target. Reads flash (table and otadata), writes nothing.
// Errors: NO_OTA_SLOT, NO_OTADATA, OTADATA_SIZE, PTABLE_*, SLOT_RUNNING, SLOT_UNKNOWN,
//         IMAGE_TOO_LARGE (len against slot and stages), ON_TRIAL (confirm the running app first),
//         FLASH_READ.
enum aloft_err aloft_engine_begin(struct aloft_engine *engine,
                                  const struct aloft_engine_config *config);

// Is there a download in the next slot that can go on after a reset, by these stages? True:
// *artifact says which one, and *off from which of its bytes on it is still wanted. Reads the
// checkpoints in the slot; touches nothing.
bool aloft_engine_begun(const struct aloft_slots *slots, int running,
                        const struct aloft_stage *stage, struct aloft_artifact *artifact,
                        uint32_t *off);

// Begins, and goes on where aloft_engine_begun said: what is in the slot is read and judged again,
// a few KiB a step, before the first feed. config->artifact is what begun gave. *off is where the
// next feed must start; 0 when there is nothing to go on from after all. Errors: as
// aloft_engine_begin; those of the stages' resume.
enum aloft_err aloft_engine_resume(struct aloft_engine *engine,
                                   const struct aloft_engine_config *config, uint32_t *off);

// Takes bytes of the artifact, as many as there is room for, and says how many in *used. Touches no
// flash; step makes room. Splits of the input never change the result.
// Errors: those of aloft_image_next; SAME_VERSION, TRIAL_FAILED, TRIAL_POWER; IMAGE_PROJECT,
//         IMAGE_OLDER or what else the policy says; IMAGE_TOO_LARGE; IMAGE_TRAILING for more than
//         was promised; the stages'; STATE after finish or a failure. Step may return all of them,
//         too, while a stage has more to give than there was room for.
enum aloft_err aloft_engine_feed(struct aloft_engine *engine, const uint8_t *data, uint32_t len,
                                 uint32_t *used);

// How many bytes the next feed will take at least. 0: step first.
uint32_t aloft_engine_room(const struct aloft_engine *engine);

// The artifact is complete: what remains is what the stages still have to give, writing the rest,
// judging, and the first 16 bytes.
// Errors: IMAGE_EMPTY, IMAGE_TRUNCATED, HTTP_SHORT when fewer bytes came than begin was told;
//         SIGNATURE_MISSING when the rules want one and no signature sector came; the stages'. Step
//         may return them, too.
enum aloft_err aloft_engine_finish(struct aloft_engine *engine);

// At most one erase or program, after a look at no more than 4 KiB; or reading that much. While a
// fallback is selected, otadata is written, too.
// DONE:       before finish: feed more. After finish: the image is in the slot, whole and good.
// Power loss: the target slot may hold part of an image, without its first 16 bytes until the very
//             last program; the running slot is untouched, and so is otadata, unless it did not
//             select the running slot: then that is selected, as aloft_bootsel_set_boot does.
// Errors:     FLASH_*, those of feed and finish, of aloft_verify_step and of the check,
//             TRIAL_FAILED, TRIAL_POWER; ON_TRIAL when the running app was no more selected and
//             had never confirmed itself: now it is, and can.
enum aloft_step aloft_engine_step(struct aloft_engine *engine);

// Gives the update up. Writes nothing: what is in the slot has no first bytes and cannot boot.
void aloft_engine_abort(struct aloft_engine *engine);

#endif
