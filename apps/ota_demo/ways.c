// Reads secrets, sets machines up, and registers them with the port. The only decision made here is
// which ways are on.
#include "ways.h"
#include "web/device/page.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TAG         "ways"
#define SHUTDOWN_MS 5000u
#define TOKEN_MAX   160u

#define LOG(ways, level, ...) aloft_port_log((ways)->port, level, TAG, __VA_ARGS__)

static const char *reset_reason(struct aloft_port *port)
{
    switch (aloft_port_reset_reason(port)) {
    case ALOFT_RESET_POWER_ON:
        return "power-on";
    case ALOFT_RESET_SOFTWARE:
        return "software";
    case ALOFT_RESET_PANIC:
        return "panic";
    case ALOFT_RESET_WATCHDOG:
        return "watchdog";
    case ALOFT_RESET_BROWN_OUT:
        return "brown-out";
    }
    return "unknown";
}

static void on_check(void *ctx)
{
    struct ways *ways = ctx;
    ways->check = true;
}

// Logs each command, done or refused.
static void on_command(void *ctx, enum aloft_command command, int slot, enum aloft_err err)
{
    struct ways *ways = ctx;
    char name[ALOFT_SLOT_NAME] = "";
    if (command == ALOFT_COMMAND_BOOT) {
        aloft_slot_name(slot, name);
    }
    LOG(ways, err == ALOFT_OK ? 'I' : 'W', "Command %s%s%s: %s: %s", aloft_control_name(command),
        name[0] != 0 ? " " : "", name, aloft_err_name(err), aloft_err_sentence(err));
}

static void say_slot(struct ways *ways, int slot, const struct aloft_otadata records[2])
{
    const struct aloft_slots *slots = aloft_port_slots(ways->port);
    struct aloft_extent extent = aloft_slots_extent(slots, slot);
    struct aloft_image_facts facts;
    uint32_t state;
    char name[ALOFT_SLOT_NAME];
    if (extent.len == 0) {
        return;
    }
    bool image = aloft_control_image(slots, slot, &facts);
    bool stated = aloft_bootsel_state(slots, records, slot, &state);
    aloft_slot_name(slot, name);
    LOG(ways, 'I', "%-8s at 0x%06x: %s%s%s%s%s%s%s", name, (unsigned)extent.addr,
        image ? facts.project : "no image", image ? " " : "", image ? facts.version : "",
        slot == aloft_port_running(ways->port) ? ", running" : "",
        slot == aloft_bootsel_boot_slot(slots, records) ? ", boots next" : "", stated ? ", " : "",
        stated ? aloft_ota_state_name(state) : "");
}

static void say_status(struct ways *ways)
{
    struct aloft_otadata records[2];
    enum aloft_err err = aloft_bootsel_read(aloft_port_slots(ways->port), records);
    LOG(ways, 'I', "Device %s, last reset: %s, %s", ways->device_id, reset_reason(ways->port),
        ways->intake.holder != NULL ? "an update is under way" : "no update is under way");
    if (err != ALOFT_OK) {
        LOG(ways, 'E', "otadata: %s: %s", aloft_err_name(err), aloft_err_sentence(err));
        return;
    }
    for (int slot = ALOFT_SLOT_TEST; slot < (int)ALOFT_OTADATA_SLOTS_MAX; slot++) {
        say_slot(ways, slot, records);
    }
}

