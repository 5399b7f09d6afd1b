// CRC-32 as a chip's ROM counts it: start value and result are inverted inside, so the last result
// is the start value for the next piece. Source: ESP-IDF components/esp_rom/include/esp_rom_crc.h.
#ifndef ESP_ROM_CRC_H
#define ESP_ROM_CRC_H

#include <stdint.h>
#include <sys/cdefs.h>

__BEGIN_DECLS

uint32_t esp_rom_crc32_le(uint32_t crc, uint8_t const *buf, uint32_t len);

__END_DECLS

#endif
