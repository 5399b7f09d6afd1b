// Two machines in a row, engine and selection, behind one turn.
//
//   IDLE --begin--> RECEIVING --finish--> COMPLETING --judged good--> SELECTING --> SELECTED
//     ^                 |                     |                           |
//     +---- release ----+---------------------+------ any fault: FAILED --+
#include "aloft/intake.h"
#include <string.h>

enum phase { IDLE, RECEIVING, COMPLETING, SELECTING, SELECTED, FAILED };

static enum aloft_err fail(struct aloft_intake *intake, enum aloft_err err)
{
    intake->phase = FAILED;
    intake->err = err;
    return err;
}

void aloft_intake_init(struct aloft_intake *intake, const struct aloft_intake_config *config)
{
    ALOFT_ASSERT(config->rules->crypto != NULL);
    memset(intake, 0, sizeof *intake);
    intake->config = *config;
}

// Ends the image that is coming in. The slot has no first bytes and cannot boot.
static void give_up(struct aloft_intake *intake)
{
    if (intake->phase == RECEIVING || intake->phase == COMPLETING) {
        aloft_engine_abort(&intake->work.engine);
    } else if (intake->phase == SELECTING) {
        aloft_bootsel_end(&intake->work.bootsel);
    }
    intake->phase = IDLE;
    intake->sender = NULL;
    intake->whole = false;
}

bool aloft_intake_is_free(const struct aloft_intake *intake, const void *who)
{
    return intake->holder == NULL || intake->holder == who ||
           (intake->lent && !intake->whole); // keeps I4
}

bool aloft_intake_take(struct aloft_intake *intake, const void *who)
{
    if (!aloft_intake_is_free(intake, who)) {
        return false;
    }
    if (intake->sender != who) {
        give_up(intake); // keeps I1
    }
    ALOFT_INVARIANT("I4", !intake->whole || intake->holder == who);
    intake->holder = who;
    intake->lent = false;
    return true;
}

void aloft_intake_release(struct aloft_intake *intake, const void *who)
{
    if (intake->sender == who) {
        give_up(intake);
    }
    if (intake->holder == who) {
        intake->holder = NULL;
    }
}

bool aloft_intake_begun(const struct aloft_intake *intake, struct aloft_artifact *artifact,
                        uint32_t *off)
{
    return aloft_engine_begun(intake->config.slots, intake->config.running, intake->config.stage,
                              artifact, off);
}

// Goes on where an earlier boot, or an earlier try, has stopped.
static enum aloft_err go_on(struct aloft_intake *intake, const struct aloft_engine_config *engine,
                            uint32_t from)
{
    uint32_t off;
    enum aloft_err err = aloft_engine_resume(&intake->work.engine, engine, &off);
    if (err == ALOFT_OK && off != from) {
        err = ALOFT_ERR_HTTP_RANGE;
    }
    if (err == ALOFT_OK) {
        intake->taken = off;
        aloft_event_tell(&intake->config.events, ALOFT_EVENT_RESUMED, off, engine->len);
    }
    return err;
}

enum aloft_err aloft_intake_begin(struct aloft_intake *intake, const void *who, uint32_t len,
                                  const struct aloft_intake_more *more)
{
    const struct aloft_intake_config *config = &intake->config;
    struct aloft_engine_config engine = {.slots = config->slots,
                                         .rules = config->rules,
                                         .current = config->current,
                                         .policy = config->policy,
                                         .events = &config->events,
                                         .running = config->running,
                                         .target = ALOFT_SLOT_NONE,
                                         .len = len,
                                         .stage = config->stage};
    uint32_t from = 0;
    enum aloft_err err;
    if (intake->holder != NULL && intake->holder != who) {
        return ALOFT_ERR_NET_BUSY;
    }
    give_up(intake); // keeps I1
    intake->sender = who;
    intake->phase = RECEIVING;
    intake->err = ALOFT_OK;
    intake->taken = 0;
    if (more != NULL) {
        from = more->from;
        engine.current = more->current;
        engine.artifact = more->artifact;
        engine.check = more->check;
        engine.just_started = more->just_started;
    }
    err = from != 0 ? go_on(intake, &engine, from)
                    : aloft_engine_begin(&intake->work.engine, &engine);
    return err == ALOFT_OK ? ALOFT_OK : fail(intake, err);
}

