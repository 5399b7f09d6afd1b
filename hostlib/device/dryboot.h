// What a flash would boot: our bootloader's own machine (boot/boot.h) run over the flash, with what
// it writes kept in RAM. So the answer is not a second opinion of the policy but the boot itself,
// images, repairs and rollbacks included. The flash is only read.
#ifndef ALOFT_HOSTLIB_DRYBOOT_H
#define ALOFT_HOSTLIB_DRYBOOT_H

#include "aloft/format/otadata.h"
#include "aloft/image.h"
#include "aloft/slots.h"
#include <stddef.h>

#define ALOFT_DRYBOOT_PASSED (2 + ALOFT_OTADATA_SLOTS_MAX)

// A slot that the bootloader would try before the one that runs.
struct aloft_dryboot_passed {
    int slot;
    enum aloft_err err; // why it is refused
    bool empty;         // it begins as erased flash does
};

struct aloft_dryboot {
    enum aloft_err table_err; // not OK: there is no table, and nothing below counts
    int selected;             // slot that otadata selects; ALOFT_SLOT_NONE: no record counts
    int record;               // that selects it; -1: none
    int runs;                 // slot that would run; ALOFT_SLOT_NONE: nothing would
    bool trial;  // it runs on trial: unless it confirms itself, the boot after goes back
    int ended;   // slot whose unconfirmed trial this boot would end; NONE: none
    int refused; // slot that is left out as its record says INVALID or ABORTED; NONE
    struct aloft_dryboot_passed passed[ALOFT_DRYBOOT_PASSED];
    uint32_t passed_count;
};

struct aloft_dryboot_setup {
    const struct aloft_flash *flash;
    const struct aloft_image_rules *rules; // of the board; crypto included
    uint32_t ptable_addr;
    bool trials; // as the bootloader has them: unconfirmed apps are rolled back
};

void aloft_dryboot(struct aloft_dryboot *out, const struct aloft_dryboot_setup *setup);

// "ota_0, as ota_1 is empty": what would run and why, in one line without a full stop.
#define ALOFT_DRYBOOT_TEXT 1024
void aloft_dryboot_text(const struct aloft_dryboot *boot, char *text, size_t size);

#endif
