// A whole image in memory, judged, with everything that the judge said on the way. For tools, which
// have the memory and want the list of segments; the judgement is aloft/image.h's.
#ifndef ALOFT_HOSTLIB_IMAGE_SCAN_H
#define ALOFT_HOSTLIB_IMAGE_SCAN_H

#include "hostlib/image/image_desc.h"
#include <stddef.h>

struct aloft_image_segment {
    uint32_t addr;
    uint32_t len;
    uint32_t off; // of its data in the image
};

struct aloft_image_scan {
    struct aloft_image_facts facts;
    bool headed;      // the header's facts are valid, even when err says that they are refused
    bool head_passed; // facts.has_desc, and desc if so
    bool ended;       // image_len, checksum and digest
    struct aloft_image_desc desc;
    struct aloft_image_segment segments[ALOFT_IMAGE_SEGMENTS_MAX];
    uint32_t segment_count;        // that were announced, at most facts.segment_count
    const struct aloft_chip *chip; // that it was judged for; NULL: its chip is not known
    enum aloft_err err;            // ALOFT_OK: a good image by the rules
};

// Rules without a chip take an image for any chip; it is then judged for the one it is for.
void aloft_image_scan(const struct aloft_image_rules *rules, const uint8_t *data, uint32_t len,
                      struct aloft_image_scan *scan);

#endif
