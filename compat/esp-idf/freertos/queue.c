// Queues, and semaphores and mutexes as queues whose items have no bytes.
#include "compat/esp-idf/freertos/rtos.h"
#include "freertos/semphr.h"
#include <stdlib.h>

struct QueueDefinition {
    UBaseType_t length;
    UBaseType_t item_size;
    UBaseType_t count;
    UBaseType_t head; // of the oldest item
    bool mutex;
    bool recursive;
    TaskHandle_t owner; // of a taken mutex
    UBaseType_t depth;  // how often the owner has it
    uint8_t bytes[];
};

static bool has_item(void *ctx)
{
    const struct QueueDefinition *queue = ctx;
    return queue->count > 0;
}

static bool has_room(void *ctx)
{
    const struct QueueDefinition *queue = ctx;
    return queue->count < queue->length;
}

static uint8_t *item_at(struct QueueDefinition *queue, UBaseType_t index)
{
    return queue->bytes + (size_t)((queue->head + index) % queue->length) * queue->item_size;
}

QueueHandle_t xQueueCreate(UBaseType_t length, UBaseType_t item_size)
{
    if (length == 0) {
        return NULL;
    }
    struct QueueDefinition *queue = calloc(1, sizeof *queue + (size_t)length * item_size);
    if (queue != NULL) {
        queue->length = length;
        queue->item_size = item_size;
    }
    return queue;
}

void vQueueDelete(QueueHandle_t queue)
{
    free(queue);
}

static void put(struct QueueDefinition *queue, const void *item, bool front)
{
    UBaseType_t index = queue->count;
    if (front) {
        queue->head = (queue->head + queue->length - 1) % queue->length;
        index = 0;
    }
    if (queue->item_size > 0) {
        memcpy(item_at(queue, index), item, queue->item_size);
    }
    queue->count++;
    aloft_rtos_changed();
}

static void take(struct QueueDefinition *queue, void *item, bool keep)
{
    if (queue->item_size > 0) {
        memcpy(item, item_at(queue, 0), queue->item_size);
    }
    if (!keep) {
        queue->head = (queue->head + 1) % queue->length;
        queue->count--;
        aloft_rtos_changed();
    }
}

static BaseType_t send(QueueHandle_t queue, const void *item, TickType_t ticks, bool front)
{
    aloft_rtos_lock();
    bool good = aloft_rtos_wait(has_room, queue, ticks);
    if (good) {
        put(queue, item, front);
    }
    aloft_rtos_unlock();
    return good ? pdPASS : errQUEUE_FULL;
}

static BaseType_t receive(QueueHandle_t queue, void *item, TickType_t ticks, bool keep)
{
    aloft_rtos_lock();
    bool good = aloft_rtos_wait(has_item, queue, ticks);
    if (good) {
        take(queue, item, keep);
    }
    aloft_rtos_unlock();
    return good ? pdPASS : errQUEUE_EMPTY;
}

BaseType_t xQueueSend(QueueHandle_t queue, const void *item, TickType_t ticks)
{
    return send(queue, item, ticks, false);
}

BaseType_t xQueueSendToBack(QueueHandle_t queue, const void *item, TickType_t ticks)
{
    return send(queue, item, ticks, false);
}

BaseType_t xQueueSendToFront(QueueHandle_t queue, const void *item, TickType_t ticks)
{
    return send(queue, item, ticks, true);
}

BaseType_t xQueueOverwrite(QueueHandle_t queue, const void *item)
{
    aloft_rtos_lock();
    queue->count = 0;
    put(queue, item, false);
    aloft_rtos_unlock();
    return pdPASS;
}

BaseType_t xQueueReceive(QueueHandle_t queue, void *item, TickType_t ticks)
{
    return receive(queue, item, ticks, false);
}

BaseType_t xQueuePeek(QueueHandle_t queue, void *item, TickType_t ticks)
{
    return receive(queue, item, ticks, true);
}

BaseType_t xQueueReset(QueueHandle_t queue)
{
    aloft_rtos_lock();
    queue->count = 0;
    aloft_rtos_changed();
    aloft_rtos_unlock();
    return pdPASS;
}

UBaseType_t uxQueueMessagesWaiting(QueueHandle_t queue)
{
    aloft_rtos_lock();
    UBaseType_t count = queue->count;
    aloft_rtos_unlock();
    return count;
}

UBaseType_t uxQueueSpacesAvailable(QueueHandle_t queue)
{
    return queue->length - uxQueueMessagesWaiting(queue);
}

