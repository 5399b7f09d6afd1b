// The header's name before v5. Source: ESP-IDF v4.4 components/spi_flash/include/esp_spi_flash.h.
#ifndef ESP_SPI_FLASH_H
#define ESP_SPI_FLASH_H

#include "spi_flash_mmap.h"

#endif
