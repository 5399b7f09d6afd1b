// What a device must know of its own chip to judge an image: its id, and where the parts of an app
// may lie. One object a chip, so that firmware holds the facts of its chip alone; what only tools
// ask (names, bootloader address, flash frequencies, ROM loader) is in hostlib/base/chip_info.h.
// Source: ESP-IDF components/bootloader_support/include/esp_app_format.h (esp_chip_id_t),
// components/soc/*/include/soc/soc.h and ext_mem_defs.h; esptool bin_image.py (MMU page sizes).
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
    ALOFT_CHIP_ESP32P4 = 18,
    ALOFT_CHIP_ESP32C61 = 20,
    ALOFT_CHIP_ESP32C5 = 23,
    ALOFT_CHIP_ESP32H21 = 25,
    ALOFT_CHIP_ESP32H4 = 28,
    ALOFT_CHIP_ESP32S31 = 32,
};

// The segment address that holds native code for the virtual board; see docs/SPEC.md "Image".
#define ALOFT_NATIVE_ADDR 0xA10F0000u

// Segments below this address are padding: hashed, but neither mapped nor loaded.
#define ALOFT_CHIP_PADDING_END 0x10000u

// Ranges are [low, high) in units of 64 KiB; 0, 0: none.
struct aloft_chip {
    uint16_t id;
    uint8_t page_min;   // sizes of the MMU's pages, as powers of two; the app descriptor says which
    uint8_t page_max;   // one an app is built for, and without it that is 64 KiB
    uint16_t map[2][2]; // data and instructions that stay in flash, seen through the MMU
    uint16_t load[4][2]; // RAM that a bootloader may copy to
};

extern const struct aloft_chip aloft_chip_esp32; // and the virtual board
extern const struct aloft_chip aloft_chip_esp32s2;
extern const struct aloft_chip aloft_chip_esp32c3;
extern const struct aloft_chip aloft_chip_esp32s3;
extern const struct aloft_chip aloft_chip_esp32c2;
extern const struct aloft_chip aloft_chip_esp32c6;
extern const struct aloft_chip aloft_chip_esp32h2;
extern const struct aloft_chip aloft_chip_esp32p4;
extern const struct aloft_chip aloft_chip_esp32c61;
extern const struct aloft_chip aloft_chip_esp32c5;
extern const struct aloft_chip aloft_chip_esp32h21;
extern const struct aloft_chip aloft_chip_esp32h4;
extern const struct aloft_chip aloft_chip_esp32s31;

// NULL when the id is not in the table; the image format itself allows any id. For tools: it brings
// all chips into a program.
const struct aloft_chip *aloft_chip_find(uint16_t id);

// True when a segment with this address is not copied but mapped from flash, page by page.
bool aloft_chip_maps(const struct aloft_chip *chip, uint32_t addr);

// True when all of [addr, addr + len) is RAM that a bootloader may copy a segment to.
bool aloft_chip_loads(const struct aloft_chip *chip, uint32_t addr, uint32_t len);

#endif
