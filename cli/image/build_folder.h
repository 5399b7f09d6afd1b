// Which file of a build folder is which: as ESP-IDF's flasher_args.json says, and without one by
// what the files are.
#ifndef ALOFT_CLI_BUILD_FOLDER_H
#define ALOFT_CLI_BUILD_FOLDER_H

#include "hostlib/base/message.h"
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define ALOFT_BUILD_FOLDER_PATH    4096u
#define ALOFT_BUILD_FOLDER_NOWHERE UINT32_MAX

enum aloft_build_part { ALOFT_BUILD_BOOTLOADER, ALOFT_BUILD_TABLE, ALOFT_BUILD_APP };

struct aloft_build_file {
    char path[ALOFT_BUILD_FOLDER_PATH];
    uint32_t offset; // in flash; ALOFT_BUILD_FOLDER_NOWHERE: nothing in the folder tells
};

bool aloft_build_folder_is(const char *path);

// Where idf.py leaves its build, as seen from the project's folder. What commands take that got no
// operand, if it is a folder.
#define ALOFT_BUILD_FOLDER "build"

// "app", "bootloader", "partition-table", as idf.py calls them.
bool aloft_build_folder_part(const char *word, enum aloft_build_part *part);

// The path of `name` in the folder; of an absolute name, that. False when it is too long.
bool aloft_build_folder_join(char path[ALOFT_BUILD_FOLDER_PATH], const char *folder,
                             const char *name, struct aloft_message *error);

// What a flasher_args.json says; NULL when it cannot be read.
json_t *aloft_build_folder_read(const char *list, struct aloft_message *error);

// The one file that is this part. wanted: "ota_demo" or "ota_demo.bin", of several; NULL: any.
// False when there is none or there are several: the sentence lists them.
bool aloft_build_folder_find(const char *folder, enum aloft_build_part part, const char *wanted,
                             struct aloft_build_file *out, struct aloft_message *error);

#endif
