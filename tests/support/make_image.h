// Makes small app images in memory, good ones, which tests then spoil. Independent of the code that
// it tests: it shares with core only the byte helpers and the crypto seam.
#ifndef ALOFT_MAKE_IMAGE_H
#define ALOFT_MAKE_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

enum {
    MAKE_IMAGE_CHIP = 12, // offsets in the header, for tests that spoil it
    MAKE_IMAGE_MIN_REVISION = 15,
    MAKE_IMAGE_MAX_REVISION = 17,
    MAKE_IMAGE_HASHED = 23,
};

struct make_image {
    uint8_t *bytes; // the caller's
    uint32_t cap;   // bytes there are
    uint32_t len;   // bytes used
    uint8_t checksum;
};

// Starts an image for the ESP32 with its SHA-256 appended; the header may be edited before end.
void make_image_begin(struct make_image *image, uint8_t *bytes, uint32_t cap);

// Adds a segment. data NULL: a pattern. len is a multiple of 4, and may be 0.
void make_image_segment(struct make_image *image, uint32_t addr, const uint8_t *data, uint32_t len);

// Adds a segment that opens with an app descriptor; len >= 256, the rest is a pattern.
void make_image_app(struct make_image *image, const char *version, const char *project,
                    uint32_t len);

// Gives the descriptor that the image opens with this security version.
void make_image_secure(struct make_image *image, uint8_t version);

// Adds zeros, the checksum, and the SHA-256 if the header says so. Returns the image's length.
uint32_t make_image_end(struct make_image *image);

// Adds FF up to the next 4 KiB and a Secure Boot V2 signature sector with this many blocks.
uint32_t make_image_sign(struct make_image *image, uint32_t blocks);

// begin, an app segment of 256 + extra bytes, end.
uint32_t make_image(uint8_t *bytes, uint32_t cap, uint32_t extra);

#endif
