// What only tools ask about a chip: its names, where its bootloader lies, what the codes in its
// image headers mean, how its memory is called, and how its ROM loader talks. The facts by which a
// device judges an image are aloft/chip.h; a row here belongs to a chip there by its id.
// Source: esptool esptool/targets/*.py.
#ifndef ALOFT_HOSTLIB_CHIP_INFO_H
#define ALOFT_HOSTLIB_CHIP_INFO_H

#include "aloft/chip.h"
#include <stddef.h>

enum aloft_chip_row {
    ALOFT_CHIP_ROW_ESP32,
    ALOFT_CHIP_ROW_ESP32S2,
    ALOFT_CHIP_ROW_ESP32S3,
    ALOFT_CHIP_ROW_ESP32C2,
    ALOFT_CHIP_ROW_ESP32C3,
    ALOFT_CHIP_ROW_ESP32C5,
    ALOFT_CHIP_ROW_ESP32C6,
    ALOFT_CHIP_ROW_ESP32C61,
    ALOFT_CHIP_ROW_ESP32H2,
    ALOFT_CHIP_ROW_ESP32H21,
    ALOFT_CHIP_ROW_ESP32H4,
    ALOFT_CHIP_ROW_ESP32P4,
    ALOFT_CHIP_ROW_ESP32S31,
    ALOFT_CHIP_ROWS,
};

struct aloft_chip_frequency {
    uint8_t code; // low nibble of byte 3 of an image
    const char *text;
};

struct aloft_chip_memory {
    uint32_t low; // [low, high)
    uint32_t high;
    const char *name; // NULL ends the list
};

struct aloft_chip_info {
    const char *name; // "ESP32-C3"
    const char *word; // "esp32c3", as on command lines
    uint16_t id;      // in image headers, and what GET_SECURITY_INFO says
    uint32_t bootloader_addr;
    const struct aloft_chip_frequency *frequencies; // text NULL ends the list
    const struct aloft_chip_memory *memories;
    // The ROM loader, without a stub.
    uint32_t magic;      // the word at 0x40001000 of old chips; 0: the chip tells its id
    bool rom_long_begin; // *_BEGIN has a fifth word: encrypted or not
};

// Rows in the order of enum aloft_chip_row.
extern const struct aloft_chip_info aloft_chip_infos[ALOFT_CHIP_ROWS];

// NULL when no chip has this id.
const struct aloft_chip_info *aloft_chip_info_find(uint32_t id);

// By the word at 0x40001000 of a chip that tells no id. NULL: unknown.
const struct aloft_chip_info *aloft_chip_info_by_magic(uint32_t magic);

// By "esp32-c3", "ESP32C3" or "5", in any case. NULL: no such chip.
const struct aloft_chip_info *aloft_chip_info_named(const char *text);

// "ESP32-C3"; for a number that is no chip's, "unknown chip 23" in room.
#define ALOFT_CHIP_INFO_TEXT 24u
const char *aloft_chip_info_text(uint32_t id, char room[ALOFT_CHIP_INFO_TEXT]);

// "80 MHz"; "?" for a code or a chip that is not known.
const char *aloft_chip_info_frequency(uint16_t id, uint8_t speed_size);

// "IROM", "DRAM", "padding", "native" (the virtual board's); "" where the chip has no memory.
const char *aloft_chip_info_memory(uint16_t id, uint32_t addr);

#endif
