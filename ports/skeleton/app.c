// The order of a start is the point of this file: table, slot, own image, the end of the last
// trial, and only then ways.
#include "ports/skeleton/app.h"
#include "aloft/verify.h"
#include "ports/skeleton/board.h"
#include "ports/skeleton/target.h"
#include <string.h>

static uint32_t now_ms(void *ctx)
{
    (void)ctx;
    return target_now_ms();
}

static enum aloft_err run_bootsel(struct aloft_bootsel *op)
{
    enum aloft_step step;
    do {
        step = aloft_bootsel_step(op);
        target_feed_watchdog();
    } while (step == ALOFT_STEP_AGAIN);
    return step == ALOFT_STEP_DONE ? ALOFT_OK : op->err;
}

// Version and project of what runs, so that the same is not installed again. Whether it may run was
// for the bootloader to say.
static void read_own_image(struct aloft_skeleton_app *app)
{
    struct aloft_flash_view view = aloft_slots_slot_view(&app->slots, app->running);
    struct aloft_image_rules rules = app->rules;
    struct aloft_verify verify;
    enum aloft_step step;
    rules.crypto = NULL; // its structure is enough
    aloft_verify_init(&verify, &view, &rules);
    do {
        step = aloft_verify_step(&verify);
        target_feed_watchdog();
    } while (step == ALOFT_STEP_AGAIN);
    if (step == ALOFT_STEP_DONE) {
        app->facts = verify.image.facts;
    }
}

static void start_ways(struct aloft_skeleton_app *app)
{
    const struct aloft_intake_config intake = {.slots = &app->slots,
                                               .rules = &app->rules,
                                               .current = &app->facts,
                                               .running = app->running,
                                               .trial = true};
    const struct aloft_net_buffers buffers = {app->host,      sizeof app->host, app->in,
                                              sizeof app->in, app->out,         sizeof app->out};
    aloft_intake_init(&app->intake, &intake);
    app->net_port =
        (struct aloft_net_port){NULL, now_ms, aloft_skeleton_feed_watchdog, aloft_skeleton_log};
    aloft_net_init(&app->net, target_sockets(), &app->net_port, "");
    aloft_net_lend(&app->net, ALOFT_WAY_ID_PULL, &app->link, &buffers);
    // aloft_net_trust comes here, where the port has TLS.
}

enum aloft_err aloft_skeleton_start(struct aloft_skeleton_app *app)
{
    struct aloft_bootsel op;
    memset(app, 0, sizeof *app);
    app->flash = aloft_skeleton_flash();
    app->rules = aloft_skeleton_rules();
    enum aloft_err err =
        aloft_slots_load(&app->slots, &app->flash, app->rules.crypto, ALOFT_SKELETON_PTABLE_ADDR);
    app->running = aloft_slots_find(&app->slots, target_running_addr());
    if (err != ALOFT_OK || app->running == ALOFT_SLOT_NONE) {
        return err != ALOFT_OK ? err : ALOFT_ERR_SLOT_UNKNOWN;
    }
    read_own_image(app);
    aloft_bootsel_started(&op, &app->slots, app->running, target_power_was_off());
    err = run_bootsel(&op);
    if (err != ALOFT_OK) {
        aloft_skeleton_log(NULL, 'W', "app", "The end of the last trial is not noted: fault %d",
                           (int)err);
    }
    start_ways(app);
    return ALOFT_OK;
}

enum aloft_err aloft_skeleton_confirm(struct aloft_skeleton_app *app)
{
    struct aloft_bootsel op;
    aloft_bootsel_confirm(&op, &app->slots, app->running);
    return run_bootsel(&op);
}

enum aloft_err aloft_skeleton_update(struct aloft_skeleton_app *app, const char *url)
{
    const struct aloft_pull_config config = {.intake = &app->intake,
                                             .current = &app->facts,
                                             .urls = app->urls,
                                             .urls_len = sizeof app->urls};
    struct aloft_way way = aloft_pull_way(&app->pull);
    aloft_pull_init(&app->pull, &config);
    enum aloft_err err = aloft_pull_start(&app->pull, url, target_now_ms());
    err = err == ALOFT_OK ? aloft_net_add(&app->net, &way) : err;
    if (err != ALOFT_OK) {
        return err;
    }
    while (app->pull.state == ALOFT_PULL_RUNNING) {
        (void)aloft_net_turn(&app->net, target_now_ms() + 1000);
        target_feed_watchdog();
    }
    aloft_net_remove(&app->net, &way);
    aloft_intake_release(&app->intake, &app->pull);
    return app->pull.err;
}
