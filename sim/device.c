// The device's events. boot() makes anew everything that a reset loses. A loss of power loses no
// more than a reset: a device keeps nothing but its flash; what the app model of this file
// remembers of a round stands for a few bytes of NVS.
#include "sim/device.h"
#include "hostlib/crypto/mbed_crypto.h"
#include "hostlib/flash/quick_cipher.h"
#include "sim/checker.h"
#include "sim/faults.h"
#include <stdlib.h>
#include <string.h>

#define US_PER_MS      1000u
#define US_PER_S       1000000u
#define STEP_US        100u // what a step takes besides flash
#define START_US       300000u
#define WATCHDOG_US    5000000u
#define TRIAL_US       90000000u
#define OFF_US         2000000u
#define PATIENCE_US    (3600u * (uint64_t)US_PER_S)
#define CONTACT_S      5u
#define URL            "http://updates.example/firmware.bin"
#define TABLE_ROWS_MAX 8u

static const struct sim_layout layouts[] = {
    {true, 2, 0x4000, 1},   {false, 2, 0x4000, 1},   {false, 3, 0x4000, 16}, {true, 3, 0x10000, 1},
    {true, 2, 0x10000, 32}, {false, 2, 0x10000, 16}, {false, 4, 0x4000, 1},
};

// ---- flash: the chip behind the checker and the faults

static void trace_flash(struct sim_device *device, const char *text, uint32_t addr, uint32_t len)
{
    sim_trace(device, addr < SIM_SLOTS ? 9 : 7, text, addr, len);
}

// Before an operation: false when none can happen.
static bool flash_begin(struct sim_device *device, const char *text, uint32_t addr, uint32_t len)
{
    if (device->nor.dead) {
        return false;
    }
    trace_flash(device, text, addr, len);
    sim_checker_before(device, addr, len);
    sim_faults_before(device, addr);
    return true;
}

static enum aloft_err flash_end(struct sim_device *device, uint32_t addr, uint32_t len, bool erase,
                                enum aloft_err err)
{
    device->busy_us += device->nor.busy_us;
    sim_faults_stick(device, addr, len);
    sim_faults_after(device, addr, err != ALOFT_OK);
    sim_checker_after(device, addr, len, erase);
    return err;
}

// chip: the model's flash, or its raw one.
static enum aloft_err program(struct sim_device *device, const struct aloft_flash *chip,
                              uint32_t addr, const void *data, uint32_t len)
{
    if (!flash_begin(device, "program", addr, len)) {
        return ALOFT_ERR_FLASH_PROG;
    }
    enum aloft_err err = sim_faults_refuse(device, addr, len)
                             ? ALOFT_ERR_FLASH_PROG
                             : chip->ops->prog(chip->ctx, addr, data, len);
    return flash_end(device, addr, len, false, err);
}

static enum aloft_err flash_read(void *ctx, uint32_t addr, void *buf, uint32_t len)
{
    struct sim_device *device = ctx;
    return device->nor.flash.ops->read(&device->nor, addr, buf, len);
}

static enum aloft_err flash_prog(void *ctx, uint32_t addr, const void *data, uint32_t len)
{
    struct sim_device *device = ctx;
    return program(device, &device->nor.flash, addr, data, len);
}

static enum aloft_err flash_erase(void *ctx, uint32_t addr, uint32_t len)
{
    struct sim_device *device = ctx;
    if (!flash_begin(device, "erase", addr, len)) {
        return ALOFT_ERR_FLASH_ERASE;
    }
    enum aloft_err err = sim_faults_refuse(device, addr, len)
                             ? ALOFT_ERR_FLASH_ERASE
                             : device->nor.flash.ops->erase(&device->nor, addr, len);
    return flash_end(device, addr, len, true, err);
}

static enum aloft_err raw_read(void *ctx, uint32_t addr, void *buf, uint32_t len)
{
    struct sim_device *device = ctx;
    return device->nor.raw.ops->read(&device->nor, addr, buf, len);
}

static enum aloft_err raw_prog(void *ctx, uint32_t addr, const void *data, uint32_t len)
{
    struct sim_device *device = ctx;
    return program(device, &device->nor.raw, addr, data, len);
}

// ---- power and boot

static void wait_us(struct sim_device *device, uint64_t us)
{
    device->due_us = device->now_us + us;
}

