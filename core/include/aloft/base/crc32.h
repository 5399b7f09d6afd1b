// CRC-32 as zlib and the ESP32 ROM compute it: reflected, polynomial EDB88320, inverted at both
// ends.
#ifndef ALOFT_CRC32_H
#define ALOFT_CRC32_H

#include <stddef.h>
#include <stdint.h>

// Continues a CRC over len bytes. Start with crc 0 for the ordinary CRC-32; otadata starts with
// FFFFFFFF (ESP-IDF components/bootloader_support: esp_rom_crc32_le(UINT32_MAX, ...)).
uint32_t aloft_crc32(uint32_t crc, const uint8_t *data, size_t len);

#endif
