// Types of events. Source: ESP-IDF components/esp_event.
#ifndef ESP_EVENT_BASE_H
#define ESP_EVENT_BASE_H

#include "esp_event.h"

#endif
