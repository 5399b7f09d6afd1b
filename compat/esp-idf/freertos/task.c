// A task is a thread. It is suspended or deleted only where it waits, so it never ends with a lock
// held.
#include "compat/esp-idf/freertos/rtos.h"
#include "compat/esp-idf/host/host.h"
#include "hostlib/base/proc.h"
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define STACK_MIN (256u * 1024u) // a host's library functions want more than a chip's
#define NS_PER_S  1000000000ll
#define NS_PER_MS 1000000u
#define MS_PER_S  1000u

struct tskTaskControlBlock {
    struct tskTaskControlBlock *next;
    TaskFunction_t code;
    void *arg;
    char name[configMAX_TASK_NAME_LEN];
    uint32_t stack_depth;
    UBaseType_t priority;
    bool deleted;
    bool suspended;
    bool notified;
    uint32_t notification;
    pthread_t thread;
    _Atomic pid_t tid;   // 0: not started
    _Atomic bool rested; // it has waited for something since the last check
    struct aloft_rtos_use since;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t critical = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static pthread_cond_t changed;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct tskTaskControlBlock *tasks;
static _Thread_local struct tskTaskControlBlock *self;

static void make_condition(void)
{
    pthread_condattr_t attributes;
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&changed, &attributes);
}

void aloft_rtos_lock(void)
{
    (void)pthread_once(&once, make_condition);
    (void)pthread_mutex_lock(&lock);
}

void aloft_rtos_unlock(void)
{
    (void)pthread_mutex_unlock(&lock);
}

void aloft_rtos_changed(void)
{
    (void)pthread_cond_broadcast(&changed);
}

static void forget(struct tskTaskControlBlock *task)
{
    struct tskTaskControlBlock **at = &tasks;
    while (*at != NULL && *at != task) {
        at = &(*at)->next;
    }
    if (*at != NULL) {
        *at = task->next;
    }
    free(task);
}

// Ends the calling task; the lock is held.
static _Noreturn void end_self(void)
{
    forget(self);
    self = NULL;
    aloft_rtos_unlock();
    pthread_exit(NULL);
}

static struct timespec deadline_after(TickType_t ticks)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    long long ns = (long long)now.tv_sec * NS_PER_S + now.tv_nsec +
                   (long long)ticks * NS_PER_S / (long long)aloft_idf_config.tick_hz;
    return (struct timespec){(time_t)(ns / NS_PER_S), (long)(ns % NS_PER_S)};
}

bool aloft_rtos_wait(bool (*ready)(void *ctx), void *ctx, TickType_t ticks)
{
    if (self != NULL) {
        atomic_store(&self->rested, true);
    }
    struct timespec deadline = deadline_after(ticks);
    for (;;) {
        if (self != NULL && self->deleted) {
            end_self();
        }
        bool may = self == NULL || !self->suspended;
        if (may && ready(ctx)) {
            return true;
        }
        int err = 0;
        if (ticks == portMAX_DELAY || !may) {
            (void)pthread_cond_wait(&changed, &lock);
        } else {
            err = ticks == 0 ? ETIMEDOUT : pthread_cond_timedwait(&changed, &lock, &deadline);
        }
        if (err == ETIMEDOUT) {
            return ready(ctx);
        }
    }
}

static bool never(void *ctx)
{
    (void)ctx;
    return false;
}

void vTaskDelay(TickType_t ticks)
{
    if (ticks == 0) {
        taskYIELD();
        return;
    }
    aloft_rtos_lock();
    (void)aloft_rtos_wait(never, NULL, ticks);
    aloft_rtos_unlock();
}

BaseType_t xTaskDelayUntil(TickType_t *previous, TickType_t increment)
{
    TickType_t due = *previous + increment;
    TickType_t left = due - xTaskGetTickCount();
    *previous = due;
    if (left == 0 || left > increment) {
        return pdFALSE; // it is past
    }
    vTaskDelay(left);
    return pdTRUE;
}

void vTaskDelayUntil(TickType_t *previous, TickType_t increment)
{
    (void)xTaskDelayUntil(previous, increment);
}

void taskYIELD(void)
{
    (void)sched_yield();
}

static void *run(void *arg)
{
    self = arg;
    atomic_store(&self->tid, gettid());
    if (aloft_idf_host.task_begins != NULL) {
        aloft_idf_host.task_begins();
    }
    (void)pthread_setname_np(pthread_self(), self->name);
    self->code(self->arg);
    // FreeRTOS forbids it; a chip panics here. Only "main" may return.
    if (strcmp(self->name, "main") != 0) {
        static const char text[] = "FreeRTOS Task should not return, aborting now!\n";
        aloft_idf_host.write(text, sizeof text - 1);
        abort();
    }
    vTaskDelete(NULL);
    return NULL;
}

static bool start_thread(struct tskTaskControlBlock *task)
{
    pthread_attr_t attributes;
    size_t stack = (size_t)task->stack_depth * 4;
    (void)pthread_attr_init(&attributes);
    (void)pthread_attr_setstacksize(&attributes, stack < STACK_MIN ? STACK_MIN : stack);
    (void)pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    int err = pthread_create(&task->thread, &attributes, run, task);
    (void)pthread_attr_destroy(&attributes);
    return err == 0;
}

