// What chip it is. Source: ESP-IDF components/esp_hw_support/include/esp_chip_info.h.
#ifndef ESP_CHIP_INFO_H
#define ESP_CHIP_INFO_H

#include "esp_bit_defs.h"
#include <stdint.h>

typedef enum { CHIP_ESP32 = 1 } esp_chip_model_t;

#define CHIP_FEATURE_EMB_FLASH BIT(0)
#define CHIP_FEATURE_WIFI_BGN  BIT(1)
#define CHIP_FEATURE_BLE       BIT(4)
#define CHIP_FEATURE_BT        BIT(5)

typedef struct {
    esp_chip_model_t model;
    uint32_t features;
    uint16_t revision; // major * 100 + minor
    uint8_t cores;
} esp_chip_info_t;

void esp_chip_info(esp_chip_info_t *out_info);

#endif