// "boot ota_1", "confirm", ... as typed. False: no command of ours.
static bool on_line(void *ctx, const char *line)
{
    struct ways *ways = ctx;
    size_t name_len = strcspn(line, " ");
    const char *word = line + name_len + strspn(line + name_len, " ");
    enum aloft_command command;
    int slot = ALOFT_SLOT_NONE;
    enum aloft_step step = ALOFT_STEP_AGAIN;
    if (strcmp(line, "status") == 0) {
        say_status(ways);
        return true;
    }
    if (!aloft_control_find(line, (uint32_t)name_len, &command)) {
        return false;
    }
    if (command == ALOFT_COMMAND_BOOT && !aloft_control_slot(word, (uint32_t)strlen(word), &slot)) {
        LOG(ways, 'W', "boot: which slot? boot factory, boot ota_0, ...");
        return true;
    }
    if (aloft_control_begin(&ways->control, command, slot) != ALOFT_OK) {
        return true; // the reason was logged
    }
    while (step == ALOFT_STEP_AGAIN) { // a whole image may be judged
        step = aloft_control_step(&ways->control);
        aloft_port_feed_watchdog(ways->port);
    }
    if (ways->control.restart) {
        aloft_port_restart(ways->port, SHUTDOWN_MS);
    }
    return true;
}

static void start(struct ways *ways, const struct aloft_way *way, const char *name, uint16_t port)
{
    enum aloft_err err = aloft_port_add_way(ways->port, way);
    ALOFT_ASSERT(err == ALOFT_OK); // each id is used once
    LOG(ways, 'I', "%s is on, port %u", name, port);
}

static uint16_t port_setting(const struct ways *ways, const char *key, const char *fallback)
{
    unsigned long port = strtoul(aloft_port_setting(ways->port, key, fallback), NULL, 10);
    return port > 0 && port <= UINT16_MAX ? (uint16_t)port : 0;
}

// A secret that is not set is "". False: it cannot be read, and may be set. Its way then stays off:
// it must not be open, nor accept another proof than its owner wants.
static bool read_secret(struct ways *ways, const char *key, char *out, uint32_t size)
{
    enum aloft_err err = aloft_port_secret_read(ways->port, key, out, size);
    if (err == ALOFT_OK && out[0] != 0) {
        return true;
    }
    err = err == ALOFT_OK ? ALOFT_ERR_NVS_CORRUPT : err; // `aloft secret` sets no empty one
    out[0] = 0;
    if (err != ALOFT_ERR_NVS_NOT_FOUND) {
        LOG(ways, 'E', "%s in NVS cannot be read; set it again: %s: %s", key, aloft_err_name(err),
            aloft_err_sentence(err));
    }
    return err == ALOFT_ERR_NVS_NOT_FOUND;
}

// Reads a name: what is not set becomes `fallback`. False: it cannot be read, or is no valid name.
static bool read_name(struct ways *ways, const char *key, const char *fallback,
                      char out[ALOFT_WEBUI_REALM_MAX + 1])
{
    if (!read_secret(ways, key, out, ALOFT_WEBUI_REALM_MAX + 1)) {
        return false;
    }
    if (out[0] == 0) {
        (void)snprintf(out, ALOFT_WEBUI_REALM_MAX + 1, "%s", fallback);
    }
    bool good = aloft_webui_auth_is_realm(out);
    if (!good) {
        LOG(ways, 'E', "%s in NVS has other characters than a name has; set it again", key);
    }
    return good;
}

// The realm must be the one for which `aloft secret` computed the hashes.
static bool read_names(struct ways *ways)
{
    return read_name(ways, "device_id", aloft_port_device_id(ways->port), ways->device_id) &&
           read_name(ways, "web_realm", ways->device_id, ways->realm);
}

static void start_push(struct ways *ways)
{
    if (!read_secret(ways, "push_hash", ways->push_hash, sizeof ways->push_hash)) {
        return;
    }
    bool secret = ways->push_hash[0] != 0;
    bool open = strcmp(aloft_port_setting(ways->port, "push_open", ""), "yes") == 0;
    const struct aloft_push_config config = {
        .intake = &ways->intake,
        .verifier = secret ? ways->push_hash : NULL,
        .open = open,
        .port = port_setting(ways, "push_port", "3232"),
        .random = aloft_port_random,
        .random_ctx = ways->port,
    };
    if (!secret && !open) {
        return;
    }
    if (aloft_push_init(&ways->push, &config) != ALOFT_OK) {
        LOG(ways, 'E', "The push password's hash is damaged; set it again: aloft secret set");
        return;
    }
    ways->push_way = aloft_push_way(&ways->push);
    start(ways, &ways->push_way, "Push", config.port);
}

