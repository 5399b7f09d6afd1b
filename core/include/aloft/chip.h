// What the image format knows about chips: id, name, where its bootloader lies, and which addresses
// are mapped from flash. Data only.
// Source: ESP-IDF components/bootloader_support/include/esp_app_format.h (esp_chip_id_t),
// components/soc/*/include/soc/soc.h.
#ifndef ALOFT_CHIP_H
#define ALOFT_CHIP_H

#include <stdbool.h>
#include <stdint.h>

enum aloft_chip_id {
    ALOFT_CHIP_ESP32 = 0,
    ALOFT_CHIP_ESP32S2 = 2,
    ALOFT_CHIP_ESP32C3 = 5,
    ALOFT_CHIP_ESP32S3 = 9,
    ALOFT_CHIP_ESP32C2 = 12,
    ALOFT_CHIP_ESP32C6 = 13,
    ALOFT_CHIP_ESP32H2 = 16,
};

// The segment address that holds native code for the virtual board; see docs/SPEC.md "Image".
#define ALOFT_NATIVE_ADDR 0xA10F0000u

struct aloft_chip {
    uint16_t id;
    uint32_t bootloader_addr; // in flash
    uint32_t map[2][2];       // [low, high) of data and of instructions mapped from flash
};

// NULL when the id is not in the table; the image format itself allows any id.
const struct aloft_chip *aloft_chip_find(uint16_t id);

// True when a segment loaded at addr is not copied but mapped from flash, in 64 KiB pages.
bool aloft_chip_maps(const struct aloft_chip *chip, uint32_t addr);

#endif
