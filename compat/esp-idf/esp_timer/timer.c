// Timers: a list, and a task that sleeps until the first of them is due. A timer that is deleted
// while its callback runs is freed when that has returned.
#include "compat/esp-idf/freertos/rtos.h"
#include "compat/esp-idf/host/host.h"
#include "esp_timer.h"
#include "freertos/timers.h"
#include <stdlib.h>

#define US_PER_S 1000000ull

enum { STACK = 4096, PRIORITY = 22, PERIOD_MIN_US = 50 }; // the last one is ESP-IDF's

struct esp_timer {
    struct esp_timer *next;
    esp_timer_cb_t callback;
    void *arg;
    bool skip;
    bool active;
    bool deleted;
    int64_t due_us;
    uint64_t period_us; // 0: once
    // Used by a timer of FreeRTOS.
    TimerCallbackFunction_t rtos_callback;
    const char *name;
    TickType_t period;
    bool reload;
};

// All is protected by the lock of rtos.h.
static struct esp_timer *timers;
static struct esp_timer *running; // its callback
static bool stirred;
static bool served; // by a task, from the first timer on

static struct esp_timer *first_due(void)
{
    struct esp_timer *first = NULL;
    for (struct esp_timer *at = timers; at != NULL; at = at->next) {
        if (at->active && (first == NULL || at->due_us < first->due_us)) {
            first = at;
        }
    }
    return first;
}

static bool is_stirred(void *ctx)
{
    (void)ctx;
    return stirred;
}

static void stir(void)
{
    stirred = true;
    aloft_rtos_changed();
}

static void forget(struct esp_timer *timer)
{
    struct esp_timer **at = &timers;
    while (*at != timer) {
        at = &(*at)->next;
    }
    *at = timer->next;
    free(timer);
}

// Calls the callbacks that are due; the lock is free during each.
static void expire(struct esp_timer *timer, int64_t now)
{
    timer->active = timer->period_us != 0;
    timer->due_us += (int64_t)timer->period_us;
    if (timer->active && timer->skip && timer->due_us <= now) {
        timer->due_us = now + (int64_t)timer->period_us;
    }
    running = timer;
    aloft_rtos_unlock();
    if (timer->rtos_callback != NULL) {
        timer->rtos_callback(timer);
    } else {
        timer->callback(timer->arg);
    }
    aloft_rtos_lock();
    running = NULL;
    if (timer->deleted) {
        forget(timer);
    }
}

static void serve(void *unused)
{
    (void)unused;
    aloft_rtos_lock();
    for (;;) {
        struct esp_timer *timer = first_due();
        int64_t now = esp_timer_get_time();
        if (timer != NULL && timer->due_us <= now) {
            expire(timer, now);
            continue;
        }
        uint64_t left = timer == NULL ? 0 : (uint64_t)(timer->due_us - now);
        uint64_t ticks = (left * aloft_idf_config.tick_hz + US_PER_S - 1) / US_PER_S;
        bool forever = timer == NULL || ticks >= portMAX_DELAY;
        stirred = false;
        (void)aloft_rtos_wait(is_stirred, NULL, forever ? portMAX_DELAY : (TickType_t)ticks);
    }
}

static struct esp_timer *add(const struct esp_timer *model)
{
    struct esp_timer *timer = malloc(sizeof *timer);
    if (timer == NULL) {
        return NULL;
    }
    *timer = *model;
    aloft_rtos_lock();
    bool first = !served;
    served = true;
    timer->next = timers;
    timers = timer;
    aloft_rtos_unlock();
    if (first) {
        (void)xTaskCreate(serve, "esp_timer", STACK, NULL, PRIORITY, NULL);
    }
    return timer;
}

static void arm(struct esp_timer *timer, uint64_t timeout_us, uint64_t period_us)
{
    timer->due_us = esp_timer_get_time() + (int64_t)timeout_us;
    timer->period_us = period_us;
    timer->active = true;
    stir();
}

// Locks, and checks that the timer is active or not, as the caller needs.
static esp_err_t enter(struct esp_timer *timer, bool active)
{
    if (timer == NULL) {
        return ESP_ERR_INVALID_ARG;
    }
    aloft_rtos_lock();
    return timer->active == active ? ESP_OK : ESP_ERR_INVALID_STATE;
}

static esp_err_t leave(const struct esp_timer *timer, esp_err_t err)
{
    if (timer != NULL) {
        aloft_rtos_unlock();
    }
    return err;
}