// False when it is absent or unusable.
static bool read_token(struct ways *ways)
{
    char text[TOKEN_MAX];
    if (!read_secret(ways, "ctl_token", text, sizeof text) || text[0] == 0) {
        return false;
    }
    bool good = aloft_webui_token_parse(text, &ways->token);
    if (!good) {
        LOG(ways, 'E', "The control token's hash is damaged; set it again: aloft secret set");
    }
    return good;
}

static void start_web(struct ways *ways)
{
    struct aloft_port *port = ways->port;
    struct aloft_web_config config = {
        .slots = aloft_port_slots(port),
        .rules = aloft_port_rules(port),
        .current = aloft_port_running_facts(port),
        .verifier = &ways->web_ha1,
        .token = read_token(ways) ? &ways->token : NULL,
        .intake = &ways->intake,
        .control = &ways->control,
        .page = aloft_web_page,
        .page_len = aloft_web_page_len,
        .device_id = ways->device_id,
        .realm = ways->realm,
        .reset_reason = reset_reason(port),
        .running = aloft_port_running(port),
        .port = port_setting(ways, "web_port", "80"),
    };
    struct aloft_webui_verifier *ha1 = &ways->web_ha1;
    bool read = read_names(ways);
    read = read_secret(ways, "web_ha1", ha1->sha256, sizeof ha1->sha256) && read;
    read = read_secret(ways, "web_ha1_md5", ha1->md5, sizeof ha1->md5) && read;
    bool password = ha1->sha256[0] != 0 || ha1->md5[0] != 0;
    if (!read || (!password && config.token == NULL)) {
        return;
    }
    aloft_port_random(port, config.secret, sizeof config.secret);
    aloft_web_init(&ways->web, &config);
    ways->web_way = aloft_web_way(&ways->web);
    start(ways, &ways->web_way, password ? "The web page" : "Control by token", config.port);
    if (password) { // who has a password of another realm is told nothing but 401
        LOG(ways, 'I', "Its user is admin, with the password that was set for \"%s\"", ways->realm);
    }
}

bool ways_start(struct ways *ways, struct aloft_port *port, const struct aloft_policy *policy,
                const struct aloft_events *events)
{
    // What a person pushes is accepted even with the project and version that run: `current` is
    // left out, because most sketches of Arduino have the same name and version.
    bool required = strcmp(aloft_port_setting(port, "encrypted", ""), "required") == 0;
    const struct aloft_intake_config intake = {.slots = aloft_port_slots(port),
                                               .stage = &ways->unwrap.stage,
                                               .rules = aloft_port_rules(port),
                                               .policy = policy,
                                               .events = *events,
                                               .running = aloft_port_running(port),
                                               .trial = true};
    const struct aloft_control_config control = {.slots = aloft_port_slots(port),
                                                 .rules = aloft_port_rules(port),
                                                 .intake = &ways->intake,
                                                 .hooks = {on_check, on_command, ways},
                                                 .running = aloft_port_running(port),
                                                 .trial = true};
    ways->port = port;
    aloft_unwrap_init(&ways->unwrap, aloft_port_decrypt(port), required);
    aloft_intake_init(&ways->intake, &intake);
    aloft_control_init(&ways->control, &control);
    aloft_port_on_line(port, on_line, ways,
                       "status     what runs, and what boots next\n"
                       "boot SLOT  select a slot, on trial, and restart\n"
                       "factory    the same with the factory app\n"
                       "confirm    the running app is good: it stays\n"
                       "rollback   it is bad: go back, by a restart\n"
                       "check      look for an update now");
    start_push(ways);
    start_web(ways);
    return ways->push_way.ids != 0 || ways->web_way.ids != 0;
}
