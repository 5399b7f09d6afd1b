// Time since reset, in steps of a millisecond, and timers whose callbacks run one after another in
// a task of their own, at ticks of FreeRTOS. Source: ESP-IDF
// components/esp_timer/include/esp_timer.h.
#ifndef ESP_TIMER_H
#define ESP_TIMER_H

#include "esp_err.h"
#include <sys/cdefs.h>

__BEGIN_DECLS

typedef struct esp_timer *esp_timer_handle_t;
typedef void (*esp_timer_cb_t)(void *arg);

typedef enum { ESP_TIMER_TASK, ESP_TIMER_MAX } esp_timer_dispatch_t;

typedef struct {
    esp_timer_cb_t callback;
    void *arg;
    esp_timer_dispatch_t dispatch_method;
    const char *name;
    bool skip_unhandled_events; // periods that were missed while callbacks ran are skipped
} esp_timer_create_args_t;

int64_t esp_timer_get_time(void); // microseconds

// A timer may be deleted, stopped and started by its own callback.
// Errors: ESP_ERR_INVALID_ARG; ESP_ERR_INVALID_STATE (start, delete: it is active; stop, restart:
// it is not); ESP_ERR_NO_MEM.
esp_err_t esp_timer_create(const esp_timer_create_args_t *create_args,
                           esp_timer_handle_t *out_handle);
esp_err_t esp_timer_start_once(esp_timer_handle_t timer, uint64_t timeout_us);
esp_err_t esp_timer_start_periodic(esp_timer_handle_t timer, uint64_t period);
esp_err_t esp_timer_restart(esp_timer_handle_t timer, uint64_t timeout_us);
esp_err_t esp_timer_stop(esp_timer_handle_t timer);
esp_err_t esp_timer_delete(esp_timer_handle_t timer);
bool esp_timer_is_active(esp_timer_handle_t timer);

__END_DECLS

#endif
