// CRC-32 by its older name. Source: ESP-IDF components/esp_rom/include/esp_crc.h.
#ifndef ESP_CRC_H
#define ESP_CRC_H

#include "esp_rom_crc.h"

#define esp_crc32_le esp_rom_crc32_le

#endif
