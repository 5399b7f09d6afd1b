// Judges what lies in every slot, as the bootloader does. Usage: verify_slots FLASH
#include "chip_in_file.h"
#include <aloft/slots.h>
#include <aloft/verify.h>
#include <stdio.h>

static struct aloft_verify verify;

static void show(const struct aloft_slots *slots, const struct aloft_image_rules *rules, int slot)
{
    struct aloft_flash_view view = aloft_slots_slot_view(slots, slot);
    enum aloft_step step = ALOFT_STEP_AGAIN;
    char name[ALOFT_SLOT_NAME];
    if (view.len == 0) {
        return; // the table has no such slot
    }
    aloft_verify_init(&verify, &view, rules);
    while (step == ALOFT_STEP_AGAIN) { // at most 4 KiB each
        step = aloft_verify_step(&verify);
    }
    aloft_slot_name(slot, name);
    printf("%-8s %s\n", name,
           step == ALOFT_STEP_DONE ? verify.image.facts.version : aloft_err_sentence(verify.err));
}

int main(int argc, char **argv)
{
    struct aloft_flash flash;
    struct aloft_slots slots;
    struct aloft_image_rules rules = chip_rules();
    if (argc != 2 || !chip_open(&flash, argv[1]) ||
        aloft_slots_load(&slots, &flash, rules.crypto, 0x8000) != ALOFT_OK) {
        return puts("Usage: verify_slots FLASH"), 2;
    }
    for (int slot = ALOFT_SLOT_FACTORY; slot < (int)slots.ota_count; slot++) {
        show(&slots, &rules, slot);
    }
    return 0;
}