BaseType_t xTaskCreate(TaskFunction_t code, const char *name, uint32_t stack_depth, void *arg,
                       UBaseType_t priority, TaskHandle_t *created)
{
    struct tskTaskControlBlock *task = calloc(1, sizeof *task);
    if (task == NULL) {
        return errCOULD_NOT_ALLOCATE_REQUIRED_MEMORY;
    }
    task->code = code;
    task->arg = arg;
    task->stack_depth = stack_depth;
    task->priority = priority;
    if (name != NULL) {
        strncat(task->name, name, sizeof task->name - 1);
    }
    aloft_rtos_lock();
    task->next = tasks;
    tasks = task;
    if (created != NULL) {
        *created = task; // before it runs: it may read its own handle there
    }
    bool good = start_thread(task);
    if (!good) {
        forget(task);
    }
    aloft_rtos_unlock();
    return good ? pdPASS : errCOULD_NOT_ALLOCATE_REQUIRED_MEMORY;
}

BaseType_t xTaskCreatePinnedToCore(TaskFunction_t code, const char *name, uint32_t stack_depth,
                                   void *arg, UBaseType_t priority, TaskHandle_t *created,
                                   BaseType_t core)
{
    (void)core; // the host schedules
    return xTaskCreate(code, name, stack_depth, arg, priority, created);
}

void vTaskDelete(TaskHandle_t task)
{
    aloft_rtos_lock();
    if (task == NULL || task == self) {
        if (self == NULL) {
            aloft_rtos_unlock();
            pthread_exit(NULL); // a thread that is no task
        }
        end_self();
    }
    task->deleted = true;
    task->suspended = false;
    aloft_rtos_changed();
    aloft_rtos_unlock();
}

static bool always(void *ctx)
{
    (void)ctx;
    return true;
}

void vTaskSuspend(TaskHandle_t task)
{
    aloft_rtos_lock();
    struct tskTaskControlBlock *target = task == NULL ? self : task;
    if (target != NULL) {
        target->suspended = true;
        if (target == self) {
            (void)aloft_rtos_wait(always, NULL, portMAX_DELAY);
        }
    }
    aloft_rtos_unlock();
}

void vTaskResume(TaskHandle_t task)
{
    aloft_rtos_lock();
    task->suspended = false;
    aloft_rtos_changed();
    aloft_rtos_unlock();
}

TickType_t xTaskGetTickCount(void)
{
    return (TickType_t)((uint64_t)aloft_idf_host.now_ms() * aloft_idf_config.tick_hz / MS_PER_S);
}

TickType_t xTaskGetTickCountFromISR(void)
{
    return xTaskGetTickCount();
}

TaskHandle_t xTaskGetCurrentTaskHandle(void)
{
    return self;
}

TaskHandle_t xTaskGetHandle(const char *name)
{
    aloft_rtos_lock();
    struct tskTaskControlBlock *task = tasks;
    while (task != NULL && strcmp(task->name, name) != 0) {
        task = task->next;
    }
    aloft_rtos_unlock();
    return task;
}

char *pcTaskGetName(TaskHandle_t task)
{
    static char none[] = "";
    struct tskTaskControlBlock *target = task == NULL ? self : task;
    return target == NULL ? none : target->name;
}

UBaseType_t uxTaskPriorityGet(TaskHandle_t task)
{
    struct tskTaskControlBlock *target = task == NULL ? self : task;
    return target == NULL ? 0 : target->priority;
}

void vTaskPrioritySet(TaskHandle_t task, UBaseType_t priority)
{
    struct tskTaskControlBlock *target = task == NULL ? self : task;
    if (target != NULL) {
        target->priority = priority;
    }
}

UBaseType_t uxTaskGetNumberOfTasks(void)
{
    UBaseType_t count = 0;
    aloft_rtos_lock();
    for (const struct tskTaskControlBlock *task = tasks; task != NULL; task = task->next) {
        count++;
    }
    aloft_rtos_unlock();
    return count;
}

// The number of voluntary context switches of the task.
static uint64_t sleeps_of(pid_t tid)
{
    char who[32];
    (void)snprintf(who, sizeof who, "self/task/%d", (int)tid);
    return aloft_proc_status(who, "voluntary_ctxt_switches:");
}

static struct aloft_rtos_use use_of(const struct tskTaskControlBlock *task)
{
    struct aloft_rtos_use use = {.wall_ms = aloft_idf_host.now_ms(),
                                 .sleeps = sleeps_of(atomic_load(&task->tid))};
    struct timespec cpu = {0, 0};
    clockid_t clock;
    if (pthread_getcpuclockid(task->thread, &clock) == 0) {
        (void)clock_gettime(clock, &cpu);
    }
    use.cpu_ns = (uint64_t)cpu.tv_sec * (uint64_t)NS_PER_S + (uint64_t)cpu.tv_nsec;
    return use;
}

