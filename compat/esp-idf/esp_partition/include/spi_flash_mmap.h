// spi_flash's names for the maps of esp_partition.h.
// Source: ESP-IDF components/spi_flash.
#ifndef SPI_FLASH_MMAP_H
#define SPI_FLASH_MMAP_H

#include "esp_partition.h"

#define SPI_FLASH_MMAP_DATA ESP_PARTITION_MMAP_DATA
#define SPI_FLASH_MMAP_INST ESP_PARTITION_MMAP_INST
typedef esp_partition_mmap_memory_t spi_flash_mmap_memory_t;
typedef esp_partition_mmap_handle_t spi_flash_mmap_handle_t;
#define spi_flash_munmap esp_partition_munmap

#endif