static void not_woken(BaseType_t *woken)
{
    if (woken != NULL) {
        *woken = pdFALSE;
    }
}

BaseType_t xQueueSendFromISR(QueueHandle_t queue, const void *item, BaseType_t *woken)
{
    not_woken(woken);
    return xQueueSend(queue, item, 0);
}

BaseType_t xQueueReceiveFromISR(QueueHandle_t queue, void *item, BaseType_t *woken)
{
    not_woken(woken);
    return xQueueReceive(queue, item, 0);
}

SemaphoreHandle_t xSemaphoreCreateCounting(UBaseType_t max, UBaseType_t initial)
{
    SemaphoreHandle_t semaphore = initial <= max ? xQueueCreate(max, 0) : NULL;
    if (semaphore != NULL) {
        semaphore->count = initial;
    }
    return semaphore;
}

SemaphoreHandle_t xSemaphoreCreateBinary(void)
{
    return xSemaphoreCreateCounting(1, 0);
}

SemaphoreHandle_t xSemaphoreCreateMutex(void)
{
    SemaphoreHandle_t mutex = xSemaphoreCreateCounting(1, 1);
    if (mutex != NULL) {
        mutex->mutex = true;
    }
    return mutex;
}

SemaphoreHandle_t xSemaphoreCreateRecursiveMutex(void)
{
    SemaphoreHandle_t mutex = xSemaphoreCreateMutex();
    if (mutex != NULL) {
        mutex->recursive = true;
    }
    return mutex;
}

void vSemaphoreDelete(SemaphoreHandle_t semaphore)
{
    vQueueDelete(semaphore);
}

BaseType_t xSemaphoreTake(SemaphoreHandle_t semaphore, TickType_t ticks)
{
    aloft_rtos_lock();
    bool good = aloft_rtos_wait(has_item, semaphore, ticks);
    if (good) {
        take(semaphore, NULL, false);
        semaphore->owner = semaphore->mutex ? xTaskGetCurrentTaskHandle() : NULL;
        semaphore->depth = 1;
    }
    aloft_rtos_unlock();
    return good ? pdTRUE : pdFALSE;
}

// Only the owner gives a mutex back.
BaseType_t xSemaphoreGive(SemaphoreHandle_t semaphore)
{
    aloft_rtos_lock();
    bool mine = !semaphore->mutex || semaphore->owner == xTaskGetCurrentTaskHandle();
    bool good = mine && has_room(semaphore);
    if (good) {
        semaphore->owner = NULL;
        put(semaphore, NULL, false);
    }
    aloft_rtos_unlock();
    return good ? pdTRUE : pdFALSE;
}

// Takes a mutex again that the caller has already. False: the caller is not its owner.
static bool go_deeper(SemaphoreHandle_t mutex)
{
    aloft_rtos_lock();
    bool mine = mutex->count == 0 && mutex->owner == xTaskGetCurrentTaskHandle();
    if (mine) {
        mutex->depth++;
    }
    aloft_rtos_unlock();
    return mine;
}

BaseType_t xSemaphoreTakeRecursive(SemaphoreHandle_t mutex, TickType_t ticks)
{
    return go_deeper(mutex) ? pdTRUE : xSemaphoreTake(mutex, ticks);
}

BaseType_t xSemaphoreGiveRecursive(SemaphoreHandle_t mutex)
{
    aloft_rtos_lock();
    bool mine = mutex->count == 0 && mutex->owner == xTaskGetCurrentTaskHandle();
    bool last = mine && --mutex->depth == 0;
    aloft_rtos_unlock();
    if (last) {
        return xSemaphoreGive(mutex);
    }
    return mine ? pdTRUE : pdFALSE;
}

BaseType_t xSemaphoreGiveFromISR(SemaphoreHandle_t semaphore, BaseType_t *woken)
{
    not_woken(woken);
    return xSemaphoreGive(semaphore);
}

BaseType_t xSemaphoreTakeFromISR(SemaphoreHandle_t semaphore, BaseType_t *woken)
{
    not_woken(woken);
    return xSemaphoreTake(semaphore, 0);
}

UBaseType_t uxSemaphoreGetCount(SemaphoreHandle_t semaphore)
{
    return uxQueueMessagesWaiting(semaphore);
}

TaskHandle_t xSemaphoreGetMutexHolder(SemaphoreHandle_t mutex)
{
    aloft_rtos_lock();
    TaskHandle_t owner = mutex->count == 0 ? mutex->owner : NULL;
    aloft_rtos_unlock();
    return owner;
}
