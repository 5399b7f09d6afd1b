// The smallest app that takes part in updates: it says who and where it is, confirms itself, counts
// down and restarts. Everything it says about itself comes from where it runs, not from otadata.
//
// Settings: countdown  seconds until the restart (10)
//           confirm    "never": stay on trial, so that the next boot rolls back
//           crash      "start": crash at once      hang  "start": stop feeding the watchdog
#include "aloft/base/printable.h"
#include "ports/port.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TAG               "hello"
#define SHUTDOWN_MS       5000u
#define COUNTDOWN_MAX_S   3600
#define COUNTDOWN_STEP_MS 1000u

static bool setting_is(struct aloft_port *port, const char *key, const char *value)
{
    return strcmp(aloft_port_setting(port, key, ""), value) == 0;
}

static void misbehave(struct aloft_port *port)
{
    if (setting_is(port, "crash", "start")) {
        __builtin_trap();
    }
    if (setting_is(port, "hang", "start")) {
        volatile bool forever = true;
        while (forever) {
        }
    }
}

static void introduce(struct aloft_port *port)
{
    struct aloft_port_chip chip = aloft_port_chip(port);
    const struct aloft_image_facts *facts = aloft_port_running_facts(port);
    char slot[ALOFT_SLOT_NAME];
    aloft_slot_name(aloft_port_running(port), slot);
    aloft_port_print(port, "Hello world!\n");
    aloft_port_print(port,
                     "This is %s chip with %u CPU cores, WiFi/BT/BLE, silicon revision v%u.%u, "
                     "%uMB external flash\n",
                     chip.name, chip.cores, chip.revision / 100u, chip.revision % 100u,
                     (unsigned)(chip.flash_size >> 20));
    char line[128];
    int len = snprintf(line, sizeof line, "Running %s version %s from %s", facts->project,
                       facts->version, slot);
    aloft_printable_clean(line, (uint32_t)len, false); // the words come from the image
    aloft_port_print(port, "%s\n", line);
}

// An app that got as far as this is good. Only an OTA slot is ever on trial.
static void confirm(struct aloft_port *port)
{
    int running = aloft_port_running(port);
    char slot[ALOFT_SLOT_NAME];
    struct aloft_bootsel op;
    if (running < 0 || setting_is(port, "confirm", "never")) {
        return;
    }
    aloft_slot_name(running, slot);
    aloft_bootsel_confirm(&op, aloft_port_slots(port), running);
    enum aloft_err err = aloft_port_run_bootsel(port, &op);
    if (err != ALOFT_OK) {
        aloft_port_log(port, 'E', TAG, "%s cannot be confirmed: %s: %s", slot, aloft_err_name(err),
                       aloft_err_sentence(err));
        return;
    }
    aloft_port_log(port, 'I', TAG, "Confirmed: %s stays", slot);
}

void aloft_app_main(struct aloft_port *port)
{
    misbehave(port);
    introduce(port);
    confirm(port);
    long seconds = strtol(aloft_port_setting(port, "countdown", "10"), NULL, 10);
    seconds = seconds > COUNTDOWN_MAX_S ? COUNTDOWN_MAX_S : seconds;
    for (int i = (int)seconds; i > 0; i--) {
        aloft_port_print(port, "Restarting in %d seconds...\n", i);
        aloft_port_delay_ms(port, COUNTDOWN_STEP_MS);
    }
    aloft_port_print(port, "Restarting now.\n");
    aloft_port_restart(port, SHUTDOWN_MS);
}
