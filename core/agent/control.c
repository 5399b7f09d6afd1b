// A table of commands over bootsel, under the turn that updates take.
#include "aloft/control.h"
#include "aloft/base/assert.h"
#include <string.h>

static const char *const names[ALOFT_COMMAND_COUNT] = {"boot",    "confirm", "rollback",
                                                       "factory", "restart", "check"};

void aloft_control_init(struct aloft_control *control, const struct aloft_control_config *config)
{
    memset(control, 0, sizeof *control);
    control->config = *config;
}

const char *aloft_control_name(enum aloft_command command)
{
    return names[command];
}

static bool is(const char *name, uint32_t len, const char *word)
{
    return strlen(word) == len && memcmp(name, word, len) == 0;
}

bool aloft_control_find(const char *name, uint32_t len, enum aloft_command *command)
{
    for (uint32_t i = 0; i < ALOFT_COMMAND_COUNT; i++) {
        if (is(name, len, names[i])) {
            *command = (enum aloft_command)i;
            return true;
        }
    }
    return false;
}

bool aloft_control_slot(const char *name, uint32_t len, int *slot)
{
    char text[ALOFT_SLOT_NAME];
    for (int i = ALOFT_SLOT_TEST; i < (int)ALOFT_OTADATA_SLOTS_MAX; i++) {
        aloft_slot_name(i, text);
        if (is(name, len, text)) {
            *slot = i;
            return true;
        }
    }
    return false;
}

bool aloft_control_image(const struct aloft_slots *slots, int slot, struct aloft_image_facts *out)
{
    struct aloft_flash_view view = aloft_slots_slot_view(slots, slot);
    const struct aloft_image_rules rules = {
        .len_max = view.len, .bootloader = true, .chip_revision = 0xFFFF};
    uint8_t head[ALOFT_IMAGE_HEAD_LEN];
    struct aloft_image image;
    enum aloft_image_event event = ALOFT_IMAGE_BAD;
    aloft_image_init(&image, &rules);
    if (aloft_flash_read(&view, 0, head, sizeof head) == ALOFT_OK) {
        uint32_t at = 0;
        do {
            uint32_t used;
            event = aloft_image_next(&image, head + at, (uint32_t)sizeof head - at, &used);
            at += used;
        } while (event != ALOFT_IMAGE_MORE && event != ALOFT_IMAGE_BAD &&
                 event != ALOFT_IMAGE_DESC);
    }
    *out = image.facts;
    return event == ALOFT_IMAGE_DESC;
}

// keeps C3
static enum aloft_err end(struct aloft_control *control, enum aloft_err err)
{
    const struct aloft_control_hooks *hooks = &control->config.hooks;
    bool stays =
        control->command == ALOFT_COMMAND_CONFIRM || control->command == ALOFT_COMMAND_CHECK;
    control->err = err;
    control->restart = err == ALOFT_OK && !stays;
    if (control->active && !control->restart && control->config.intake != NULL) {
        aloft_intake_release(control->config.intake, control); // else no update could begin again
    }
    control->active = false;
    if (hooks->told != NULL) {
        hooks->told(hooks->ctx, control->command, control->slot, err);
    }
    return err;
}

static enum aloft_err check(const struct aloft_control_hooks *hooks)
{
    if (hooks->check == NULL) {
        return ALOFT_ERR_CONTROL_COMMAND;
    }
    hooks->check(hooks->ctx);
    return ALOFT_OK;
}

enum aloft_err aloft_control_begin(struct aloft_control *control, enum aloft_command command,
                                   int slot)
{
    const struct aloft_control_config *config = &control->config;
    if (control->active) {
        return ALOFT_ERR_NET_BUSY; // and the one under way tells its own end
    }
    control->command = command;
    control->slot = command == ALOFT_COMMAND_FACTORY ? ALOFT_SLOT_FACTORY : slot;
    control->restart = false;
    control->writes = false;
    if (command == ALOFT_COMMAND_CHECK) { // it starts the update that would hold the turn
        return end(control, check(&config->hooks));
    }
    if (config->intake != NULL && !aloft_intake_take(config->intake, control)) {
        return end(control, ALOFT_ERR_NET_BUSY); // keeps C2
    }
    control->active = true;
    control->writes = command != ALOFT_COMMAND_RESTART;
    if (command == ALOFT_COMMAND_BOOT || command == ALOFT_COMMAND_FACTORY) {
        // keeps C1
        aloft_bootsel_set_boot(&control->op, config->slots, config->rules, control->slot,
                               config->trial);
    } else if (command == ALOFT_COMMAND_CONFIRM) {
        aloft_bootsel_confirm(&control->op, config->slots, config->running);
    } else if (command == ALOFT_COMMAND_ROLLBACK) {
        aloft_bootsel_reject(&control->op, config->slots, config->rules, config->running);
    }
    return ALOFT_OK;
}

enum aloft_step aloft_control_step(struct aloft_control *control)
{
    if (!control->active) {
        return control->err == ALOFT_OK ? ALOFT_STEP_DONE : ALOFT_STEP_FAILED;
    }
    ALOFT_INVARIANT("C2",
                    control->config.intake == NULL || control->config.intake->holder == control);
    enum aloft_step step = control->writes ? aloft_bootsel_step(&control->op) : ALOFT_STEP_DONE;
    if (step != ALOFT_STEP_AGAIN) {
        (void)end(control, step == ALOFT_STEP_DONE ? ALOFT_OK : control->op.err);
    }
    return step;
}
