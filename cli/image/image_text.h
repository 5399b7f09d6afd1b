// What the numbers in an image header are called. For display only; nothing is decided by it.
#ifndef ALOFT_CLI_IMAGE_TEXT_H
#define ALOFT_CLI_IMAGE_TEXT_H

#include <stdbool.h>
#include <stdint.h>

// "ESP32-C3"; NULL for an unknown id.
const char *aloft_image_text_chip(uint16_t id);

// The id of "esp32c3", "ESP32-C3" or "5".
bool aloft_image_text_chip_id(const char *name, uint16_t *id);

// "DIO"; "?" when unknown. The frequency's code means other things on other chips.
const char *aloft_image_text_spi_mode(uint8_t mode);
const char *aloft_image_text_spi_speed(uint16_t chip_id, uint8_t speed_size);
const char *aloft_image_text_flash_size(uint8_t speed_size);

// Where a segment goes: "IROM", "DRAM", "native", "padding"; "" when unknown.
const char *aloft_image_text_memory(uint16_t chip_id, uint32_t addr);

#endif
