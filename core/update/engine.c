// The path of an image into its slot, in order: bounded, through its stages, judged as it streams,
// written, judged again from flash, completed.
//
//   [REREADING ->] RECEIVING --finish--> DRAINING -> FLUSHING -> VERIFYING -> COMPLETING -> DONE
//       any fault: FAILED, and the slot holds no image (E3)
//
// DRAINING ends when the stages have given all that they had. The invariants are in the header.
// Keeping E1: the only view that can be written is made in begin.
#include "aloft/engine.h"
#include <string.h>

enum phase { REREADING, RECEIVING, DRAINING, FLUSHING, VERIFYING, COMPLETING, DONE, FAILED };

// Checkpoints, and what the next operation for them is. Their place is erased even when this
// download has none.
enum checkpoints { TO_ERASE, TO_OPEN, TO_WRITE, NONE };

// Selecting the running app: a look at the records ends it, or leads to a write and another look.
enum hold { LOOK, LOOK_AGAIN, LOOK_LAST, HELD };

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
        engine->hold_phase = LOOK_AGAIN;
    } else if (engine->hold_phase == LOOK_AGAIN) {
        aloft_bootsel_select(&engine->hold, slots, &engine->rules, engine->running,
                             trial ? ALOFT_OTA_NEW : ALOFT_OTA_VALID);
        engine->hold_phase = LOOK_LAST;
    } else {
        engine->hold_phase = HELD; // it could not be selected
        return ALOFT_OK;
    }
    engine->hold_writes = true;
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
    uint32_t room = aloft_slots_extent(config->slots, target).len;
    if (config->len > aloft_stages_artifact_max(config->stage, room)) {
        return ALOFT_ERR_IMAGE_TOO_LARGE;
    }
    return look_at_records(engine);
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
    ALOFT_INVARIANT("E2", engine->writer.off == 0); // all of the head is in the buffer
    return aloft_failed_judge_head(&engine->failed, engine->writer.buffer);
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
        err = aloft_failed_read(&engine->failed, slots, config->just_started);
    }
    if (err != ALOFT_OK) {
        return fail(engine, err);
    }
    ALOFT_INVARIANT("E1", target != config->running && target != ALOFT_SLOT_FACTORY);
    struct aloft_flash_view view = aloft_slots_slot_view(slots, target);
    engine->rules = *config->rules;
    engine->current = config->current;
    engine->policy = config->policy;
    engine->events = config->events;
    engine->len = config->len;
    engine->target = target;
    engine->phase = RECEIVING;
    engine->artifact = config->artifact;
    engine->check = config->check;
    aloft_writer_init(&engine->writer, &view, 0);
    engine->rules.crypto = NULL; // the SHA-256 is computed from flash, not from the stream
    aloft_verify_init(&engine->verify, &view, &engine->rules);
    engine->verify.image.rules.alone = true;
    engine->verify.sink = accept;
    engine->verify.ctx = engine;
    engine->rules.crypto = config->rules->crypto;
    aloft_stages_begin(&engine->stages, config->stage, config->len, view.len);
    aloft_event_tell(engine->events, ALOFT_EVENT_BEGUN, (uint32_t)target, view.addr);
    return ALOFT_OK;
}

bool aloft_engine_begun(const struct aloft_slots *slots, int running,
                        const struct aloft_stage *stage, struct aloft_artifact *artifact,
                        uint32_t *off)
{
    struct aloft_checkpoint checkpoint;
    struct aloft_restart restart;
    uint8_t first[ALOFT_CHECKPOINT_FIRST];
    int target = aloft_slots_next(slots, running);
    struct aloft_flash_view view = aloft_slots_slot_view(slots, target);
    if (!aloft_checkpoint_read(&checkpoint, &view, stage, artifact, first, &restart)) {
        return false; // as when there is no slot
    }
    *off = restart.artifact;
    return true;
}