static void boot(struct sim_device *device)
{
    device->mode = SIM_BOOTING;
    device->shared->tally.boots++;
    sim_network_close(&device->network);
    aloft_boot_init(&device->boot, &device->port);
    wait_us(device, STEP_US);
    sim_trace(device, 0, "reset", 0, 0);
}

void sim_device_cut(struct sim_device *device)
{
    device->mode = SIM_OFF;
    device->shared->tally.cuts++;
    sim_network_close(&device->network);
    wait_us(device, sim_random_between(&device->random, 1, OFF_US));
    sim_trace(device, 0, "power is gone", 0, 0);
}

static void boot_log(void *ctx, char level, const char *tag, const char *format, ...)
{
    (void)ctx;
    (void)level;
    (void)tag;
    (void)format;
}

static void boot_watchdog(void *ctx)
{
    (void)ctx;
}

static enum aloft_err boot_load(void *ctx, const struct aloft_image *image,
                                enum aloft_image_event event, const uint8_t *data, uint32_t len)
{
    (void)ctx;
    (void)image;
    (void)event;
    (void)data;
    (void)len;
    return ALOFT_OK;
}

static void boot_unload(void *ctx)
{
    (void)ctx;
}

static void count(struct sim_device *device, enum sim_outcome outcome)
{
    device->shared->tally.outcomes[outcome]++;
}

// The device is flashed over a serial cable.
static void flash_again(struct sim_device *device, enum sim_outcome outcome)
{
    count(device, outcome);
    sim_trace(device, 0, sim_outcome_text(outcome), 0, 0);
    sim_device_flash(device);
}

// With the confirmed image rotten, the bootloader runs any other whole one. That one may have
// failed its trial, or never had one; a bootloader cannot know, and this one counts no crashes.
static bool bad_by_rot(const struct sim_device *device, enum sim_firmware_kind kind)
{
    return (kind == SIM_CRASHES || kind == SIM_HANGS) && device->ghost.trial == SIM_NO_TRIAL;
}

static void start_app(struct sim_device *device)
{
    struct aloft_otadata records[2];
    uint32_t state = ALOFT_OTA_UNDEFINED;
    device->running = device->boot.slot;
    device->firmware = sim_checker_run(device, device->running);
    sim_trace(device, 11, "runs", device->boot.extent.addr, (uint32_t)device->firmware);
    if (device->ghost.broken) {
        return;
    }
    if (bad_by_rot(device, device->shared->catalogue.firmware[device->firmware].kind)) {
        flash_again(device, SIM_OUTCOME_FELL_INTO_BAD);
        return;
    }
    device->slots = device->boot.slots;
    aloft_bootsel_started(&device->work.bootsel, &device->slots, device->running,
                          device->port.power_on);
    while (aloft_bootsel_step(&device->work.bootsel) == ALOFT_STEP_AGAIN) {
    }
    if (aloft_bootsel_read(&device->slots, records) == ALOFT_OK) {
        (void)aloft_bootsel_state(&device->slots, records, device->running, &state);
    }
    device->on_trial = state == ALOFT_OTA_NEW || state == ALOFT_OTA_PENDING;
    device->confirmed = false;
    device->received = false;
    device->panic_in = 0;
    device->reset_us = device->now_us;
    device->clock_ms =
        sim_random_chance(&device->random, 50) ? 0 : sim_random_below(&device->random, 60000) * -1u;
    device->trial_us = device->now_us + TRIAL_US;
    device->mode = SIM_STARTING;
    wait_us(device, START_US);
}

static void boot_some(struct sim_device *device)
{
    bool chosen = device->boot.facts.ota_count != 0;
    enum aloft_boot_result result = aloft_boot_step(&device->boot);
    if (!chosen && device->boot.facts.ota_count != 0) {
        sim_trace(device, 10, "chooses", (uint32_t)device->boot.plan.first,
                  (uint32_t)device->boot.plan.reason);
    }
    if (result == ALOFT_BOOT_AGAIN || device->nor.dead) {
        wait_us(device, STEP_US + device->busy_us);
    } else if (result == ALOFT_BOOT_RUN) {
        start_app(device);
        device->port.power_on = false;
    } else if (sim_checker_nothing(device)) {
        flash_again(device,
                    device->ghost.table_rot ? SIM_OUTCOME_TABLE_NAMED : SIM_OUTCOME_NOTHING_LEFT);
    }
}

// ---- the app

static uint32_t clock_ms(const struct sim_device *device)
{
    return device->clock_ms + (uint32_t)((device->now_us - device->reset_us) / US_PER_MS);
}

