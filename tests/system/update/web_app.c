// An app for tests of the browser way: it serves the page, and does nothing else. Settings:
//   web_user, web_password   no password: the way is off
//   web_token                a token for /api/, besides
//   web_port
//   confirm  "start": confirm at once
#include "aloft/web.h"
#include "ports/port.h"
#include "web/device/page.h"
#include <stdlib.h>
#include <string.h>

#define TAG        "web"
#define FOREVER_MS 1000u
#define ROUNDS     1000u

static void on_command(void *ctx, enum aloft_command command, int slot, enum aloft_err err)
{
    (void)slot;
    aloft_port_log(ctx, 'I', TAG, "command %s: %s", aloft_control_name(command),
                   aloft_err_name(err));
}

static void on_check(void *ctx)
{
    aloft_port_log(ctx, 'I', TAG, "a check was asked for");
}

static void on_event(void *ctx, const struct aloft_event *event)
{
    if (event->kind == ALOFT_EVENT_SELECTED) {
        aloft_port_log(ctx, 'I', TAG, "selected slot %u", (unsigned)event->value);
    }
}

static void confirm(struct aloft_port *port)
{
    struct aloft_bootsel op;
    aloft_bootsel_confirm(&op, aloft_port_slots(port), aloft_port_running(port));
    aloft_port_log(port, 'I', TAG, "confirm: %s",
                   aloft_err_name(aloft_port_run_bootsel(port, &op)));
}

// A product keeps the result; here the token itself is a setting.
static void derive(struct aloft_port *port, struct aloft_webui_token *token)
{
    const char *text = aloft_port_setting(port, "web_token", "");
    const struct aloft_pbkdf2_salt salt = {token->salt, sizeof token->salt};
    struct aloft_pbkdf2 kdf;
    aloft_pbkdf2_begin(&kdf, aloft_port_rules(port)->crypto, text, (uint32_t)strlen(text), salt,
                       token->rounds);
    while (aloft_pbkdf2_step(&kdf, ROUNDS) == ALOFT_STEP_AGAIN) {
        aloft_port_delay_ms(port, 0);
    }
    memcpy(token->key, kdf.out, sizeof token->key);
}

void aloft_app_main(struct aloft_port *port)
{
    static const char *const reasons[] = {"power-on", "software", "panic", "watchdog", "brown-out"};
    const char *user = aloft_port_setting(port, "web_user", "admin");
    const char *password = aloft_port_setting(port, "web_password", "");
    const char *device_id = aloft_port_setting(port, "device_id", "aloft-demo");
    const struct aloft_image_rules *rules = aloft_port_rules(port);
    const struct aloft_image_facts *facts = aloft_port_running_facts(port);
    struct aloft_webui_verifier verifier;
    struct aloft_webui_token token = {.salt = "a salt of tests", .rounds = ROUNDS};
    struct aloft_intake intake;
    struct aloft_control control;
    struct aloft_web web;
    const struct aloft_intake_config intake_config = {.slots = aloft_port_slots(port),
                                                      .rules = rules,
                                                      .current = facts,
                                                      .events = {on_event, port},
                                                      .running = aloft_port_running(port),
                                                      .trial = true};
    const struct aloft_control_config control_config = {.slots = aloft_port_slots(port),
                                                        .rules = rules,
                                                        .intake = &intake,
                                                        .hooks = {on_check, on_command, port},
                                                        .running = aloft_port_running(port),
                                                        .trial = true};
    aloft_intake_init(&intake, &intake_config);
    aloft_control_init(&control, &control_config);
    enum aloft_err err =
        aloft_webui_verifier_make(rules->crypto, user, device_id, password, &verifier);
    ALOFT_ASSERT(err == ALOFT_OK);
    derive(port, &token);
    const struct aloft_web_config config = {
        .slots = aloft_port_slots(port),
        .rules = rules,
        .current = facts,
        .verifier = password[0] != 0 ? &verifier : NULL,
        .token = aloft_port_setting(port, "web_token", "")[0] != 0 ? &token : NULL,
        .intake = &intake,
        .control = &control,
        .page = aloft_web_page,
        .page_len = aloft_web_page_len,
        .device_id = device_id,
        .reset_reason = reasons[aloft_port_reset_reason(port)],
        .running = aloft_port_running(port),
        .port = (uint16_t)strtoul(aloft_port_setting(port, "web_port", "8080"), NULL, 10),
        .secret = "not random: test",
    };
    aloft_web_init(&web, &config);
    const struct aloft_way way = aloft_web_way(&web);
    if (strcmp(aloft_port_setting(port, "confirm", ""), "start") == 0) {
        confirm(port);
    }
    err = aloft_port_add_way(port, &way);
    ALOFT_ASSERT(err == ALOFT_OK);
    aloft_port_log(port, 'I', TAG, "%s %s is ready", facts->project, facts->version);
    for (;;) {
        aloft_port_delay_ms(port, FOREVER_MS);
    }
}
