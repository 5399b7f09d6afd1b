// Event loops: a queue of copied events, a list of handlers, and a task that calls them.
#include "compat/esp-idf/host/host.h"
#include "esp_event.h"
#include "esp_log.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static const char *TAG = "event";

enum { CALLS_MAX = 64, STACK = 4096, QUEUE_DEFAULT = 32 };

struct event {
    esp_event_base_t base;
    int32_t id;
    bool has_data;
    uint8_t data[] __attribute__((aligned(16))); // any type may lie in it
};

struct handler {
    struct handler *next;
    esp_event_base_t base;
    int32_t id;
    esp_event_handler_t fn;
    void *arg;
    bool instance; // only its handle unregisters it
};

struct loop {
    QueueHandle_t queue; // of struct event *
    struct handler *handlers;
    TaskHandle_t task;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; // protects all handlers
static struct loop *standard;

static bool wants(const struct handler *handler, const struct event *event)
{
    return (handler->base == ESP_EVENT_ANY_BASE || handler->base == event->base) &&
           (handler->id == ESP_EVENT_ANY_ID || handler->id == event->id);
}

// A handler may register or unregister others, so the handlers to call are copied first.
static void dispatch(struct loop *loop, struct event *event)
{
    struct handler calls[CALLS_MAX];
    int count = 0;
    (void)pthread_mutex_lock(&lock);
    for (const struct handler *at = loop->handlers; at != NULL && count < CALLS_MAX;
         at = at->next) {
        if (wants(at, event)) {
            calls[count++] = *at;
        }
    }
    (void)pthread_mutex_unlock(&lock);
    for (int i = 0; i < count; i++) {
        calls[i].fn(calls[i].arg, event->base, event->id, event->has_data ? event->data : NULL);
    }
    free(event);
}

static void free_loop(struct loop *loop)
{
    struct event *event;
    while (xQueueReceive(loop->queue, &event, 0) == pdPASS) {
        free(event);
    }
    while (loop->handlers != NULL) {
        struct handler *next = loop->handlers->next;
        free(loop->handlers);
        loop->handlers = next;
    }
    vQueueDelete(loop->queue);
    free(loop);
}

// Runs until NULL is received instead of an event.
static void run_loop(void *arg)
{
    struct loop *loop = arg;
    struct event *event = NULL;
    while (xQueueReceive(loop->queue, &event, portMAX_DELAY) == pdPASS && event != NULL) {
        dispatch(loop, event);
    }
    free_loop(loop);
    vTaskDelete(NULL);
}

esp_err_t esp_event_loop_create(const esp_event_loop_args_t *args, esp_event_loop_handle_t *out)
{
    if (args == NULL || out == NULL || args->queue_size <= 0) {
        return ESP_ERR_INVALID_ARG;
    }
    struct loop *loop = calloc(1, sizeof *loop);
    if (loop == NULL) {
        return ESP_ERR_NO_MEM;
    }
    loop->queue = xQueueCreate((UBaseType_t)args->queue_size, sizeof(struct event *));
    bool good = loop->queue != NULL;
    if (good && args->task_name != NULL) {
        good = xTaskCreate(run_loop, args->task_name, STACK, loop, args->task_priority,
                           &loop->task) == pdPASS;
    }
    if (!good) {
        vQueueDelete(loop->queue);
        free(loop);
        return ESP_ERR_NO_MEM;
    }
    *out = loop;
    return ESP_OK;
}

esp_err_t esp_event_loop_run(esp_event_loop_handle_t event_loop, TickType_t ticks_to_run)
{
    struct loop *loop = event_loop;
    struct event *event;
    if (loop == NULL) {
        return ESP_ERR_INVALID_ARG;
    }
    TickType_t end = xTaskGetTickCount() + ticks_to_run;
    TickType_t left = ticks_to_run;
    while (xQueueReceive(loop->queue, &event, left) == pdPASS) {
        dispatch(loop, event);
        left = ticks_to_run == portMAX_DELAY ? portMAX_DELAY : end - xTaskGetTickCount();
        left = left > ticks_to_run ? 0 : left;
    }
    return ESP_OK;
}

esp_err_t esp_event_loop_delete(esp_event_loop_handle_t event_loop)
{
    struct loop *loop = event_loop;
    struct event *end = NULL;
    if (loop == NULL) {
        return ESP_ERR_INVALID_ARG;
    }
    if (loop->task != NULL) {
        return xQueueSend(loop->queue, &end, portMAX_DELAY) == pdPASS ? ESP_OK : ESP_FAIL;
    }
    free_loop(loop);
    return ESP_OK;
}

esp_err_t esp_event_loop_create_default(void)
{
    uint32_t size = aloft_idf_config.event_queue;
    const esp_event_loop_args_t args = {
        .queue_size = (int32_t)(size != 0 ? size : QUEUE_DEFAULT),
        .task_name = "sys_evt",
    };
    esp_event_loop_handle_t loop;
    if (standard != NULL) {
        return ESP_ERR_INVALID_STATE;
    }
    esp_err_t err = esp_event_loop_create(&args, &loop);
    if (err == ESP_OK) {
        standard = loop;
    }
    return err;
}

esp_err_t esp_event_loop_delete_default(void)
{
    if (standard == NULL) {
        return ESP_ERR_INVALID_STATE;
    }
    struct loop *loop = standard;
    standard = NULL;
    return esp_event_loop_delete(loop);
}

static bool is_same(const struct handler *a, const struct handler *b)
{
    return a->base == b->base && a->id == b->id && a->fn == b->fn;
}

// Appends copy to the list. Without an instance a function is registered once for an event; a
// second registration only changes its argument, and copy is freed.
static bool append(struct loop *loop, struct handler *copy)
{
    (void)pthread_mutex_lock(&lock);
    struct handler **end = &loop->handlers;
    while (*end != NULL && (copy->instance || !is_same(*end, copy))) {
        end = &(*end)->next;
    }
    bool known = *end != NULL;
    if (known) {
        (*end)->arg = copy->arg;
    } else {
        *end = copy;
    }
    (void)pthread_mutex_unlock(&lock);
    if (known) {
        free(copy);
    }
    return !known;
}

static esp_err_t add(struct loop *loop, const struct handler *handler,
                     esp_event_handler_instance_t *instance)
{
    if (loop == NULL) {
        return ESP_ERR_INVALID_STATE;
    }
    if (handler->fn == NULL ||
        (handler->base == ESP_EVENT_ANY_BASE && handler->id != ESP_EVENT_ANY_ID)) {
        return ESP_ERR_INVALID_ARG;
    }
    struct handler *copy = malloc(sizeof *copy);
    if (copy == NULL) {
        return ESP_ERR_NO_MEM;
    }
    *copy = *handler;
    copy->next = NULL;
    copy->instance = instance != NULL;
    if (!append(loop, copy)) {
        ESP_LOGW(TAG, "handler already registered, overwriting");
    }
    if (instance != NULL) {
        *instance = copy;
    }
    return ESP_OK;
}

// Removes one handler: this instance, or the one with the same function and event. It is no error
// when there is none.
static esp_err_t take_out(struct loop *loop, const struct handler *like, const void *instance)
{
    if (loop == NULL) {
        return ESP_ERR_INVALID_STATE;
    }
    (void)pthread_mutex_lock(&lock);
    struct handler **at = &loop->handlers;
    while (*at != NULL &&
           (instance != NULL ? *at != instance : (*at)->instance || !is_same(*at, like))) {
        at = &(*at)->next;
    }
    struct handler *gone = *at;
    if (gone != NULL) {
        *at = gone->next;
    }
    (void)pthread_mutex_unlock(&lock);
    free(gone);
    return ESP_OK;
}

esp_err_t esp_event_handler_register_with(esp_event_loop_handle_t event_loop,
                                          esp_event_base_t event_base, int32_t event_id,
                                          esp_event_handler_t event_handler,
                                          void *event_handler_arg)
{
    const struct handler handler = {
        .base = event_base, .id = event_id, .fn = event_handler, .arg = event_handler_arg};
    return add(event_loop, &handler, NULL);
}

esp_err_t esp_event_handler_register(esp_event_base_t event_base, int32_t event_id,
                                     esp_event_handler_t event_handler, void *event_handler_arg)
{
    return esp_event_handler_register_with(standard, event_base, event_id, event_handler,
                                           event_handler_arg);
}

esp_err_t esp_event_handler_instance_register(esp_event_base_t event_base, int32_t event_id,
                                              esp_event_handler_t event_handler,
                                              void *event_handler_arg,
                                              esp_event_handler_instance_t *instance)
{
    const struct handler handler = {
        .base = event_base, .id = event_id, .fn = event_handler, .arg = event_handler_arg};
    esp_event_handler_instance_t unused;
    return add(standard, &handler, instance != NULL ? instance : &unused);
}

esp_err_t esp_event_handler_unregister_with(esp_event_loop_handle_t event_loop,
                                            esp_event_base_t event_base, int32_t event_id,
                                            esp_event_handler_t event_handler)
{
    const struct handler like = {.base = event_base, .id = event_id, .fn = event_handler};
    return take_out(event_loop, &like, NULL);
}

esp_err_t esp_event_handler_unregister(esp_event_base_t event_base, int32_t event_id,
                                       esp_event_handler_t event_handler)
{
    return esp_event_handler_unregister_with(standard, event_base, event_id, event_handler);
}

esp_err_t esp_event_handler_instance_unregister(esp_event_base_t event_base, int32_t event_id,
                                                esp_event_handler_instance_t instance)
{
    (void)event_base;
    (void)event_id;
    return instance == NULL ? ESP_ERR_INVALID_ARG : take_out(standard, NULL, instance);
}

esp_err_t esp_event_post_to(esp_event_loop_handle_t event_loop, esp_event_base_t event_base,
                            int32_t event_id, const void *event_data, size_t event_data_size,
                            TickType_t ticks_to_wait)
{
    struct loop *loop = event_loop;
    if (event_base == ESP_EVENT_ANY_BASE || event_id == ESP_EVENT_ANY_ID) {
        return ESP_ERR_INVALID_ARG;
    }
    if (loop == NULL) {
        return ESP_ERR_INVALID_STATE;
    }
    struct event *event = calloc(1, sizeof *event + event_data_size);
    if (event == NULL) {
        return ESP_ERR_NO_MEM;
    }
    event->base = event_base;
    event->id = event_id;
    event->has_data = event_data != NULL && event_data_size > 0;
    if (event->has_data) {
        memcpy(event->data, event_data, event_data_size);
    }
    // A handler that posts to its own full queue must not wait: only its own task empties the
    // queue.
    bool own = loop->task != NULL && xTaskGetCurrentTaskHandle() == loop->task;
    if (xQueueSend(loop->queue, &event, own ? 0 : ticks_to_wait) != pdPASS) {
        free(event);
        return ESP_ERR_TIMEOUT;
    }
    return ESP_OK;
}

esp_err_t esp_event_post(esp_event_base_t event_base, int32_t event_id, const void *event_data,
                         size_t event_data_size, TickType_t ticks_to_wait)
{
    return esp_event_post_to(standard, event_base, event_id, event_data, event_data_size,
                             ticks_to_wait);
}
