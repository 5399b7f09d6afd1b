// Time since reset. Source: ESP-IDF components/esp_timer/include/esp_timer.h; timers are not there.
#ifndef ESP_TIMER_H
#define ESP_TIMER_H

#include <stdint.h>

int64_t esp_timer_get_time(void); // microseconds

#endif
