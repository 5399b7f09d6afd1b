// What the examples that bring an image have in common: a device whose flash is a file, and the
// intake, through which every image comes in, whoever brings it.
#ifndef DEVICE_H
#define DEVICE_H

#include "chip_in_file.h"
#include <aloft/bootsel.h>
#include <aloft/intake.h>

struct device {
    struct aloft_flash flash;
    struct aloft_slots slots;
    struct aloft_image_rules rules;
    struct aloft_intake intake; // a few KiB: static on a device
    int running;                // a device knows where it runs from; here otadata tells
};

// `more` may be NULL: what the intake is to know besides, such as a stage that decrypts.
static inline bool device_open(struct device *device, const char *path,
                               const struct aloft_intake_config *more)
{
    struct aloft_otadata records[2];
    struct aloft_intake_config config = {.trial = true}; // the app must confirm itself
    device->rules = chip_rules();
    if (!chip_open(&device->flash, path) ||
        aloft_slots_load(&device->slots, &device->flash, device->rules.crypto, 0x8000) !=
            ALOFT_OK ||
        aloft_bootsel_read(&device->slots, records) != ALOFT_OK) {
        return false;
    }
    device->running = aloft_bootsel_boot_slot(&device->slots, records);
    config = more != NULL ? *more : config;
    config.slots = &device->slots;
    config.rules = &device->rules;
    config.running = device->running;
    aloft_intake_init(&device->intake, &config);
    return true;
}

#endif