static enum sim_firmware_kind kind_of(const struct sim_device *device, int firmware)
{
    return device->shared->catalogue.firmware[firmware].kind;
}

static void contact_again(struct sim_device *device)
{
    device->mode = SIM_ONLINE;
    wait_us(device, sim_random_between(&device->random, 1, CONTACT_S) * US_PER_S);
}

static void started(struct sim_device *device)
{
    switch (kind_of(device, device->firmware)) {
    case SIM_CRASHES:
        sim_trace(device, 0, "panics", 0, 0);
        boot(device);
        break;
    case SIM_HANGS:
        device->mode = SIM_HUNG;
        wait_us(device, WATCHDOG_US);
        break;
    default:
        contact_again(device);
        break;
    }
}

static void hear(void *ctx, const struct aloft_event *event)
{
    struct sim_device *device = ctx;
    switch (event->kind) {
    case ALOFT_EVENT_RESPONSE:
        sim_trace(device, 3, "is answered", event->total, event->value);
        break;
    case ALOFT_EVENT_PROGRESS:
        device->received = true;
        sim_trace(device, 4, "has", event->value, event->total);
        break;
    case ALOFT_EVENT_BEGUN:
        sim_trace(device, 5, "begins", event->total, event->value);
        break;
    case ALOFT_EVENT_VERIFIED:
        device->verified = true;
        sim_trace(device, 8, "is whole and good", event->value, 0);
        break;
    case ALOFT_EVENT_RETRYING:
        count(device, SIM_OUTCOME_RETRIED);
        sim_trace(device, 0, aloft_err_name(event->err), event->value, 0);
        break;
    case ALOFT_EVENT_RESUMED:
        count(device, device->received ? SIM_OUTCOME_RESUMED : SIM_OUTCOME_RESUMED_AFTER_RESET);
        sim_trace(device, 5, "goes on", event->value, event->total);
        sim_checker_goes_on(device);
        break;
    default:
        break;
    }
}

static void pull(struct sim_device *device)
{
    struct aloft_intake *intake = &device->work.update.intake;
    struct aloft_pull *puller = &device->work.update.pull;
    const struct aloft_intake_config in = {
        .slots = &device->slots,
        .rules = &device->rules,
        .events = {hear, device},
        .running = device->running,
        .trial = true,
        .stage = sim_stages_init(&device->work.update.stages, device->network.coding),
    };
    const struct aloft_pull_config config = {
        .intake = intake,
        .events = {hear, device},
        .urls = device->work.update.urls,
        .urls_len = sizeof device->work.update.urls,
        .total_timeout_ms = 300000,
        .retries = 5,
        .backoff_max_ms = 20000,
        .seed = (uint32_t)sim_random_next(&device->random) | 1,
    };
    device->shared->tally.pulls++;
    device->mode = SIM_PULLING;
    device->verified = false;
    sim_checker_pulling(device);
    aloft_intake_init(intake, &in);
    aloft_pull_init(puller, &config);
    (void)aloft_pull_start(puller, URL, clock_ms(device)); // the first step says
    wait_us(device, STEP_US);
}

// An operator gives up a release that failed its trial, or that was refused as often as the round
// allows.
static bool given_up(const struct sim_device *device)
{
    const struct sim_round *round = &device->round;
    if (round->calm && kind_of(device, round->wanted) == SIM_FINE) {
        return false;
    }
    return round->trial_failures >= round->limit || round->refusals >= round->limit;
}

static void begin_round(struct sim_device *device)
{
    struct sim_round *round = &device->round;
    struct sim_random *random = &device->random;
    const struct sim_catalogue *catalogue = &device->shared->catalogue;
    enum sim_firmware_kind kind = SIM_FINE;
    if (sim_random_chance(random, 30)) {
        kind = (enum sim_firmware_kind)(1 + sim_random_below(random, SIM_KINDS - 1));
    }
    uint32_t number = round->number + 1;
    memset(round, 0, sizeof *round);
    round->number = number;
    do {
        round->wanted = sim_catalogue_draw(catalogue, random, kind);
    } while (round->wanted == device->ghost.base_firmware);
    round->limit = sim_random_between(random, 1, 2);
    round->calm_us = device->now_us + (uint64_t)sim_random_between(random, 60, 400) * US_PER_S;
    device->network.stale = sim_catalogue_draw(catalogue, random, SIM_FINE);
    device->network.wanted = round->wanted;
    device->network.bad_weather = sim_random_chance(random, 75);
    device->ghost.failed_firmware = SIM_FIRMWARE_NONE;
    sim_faults_plan(device);
    sim_trace(device, 0, sim_firmware_name(kind), (uint32_t)round->wanted, 0);
}

