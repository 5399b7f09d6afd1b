// A build folder as a plan: which file of it goes where. Takes ESP-IDF's flasher_args.json when
// there is one, and else recognises the files by what they are.
#ifndef ALOFT_CLI_FLASH_FOLDER_H
#define ALOFT_CLI_FLASH_FOLDER_H

#include "cli/serial/flash_plan.h"
#include "hostlib/flasher/flasher_chip.h"

struct aloft_flash_folder {
    const char *path;
    const char *table; // a file that is the table; NULL: the only one in the folder
    const char *app;   // "ota_demo" or "ota_demo.bin"; NULL: the only one in the folder
    const char *only;  // "app", "bootloader" or "partition-table"; NULL: all of them
    // NULL: not known yet; then places that depend on it are an ESP32's.
    const struct aloft_flasher_chip *chip;
    bool force; // what flasher_args.json was made for does not matter
};

// Adds bootloader, table, app, and the erase of otadata so that the app is what boots; with `only`
// that part alone.
// False when a piece is missing or there are several of a kind: the sentence lists them. Also when
// flasher_args.json is for another chip or a larger flash.
bool aloft_flash_folder_plan(const struct aloft_flash_folder *folder, struct aloft_flash_plan *plan,
                             struct aloft_message *error);

#endif
