// The path of an image into its slot, in order: bounded, through its stage, judged as it streams,
// written, judged again from flash, completed.
//
//   [REREADING ->] RECEIVING --finish--> FLUSHING -> VERIFYING -> COMPLETING -> DONE
//       any fault: FAILED, and the slot holds no image (E3)
//
// E1..E5 are in the header. Keeping E1: the only view that can be written is made in begin.
#include "aloft/engine.h"
#include "aloft/base/bytes.h"
#include "aloft/base/crc32.h"
#include <string.h>

enum phase { REREADING, RECEIVING, FLUSHING, VERIFYING, COMPLETING, DONE, FAILED };

// Notes of progress: those of another download are erased, which even one without notes does first:
// they must not outlive what they are about. Then the tail is erased, an active stage keeps there
// what it needs, what is downloaded is said, and then progress is.
enum notes {
    OLD_NOTES,
    ERASE_NOTES,
    KEEP_NOTES,
    KEEP_MORE_NOTES,
    HEAD_NOTES,
    PROGRESS_NOTES,
    NO_NOTES
};

// Selecting the running app: a look at the records ends it, or leads to a write and another look.
enum hold { LOOK, REPAIRING, LOOK_AGAIN, SELECTING, LOOK_AT_LAST, HELD };

static enum aloft_err fail(struct aloft_engine *engine, enum aloft_err err)
{
    engine->phase = FAILED;
    engine->err = err;
    return err;
}

// Overwriting the spare slot while the running app is on trial would take away what a failed trial
// goes back to. An app that otadata does not select is a fallback, or one whose record could not be
// written: what was begun is carried out first, and then it is selected (E6). Its record says what
// it said before, so one that was never confirmed is on trial then, and can confirm itself.
static enum aloft_err look_at_records(struct aloft_engine *engine)
{
    const struct aloft_slots *slots = engine->slots;
    struct aloft_otadata records[2];
    uint32_t state = ALOFT_OTA_VALID;
    enum aloft_err err = aloft_bootsel_read(slots, records);
    (void)aloft_bootsel_state(slots, records, engine->running, &state); // or it was never on trial
    bool trial = state <= ALOFT_OTA_PENDING;
    if (err != ALOFT_OK || aloft_bootsel_boot_slot(slots, records) == engine->running) {
        engine->hold_phase = HELD;
        return err == ALOFT_OK && trial ? ALOFT_ERR_ON_TRIAL : err;
    }
    if (engine->hold_phase == LOOK) {
        aloft_bootsel_repair(&engine->hold, slots);
    } else if (engine->hold_phase == LOOK_AGAIN) {
        aloft_bootsel_select(&engine->hold, slots, &engine->rules, engine->running,
                             trial ? ALOFT_OTA_NEW : ALOFT_OTA_VALID);
    }
    engine->hold_phase++;
    return ALOFT_OK;
}

static enum aloft_err check_target(struct aloft_engine *engine,
                                   const struct aloft_engine_config *config, int target)
{
    if (target == ALOFT_SLOT_NONE) {
        return ALOFT_ERR_NO_OTA_SLOT;
    }
    if (target == config->running) {
        return ALOFT_ERR_SLOT_RUNNING;
    }
    if (target < 0 || aloft_slots_extent(config->slots, target).len == 0) {
        return ALOFT_ERR_SLOT_UNKNOWN;
    }
    if (config->len > aloft_slots_extent(config->slots, target).len) {
        return ALOFT_ERR_IMAGE_TOO_LARGE;
    }
    return look_at_records(engine);
}

// Is this part of an image's name the one of a release that failed its trial?
static bool has_failed(const struct aloft_engine *engine, uint32_t part, const uint8_t *name,
                       uint32_t len)
{
    for (uint32_t i = 0; i < engine->failed_count; i++) {
        if (memcmp(engine->failed[i] + part, name, len) == 0) {
            return true;
        }
    }
    return false;
}