// All faults are over; what is wanted must be reached before long (C6).
static void begin_calm(struct sim_device *device)
{
    struct sim_round *round = &device->round;
    round->calm = true;
    round->calm_us = device->now_us + PATIENCE_US;
    sim_faults_end(device);
    device->network.bad_weather = false;
    device->network.wifi_us = 0;
    device->network.outage_us = 0;
    sim_trace(device, 0, "the calm begins", 0, 0);
}

// The update has come to its end, one way or the other.
static void converged(struct sim_device *device)
{
    struct sim_round *round = &device->round;
    bool updated = device->firmware == round->wanted;
    if (!round->calm && sim_faults_pending(device)) {
        sim_faults_hurry(device);
    } else if (!round->calm) {
        begin_calm(device);
    } else {
        count(device, round->banned && !updated ? SIM_OUTCOME_BANNED
                      : updated ? device->faults.fired > 0 ? SIM_OUTCOME_UPDATED_AFTER_FAULT
                                                           : SIM_OUTCOME_UPDATED
                      : sim_firmware_is_image(kind_of(device, round->wanted))
                          ? SIM_OUTCOME_KEPT_AFTER_TRIAL
                          : SIM_OUTCOME_KEPT_AFTER_REFUSAL);
        device->shared->tally.updates++;
        sim_checker_settled(device);
        device->done = ++device->updates >= device->shared->rounds;
        begin_round(device);
    }
    contact_again(device);
}

static bool confirms(const struct sim_device *device)
{
    return !device->confirmed &&
           (!device->on_trial || kind_of(device, device->firmware) != SIM_NEVER_CONFIRMS);
}

static void confirm(struct sim_device *device)
{
    if (device->on_trial && kind_of(device, device->firmware) == SIM_LOSES_CONFIRM) {
        device->panic_in = sim_random_between(&device->random, 1, 10);
    }
    device->mode = SIM_CONFIRMING;
    sim_trace(device, 12, "confirms", 0, 0);
    sim_checker_confirming(device);
    aloft_bootsel_confirm(&device->work.bootsel, &device->slots, device->running);
    wait_us(device, STEP_US);
}

static void confirm_some(struct sim_device *device)
{
    enum aloft_step step = aloft_bootsel_step(&device->work.bootsel);
    wait_us(device, STEP_US + device->busy_us);
    if (device->nor.dead) {
        return;
    }
    if (step == ALOFT_STEP_DONE) {
        sim_checker_confirmed(device);
        device->confirmed = true;
        device->on_trial = false;
        contact_again(device);
    } else if (step == ALOFT_STEP_FAILED) {
        // NOT_SELECTED: this app is a fallback, nobody asks it to confirm itself.
        bool fallback = device->work.bootsel.err == ALOFT_ERR_NOT_SELECTED;
        device->confirmed = fallback;
        device->on_trial = device->on_trial && !fallback;
        contact_again(device);
    } else if (device->panic_in != 0 && --device->panic_in == 0) {
        boot(device);
    }
}

// Asks the server: it answers, so the app confirms itself and learns which version is wanted.
static void online(struct sim_device *device)
{
    struct sim_round *round = &device->round;
    if (device->on_trial && device->now_us >= device->trial_us) {
        sim_trace(device, 0, "trial is over", 0, 0);
        boot(device);
        return;
    }
    contact_again(device);
    if (device->on_trial && sim_random_chance(&device->random, 3)) {
        pull(device); // an impatient app; it must be refused
        return;
    }
    if (!sim_network_reaches(&device->network, device->now_us)) {
        return;
    }
    if (confirms(device)) {
        confirm(device);
    } else if (device->on_trial) {
        return;
    } else if (device->firmware == round->wanted) {
        converged(device);
    } else if (round->banned) {
        converged(device);
    } else if (!given_up(device)) {
        pull(device);
    } else if (kind_of(device, round->wanted) != SIM_FINE) {
        converged(device);
    }
}

static void carry_out(struct sim_device *device)
{
    const struct aloft_way way = aloft_pull_way(&device->work.update.pull);
    struct aloft_request request;
    while (way.ops->request(way.ctx, &request)) {
        if (request.kind == ALOFT_REQUEST_OPEN) {
            sim_network_open(&device->network, device->now_us);
        } else {
            sim_network_close(&device->network);
        }
    }
}

