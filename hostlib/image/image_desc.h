// The app descriptor in full, for tools: aloft/image.h reads the fields that a device decides by,
// this the ones that a person wants to see, and writes all of them.
//
// Format: ESP-IDF components/esp_app_format/include/esp_app_desc.h.
#ifndef ALOFT_HOSTLIB_IMAGE_DESC_H
#define ALOFT_HOSTLIB_IMAGE_DESC_H

#include "aloft/image.h"

struct aloft_image_desc {
    uint32_t secure_version;
    char version[33]; // texts may fill their field on flash, so each has a byte more here
    char project[33];
    char time[17];
    char date[17];
    char idf_ver[33];
    uint8_t elf_sha256[ALOFT_SHA256_LEN];
};

// Reads a descriptor; the caller knows from aloft_image that there is one.
void aloft_image_desc_parse(const uint8_t bytes[ALOFT_IMAGE_DESC_LEN],
                            struct aloft_image_desc *desc);

// Writes a descriptor. A text that fills its field is cut by one byte, for readers that expect a
// NUL.
void aloft_image_desc_emit(const struct aloft_image_desc *desc,
                           uint8_t bytes[ALOFT_IMAGE_DESC_LEN]);

#endif