// OK while bytes of this sender are taken; else why not.
static enum aloft_err receiving(const struct aloft_intake *intake, const void *who)
{
    return intake->sender != who        ? ALOFT_ERR_NET_BUSY
           : intake->phase == RECEIVING ? ALOFT_OK
           : intake->phase == FAILED    ? intake->err
                                        : ALOFT_ERR_STATE;
}

enum aloft_err aloft_intake_feed(struct aloft_intake *intake, const void *who, const uint8_t *data,
                                 uint32_t len, uint32_t *used)
{
    enum aloft_err err = receiving(intake, who);
    *used = 0;
    if (err != ALOFT_OK) {
        return err;
    }
    err = aloft_engine_feed(&intake->work.engine, data, len, used);
    intake->taken += *used;
    return err == ALOFT_OK ? ALOFT_OK : fail(intake, err);
}

uint32_t aloft_intake_room(const struct aloft_intake *intake, const void *who)
{
    return receiving(intake, who) == ALOFT_OK ? aloft_engine_room(&intake->work.engine) : 0;
}

enum aloft_err aloft_intake_finish(struct aloft_intake *intake, const void *who)
{
    enum aloft_err err = receiving(intake, who);
    if (err != ALOFT_OK) {
        return err;
    }
    err = aloft_engine_finish(&intake->work.engine); // keeps I3
    if (err != ALOFT_OK) {
        return fail(intake, err);
    }
    aloft_event_tell(&intake->config.events, ALOFT_EVENT_RECEIVED, intake->taken, 0);
    intake->phase = COMPLETING;
    return ALOFT_OK;
}

// The image is in its slot, whole and good: name it.
static void start_selecting(struct aloft_intake *intake)
{
    const struct aloft_intake_config *config = &intake->config;
    ALOFT_INVARIANT("I3", intake->phase == COMPLETING);
    ALOFT_INVARIANT("I5", intake->work.engine.err == ALOFT_OK);
    intake->target = intake->work.engine.target; // which ends here
    intake->whole = true;
    intake->phase = SELECTING;
    aloft_bootsel_set_boot(&intake->work.bootsel, config->slots, config->rules, intake->target,
                           config->trial); // keeps I5
}

static enum aloft_step step_engine(struct aloft_intake *intake)
{
    struct aloft_engine *engine = &intake->work.engine;
    if (engine->head_passed && intake->holder == NULL) { // before the first erase
        intake->holder = intake->sender;
        intake->lent = true;
    }
    ALOFT_INVARIANT("I2", !engine->head_passed || intake->holder == intake->sender);
    enum aloft_step step = aloft_engine_step(engine);
    if (step == ALOFT_STEP_FAILED) {
        (void)fail(intake, engine->err);
    } else if (step == ALOFT_STEP_DONE && intake->phase == COMPLETING) {
        start_selecting(intake);
        step = ALOFT_STEP_AGAIN;
    }
    return step;
}

enum aloft_step aloft_intake_step(struct aloft_intake *intake)
{
    enum aloft_step step;
    ALOFT_INVARIANT("I1", (intake->sender != NULL) == (intake->phase != IDLE));
    switch ((enum phase)intake->phase) {
    case RECEIVING:
    case COMPLETING:
        return step_engine(intake);
    case SELECTING:
        step = aloft_bootsel_step(&intake->work.bootsel);
        if (step == ALOFT_STEP_FAILED) {
            (void)fail(intake, intake->work.bootsel.err);
        } else if (step == ALOFT_STEP_DONE) {
            intake->phase = SELECTED;
            aloft_event_tell(&intake->config.events, ALOFT_EVENT_SELECTED, (uint32_t)intake->target,
                             0);
        }
        return step;
    case IDLE:
    case SELECTED:
        return ALOFT_STEP_DONE;
    case FAILED:
        break;
    }
    return ALOFT_STEP_FAILED;
}