// Busy is a task that has waited in no call of FreeRTOS, and has used half of a processor (a loaded
// host gives it no more), or less without having slept once.
static bool is_busy(struct tskTaskControlBlock *task, uint32_t timeout_ms)
{
    uint32_t wall = aloft_idf_host.now_ms() - (uint32_t)task->since.wall_ms;
    if (atomic_exchange(&task->rested, false) || task->since.wall_ms == 0) {
        task->since = use_of(task);
        return false;
    }
    if (wall < timeout_ms) {
        return false;
    }
    struct aloft_rtos_use before = task->since;
    task->since = use_of(task);
    uint64_t cpu_ms = (task->since.cpu_ns - before.cpu_ns) / NS_PER_MS;
    uint64_t least = task->since.sleeps == before.sleeps ? wall / 20 : wall / 2;
    return cpu_ms >= least;
}

bool aloft_rtos_find_busy(uint32_t timeout_ms, char name[configMAX_TASK_NAME_LEN],
                          void (*act)(pthread_t thread))
{
    bool found = false;
    aloft_rtos_lock();
    for (struct tskTaskControlBlock *task = tasks; task != NULL && !found; task = task->next) {
        found = task->priority > tskIDLE_PRIORITY && atomic_load(&task->tid) != 0 &&
                is_busy(task, timeout_ms);
        if (found) {
            memcpy(name, task->name, configMAX_TASK_NAME_LEN);
        }
        if (found && act != NULL) {
            act(task->thread);
        }
    }
    aloft_rtos_unlock();
    return found;
}

bool aloft_rtos_find_thread(TaskHandle_t wanted, void (*act)(pthread_t thread))
{
    aloft_rtos_lock();
    const struct tskTaskControlBlock *task = tasks;
    while (task != NULL && task != wanted) {
        task = task->next;
    }
    if (task != NULL) {
        act(task->thread);
    }
    aloft_rtos_unlock();
    return task != NULL;
}

UBaseType_t uxTaskGetStackHighWaterMark(TaskHandle_t task)
{
    const struct tskTaskControlBlock *target = task == NULL ? self : task;
    return target == NULL ? 0 : target->stack_depth;
}

BaseType_t xTaskNotify(TaskHandle_t task, uint32_t value, eNotifyAction action)
{
    BaseType_t result = pdPASS;
    aloft_rtos_lock();
    if (action == eSetBits) {
        task->notification |= value;
    } else if (action == eIncrement) {
        task->notification++;
    } else if (action == eSetValueWithOverwrite ||
               (action == eSetValueWithoutOverwrite && !task->notified)) {
        task->notification = value;
    } else if (action == eSetValueWithoutOverwrite) {
        result = pdFAIL;
    }
    task->notified = true;
    aloft_rtos_changed();
    aloft_rtos_unlock();
    return result;
}

BaseType_t xTaskNotifyGive(TaskHandle_t task)
{
    return xTaskNotify(task, 0, eIncrement);
}

BaseType_t xTaskNotifyFromISR(TaskHandle_t task, uint32_t value, eNotifyAction action,
                              BaseType_t *woken)
{
    if (woken != NULL) {
        *woken = pdFALSE;
    }
    return xTaskNotify(task, value, action);
}

void vTaskNotifyGiveFromISR(TaskHandle_t task, BaseType_t *woken)
{
    (void)xTaskNotifyFromISR(task, 0, eIncrement, woken);
}

static bool has_count(void *ctx)
{
    const struct tskTaskControlBlock *task = ctx;
    return task->notification != 0;
}

static bool was_notified(void *ctx)
{
    const struct tskTaskControlBlock *task = ctx;
    return task->notified;
}

uint32_t ulTaskNotifyTake(BaseType_t clear, TickType_t ticks)
{
    aloft_rtos_lock();
    (void)aloft_rtos_wait(has_count, self, ticks);
    uint32_t value = self->notification;
    if (value != 0) {
        self->notification = clear != pdFALSE ? 0 : value - 1;
    }
    self->notified = false;
    aloft_rtos_unlock();
    return value;
}

BaseType_t xTaskNotifyWait(uint32_t clear_on_entry, uint32_t clear_on_exit, uint32_t *value,
                           TickType_t ticks)
{
    aloft_rtos_lock();
    if (!self->notified) {
        self->notification &= ~clear_on_entry;
    }
    bool came = aloft_rtos_wait(was_notified, self, ticks);
    if (value != NULL) {
        *value = self->notification;
    }
    if (came) {
        self->notification &= ~clear_on_exit;
    }
    self->notified = false;
    aloft_rtos_unlock();
    return came ? pdTRUE : pdFALSE;
}

void vPortEnterCritical(void)
{
    (void)pthread_mutex_lock(&critical);
}

void vPortExitCritical(void)
{
    (void)pthread_mutex_unlock(&critical);
}

BaseType_t xPortGetCoreID(void)
{
    return 0;
}

BaseType_t xPortInIsrContext(void)
{
    return pdFALSE;
}
