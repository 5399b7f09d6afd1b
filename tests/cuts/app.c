// The apps: what firmware does with the library, in the shortest form. Every app is the same
// program; only its manners on trial differ. The judge hears of every intention before its first
// operation and of every success after its last.
#include "app.h"
#include "aloft/bootsel.h"
#include "aloft/engine.h"
#include "aloft/unwrap.h"
#include "seal.h"
#include "test_stages.h"
#include <stdio.h>
#include <string.h>

// What is fetched twice when power goes: the image's sector that was under way, and what waits in
// the writer and in the stage that decrypts.
enum { SECTOR = 0x1000, IN_RAM = ALOFT_WRITER_BUFFER + 2 * ALOFT_STAGE_PIECE };

static int slot_of_place(int place)
{
    return place == JUDGE_FACTORY ? ALOFT_SLOT_FACTORY : place;
}

static void refused(struct world *world, const char *what, enum aloft_err err)
{
    if (world->nor.dead || world_forgives(world, err) ||
        (world->faulted && err == ALOFT_ERR_NOT_SELECTED)) {
        return; // the power or the chip, not the library
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

// Tries twice if flash failed. When the fault cost the record, the bootloader completes it.
static bool confirm(struct world *world)
{
    bool failed = world->forgiven;
    struct aloft_bootsel op;
    tell(world, "confirms itself, slot", world->running);
    judge_confirm(&world->judge);
    aloft_bootsel_confirm(&op, &world->slots, slot_of_place(world->running));
    bool good = step_all(world, &op, "confirm");
    if (!good && world->forgiven != failed) {
        aloft_bootsel_confirm(&op, &world->slots, slot_of_place(world->running));
        good = step_all(world, &op, "confirm");
    }
    if (good) {
        judge_confirmed(&world->judge);
    }
    return good;
}

static void reject(struct world *world)
{
    struct aloft_bootsel op;
    tell(world, "rejects itself, slot", world->running);
    judge_reject(&world->judge, world->version, world->bytes);
    aloft_bootsel_reject(&op, &world->slots, &world->rules, slot_of_place(world->running));
    if (step_all(world, &op, "reject")) {
        world->verdict = judge_rejected(&world->judge, world->version, world->bytes);
    } else if (world->err == ALOFT_ERR_NO_ROLLBACK &&
               judge_forlorn(&world->judge, world->version, world->bytes)) {
        world->verdict = JUDGE_GOOD; // rightly refused: this app has to stay
        (void)confirm(world);
    }
}

static void set_boot(struct world *world, int slot, int version)
{
    struct aloft_bootsel op;
    tell(world, "set_boot to slot", slot);
    judge_offer(&world->judge, version, world->bytes);
    world->tried &= ~(1u << version);
    aloft_bootsel_set_boot(&op, &world->slots, &world->rules, slot, !world->scenario->untried);
    if (step_all(world, &op, "set_boot")) {
        judge_offered(&world->judge);
        world->issued = true;
    } else if (version == NO_IMAGE && world->verdict == JUDGE_REFUSED) {
        world->verdict = JUDGE_GOOD; // rightly refused
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

// A download, as a way has it. What it is of must outlive the engine.
struct pull {
    struct aloft_engine engine;
    struct aloft_artifact artifact;
    struct aloft_unwrap unwrap;
    struct seal seal;
    struct test_row row;
    int version;
    bool resumed;
    bool anew; // what was begun has been found unfit to go on from
};

static bool tagged(const struct world *world, int version)
{
    return (world->scenario->tagged >> version & 1) != 0;
}

// What a server says of a version: all have one URL, so the tag alone tells them apart.
static struct aloft_artifact offered(const struct world *world, int version, uint32_t len)
{
    struct aloft_artifact artifact = {.len = len, .url_crc = 1};
    if (tagged(world, version)) {
        artifact.tag_len = 4;
        memcpy(artifact.tag, "\"v0\"", 4);
        artifact.tag[2] = (char)('0' + version);
    }
    return artifact;
}

// Goes on where the notes in the slot say, if they are of this version; else from its first byte.
static enum aloft_err begin(struct world *world, struct pull *pull, uint32_t *off)
{
    struct aloft_engine_config config = {.slots = &world->slots,
                                         .rules = &world->rules,
                                         .running = slot_of_place(world->running),
                                         .target = ALOFT_SLOT_NONE};
    (void)world_artifact(world, pull->version, &config.len);
    struct aloft_artifact offer = offered(world, pull->version, config.len);
    seal_init(&pull->seal);
    aloft_unwrap_init(&pull->unwrap, &pull->seal.decrypt, false);
    if (world->scenario->row != 0) {
        config.stage = test_row_init(&pull->row, world->scenario->row - 1u);
    }
    if (world->scenario->sealed != 0) {
        pull->unwrap.stage.next = config.stage;
        config.stage = &pull->unwrap.stage;
    }
    config.artifact = world->scenario->tagged != 0 ? &pull->artifact : NULL;
    pull->resumed =
        config.artifact != NULL && !pull->anew &&
        aloft_engine_begun(&world->slots, config.running, config.stage, &pull->artifact, off) &&
        pull->artifact.tag_len == offer.tag_len &&
        memcmp(pull->artifact.tag, offer.tag, offer.tag_len) == 0;
    if (pull->resumed) {
        tell(world, "goes on with version", pull->version);
        return aloft_engine_resume(&pull->engine, &config, off);
    }
    tell(world, "downloads version", pull->version);
    pull->artifact = offer;
    *off = 0;
    return aloft_engine_begin(&pull->engine, &config);
}

// The judge hears how much is fed twice.
static void account(struct world *world, const struct pull *pull, uint32_t off)
{
    bool again = tagged(world, pull->version) && world->fed_version == pull->version;
    if (again && !pull->anew && !world->faulted) { // the fault may have cost a note
        uint32_t most = (SECTOR + IN_RAM) * (world->scenario->row != 0 ? 4 : 1);
        most += off == 0 ? JUDGE_SEAL : 0; // the header comes in front of the image
        world->verdict = judge_goes_on(
            world->bytes + aloft_slots_extent(&world->slots, pull->engine.target).addr, world->fed,
            off, most);
    }
    world->fed_version = pull->version;
    world->fed = off;
}

// Feeds a version into the spare slot, up to `limit` bytes of it.
static bool feed(struct world *world, struct pull *pull, uint32_t limit)
{
    uint32_t len;
    uint32_t off;
    const uint8_t *bytes = world_artifact(world, pull->version, &len);
    enum aloft_err err = begin(world, pull, &off);
    if (err == ALOFT_OK) {
        account(world, pull, off);
        if (!engine_steps(world, &pull->engine)) { // what is in the slot is read again
            return false;
        }
    }
    while (off < limit && err == ALOFT_OK) {
        uint32_t used;
        err = aloft_engine_feed(&pull->engine, bytes + off, limit - off, &used);
        off += used;
        world->fed = off;
        if (err == ALOFT_OK && !engine_steps(world, &pull->engine)) {
            return false;
        }
    }
    if (err != ALOFT_OK) {
        refused(world, "the update", err);
    }
    return err == ALOFT_OK && world->verdict == JUDGE_GOOD;
}

// The whole of a version. True when it is in its slot and good.
static bool download(struct world *world, struct pull *pull)
{
    uint32_t len;
    (void)world_artifact(world, pull->version, &len);
    if (!feed(world, pull, len)) {
        return false;
    }
    enum aloft_err err = aloft_engine_finish(&pull->engine);
    if (err != ALOFT_OK) {
        refused(world, "the update", err);
    }
    return err == ALOFT_OK && engine_steps(world, &pull->engine);
}

// What a trial whose records could not be written leaves: an app that must confirm itself first, or
// a release that counts as one that failed.
static void excuse(struct world *world, int version)
{
    if (!world->faulted || world->verdict != JUDGE_REFUSED) {
        return;
    }
    if (world->err == ALOFT_ERR_ON_TRIAL) {
        world->verdict = JUDGE_GOOD;
        (void)confirm(world);
    } else if (world->err == ALOFT_ERR_TRIAL_FAILED) {
        world->verdict = JUDGE_GOOD;
        world->resigned = version;
    }
}

static void update(struct world *world, int version)
{
    struct pull pull = {.version = version};
    bool whole = download(world, &pull);
    // Where an update without a tag may have gone over a slot with notes, these may lie.
    if (!whole && world->verdict == JUDGE_REFUSED && pull.resumed && world->judge.stale) {
        world->verdict = JUDGE_GOOD;
        pull.anew = true;
        whole = download(world, &pull);
    }
    if (whole) {
        set_boot(world, pull.engine.target, version);
        world->fed_version = world->issued ? NO_IMAGE : version;
    } else {
        excuse(world, version);
    }
}

// The whole of a version that must not be taken. True when it was refused for what it is.
static bool denied(struct world *world, int version)
{
    struct pull pull = {.version = version};
    if (download(world, &pull)) {
        world->verdict = JUDGE_TAKEN;
        return false;
    }
    bool barred = world->verdict == JUDGE_REFUSED &&
                  (aloft_err_class(world->err) == ALOFT_ERR_CLASS_SIGNATURE ||
                   world->err == ALOFT_ERR_IMAGE_SECURE_VERSION);
    world->verdict = barred ? JUDGE_GOOD : world->verdict;
    return barred;
}

// The trial. True when the app goes on, false when it wants a reset.
static bool trial(struct world *world)
{
    struct aloft_engine engine;
    world->tried |= 1u << world->version;
    switch (world->scenario->manner[world->version]) {
    case CONFIRMS:
        if (!confirm(world)) {
            return false;
        }
        world->tried &= ~(1u << world->version);
        return world->verdict == JUDGE_GOOD;
    case REJECTS:
        reject(world);
        return false;
    case HANGS:
        tell(world, "hangs in slot", world->running);
        (void)aloft_engine_begin(&engine, &(struct aloft_engine_config){
                                              .slots = &world->slots,
                                              .rules = &world->rules,
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
    struct pull part = {.version = step.arg};
    uint32_t len;
    int place = step.arg == ALOFT_SLOT_FACTORY ? JUDGE_FACTORY : step.arg;
    switch (step.verb) {
    case END:
        world->finished = !world->faulted || world->over;
        world->over = world->faulted;
        world->step = world->judge.hurt ? 0 : world->step;
        world->issued = world->issued && !world->judge.hurt;
        return false;
    case UPDATE:
        if (world->version == step.arg || given_up(world, step.arg) ||
            world->resigned == step.arg) {
            next_step(world);
            return true;
        }
        update(world, step.arg);
        return false;
    case PART:
        (void)world_artifact(world, step.arg, &len);
        (void)feed(world, &part, len / 2); // a fault is in the verdict
        excuse(world, step.arg);
        next_step(world);
        return !world->nor.dead && world->verdict == JUDGE_GOOD;
    case DENIED:
        if (denied(world, step.arg)) {
            next_step(world);
            return true;
        }
        excuse(world, step.arg);
        return false;
    case REVOKE:
        world_bar(world, (uint8_t)step.arg, world->rules.secure_version);
        next_step(world);
        return true;
    case BURN:
        world_bar(world, 0, (uint32_t)step.arg);
        next_step(world);
        return true;
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
    case ONCE:
        next_step(world);
        set_boot(world, step.arg, world->judge.start.slots[place].version);
        return false;
    }
    return false;
}

// Whatever becomes of it, the app goes on.
static void note_trials(struct world *world)
{
    struct aloft_bootsel op;
    aloft_bootsel_started(&op, &world->slots, slot_of_place(world->running), world->woke);
    while (aloft_bootsel_step(&op) == ALOFT_STEP_AGAIN) {
    }
}

void app_run(struct world *world)
{
    note_trials(world);
    if (on_trial(world) && !trial(world)) {
        return;
    }
    while (follow(world, world->scenario->script[world->step])) {
    }
}
