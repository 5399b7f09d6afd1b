// An app for tests of the push way: it takes pushes, and does nothing else. Settings:
//   push_verifier   of the password: 32 or 64 digits; without: open to everybody
//   push_port
//   push_timeout_s  of a sender that says nothing
//   confirm         "start": confirm at once
#include "aloft/push.h"
#include "ports/port.h"
#include <stdlib.h>
#include <string.h>

#define TAG        "push"
#define FOREVER_MS 1000u
#define MS_PER_S   1000u

static void on_event(void *ctx, const struct aloft_event *event)
{
    const char *text = event->text != NULL ? event->text : "";
    switch (event->kind) {
    case ALOFT_EVENT_INVITED:
        aloft_port_log(ctx, 'I', TAG, "invited by %s: %u bytes", text, (unsigned)event->value);
        break;
    case ALOFT_EVENT_REFUSED:
        aloft_port_log(ctx, 'W', TAG, "refused %s: %s", text, aloft_err_name(event->err));
        break;
    case ALOFT_EVENT_FAILED:
        aloft_port_log(ctx, 'E', TAG, "failed: %s: %s", aloft_err_name(event->err),
                       aloft_err_sentence(event->err));
        break;
    case ALOFT_EVENT_SELECTED:
        aloft_port_log(ctx, 'I', TAG, "selected slot %u", (unsigned)event->value);
        break;
    default:
        break;
    }
}

// A fixed sequence: a test must be able to say what it saw, and this app is never attacked.
static void random_bytes(void *ctx, uint8_t *out, uint32_t len)
{
    uint32_t *state = ctx;
    for (uint32_t i = 0; i < len; i++) {
        *state = *state * 1664525u + 1013904223u;
        out[i] = (uint8_t)(*state >> 24);
    }
}

static void confirm(struct aloft_port *port)
{
    struct aloft_bootsel op;
    aloft_bootsel_confirm(&op, aloft_port_slots(port), aloft_port_running(port));
    aloft_port_log(port, 'I', TAG, "confirm: %s",
                   aloft_err_name(aloft_port_run_bootsel(port, &op)));
}

void aloft_app_main(struct aloft_port *port)
{
    const struct aloft_image_facts *facts = aloft_port_running_facts(port);
    const char *verifier = aloft_port_setting(port, "push_verifier", "");
    const char *seconds = aloft_port_setting(port, "push_timeout_s", "10");
    uint32_t state = 1;
    struct aloft_intake intake;
    struct aloft_push push;
    const struct aloft_intake_config base = {.slots = aloft_port_slots(port),
                                             .rules = aloft_port_rules(port),
                                             .current = facts,
                                             .events = {on_event, port},
                                             .running = aloft_port_running(port),
                                             .trial = true};
    const struct aloft_push_config config = {
        .intake = &intake,
        .verifier = verifier[0] != 0 ? verifier : NULL,
        .open = true,
        .port = (uint16_t)strtoul(aloft_port_setting(port, "push_port", "3232"), NULL, 10),
        .timeout_ms = (uint32_t)strtoul(seconds, NULL, 10) * MS_PER_S,
        .random = random_bytes,
        .random_ctx = &state,
    };
    aloft_intake_init(&intake, &base);
    enum aloft_err err = aloft_push_init(&push, &config);
    const struct aloft_way way = aloft_push_way(&push);
    if (strcmp(aloft_port_setting(port, "confirm", ""), "start") == 0) {
        confirm(port);
    }
    err = err == ALOFT_OK ? aloft_port_add_way(port, &way) : err;
    aloft_port_log(port, 'I', TAG, "%s %s is ready: %s", facts->project, facts->version,
                   aloft_err_name(err));
    for (;;) {
        aloft_port_delay_ms(port, FOREVER_MS);
    }
}
