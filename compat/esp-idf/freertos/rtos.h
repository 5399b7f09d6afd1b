// The heart of tasks, queues and event groups: one lock, and one condition that is said whenever
// anything changed. Whoever waits looks at its own thing again; a board has few tasks.
#ifndef ALOFT_IDF_RTOS_H
#define ALOFT_IDF_RTOS_H

#include "freertos/task.h"

void aloft_rtos_lock(void);
void aloft_rtos_unlock(void);
void aloft_rtos_changed(void); // with the lock held

// Waits, with the lock held, until ready says so; false when the ticks are over first. A task that
// was deleted meanwhile does not return.
bool aloft_rtos_wait(bool (*ready)(void *ctx), void *ctx, TickType_t ticks);

#endif
