// An update from a file to a slot. A wrong file is refused in its first kilobyte; a good one is
// read back, judged whole, and selected. A power cut at any moment leaves a device that boots.
// Usage: update_from_file FLASH < IMAGE
#include "chip_in_file.h"
#include <aloft/intake.h>
#include <stdio.h>

static struct aloft_intake intake; // a few KiB: static on a device

int main(int argc, char **argv)
{
    static uint8_t piece[1024];
    struct aloft_flash flash;
    struct aloft_slots slots;
    struct aloft_otadata records[2];
    struct aloft_image_rules rules = chip_rules();
    if (argc != 2 || !chip_open(&flash, argv[1]) ||
        aloft_slots_load(&slots, &flash, rules.crypto, 0x8000) != ALOFT_OK ||
        aloft_bootsel_read(&slots, records) != ALOFT_OK) {
        return puts("Usage: update_from_file FLASH < IMAGE"), 2;
    }
    struct aloft_intake_config config = {.slots = &slots, .rules = &rules, .trial = true};
    config.running = aloft_bootsel_boot_slot(&slots, records); // a device knows where it runs from
    aloft_intake_init(&intake, &config);
    enum aloft_err err = aloft_intake_begin(&intake, argv, 0, NULL);
    for (size_t n; err == ALOFT_OK && (n = fread(piece, 1, sizeof piece, stdin)) > 0;) {
        for (uint32_t at = 0, used; err == ALOFT_OK && at < n; at += used) {
            err = aloft_intake_feed(&intake, argv, piece + at, (uint32_t)n - at, &used);
            err = aloft_intake_step(&intake) == ALOFT_STEP_FAILED ? intake.err : err;
        }
    }
    err = err == ALOFT_OK ? aloft_intake_finish(&intake, argv) : err;
    for (bool more = true; err == ALOFT_OK && more;) { // feed the watchdog here
        more = aloft_intake_step(&intake) == ALOFT_STEP_AGAIN;
        err = intake.err;
    }
    puts(err == ALOFT_OK ? "selected, on trial: restart to run it" : aloft_err_sentence(err));
    return err != ALOFT_OK;
}
