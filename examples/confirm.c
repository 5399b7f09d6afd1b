// The app that runs is good, or is not: `confirm` ends its trial, `reject` selects what ran before.
// Usage: confirm FLASH confirm|reject
#include "chip_in_file.h"
#include <aloft/bootsel.h>
#include <stdio.h>

static struct aloft_bootsel op;

int main(int argc, char **argv)
{
    struct aloft_flash flash;
    struct aloft_slots slots;
    struct aloft_otadata records[2];
    struct aloft_image_rules rules = chip_rules();
    if (argc != 3 || !chip_open(&flash, argv[1]) ||
        aloft_slots_load(&slots, &flash, rules.crypto, 0x8000) != ALOFT_OK ||
        aloft_bootsel_read(&slots, records) != ALOFT_OK) {
        return puts("Usage: confirm FLASH confirm|reject"), 2;
    }
    int running = aloft_bootsel_boot_slot(&slots, records); // a device knows where it runs from
    if (strcmp(argv[2], "reject") == 0) {
        aloft_bootsel_reject(&op, &slots, &rules, running);
    } else {
        aloft_bootsel_confirm(&op, &slots, running);
    }
    enum aloft_step step = ALOFT_STEP_AGAIN;
    while (step == ALOFT_STEP_AGAIN) { // one flash operation each
        step = aloft_bootsel_step(&op);
    }
    char name[ALOFT_SLOT_NAME];
    aloft_slot_name(running, name);
    printf("%s: %s\n", name, step == ALOFT_STEP_DONE ? "done" : aloft_err_sentence(op.err));
    return step != ALOFT_STEP_DONE;
}
