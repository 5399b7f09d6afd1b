// Wi-Fi's types. Source: ESP-IDF components/esp_wifi.
#ifndef ESP_WIFI_TYPES_H
#define ESP_WIFI_TYPES_H

#include "esp_wifi.h"

#endif
