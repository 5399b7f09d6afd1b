// What FreeRTOS asks of a port. Source: ESP-IDF components/freertos.
#ifndef FREERTOS_PORTMACRO_H
#define FREERTOS_PORTMACRO_H

#include "freertos/FreeRTOS.h"

#endif
