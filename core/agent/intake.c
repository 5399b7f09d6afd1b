// Two machines in a row, engine and selection, behind one turn.
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
    memset(intake, 0, sizeof *intake);
    intake->config = *config;
}

bool aloft_intake_take(struct aloft_intake *intake, const void *who)
{
    if (intake->holder != NULL && intake->holder != who) {
        return false;
    }
    intake->holder = who;
    return true;
}

void aloft_intake_release(struct aloft_intake *intake, const void *who)
{
    if (intake->holder != who) {
        return;
    }
    if (intake->phase == RECEIVING || intake->phase == COMPLETING) {
        aloft_engine_abort(&intake->work.engine);
    }
    intake->phase = IDLE;
    intake->holder = NULL;
}

enum aloft_err aloft_intake_begin(struct aloft_intake *intake, const void *who, uint32_t len,
                                  const uint8_t *md5)
{
    const struct aloft_intake_config *config = &intake->config;
    if (intake->holder != who) {
        return ALOFT_ERR_STATE;
    }
    const struct aloft_engine_config engine = {.slots = config->slots,
                                               .rules = config->rules,
                                               .current = config->current,
                                               .policy = config->policy,
                                               .events = &config->events,
                                               .running = config->running,
                                               .target = ALOFT_SLOT_NONE,
                                               .len = len,
                                               .stage = config->stage};
    intake->err = ALOFT_OK;
    intake->len = len;
    intake->taken = 0;
    intake->check_md5 = md5 != NULL;
    enum aloft_err err = aloft_engine_begin(&intake->work.engine, &engine);
    if (err == ALOFT_OK && md5 != NULL) {
        memcpy(intake->md5, md5, sizeof intake->md5);
        err = config->rules->crypto->hash_init(&intake->hash, ALOFT_HASH_MD5);
    }
    intake->phase = RECEIVING;
    return err == ALOFT_OK ? ALOFT_OK : fail(intake, err);
}

enum aloft_err aloft_intake_feed(struct aloft_intake *intake, const void *who, const uint8_t *data,
                                 uint32_t len, uint32_t *used)
{
    *used = 0;
    if (intake->holder != who || intake->phase != RECEIVING) {
        return intake->phase == FAILED ? intake->err : ALOFT_ERR_STATE;
    }
    enum aloft_err err = aloft_engine_feed(&intake->work.engine, data, len, used);
    if (err == ALOFT_OK && intake->check_md5) {
        err = intake->config.rules->crypto->hash_feed(&intake->hash, data, *used);
    }
    intake->taken += *used;
    return err == ALOFT_OK ? ALOFT_OK : fail(intake, err);
}

enum aloft_err aloft_intake_finish(struct aloft_intake *intake, const void *who)
{
    uint8_t md5[ALOFT_MD5_LEN];
    if (intake->holder != who || intake->phase != RECEIVING) {
        return intake->phase == FAILED ? intake->err : ALOFT_ERR_STATE;
    }
    enum aloft_err err = ALOFT_OK;
    if (intake->check_md5) {
        err = intake->config.rules->crypto->hash_finish(&intake->hash, md5);
        if (err == ALOFT_OK && memcmp(md5, intake->md5, sizeof md5) != 0) {
            err = ALOFT_ERR_PUSH_MD5; // keeps I3
        }
    }
    err = err == ALOFT_OK ? aloft_engine_finish(&intake->work.engine) : err;
    if (err != ALOFT_OK) {
        return fail(intake, err);
    }
    intake->phase = COMPLETING;
    return ALOFT_OK;
}

static void start_selecting(struct aloft_intake *intake)
{
    const struct aloft_intake_config *config = &intake->config;
    int target = intake->work.engine.target;
    aloft_bootsel_set_boot(&intake->work.bootsel, config->slots, config->rules, target,
                           config->trial);
    aloft_event_tell(&config->events, ALOFT_EVENT_RECEIVED, intake->taken, 0);
    intake->len = (uint32_t)target; // the length has done its work
    intake->phase = SELECTING;
}

static enum aloft_step step_engine(struct aloft_intake *intake)
{
    enum aloft_step step = aloft_engine_step(&intake->work.engine);
    if (step == ALOFT_STEP_FAILED) {
        (void)fail(intake, intake->work.engine.err);
    } else if (step == ALOFT_STEP_DONE && intake->phase == COMPLETING) {
        start_selecting(intake);
        step = ALOFT_STEP_AGAIN;
    }
    return step;
}

enum aloft_step aloft_intake_step(struct aloft_intake *intake)
{
    enum aloft_step step;
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
            aloft_event_tell(&intake->config.events, ALOFT_EVENT_SELECTED, intake->len, 0);
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
