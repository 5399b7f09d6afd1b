// FreeRTOS as ESP-IDF configures it, on threads of the host: real preemption, priorities ignored.
// Source: FreeRTOS kernel reference; ESP-IDF components/freertos.
#ifndef FREERTOS_FREERTOS_H
#define FREERTOS_FREERTOS_H

#include "esp_err.h"
#include <errno.h>
#include <sdkconfig.h>
#include <string.h>
#include <sys/cdefs.h>
#include <unistd.h>

__BEGIN_DECLS

typedef int BaseType_t;
typedef unsigned int UBaseType_t;
typedef uint32_t TickType_t;
typedef uint32_t StackType_t;
typedef uint32_t configSTACK_DEPTH_TYPE;

#define pdFALSE                               ((BaseType_t)0)
#define pdTRUE                                ((BaseType_t)1)
#define pdFAIL                                pdFALSE
#define pdPASS                                pdTRUE
#define errQUEUE_EMPTY                        ((BaseType_t)0)
#define errQUEUE_FULL                         ((BaseType_t)0)
#define errCOULD_NOT_ALLOCATE_REQUIRED_MEMORY (-1)

#define configTICK_RATE_HZ       CONFIG_FREERTOS_HZ
#define configMAX_PRIORITIES     25
#define configMINIMAL_STACK_SIZE 1536
#define configMAX_TASK_NAME_LEN  16
#define portTICK_PERIOD_MS       ((TickType_t)(1000 / configTICK_RATE_HZ))
#define portTICK_RATE_MS         portTICK_PERIOD_MS
#define portMAX_DELAY            ((TickType_t)0xFFFFFFFFUL)
#define portNUM_PROCESSORS       2
#define tskNO_AFFINITY           0x7FFFFFFF
#define pdMS_TO_TICKS(ms)        ((TickType_t)((uint64_t)(ms)*configTICK_RATE_HZ / 1000U))
#define pdTICKS_TO_MS(ticks)                                                                       \
    ((TickType_t)(((uint64_t)(ticks)*1000U) / (uint64_t)configTICK_RATE_HZ))
#define portYIELD_FROM_ISR(...) ((void)0)
#define configASSERT(x)         assert(x)

// Critical sections of all tasks exclude each other.
typedef struct {
    int unused;
} portMUX_TYPE;
#define portMUX_INITIALIZER_UNLOCKED                                                               \
    {                                                                                              \
        0                                                                                          \
    }
void vPortEnterCritical(void);
void vPortExitCritical(void);
#define portENTER_CRITICAL(mux)     ((void)(mux), vPortEnterCritical())
#define portEXIT_CRITICAL(mux)      ((void)(mux), vPortExitCritical())
#define portENTER_CRITICAL_ISR(mux) portENTER_CRITICAL(mux)
#define portEXIT_CRITICAL_ISR(mux)  portEXIT_CRITICAL(mux)
#define taskENTER_CRITICAL(mux)     portENTER_CRITICAL(mux)
#define taskEXIT_CRITICAL(mux)      portEXIT_CRITICAL(mux)

BaseType_t xPortGetCoreID(void);
BaseType_t xPortInIsrContext(void);

__END_DECLS

#endif