// The head has passed the judge: the last moment before flash is touched (E2). This is the sink of
// all bytes of the image, whether they come from the network or back from flash.
static enum aloft_err accept(void *ctx, const struct aloft_image *image,
                             enum aloft_image_event event, const uint8_t *data, uint32_t len)
{
    struct aloft_engine *engine = ctx;
    const struct aloft_image_facts *facts = &image->facts;
    const struct aloft_image_facts *current = engine->current;
    (void)data;
    (void)len;
    if (event != ALOFT_IMAGE_DESC) {
        return ALOFT_OK;
    }
    engine->head_passed = true;
    aloft_event_emit(engine->events, &(struct aloft_event){.kind = ALOFT_EVENT_IMAGE,
                                                           .value = facts->secure_version,
                                                           .text = facts->version});
    if (engine->policy != NULL) {
        enum aloft_err err = engine->policy->judge(engine->policy, facts);
        if (err != ALOFT_OK) {
            return err;
        }
    }
    if (!facts->has_desc) {
        return ALOFT_OK; // a release that has failed is known by its digest, at the end
    }
    if (current != NULL && current->has_desc &&
        memcmp(current->project, facts->project, ALOFT_IMAGE_TEXT) == 0 &&
        memcmp(current->version, facts->version, ALOFT_IMAGE_TEXT) == 0) {
        return ALOFT_ERR_SAME_VERSION;
    }
    if (engine->phase == REREADING) {
        return ALOFT_OK; // it was accepted before, and the digest decides at the end
    }
    // A descriptor holds the program's own digest, so equal heads are equal programs.
    uint8_t head[4];
    aloft_put_le32(head, aloft_crc32(0, engine->writer.buffer, ALOFT_IMAGE_HEAD_LEN));
    return has_failed(engine, ALOFT_NOTE_ID_HEAD, head, sizeof head) ? ALOFT_ERR_TRIAL_FAILED
                                                                     : ALOFT_OK;
}

enum aloft_err aloft_engine_begin(struct aloft_engine *engine,
                                  const struct aloft_engine_config *config)
{
    const struct aloft_slots *slots = config->slots;
    memset(engine, 0, sizeof *engine);
    ALOFT_ASSERT(config->rules->crypto != NULL);
    enum aloft_err err = aloft_slots_check(slots, config->rules->crypto);
    int target = config->target;
    engine->slots = slots;
    engine->running = config->running;
    if (err == ALOFT_OK && target == ALOFT_SLOT_NONE) {
        target = aloft_slots_next(slots, config->running);
    }
    if (err == ALOFT_OK) {
        err = check_target(engine, config, target);
    }
    if (err == ALOFT_OK) {
        err = aloft_bootsel_failed(slots, engine->failed, &engine->failed_count);
    }
    if (err != ALOFT_OK) {
        return fail(engine, err);
    }
    struct aloft_flash_view view = aloft_slots_slot_view(slots, target);
    engine->rules = *config->rules;
    engine->current = config->current;
    engine->policy = config->policy;
    engine->events = config->events;
    engine->stage = config->stage;
    engine->len = config->len;
    engine->target = target;
    engine->phase = RECEIVING;
    engine->artifact = config->artifact;
    engine->check = config->check;
    engine->notes = OLD_NOTES;
    aloft_resume_plan(&engine->resume, &view, config->artifact, config->stage);
    if (engine->resume.area == 0) {
        if (config->artifact != NULL && config->artifact->tag_len != 0) {
            aloft_event_tell(engine->events, ALOFT_EVENT_UNRESUMABLE, 0, 0);
        }
    } else {
        view.len = engine->resume.area; // the image's last block erase must not take the notes
    }
    aloft_writer_init(&engine->writer, &view, config->len);
    engine->rules.crypto = NULL; // the SHA-256 is taken from flash, not from what goes by
    aloft_verify_init(&engine->verify, &view, &engine->rules);
    engine->verify.image.rules.alone = true;
    engine->verify.sink = accept;
    engine->verify.ctx = engine;
    engine->rules.crypto = config->rules->crypto;
    if (engine->stage != NULL) {
        engine->stage->begin(engine->stage, config->len, view.len);
    }
    aloft_event_tell(engine->events, ALOFT_EVENT_BEGUN, (uint32_t)target, view.addr);
    return ALOFT_OK;
}

