// Types of network interfaces. Source: ESP-IDF components/esp_netif.
#ifndef ESP_NETIF_TYPES_H
#define ESP_NETIF_TYPES_H

#include "esp_netif.h"

#endif
