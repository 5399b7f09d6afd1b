// The segment of an image that the board can run: an ELF program, loaded at ALOFT_NATIVE_ADDR. It
// is collected while the image is judged and started when all of it was found good, so what runs is
// what was hashed.
//
// Life cycle: init; load for each event of the judge; run, or unload when the image is refused.
#ifndef ALOFT_NATIVE_H
#define ALOFT_NATIVE_H

#include "aloft/image.h"

struct aloft_native {
    int fd; // memory that holds the program; -1: none
    bool collecting;
};

void aloft_native_init(struct aloft_native *native);

// For ALOFT_IMAGE_SEGMENT and ALOFT_IMAGE_DATA; other events are ignored.
// Errors: IMAGE_SEGMENT when there is a second native segment, or no memory for it.
enum aloft_err aloft_native_load(struct aloft_native *native, const struct aloft_image *image,
                                 enum aloft_image_event event, const uint8_t *data, uint32_t len);
void aloft_native_unload(struct aloft_native *native);

// Becomes the program. Returns only when that is impossible, with the reason in errno.
void aloft_native_run(struct aloft_native *native, const char *name);

#endif