bool aloft_engine_begun(const struct aloft_slots *slots, int running,
                        struct aloft_artifact *artifact, uint32_t *off)
{
    struct aloft_resume resume;
    uint8_t head[ALOFT_RESUME_HEAD_MAX];
    int target = aloft_slots_next(slots, running);
    struct aloft_flash_view view = aloft_slots_slot_view(slots, target);
    if (!aloft_resume_read(&resume, &view, artifact, head)) { // as when there is no slot
        return false;
    }
    *off = resume.noted + resume.ahead;
    // A complete image has its first byte; there is nothing to go on with.
    return aloft_flash_read(&view, 0, head, 1) == ALOFT_OK && head[0] != 0xE9;
}

enum aloft_err aloft_engine_resume(struct aloft_engine *engine,
                                   const struct aloft_engine_config *config, uint32_t *off)
{
    struct aloft_artifact noted;
    struct aloft_resume resume;
    struct aloft_stage *stage = config->stage;
    uint8_t head[ALOFT_RESUME_HEAD_MAX];
    *off = 0;
    enum aloft_err err = aloft_engine_begin(engine, config);
    if (err != ALOFT_OK || !aloft_resume_read(&resume, &engine->resume.view, &noted, head)) {
        return err;
    }
    if (stage != NULL) {
        err = stage->resume(stage, &resume);
    } else if (resume.ahead != 0) {
        err = ALOFT_ERR_ENC_NO_KEY;
    }
    if (err != ALOFT_OK) {
        return fail(engine, err);
    }
    engine->resume = resume;
    engine->notes = PROGRESS_NOTES;
    engine->phase = REREADING;
    engine->image_len = resume.noted;
    aloft_writer_resume(&engine->writer, resume.noted, head);
    *off = resume.noted + resume.ahead;
    engine->taken = *off;
    return ALOFT_OK;
}

// What an earlier boot has written passes the judge again (E4).
static enum aloft_step reread_some(struct aloft_engine *engine)
{
    uint8_t piece[ALOFT_FLASH_PAGE];
    for (uint32_t read = 0; read < ALOFT_VERIFY_STEP; read += sizeof piece) {
        if (engine->reread == engine->image_len) {
            engine->phase = RECEIVING;
            return ALOFT_STEP_AGAIN;
        }
        enum aloft_err err =
            aloft_flash_read(&engine->writer.view, engine->reread, piece, sizeof piece);
        if (err == ALOFT_OK && engine->reread == 0) {
            memcpy(piece, engine->writer.head, engine->writer.head_len);
        }
        engine->reread += (uint32_t)sizeof piece;
        if (err == ALOFT_OK && engine->stage != NULL) {
            err = engine->stage->reread(engine->stage, piece, sizeof piece);
        }
        err = err == ALOFT_OK ? aloft_verify_feed(&engine->verify, piece, sizeof piece) : err;
        if (err != ALOFT_OK) {
            fail(engine, err);
            return ALOFT_STEP_FAILED;
        }
    }
    return ALOFT_STEP_AGAIN;
}

// OK while bytes of the image are taken; else why not.
static enum aloft_err receiving(const struct aloft_engine *engine)
{
    return engine->phase == RECEIVING ? ALOFT_OK
           : engine->err != ALOFT_OK  ? engine->err
                                      : ALOFT_ERR_STATE;
}

// Bytes of the image, for which there is room.
static enum aloft_err take(void *ctx, const uint8_t *data, uint32_t len)
{
    struct aloft_engine *engine = ctx;
    engine->image_len += len;
    aloft_writer_feed(&engine->writer, data, len);
    return aloft_verify_feed(&engine->verify, data, len);
}

