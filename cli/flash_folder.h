// A build folder as a plan: which file of it goes where. Takes ESP-IDF's flasher_args.json when
// there is one, and else recognises the files by what they are.
#ifndef ALOFT_CLI_FLASH_FOLDER_H
#define ALOFT_CLI_FLASH_FOLDER_H

#include "cli/flash_plan.h"

struct aloft_flash_folder {
    const char *path;
    const char *table; // a file that is the table; NULL: the only one in the folder
    const char *app;   // "ota_demo" or "ota_demo.bin"; NULL: the only one in the folder
    uint16_t chip_id;
};

// Adds bootloader, table, app, and the erase of otadata so that the app is what boots.
// False when a piece is missing or there are several of a kind: the sentence lists them.
bool aloft_flash_folder_plan(const struct aloft_flash_folder *folder, struct aloft_flash_plan *plan,
                             struct aloft_message *error);

#endif
