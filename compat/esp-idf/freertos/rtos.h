// The base of tasks, queues and event groups: one lock, and one condition that is broadcast after
// every change. Each waiting task then checks its own object again; a board has few tasks.
#ifndef ALOFT_IDF_RTOS_H
#define ALOFT_IDF_RTOS_H

#include "freertos/task.h"
#include <pthread.h>

void aloft_rtos_lock(void);
void aloft_rtos_unlock(void);
void aloft_rtos_changed(void); // with the lock held

// Waits, with the lock held, until ready returns true; false when the ticks are over first. A task
// that was deleted meanwhile does not return.
bool aloft_rtos_wait(bool (*ready)(void *ctx), void *ctx, TickType_t ticks);

// Processor time of a task on the host.
struct aloft_rtos_use {
    uint64_t wall_ms;
    uint64_t cpu_ns;
    uint64_t sleeps; // voluntary context switches
};

// Whether a task above the idle task's priority has kept a processor busy for this long, without
// waiting once: on a chip IDLE could not have run. Copies its name. act, if not NULL, is called
// with the task's thread, which exists during the call. Call it a few times a second.
bool aloft_rtos_find_busy(uint32_t timeout_ms, char name[configMAX_TASK_NAME_LEN],
                          void (*act)(pthread_t thread));

// Calls act with the thread of this task, as above. False: there is no such task any more.
bool aloft_rtos_find_thread(TaskHandle_t task, void (*act)(pthread_t thread));

#endif