// Byte path 5/12: from core/agent/pull.c; bounded, opened by the stage and judged as it streams,
// then handed to the writer.
enum aloft_err aloft_engine_feed(struct aloft_engine *engine, const uint8_t *data, uint32_t len,
                                 uint32_t *used)
{
    struct aloft_stage *stage = engine->stage;
    enum aloft_err err = receiving(engine);
    *used = 0;
    if (err != ALOFT_OK) {
        return err;
    }
    if (engine->len != 0 && len > engine->len - engine->taken) {
        return fail(engine, ALOFT_ERR_IMAGE_TRAILING);
    }
    uint32_t room = aloft_engine_room(engine);
    uint32_t n = len < room ? len : room;
    *used = n;
    engine->taken += n;
    err = stage != NULL ? stage->feed(stage, data, n, take, engine) : take(engine, data, n);
    return err == ALOFT_OK ? ALOFT_OK : fail(engine, err);
}

enum aloft_err aloft_engine_finish(struct aloft_engine *engine)
{
    enum aloft_err err = receiving(engine);
    if (err != ALOFT_OK) {
        return err;
    }
    if (engine->taken < engine->len) {
        err = ALOFT_ERR_HTTP_SHORT;
    } else if (engine->stage != NULL) {
        err = engine->stage->finish(engine->stage); // keeps E7
    }
    if (err == ALOFT_OK) {
        err = aloft_image_finish(&engine->verify.image);
    }
    if (err != ALOFT_OK) {
        return fail(engine, err);
    }
    aloft_writer_flush(&engine->writer);
    engine->phase = FLUSHING;
    return ALOFT_OK;
}

uint32_t aloft_engine_room(const struct aloft_engine *engine)
{
    return engine->phase == RECEIVING ? aloft_writer_room(&engine->writer) : 0;
}

// Everything but the head is in flash; judge it there, with the head from RAM in its place.
static void start_verify(struct aloft_engine *engine)
{
    struct aloft_verify *verify = &engine->verify;
    aloft_verify_init(verify, &engine->writer.view, &engine->rules);
    verify->image.rules.alone = true;
    verify->head = engine->writer.head;
    verify->head_len = engine->writer.head_len;
    verify->len = engine->image_len;
    verify->check = engine->image_len == engine->taken ? engine->check : NULL; // as it came
    engine->phase = VERIFYING;
}

static enum aloft_step verify_some(struct aloft_engine *engine)
{
    enum aloft_step step = aloft_verify_step(&engine->verify);
    const struct aloft_image_facts *facts = &engine->verify.image.facts;
    if (step == ALOFT_STEP_FAILED) {
        fail(engine, engine->verify.err);
    } else if (step == ALOFT_STEP_DONE && facts->hash_appended != 0 &&
               has_failed(engine, ALOFT_NOTE_ID_DIGEST, facts->digest, ALOFT_NOTE_ID_HEAD)) {
        fail(engine, ALOFT_ERR_TRIAL_FAILED); // keeps E5
        step = ALOFT_STEP_FAILED;
    } else if (step == ALOFT_STEP_DONE) {
        aloft_writer_head(&engine->writer);
        engine->phase = COMPLETING;
        step = ALOFT_STEP_AGAIN;
    }
    return step;
}

