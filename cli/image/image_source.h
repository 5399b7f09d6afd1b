// Where the image that a command looks at comes from: a file, standard input, or a slot of a flash
// file.
#ifndef ALOFT_CLI_IMAGE_SOURCE_H
#define ALOFT_CLI_IMAGE_SOURCE_H

#include "cli/base/args.h"
#include "hostlib/base/file.h"
#include <stdint.h>

struct aloft_image_source {
    const char *path;
    const char *slot;    // "ota_0", "factory": path is a flash; NULL: path is an image
    uint32_t table_addr; // of the flash's partition table; 0: it is found
    struct aloft_file file;
    uint32_t len; // of the slot or the file
};

// Reads the bytes; the caller releases source->file.
bool aloft_image_source_read(struct aloft_image_source *source, struct aloft_message *error);

// What to say of a slot that this table has not: "; did you mean 'ota_1'?", or those that it has.
struct aloft_slots;
const char *aloft_image_source_slots(const struct aloft_slots *slots, const char *name,
                                     char text[ALOFT_SUGGEST_TEXT]);

// The number of "factory", "test", "ota_0".. as aloft/slots.h counts them. False for other words.
bool aloft_image_source_slot(const char *name, int *slot);

#endif
