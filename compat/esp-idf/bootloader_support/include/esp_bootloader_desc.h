// The descriptor of a bootloader, at offset 32 of its image.
// Source: ESP-IDF components/esp_bootloader_format/include/esp_bootloader_desc.h.
#ifndef ESP_BOOTLOADER_DESC_H
#define ESP_BOOTLOADER_DESC_H

#include "esp_err.h"
#include <assert.h>
#include <sys/cdefs.h>

__BEGIN_DECLS

#define ESP_BOOTLOADER_DESC_MAGIC_BYTE 80

typedef struct {
    uint8_t magic_byte;
    uint8_t reserved[2];
    uint8_t secure_version;
    uint32_t version;
    char idf_ver[32];
    char date_time[24];
    uint8_t reserved2[16];
} esp_bootloader_desc_t;

static_assert(sizeof(esp_bootloader_desc_t) == 80, "the descriptor has 80 bytes in flash");

__END_DECLS

#endif