// One note, if one is due. Notes are an offer to a later boot: when they cannot be written, the
// update goes on without.
static bool note_some(struct aloft_engine *engine)
{
    bool done = false;
    enum aloft_err err = ALOFT_OK;
    if (engine->notes == OLD_NOTES) {
        struct aloft_resume old;
        struct aloft_artifact artifact;
        uint8_t head[ALOFT_RESUME_HEAD_MAX];
        engine->notes = engine->resume.area != 0 ? ERASE_NOTES : NO_NOTES;
        if (!aloft_resume_read(&old, &engine->resume.view, &artifact, head) ||
            old.area == engine->resume.area) {
            return true;
        }
        err = aloft_resume_erase(&old);
    } else if (engine->notes == ERASE_NOTES) {
        err = aloft_resume_erase(&engine->resume);
        engine->notes = engine->stage != NULL ? KEEP_NOTES : HEAD_NOTES;
    } else if (engine->notes < HEAD_NOTES) {
        err = engine->stage->keep(engine->stage, &engine->resume, engine->notes++ - KEEP_NOTES);
    } else if (engine->notes == HEAD_NOTES) {
        err = aloft_resume_write_head(&engine->resume, engine->artifact, engine->writer.head,
                                      engine->writer.head_len, &done);
        engine->notes = done ? PROGRESS_NOTES : HEAD_NOTES;
    } else if (engine->notes == PROGRESS_NOTES && engine->writer.in_flight == 0 &&
               aloft_resume_due(&engine->resume, engine->writer.off)) {
        aloft_resume_write_progress(&engine->resume, engine->writer.off);
    } else {
        return false;
    }
    if (err != ALOFT_OK) {
        engine->notes = NO_NOTES;
    }
    return true;
}

// True when the running app could not be selected because writing otadata itself fails.
static bool stops_hold(enum aloft_err err)
{
    enum aloft_err_class class = aloft_err_class(err);
    return class == ALOFT_ERR_CLASS_FLASH || class == ALOFT_ERR_CLASS_CRYPTO ||
           class == ALOFT_ERR_CLASS_MISUSE;
}

// Selects the running app (E6). When that is not possible, because the app is rotten itself or is
// the test app, the update is needed all the more; when otadata cannot be written, it is not.
static enum aloft_step hold_some(struct aloft_engine *engine)
{
    enum aloft_err err = ALOFT_OK;
    bool looks = engine->hold_phase % 2 == LOOK % 2;
    if (looks) {
        err = look_at_records(engine);
    } else if (aloft_bootsel_step(&engine->hold) != ALOFT_STEP_AGAIN) {
        err = stops_hold(engine->hold.err) ? engine->hold.err : ALOFT_OK;
        engine->hold_phase++;
    }
    if (err != ALOFT_OK) {
        fail(engine, err);
        return ALOFT_STEP_FAILED;
    }
    return ALOFT_STEP_AGAIN;
}

static enum aloft_step write_some(struct aloft_engine *engine)
{
    if (!engine->head_passed) {
        return ALOFT_STEP_DONE; // nothing may be erased yet (E2)
    }
    if (engine->hold_phase != HELD) {
        return hold_some(engine);
    }
    if (note_some(engine)) {
        return ALOFT_STEP_AGAIN;
    }
    enum aloft_step step = aloft_writer_step(&engine->writer);
    if (step == ALOFT_STEP_FAILED) {
        fail(engine, engine->writer.err);
    } else if (step == ALOFT_STEP_DONE && engine->phase == FLUSHING) {
        start_verify(engine);
        step = ALOFT_STEP_AGAIN;
    } else if (step == ALOFT_STEP_DONE && engine->phase == COMPLETING) {
        engine->phase = DONE;
        aloft_event_tell(engine->events, ALOFT_EVENT_VERIFIED, engine->verify.image.facts.image_len,
                         0);
    }
    return step;
}

enum aloft_step aloft_engine_step(struct aloft_engine *engine)
{
    switch ((enum phase)engine->phase) {
    case REREADING:
        return reread_some(engine);
    case RECEIVING:
    case FLUSHING:
    case COMPLETING:
        return write_some(engine);
    case VERIFYING:
        return verify_some(engine);
    case DONE:
        return ALOFT_STEP_DONE;
    case FAILED:
        break;
    }
    return ALOFT_STEP_FAILED;
}

void aloft_engine_abort(struct aloft_engine *engine)
{
    if (engine->phase != DONE) {
        fail(engine, ALOFT_ERR_STATE);
    }
}
