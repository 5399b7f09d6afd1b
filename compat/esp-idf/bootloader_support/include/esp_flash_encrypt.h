// Whether the chip encrypts its flash. Source: ESP-IDF components/bootloader_support.
#ifndef ESP_FLASH_ENCRYPT_H
#define ESP_FLASH_ENCRYPT_H

#include "esp_flash.h"

#endif