enum aloft_err aloft_engine_resume(struct aloft_engine *engine,
                                   const struct aloft_engine_config *config, uint32_t *off)
{
    struct aloft_artifact begun;
    struct aloft_checkpoint *checkpoint = &engine->checkpoint;
    struct aloft_restart *restart = &engine->restart;
    uint8_t first[ALOFT_CHECKPOINT_FIRST];
    *off = 0;
    enum aloft_err err = aloft_engine_begin(engine, config);
    if (err != ALOFT_OK ||
        !aloft_checkpoint_read(checkpoint, &engine->writer.view, config->stage, &begun, first,
                               restart) ||
        !aloft_checkpoint_read_kept(checkpoint)) {
        return err;
    }
    err = aloft_stages_resume(&engine->stages, restart);
    if (err != ALOFT_OK) {
        return fail(engine, err);
    }
    engine->checkpoints = TO_WRITE;
    engine->phase = REREADING;
    engine->image_len = restart->image;
    aloft_writer_resume(&engine->writer, restart->image, first);
    engine->writer.len = aloft_stages_image_len(&engine->stages, engine->len);
    engine->writer.keep = checkpoint->area;
    *off = restart->artifact;
    engine->taken = *off;
    return ALOFT_OK;
}

// What an earlier boot has written passes the judge again (E4).
static enum aloft_step reread_some(struct aloft_engine *engine)
{
    uint8_t piece[ALOFT_FLASH_PAGE];
    for (uint32_t read = 0; read < ALOFT_VERIFY_STEP; read += sizeof piece) {
        if (engine->reread == engine->image_len) {
            ALOFT_INVARIANT("E4", engine->verify.image.off == engine->image_len);
            engine->phase = RECEIVING;
            return ALOFT_STEP_AGAIN;
        }
        enum aloft_err err =
            aloft_flash_read(&engine->writer.view, engine->reread, piece, sizeof piece);
        if (err == ALOFT_OK && engine->reread == 0) {
            memcpy(piece, engine->writer.first, engine->writer.first_len);
        }
        engine->reread += (uint32_t)sizeof piece;
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

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

// How many bytes of the image may come at once: what the writer has room for, but not over the end
// of the head, where the first verdict falls, nor over that of a sector, where a checkpoint may be.
static uint32_t space(const struct aloft_engine *engine)
{
    uint32_t sector = engine->writer.view.flash->geometry.sector;
    uint32_t end = sector - engine->image_len % sector;
    if (engine->image_len < ALOFT_IMAGE_HEAD_LEN) {
        end = ALOFT_IMAGE_HEAD_LEN - engine->image_len;
    }
    return least(aloft_writer_room(&engine->writer), end);
}

// Bytes of the image, for which there is space.
static enum aloft_err take(struct aloft_engine *engine, const uint8_t *data, uint32_t len)
{
    ALOFT_ASSERT(len <= space(engine));
    engine->image_len += len;
    aloft_writer_feed(&engine->writer, data, len);
    enum aloft_err err = aloft_verify_feed(&engine->verify, data, len);
    if (err != ALOFT_OK) {
        return aloft_stages_fault(&engine->stages, err);
    }
    if (aloft_checkpoint_due(&engine->checkpoint, engine->image_len)) {
        // The place is remembered; the writer is not there yet.
        (void)aloft_stages_ask(&engine->stages, engine->image_len, &engine->restart);
    }
    return ALOFT_OK;
}

// Polls the stages for as many bytes as there is space for.
static enum aloft_err drain(struct aloft_engine *engine)
{
    uint8_t piece[2 * ALOFT_STAGE_PIECE];
    enum aloft_err err = ALOFT_OK;
    uint32_t made = engine->stages.row != NULL; // none: nothing
    while (err == ALOFT_OK && made > 0 && space(engine) > 0) {
        uint32_t cap = least(space(engine), sizeof piece);
        err = aloft_stages_poll(&engine->stages, piece, cap, &made);
        if (err == ALOFT_OK && made > 0) {
            err = take(engine, piece, made);
        }
    }
    return err;
}

// Byte path 5/12: from core/agent/pull.c; bounded, through the stages and judged as it streams,
// then handed to the writer.
enum aloft_err aloft_engine_feed(struct aloft_engine *engine, const uint8_t *data, uint32_t len,
                                 uint32_t *used)
{
    bool staged = engine->stages.row != NULL;
    enum aloft_err err = receiving(engine);
    *used = 0;
    if (err != ALOFT_OK) {
        return err;
    }
    if (engine->len != 0 && len > engine->len - engine->taken) {
        return fail(engine, ALOFT_ERR_IMAGE_TRAILING);
    }
    uint32_t n = 1;
    while (err == ALOFT_OK && n > 0) {
        n = staged ? aloft_stages_room(&engine->stages) : space(engine);
        n = least(n, len - *used);
        if (n > 0) {
            err = staged ? aloft_stages_sink(&engine->stages, data + *used, n)
                         : take(engine, data + *used, n);
            err = err == ALOFT_OK ? drain(engine) : err;
            *used += n;
            engine->taken += n;
        }
    }
    return err == ALOFT_OK ? ALOFT_OK : fail(engine, err);
}

// The artifact is complete, and the stages are asked for the rest. Keeps E7.
static enum aloft_err drain_rest(struct aloft_engine *engine)
{
    enum aloft_err err = drain(engine);
    if (err == ALOFT_OK && aloft_stages_done(&engine->stages)) {
        ALOFT_INVARIANT("E7", engine->stages.finished == engine->stages.count);
        err = aloft_image_finish(&engine->verify.image);
        aloft_writer_flush(&engine->writer);
        engine->phase = FLUSHING;
    }
    return err == ALOFT_OK ? ALOFT_OK : fail(engine, err);
}

enum aloft_err aloft_engine_finish(struct aloft_engine *engine)
{
    enum aloft_err err = receiving(engine);
    if (err != ALOFT_OK) {
        return err;
    }
    if (engine->taken < engine->len) {
        return fail(engine, ALOFT_ERR_HTTP_SHORT);
    }
    aloft_stages_end(&engine->stages);
    engine->phase = DRAINING;
    return drain_rest(engine);
}

uint32_t aloft_engine_room(const struct aloft_engine *engine)
{
    if (engine->phase != RECEIVING) {
        return 0;
    }
    return engine->stages.row != NULL ? aloft_stages_room(&engine->stages)
                                      : aloft_writer_room(&engine->writer);
}

// Everything but the first bytes is in flash; judge it there, with these from RAM in their place.
static void start_verify(struct aloft_engine *engine)
{
    struct aloft_verify *verify = &engine->verify;
    aloft_verify_init(verify, &engine->writer.view, &engine->rules);
    verify->image.rules.alone = true;
    verify->first = engine->writer.first;
    verify->first_len = engine->writer.first_len;
    verify->len = engine->image_len;
    verify->check =
        aloft_stages_active(&engine->stages, engine->restart.active) ? NULL : engine->check;
    engine->phase = VERIFYING;
}

static enum aloft_step verify_some(struct aloft_engine *engine)
{
    enum aloft_step step = aloft_verify_step(&engine->verify);
    const struct aloft_image_facts *facts = &engine->verify.image.facts;
    enum aloft_err err = engine->verify.err;
    if (step == ALOFT_STEP_DONE && facts->hash_appended != 0) {
        err = aloft_failed_judge_digest(&engine->failed, facts->digest); // keeps E5
    }
    if (err != ALOFT_OK) {
        fail(engine, err);
        step = ALOFT_STEP_FAILED;
    } else if (step == ALOFT_STEP_DONE) {
        ALOFT_INVARIANT("E3", engine->phase == VERIFYING && engine->verify.err == ALOFT_OK);
        ALOFT_INVARIANT("E5",
                        facts->hash_appended == 0 ||
                            aloft_failed_judge_digest(&engine->failed, facts->digest) == ALOFT_OK);
        aloft_writer_complete(&engine->writer);
        engine->phase = COMPLETING;
        step = ALOFT_STEP_AGAIN;
    }
    return step;
}

// The head has passed: it is known which stages are active, and perhaps how long the image will be.
static void plan_checkpoints(struct aloft_engine *engine)
{
    struct aloft_writer *writer = &engine->writer;
    writer->len = aloft_stages_image_len(&engine->stages, engine->len);
    aloft_checkpoint_plan(&engine->checkpoint, &writer->view, engine->artifact,
                          engine->stages.stage[0], &engine->stages, writer->len);
    if (engine->checkpoint.area != 0) {
        writer->keep = engine->checkpoint.area;
    } else if (engine->artifact != NULL && engine->artifact->tag_len != 0) {
        aloft_event_tell(engine->events, ALOFT_EVENT_UNRESUMABLE, 0, 0);
    }
}

static bool checkpoint_due(const struct aloft_engine *engine)
{
    return engine->writer.in_flight == 0 && engine->writer.off == engine->restart.image &&
           aloft_checkpoint_due(&engine->checkpoint, engine->restart.image);
}

// One operation for checkpoints, if one is due. They only save a later boot some download: when
// they cannot be written, the update goes on without them.
static bool write_checkpoints(struct aloft_engine *engine)
{
    struct aloft_checkpoint *checkpoint = &engine->checkpoint;
    const struct aloft_writer *writer = &engine->writer;
    enum aloft_err err = ALOFT_OK;
    bool done = true;
    switch ((enum checkpoints)engine->checkpoints) {
    case TO_ERASE:
        plan_checkpoints(engine);
        err = aloft_checkpoint_erase(checkpoint);
        err = checkpoint->area != 0 ? err : ALOFT_ERR_STATE;
        break;
    case TO_OPEN:
        err = aloft_checkpoint_open(checkpoint, engine->artifact, writer->first, writer->first_len,
                                    &done);
        break;
    case TO_WRITE:
        if (writer->off >= checkpoint->area) {
            err = ALOFT_ERR_STATE; // the image needs the place: keeps K1
        } else if (checkpoint_due(engine)) {
            aloft_checkpoint_write(checkpoint, &engine->restart);
            return true;
        } else {
            return false;
        }
        break;
    case NONE:
        return false;
    }
    engine->checkpoints += done ? 1 : 0;
    if (err != ALOFT_OK) {
        engine->checkpoints = NONE;
        checkpoint->area = 0;
    }
    return true;
}

// True when the running app could not be selected because writing otadata itself fails.
static bool stops_hold(enum aloft_err err)
{
    return aloft_err_is(err, ALOFT_ERR_CLASS_FLASH) || aloft_err_is(err, ALOFT_ERR_CLASS_CRYPTO) ||
           aloft_err_is(err, ALOFT_ERR_CLASS_MISUSE);
}

// Selects the running app (E6). If that is not possible because the app is damaged or is the test
// app, the update goes on. If otadata cannot be written, the update fails.
static enum aloft_step hold_some(struct aloft_engine *engine)
{
    enum aloft_err err = ALOFT_OK;
    if (!engine->hold_writes) {
        err = look_at_records(engine);
    } else if (aloft_bootsel_step(&engine->hold) == ALOFT_STEP_AGAIN) {
        return ALOFT_STEP_AGAIN;
    } else if (stops_hold(engine->hold.err)) {
        err = engine->hold.err;
    } else {
        engine->hold_writes = false;
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
    if (write_checkpoints(engine)) {
        return ALOFT_STEP_AGAIN;
    }
    ALOFT_INVARIANT("E6", engine->hold_phase == HELD);
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

// While the stages have more to give than there was space for, there is something to do.
static enum aloft_step receive_some(struct aloft_engine *engine)
{
    enum aloft_step step = write_some(engine);
    uint32_t before = engine->image_len;
    if (step != ALOFT_STEP_DONE) {
        return step;
    }
    enum aloft_err err = engine->phase == DRAINING ? drain_rest(engine) : drain(engine);
    if (err != ALOFT_OK) {
        fail(engine, err);
        return ALOFT_STEP_FAILED;
    }
    bool more = engine->image_len != before || engine->phase == FLUSHING;
    ALOFT_INVARIANT("E8", more || aloft_engine_room(engine) > 0);
    return more ? ALOFT_STEP_AGAIN : ALOFT_STEP_DONE;
}

enum aloft_step aloft_engine_step(struct aloft_engine *engine)
{
    switch ((enum phase)engine->phase) {
    case REREADING:
        return reread_some(engine);
    case RECEIVING:
    case DRAINING:
        return receive_some(engine);
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
    aloft_verify_end(&engine->verify); // a step that fails has done so
    aloft_bootsel_end(&engine->hold);
    if (engine->phase != DONE) {
        fail(engine, ALOFT_ERR_STATE);
    }
}