static void pull_failed(struct sim_device *device)
{
    enum aloft_err err = device->work.update.pull.err;
    struct sim_tally *tally = &device->shared->tally;
    enum aloft_err_class class = aloft_err_class(err);
    count(device, SIM_OUTCOME_PULL_FAILED);
    tally->errs[-err]++;
    sim_trace(device, 0, aloft_err_name(err), 0, 0);
    if (class == ALOFT_ERR_CLASS_FLASH) {
        count(device, SIM_OUTCOME_FLASH_REFUSED);
    }
    device->round.banned = device->round.banned || err == ALOFT_ERR_TRIAL_FAILED;
    if (device->ghost.trial == SIM_TRIAL_MAYBE && !device->nor.dead) {
        // The record may stand all the same: as with a cut, either may boot next.
        device->ghost.otadata_hurt = true;
    }
    if (err == ALOFT_ERR_ON_TRIAL) {
        device->confirmed = false; // a record rotted: say it again
    }
    if (class == ALOFT_ERR_CLASS_TABLE && device->ghost.table_rot) {
        flash_again(device, SIM_OUTCOME_TABLE_NAMED);
        return;
    }
    bool refused = class == ALOFT_ERR_CLASS_IMAGE || err == ALOFT_ERR_HTTP_BODY_LIMIT;
    device->round.refusals += refused ? 1 : 0;
    contact_again(device);
}

static void pull_some(struct sim_device *device)
{
    struct aloft_pull *puller = &device->work.update.pull;
    const struct aloft_way way = aloft_pull_way(puller);
    struct sim_network *network = &device->network;
    if (network->due_us <= device->now_us) {
        uint32_t fed = sim_network_act(network, &way, device->now_us, clock_ms(device));
        if (fed > 0) {
            sim_trace(device, 1, "received", network->sent, fed);
        }
    }
    enum aloft_way_state state = way.ops->step(way.ctx, clock_ms(device));
    carry_out(device);
    wait_us(device, STEP_US + device->busy_us);
    if (device->nor.dead) {
        return;
    }
    if (puller->state == ALOFT_PULL_DONE) {
        sim_checker_selected(device);
        boot(device);
    } else if (puller->state == ALOFT_PULL_FAILED) {
        sim_network_close(network);
        pull_failed(device);
    } else if (state == ALOFT_WAY_WAIT) {
        int32_t left_ms = (int32_t)(way.ops->deadline(way.ctx) - clock_ms(device));
        uint64_t deadline_us =
            device->now_us + (left_ms > 0 ? (uint64_t)left_ms * US_PER_MS : STEP_US);
        device->due_us = network->due_us < deadline_us ? network->due_us : deadline_us;
        device->due_us = device->due_us > device->now_us ? device->due_us : device->now_us + 1;
    }
}

static void run(struct sim_device *device)
{
    device->busy_us = 0;
    switch (device->mode) {
    case SIM_OFF:
        aloft_nor_power_on(&device->nor);
        device->port.power_on = true;
        boot(device);
        break;
    case SIM_BOOTING:
        boot_some(device);
        break;
    case SIM_STARTING:
        started(device);
        break;
    case SIM_ONLINE:
        online(device);
        break;
    case SIM_CONFIRMING:
        confirm_some(device);
        break;
    case SIM_PULLING:
        pull_some(device);
        break;
    case SIM_HUNG:
        sim_trace(device, 0, "the watchdog bites", 0, 0);
        boot(device);
        break;
    }
}

static void check_calm(struct sim_device *device)
{
    struct sim_round *round = &device->round;
    if (device->now_us < round->calm_us) {
        return;
    }
    if (round->calm) {
        sim_checker_violation(device, "C6: an hour of calm, and not where it should be",
                              device->firmware);
    } else {
        begin_calm(device);
    }
}

void sim_device_event(struct sim_device *device)
{
    device->now_us = device->due_us;
    device->round.events++;
    if (device->mode != SIM_OFF && sim_faults_event(device)) {
        sim_device_cut(device);
    } else {
        run(device);
    }
    if (device->nor.dead && device->mode != SIM_OFF) {
        sim_device_cut(device);
    }
    check_calm(device);
    if (device->ghost.broken) {
        device->done = device->shared->stop;
        sim_device_flash(device);
    }
}

// ---- the first flash

