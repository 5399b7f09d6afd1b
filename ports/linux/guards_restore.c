// Writes damaged guards again from the settings of a signed app, once at its start.
#include "ports/linux/guards_restore.h"
#include "aloft/nvs_write.h"
#include "ports/linux/guards.h"
#include <stdio.h>

#define TAG "guards"

static enum aloft_err set(struct aloft_device *device, const struct aloft_nvs *nvs, const char *key,
                          const char *value)
{
    struct aloft_nvs_write op;
    enum aloft_step step;
    aloft_nvs_set_str(&op, nvs, ALOFT_NVS_GUARDED, key, value);
    do {
        step = aloft_nvs_step(&op);
        aloft_board_feed_watchdog(&device->board);
    } while (step == ALOFT_STEP_AGAIN);
    return step == ALOFT_STEP_DONE ? ALOFT_OK : op.err;
}

static void restore(struct aloft_device *device, const struct aloft_nvs *nvs, const char *key)
{
    char name[40];
    char unused[1];
    (void)snprintf(name, sizeof name, "restore_%s", key);
    const char *value = aloft_device_setting(device, name, NULL);
    enum aloft_err err = aloft_nvs_get_str(nvs, ALOFT_NVS_GUARDED, key, unused, sizeof unused);
    if (value == NULL || (err != ALOFT_ERR_NVS_CORRUPT && err != ALOFT_ERR_NVS_UNREADABLE)) {
        return;
    }
    if (device->efuse.rules.rules.trust == NULL) {
        aloft_board_log(&device->board, 'E', TAG,
                        "%s in NVS is damaged, and %s of this app is not taken: updates need no "
                        "signature here, so anybody could have set it",
                        key, name);
        return;
    }
    err = set(device, nvs, key, value);
    if (err == ALOFT_OK) {
        aloft_board_log(&device->board, 'W', TAG,
                        "%s in NVS was damaged; this signed app has set it again", key);
    } else {
        aloft_board_log(&device->board, 'E', TAG,
                        "%s in NVS is damaged and cannot be set again: %s: %s", key,
                        aloft_err_name(err), aloft_err_sentence(err));
    }
}

void aloft_guards_restore(struct aloft_device *device)
{
    static const char *const keys[] = {"ca",        "pin",       "pin_revoked",
                                       "push_hash", "web_ha1",   "web_ha1_md5",
                                       "web_realm", "ctl_token", "device_id"};
    struct aloft_nvs nvs;
    if (aloft_guards_open(&device->board, &nvs) != ALOFT_OK) {
        return; // who reads a guard says so
    }
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        restore(device, &nvs, keys[i]);
    }
}
