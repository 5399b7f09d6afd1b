// The second-stage bootloader, without its board: read the table, choose a slot, verify and load it
// in one pass, fall back through the rest. A machine, so that every flash operation of a boot can
// be cut.
//
// Life cycle: init, step until it is not AGAIN. RUN: hand over to the loaded image at image.entry.
#ifndef ALOFT_BOOT_H
#define ALOFT_BOOT_H

#include "aloft/bootsel.h"
#include "choose.h"
#include "port.h"

enum aloft_boot_result {
    ALOFT_BOOT_AGAIN,
    ALOFT_BOOT_RUN,     // slot, extent and image facts say what is loaded
    ALOFT_BOOT_NOTHING, // no bootable app: wait for a first flash; err says why
};

struct aloft_boot {
    const struct aloft_boot_port *port;
    struct aloft_slots slots;
    struct aloft_boot_facts facts;
    struct aloft_boot_plan plan;
    struct aloft_extent extent; // of the slot being loaded, or loaded
    int slot;
    uint32_t attempt;
    uint8_t phase;
    enum aloft_err err;             // of the first slot that holds an image, or of the table
    struct aloft_image_facts image; // of the loaded app
    union {
        struct aloft_bootsel bootsel;
        struct aloft_verify verify;
    } work;
};

void aloft_boot_init(struct aloft_boot *boot, const struct aloft_boot_port *port);

// At most one erase or program, or reading 4 KiB.
// Power loss: as aloft_bootsel_mark when a record's state is being changed; else nothing changes.
enum aloft_boot_result aloft_boot_step(struct aloft_boot *boot);

#endif