esp_err_t esp_timer_create(const esp_timer_create_args_t *create_args,
                           esp_timer_handle_t *out_handle)
{
    if (create_args == NULL || create_args->callback == NULL || out_handle == NULL ||
        create_args->dispatch_method >= ESP_TIMER_MAX) {
        return ESP_ERR_INVALID_ARG;
    }
    *out_handle = add(&(struct esp_timer){.callback = create_args->callback,
                                          .arg = create_args->arg,
                                          .skip = create_args->skip_unhandled_events});
    return *out_handle == NULL ? ESP_ERR_NO_MEM : ESP_OK;
}

esp_err_t esp_timer_start_once(esp_timer_handle_t timer, uint64_t timeout_us)
{
    esp_err_t err = enter(timer, false);
    if (err == ESP_OK) {
        arm(timer, timeout_us, 0);
    }
    return leave(timer, err);
}

esp_err_t esp_timer_start_periodic(esp_timer_handle_t timer, uint64_t period)
{
    period = period < PERIOD_MIN_US ? PERIOD_MIN_US : period;
    esp_err_t err = enter(timer, false);
    if (err == ESP_OK) {
        arm(timer, period, period);
    }
    return leave(timer, err);
}

esp_err_t esp_timer_restart(esp_timer_handle_t timer, uint64_t timeout_us)
{
    esp_err_t err = enter(timer, true);
    if (err == ESP_OK) {
        uint64_t period = timeout_us < PERIOD_MIN_US ? PERIOD_MIN_US : timeout_us;
        arm(timer, timeout_us, timer->period_us == 0 ? 0 : period);
    }
    return leave(timer, err);
}

esp_err_t esp_timer_stop(esp_timer_handle_t timer)
{
    esp_err_t err = enter(timer, true);
    if (err == ESP_OK) {
        timer->active = false;
    }
    return leave(timer, err);
}

esp_err_t esp_timer_delete(esp_timer_handle_t timer)
{
    esp_err_t err = enter(timer, false);
    if (err == ESP_OK) {
        timer->deleted = true;
        if (timer != running) {
            forget(timer);
            aloft_rtos_unlock();
            return ESP_OK;
        }
    }
    return leave(timer, err);
}

bool esp_timer_is_active(esp_timer_handle_t timer)
{
    esp_err_t err = enter(timer, true);
    return leave(timer, err) == ESP_OK;
}

// --- FreeRTOS

TimerHandle_t xTimerCreate(const char *name, TickType_t period, UBaseType_t auto_reload, void *id,
                           TimerCallbackFunction_t callback)
{
    if (period == 0) {
        return NULL;
    }
    return add(&(struct esp_timer){.rtos_callback = callback,
                                   .arg = id,
                                   .name = name,
                                   .period = period,
                                   .reload = auto_reload != 0});
}

BaseType_t xTimerStart(TimerHandle_t timer, TickType_t ticks)
{
    (void)ticks;
    aloft_rtos_lock();
    uint64_t us = timer->period * US_PER_S / aloft_idf_config.tick_hz;
    arm(timer, us, timer->reload ? us : 0);
    aloft_rtos_unlock();
    return pdPASS;
}

BaseType_t xTimerReset(TimerHandle_t timer, TickType_t ticks)
{
    return xTimerStart(timer, ticks);
}

BaseType_t xTimerStop(TimerHandle_t timer, TickType_t ticks)
{
    (void)ticks;
    (void)esp_timer_stop(timer);
    return pdPASS;
}

BaseType_t xTimerChangePeriod(TimerHandle_t timer, TickType_t period, TickType_t ticks)
{
    if (period == 0) {
        return pdFAIL;
    }
    timer->period = period;
    return xTimerStart(timer, ticks);
}

BaseType_t xTimerDelete(TimerHandle_t timer, TickType_t ticks)
{
    (void)xTimerStop(timer, ticks);
    return esp_timer_delete(timer) == ESP_OK ? pdPASS : pdFAIL;
}

BaseType_t xTimerIsTimerActive(TimerHandle_t timer)
{
    return esp_timer_is_active(timer);
}

TickType_t xTimerGetPeriod(TimerHandle_t timer)
{
    return timer->period;
}

void *pvTimerGetTimerID(TimerHandle_t timer)
{
    return timer->arg;
}

void vTimerSetTimerID(TimerHandle_t timer, void *id)
{
    timer->arg = id;
}

const char *pcTimerGetName(TimerHandle_t timer)
{
    return timer->name;
}
