// Software timers; their callbacks run in the task of esp_timer.h, and commands take effect at
// once. Source: FreeRTOS kernel reference, timers.h.
#ifndef FREERTOS_TIMERS_H
#define FREERTOS_TIMERS_H

#include "freertos/task.h"
#include <sys/cdefs.h>

__BEGIN_DECLS

typedef struct esp_timer *TimerHandle_t;
typedef TimerHandle_t xTimerHandle;
typedef void (*TimerCallbackFunction_t)(TimerHandle_t timer);

// NULL: no memory, or a period of 0.
TimerHandle_t xTimerCreate(const char *name, TickType_t period, UBaseType_t auto_reload, void *id,
                           TimerCallbackFunction_t callback);
BaseType_t xTimerStart(TimerHandle_t timer, TickType_t ticks); // anew when it is active
BaseType_t xTimerReset(TimerHandle_t timer, TickType_t ticks);
BaseType_t xTimerStop(TimerHandle_t timer, TickType_t ticks);
BaseType_t xTimerChangePeriod(TimerHandle_t timer, TickType_t period, TickType_t ticks); // starts
BaseType_t xTimerDelete(TimerHandle_t timer, TickType_t ticks);
BaseType_t xTimerIsTimerActive(TimerHandle_t timer);
TickType_t xTimerGetPeriod(TimerHandle_t timer);
void *pvTimerGetTimerID(TimerHandle_t timer);
void vTimerSetTimerID(TimerHandle_t timer, void *id);
const char *pcTimerGetName(TimerHandle_t timer);

__END_DECLS

#endif
