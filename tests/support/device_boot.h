// Boots a device in RAM (device.h). Each step is checked: it erases or programs at most once.
#ifndef ALOFT_DEVICE_BOOT_H
#define ALOFT_DEVICE_BOOT_H

#include "boot/boot.h"
#include "device_update.h"
#include "quiet_port.h"

// The table at its usual place, trials on, and nothing is printed or kept of what is loaded; a test
// changes what it looks at.
static inline struct aloft_boot_port device_boot_port(const struct device *device)
{
    return (struct aloft_boot_port){.flash = &device->ram.flash,
                                    .rules = &device->rules,
                                    .ptable_addr = ALOFT_PTABLE_ADDR_DEFAULT,
                                    .trials = true,
                                    .log = quiet_log,
                                    .feed_watchdog = quiet_nothing,
                                    .load = quiet_load,
                                    .unload = quiet_nothing};
}

// Returns the slot that runs, boot->slot; ALOFT_SLOT_NONE when nothing boots. *boot and *port must
// stay valid while the test reads *boot.
static inline int device_boot(const struct device *device, struct aloft_boot *boot,
                              const struct aloft_boot_port *port)
{
    enum aloft_boot_result result;
    aloft_boot_init(boot, port);
    do {
        uint32_t changes = device_changes(device);
        result = aloft_boot_step(boot);
        CHECK(device_changes(device) - changes <= 1);
    } while (result == ALOFT_BOOT_AGAIN);
    return result == ALOFT_BOOT_RUN ? boot->slot : ALOFT_SLOT_NONE;
}

#endif