static void flash_table(struct sim_device *device)
{
    const struct sim_layout *layout = device->layout;
    struct aloft_partition rows[TABLE_ROWS_MAX] = {
        {.type = ALOFT_TYPE_DATA, .subtype = ALOFT_DATA_NVS, .addr = 0x9000, .len = 0x4000},
        {.type = ALOFT_TYPE_DATA,
         .subtype = ALOFT_DATA_OTA,
         .addr = SIM_OTADATA,
         .len = ALOFT_OTADATA_LEN},
    };
    uint32_t count = 2;
    for (int slot = sim_first_slot(device); slot < layout->ota; slot++) {
        rows[count++] = (struct aloft_partition){
            .type = ALOFT_TYPE_APP,
            .subtype = (uint8_t)(slot < 0 ? ALOFT_APP_FACTORY : ALOFT_APP_OTA_0 + slot),
            .addr = sim_slot_addr(device, slot),
            .len = layout->slot_len};
    }
    (void)aloft_ptable_emit_all(rows, count, &aloft_mbed_crypto, // the sizes are right
                                device->bytes + ALOFT_PTABLE_ADDR_DEFAULT);
}

void sim_device_flash(struct sim_device *device)
{
    struct sim_catalogue *catalogue = &device->shared->catalogue;
    int firmware = sim_catalogue_draw(catalogue, &device->random, SIM_FINE);
    const struct sim_firmware *image = &catalogue->firmware[firmware];
    memset(device->bytes, 0xFF, SIM_CHIP_MAX);
    aloft_nor_to_text(&device->nor, 0, SIM_CHIP_MAX); // erased cells
    memset(device->sectors, 0, sizeof device->sectors);
    aloft_nor_power_on(&device->nor);
    flash_table(device);
    memcpy(device->bytes + sim_slot_addr(device, sim_first_slot(device)), image->bytes, image->len);
    sim_checker_reset(device);
    device->round.trial_failures = 0;
    device->round.refusals = 0;
    if (device->round.calm || device->round.number == 0) {
        begin_round(device);
    }
    boot(device);
}

static void open_flash(struct sim_device *device)
{
    static const struct aloft_flash_ops ops = {flash_read, flash_prog, flash_erase};
    static const struct aloft_flash_ops raw = {raw_read, raw_prog, flash_erase};
    aloft_nor_init(&device->nor, device->bytes, device->sectors, SIM_CHIP_MAX);
    device->raw = (struct aloft_flash){&raw, device, device->nor.flash.geometry, NULL};
    device->flash = (struct aloft_flash){&ops, device, device->nor.flash.geometry, NULL};
    if (device->layout->write_unit != 1) {
        aloft_nor_encrypt(&device->nor, aloft_quick_cipher(device->layout->write_unit));
        device->flash.geometry = device->nor.flash.geometry;
        device->flash.raw = &device->raw;
    }
}

bool sim_device_open(struct sim_device *device, struct sim_shared *shared, uint32_t number)
{
    memset(device, 0, sizeof *device);
    device->bytes = malloc(SIM_CHIP_MAX);
    if (device->bytes == NULL) {
        return false;
    }
    device->shared = shared;
    device->number = number;
    device->layout = &layouts[number % (sizeof layouts / sizeof layouts[0])];
    device->random.state = shared->seed ^ (uint64_t)(number + 1) * 0xD1342543DE82EF95u;
    open_flash(device);
    device->rules = (struct aloft_image_rules){
        .crypto = &aloft_mbed_crypto, .chip = &aloft_chip_esp32, .chip_revision = 303};
    device->port = (struct aloft_boot_port){.ctx = device,
                                            .flash = &device->flash,
                                            .rules = &device->rules,
                                            .ptable_addr = ALOFT_PTABLE_ADDR_DEFAULT,
                                            .trials = true,
                                            .log = boot_log,
                                            .feed_watchdog = boot_watchdog,
                                            .load = boot_load,
                                            .unload = boot_unload};
    device->network.catalogue = &shared->catalogue;
    // Each coding meets each layout; half of the devices get files as they are, for speed.
    device->network.coding = number / SIM_CODINGS % 2 == 0 ? number % SIM_CODINGS : 0;
    device->network.random = &device->random;
    device->network.tally = &shared->tally;
    device->due_us = sim_random_below(&device->random, US_PER_S);
    device->now_us = device->due_us;
    sim_device_flash(device);
    return true;
}

void sim_device_close(struct sim_device *device)
{
    free(device->bytes);
    device->bytes = NULL;
}
