// The apps: what firmware does with the library, in the shortest form. Every app is the same
// program; only its manners on trial differ. The judge hears of every intention before its first
// operation and of every success after its last.
#include "app.h"
#include "aloft/bootsel.h"
#include "aloft/engine.h"
#include <stdio.h>
#include <string.h>

static int slot_of_place(int place)
{
    return place == JUDGE_FACTORY ? ALOFT_SLOT_FACTORY : place;
}

static void refused(struct world *world, const char *what, enum aloft_err err)
{
    if (world->nor.dead) {
        return; // the power, not the library
    }
    world->verdict = JUDGE_REFUSED;
    world->err = err;
    if (world->trace) {
        printf("  %s is refused: %s\n", what, aloft_err_name(err));
    }
}

static void tell(const struct world *world, const char *what, int arg)
{
    if (world->trace) {
        printf("  app v%d: %s %d\n", world->version, what, arg);
    }
}

// True when the machine came to its end.
static bool step_all(struct world *world, struct aloft_bootsel *op, const char *what)
{
    enum aloft_step step;
    do {
        step = aloft_bootsel_step(op);
    } while (step == ALOFT_STEP_AGAIN);
    if (step == ALOFT_STEP_FAILED) {
        refused(world, what, op->err);
    }
    return step == ALOFT_STEP_DONE && !world->nor.dead;
}

static bool on_trial(const struct world *world)
{
    struct aloft_otadata records[2];
    uint32_t state = ALOFT_OTA_UNDEFINED;
    if (aloft_bootsel_read(&world->slots, records) != ALOFT_OK) {
        return false; // power is away
    }
    return aloft_bootsel_state(&world->slots, records, slot_of_place(world->running), &state) &&
           (state == ALOFT_OTA_NEW || state == ALOFT_OTA_PENDING);
}

static void confirm(struct world *world)
{
    struct aloft_bootsel op;
    tell(world, "confirms itself, slot", world->running);
    judge_confirm(&world->judge);
    aloft_bootsel_confirm(&op, &world->slots, slot_of_place(world->running));
    if (step_all(world, &op, "confirm")) {
        judge_confirmed(&world->judge);
    }
}

static void reject(struct world *world)
{
    struct aloft_bootsel op;
    tell(world, "rejects itself, slot", world->running);
    judge_reject(&world->judge, world->version, world->bytes);
    aloft_bootsel_reject(&op, &world->slots, &world_rules, slot_of_place(world->running));
    if (step_all(world, &op, "reject")) {
        judge_rejected(&world->judge);
    }
}

static void set_boot(struct world *world, int slot, int version)
{
    struct aloft_bootsel op;
    tell(world, "set_boot to slot", slot);
    judge_offer(&world->judge, version, world->bytes);
    world->tried &= ~(1u << version);
    aloft_bootsel_set_boot(&op, &world->slots, &world_rules, slot, !world->scenario->untried);
    if (step_all(world, &op, "set_boot")) {
        judge_offered(&world->judge);
        world->issued = true;
    }
}

static bool engine_steps(struct world *world, struct aloft_engine *engine)
{
    enum aloft_step step;
    do {
        step = aloft_engine_step(engine);
    } while (step == ALOFT_STEP_AGAIN && !world->nor.dead);
    if (step == ALOFT_STEP_FAILED) {
        refused(world, "the update", engine->err);
    }
    return step == ALOFT_STEP_DONE && !world->nor.dead;
}

// Feeds the first `limit` bytes of a version into the spare slot.
static bool download(struct world *world, struct aloft_engine *engine, int version, uint32_t limit)
{
    struct aloft_engine_config config = {.slots = &world->slots,
                                         .rules = &world_rules,
                                         .running = slot_of_place(world->running),
                                         .target = ALOFT_SLOT_NONE};
    const uint8_t *bytes = world_artifact(version, &config.len);
    tell(world, "downloads version", version);
    enum aloft_err err = aloft_engine_begin(engine, &config);
    for (uint32_t off = 0; off < limit && err == ALOFT_OK;) {
        uint32_t used;
        err = aloft_engine_feed(engine, bytes + off, limit - off, &used);
        off += used;
        if (err == ALOFT_OK && !engine_steps(world, engine)) {
            return false;
        }
    }
    if (err != ALOFT_OK) {
        refused(world, "the update", err);
    }
    return err == ALOFT_OK;
}

static void update(struct world *world, int version)
{
    struct aloft_engine engine;
    uint32_t len;
    (void)world_artifact(version, &len);
    if (!download(world, &engine, version, len)) {
        return;
    }
    enum aloft_err err = aloft_engine_finish(&engine);
    if (err != ALOFT_OK) {
        refused(world, "the update", err);
    } else if (engine_steps(world, &engine)) {
        set_boot(world, engine.target, version);
    }
}

// The trial. True when the app goes on, false when it wants a reset.
static bool trial(struct world *world)
{
    struct aloft_engine engine;
    world->tried |= 1u << world->version;
    switch (world->scenario->manner[world->version]) {
    case CONFIRMS:
        confirm(world);
        world->tried &= ~(1u << world->version);
        return !world->nor.dead && world->verdict == JUDGE_GOOD;
    case REJECTS:
        reject(world);
        return false;
    case HANGS:
        tell(world, "hangs in slot", world->running);
        (void)aloft_engine_begin(&engine, &(struct aloft_engine_config){
                                              .slots = &world->slots,
                                              .rules = &world_rules,
                                              .running = slot_of_place(world->running),
                                              .target = ALOFT_SLOT_NONE}); // must touch nothing
        return false;
    case CRASHES:
        tell(world, "crashes in slot", world->running);
        break;
    }
    return false;
}

static void next_step(struct world *world)
{
    world->step++;
    world->issued = false;
}

// A version that has had its trial and failed is not tried again.
static bool given_up(const struct world *world, int version)
{
    return world->scenario->manner[version] != CONFIRMS && (world->tried >> version & 1) != 0;
}

// Does one step of the script, or finds it done. False when a reset is due.
static bool follow(struct world *world, struct script_step step)
{
    struct aloft_engine engine;
    uint32_t len;
    int place = step.arg == ALOFT_SLOT_FACTORY ? JUDGE_FACTORY : step.arg;
    switch (step.verb) {
    case END:
        world->finished = true;
        return false;
    case UPDATE:
        if (world->version == step.arg || given_up(world, step.arg)) {
            next_step(world);
            return true;
        }
        update(world, step.arg);
        return false;
    case PART:
        (void)world_artifact(step.arg, &len);
        (void)download(world, &engine, step.arg, len / 2); // a fault is in the verdict
        next_step(world);
        return !world->nor.dead && world->verdict == JUDGE_GOOD;
    case SET:
    case AGAIN:
        if (world->running == place && (world->issued || step.verb == SET)) {
            next_step(world);
            return true;
        }
        set_boot(world, step.arg, world->judge.start.slots[place].version);
        return false;
    case DISOWN:
        if (world->version != step.arg) {
            next_step(world);
            return true;
        }
        reject(world);
        return false;
    case RESTART:
        next_step(world);
        return false;
    }
    return false;
}

void app_run(struct world *world)
{
    if (on_trial(world) && !trial(world)) {
        return;
    }
    while (follow(world, world->scenario->script[world->step])) {
    }
}
