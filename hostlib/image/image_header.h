// How the ROM shall read the flash: mode, frequency and size in the header of a bootloader image,
// set as esptool sets them when it writes or merges one.
#ifndef ALOFT_HOSTLIB_IMAGE_HEADER_H
#define ALOFT_HOSTLIB_IMAGE_HEADER_H

#include "hostlib/base/message.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// NULL and "keep" leave a field as it is.
struct aloft_image_header {
    const char *mode;    // "qio", "qout", "dio" or "dout"
    const char *freq;    // "40m", as the chip has them
    const char *size;    // "4MB", or "detect"
    uint32_t flash_size; // what that means; 0: not known
};

// Whether any field is to be set.
bool aloft_image_header_asks(const struct aloft_image_header *header);

// Sets the fields in the image of len bytes that goes to `addr`, if that is where its chip has its
// bootloader, and makes its SHA-256 good again; *changed says whether. Any other bytes stay.
// Fails, and changes nothing: a word that makes no sense for
// the chip; an image that is not whole, or whose signature would be lost.
bool aloft_image_header_set(const struct aloft_image_header *header, uint32_t addr, uint8_t *data,
                            size_t len, bool *changed, struct aloft_message *error);

#endif
