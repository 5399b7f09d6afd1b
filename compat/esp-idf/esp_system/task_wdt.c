// A table of subscribed tasks, and a check of all tasks a few times a second. A late task ends the
// program; the board's supervisor then prints the message of ESP-IDF.
#include "compat/esp-idf/esp_system/task_wdt.h"
#include "compat/esp-idf/freertos/rtos.h"
#include "compat/esp-idf/host/host.h"
#include "esp_task_wdt.h"
#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { LOOK_MS = 100, TASKS_MAX = 16 };

#define MS_PER_S 1000u

struct user {
    TaskHandle_t task; // NULL: free
    char name[configMAX_TASK_NAME_LEN];
    uint32_t fed_ms;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct user users[TASKS_MAX];
static esp_task_wdt_config_t settings;
static bool on;
static bool started; // the settings are made

// Takes the settings of the configuration, unless the app has made its own before.
static void begin(void)
{
    if (!started) {
        started = true;
        on = aloft_idf_config.task_wdt_s != 0;
        settings = (esp_task_wdt_config_t){
            .timeout_ms = aloft_idf_config.task_wdt_s * MS_PER_S,
            .idle_core_mask = (1u << portNUM_PROCESSORS) - 1u,
            .trigger_panic = aloft_idf_config.task_wdt_panic,
        };
    }
}

static const char *waited_for; // the task that is late; NULL: IDLE0

static void end_by(pthread_t thread)
{
    aloft_idf_host.task_watchdog(thread, waited_for);
}

// The message of a watchdog that only warns.
static void warn(const char *late, const char *running)
{
    char text[512];
    unsigned ms = (unsigned)aloft_idf_host.now_ms();
    int len = snprintf(text, sizeof text,
                       "E (%u) task_wdt: Task watchdog got triggered. The following tasks/users "
                       "did not reset the watchdog in time:\n"
                       "E (%u) task_wdt:  - %s (CPU 0)\n"
                       "E (%u) task_wdt: Tasks currently running:\n"
                       "E (%u) task_wdt: CPU 0: %s\n"
                       "E (%u) task_wdt: CPU 1: IDLE1\n",
                       ms, ms, late, ms, ms, running, ms);
    aloft_idf_host.write(text, (size_t)len);
}

// A subscribed task that is late; its time starts again.
static struct user *find_late(void)
{
    uint32_t now = aloft_idf_host.now_ms();
    for (int i = 0; i < TASKS_MAX; i++) {
        if (users[i].task != NULL && now - users[i].fed_ms >= settings.timeout_ms) {
            users[i].fed_ms = now;
            return &users[i];
        }
    }
    return NULL;
}

static void look(void)
{
    static char busy[configMAX_TASK_NAME_LEN];
    bool panic = settings.trigger_panic;
    if (settings.idle_core_mask != 0 &&
        aloft_rtos_find_busy(settings.timeout_ms, busy, panic ? end_by : NULL)) {
        if (!panic) {
            warn("IDLE0", busy);
        }
        return;
    }
    struct user *late = find_late();
    if (late != NULL && !panic) {
        warn(late->name, "IDLE0");
    } else if (late != NULL) {
        waited_for = late->name;
        if (!aloft_rtos_find_thread(late->task, end_by)) {
            late->task = NULL; // it was deleted
        }
    }
}

void aloft_idf_task_wdt_look(void)
{
    static uint32_t looked;
    if (aloft_idf_host.now_ms() - looked < LOOK_MS) {
        return;
    }
    looked = aloft_idf_host.now_ms();
    (void)pthread_mutex_lock(&lock);
    begin();
    if (on) {
        look();
    }
    (void)pthread_mutex_unlock(&lock);
}

// --- ESP-IDF's API

static esp_err_t set_up(const esp_task_wdt_config_t *config, bool was_on)
{
    esp_err_t err = ESP_ERR_INVALID_ARG;
    if (config == NULL || config->timeout_ms == 0) {
        return err;
    }
    (void)pthread_mutex_lock(&lock);
    begin();
    err = on == was_on ? ESP_OK : ESP_ERR_INVALID_STATE;
    if (err == ESP_OK) {
        settings = *config;
        on = true;
    }
    (void)pthread_mutex_unlock(&lock);
    return err;
}

esp_err_t esp_task_wdt_init(const esp_task_wdt_config_t *config)
{
    return set_up(config, false);
}

esp_err_t esp_task_wdt_reconfigure(const esp_task_wdt_config_t *config)
{
    return set_up(config, true);
}

static struct user *find(TaskHandle_t task)
{
    for (int i = 0; i < TASKS_MAX; i++) {
        if (users[i].task == task) {
            return &users[i];
        }
    }
    return NULL;
}

esp_err_t esp_task_wdt_deinit(void)
{
    (void)pthread_mutex_lock(&lock);
    begin();
    bool used = false;
    for (int i = 0; i < TASKS_MAX; i++) {
        used = used || users[i].task != NULL;
    }
    esp_err_t err = on && !used ? ESP_OK : ESP_ERR_INVALID_STATE;
    on = on && err != ESP_OK;
    (void)pthread_mutex_unlock(&lock);
    return err;
}

esp_err_t esp_task_wdt_add(TaskHandle_t task_handle)
{
    TaskHandle_t task = task_handle != NULL ? task_handle : xTaskGetCurrentTaskHandle();
    (void)pthread_mutex_lock(&lock);
    begin();
    struct user *place = find(NULL);
    esp_err_t err = !on                  ? ESP_ERR_INVALID_STATE
                    : find(task) != NULL ? ESP_ERR_INVALID_ARG
                    : place == NULL      ? ESP_ERR_NO_MEM
                                         : ESP_OK;
    if (err == ESP_OK) {
        *place = (struct user){.task = task, .fed_ms = aloft_idf_host.now_ms()};
        (void)snprintf(place->name, sizeof place->name, "%s", pcTaskGetName(task));
    }
    (void)pthread_mutex_unlock(&lock);
    return err;
}

esp_err_t esp_task_wdt_reset(void)
{
    TaskHandle_t task = xTaskGetCurrentTaskHandle();
    (void)pthread_mutex_lock(&lock);
    begin();
    struct user *user = task != NULL ? find(task) : NULL;
    esp_err_t err = !on ? ESP_ERR_INVALID_STATE : user == NULL ? ESP_ERR_NOT_FOUND : ESP_OK;
    if (err == ESP_OK) {
        user->fed_ms = aloft_idf_host.now_ms();
    }
    (void)pthread_mutex_unlock(&lock);
    return err;
}

esp_err_t esp_task_wdt_delete(TaskHandle_t task_handle)
{
    TaskHandle_t task = task_handle != NULL ? task_handle : xTaskGetCurrentTaskHandle();
    (void)pthread_mutex_lock(&lock);
    begin();
    struct user *user = task != NULL ? find(task) : NULL;
    esp_err_t err = !on ? ESP_ERR_INVALID_STATE : user == NULL ? ESP_ERR_INVALID_ARG : ESP_OK;
    if (err == ESP_OK) {
        user->task = NULL;
    }
    (void)pthread_mutex_unlock(&lock);
    return err;
}

esp_err_t esp_task_wdt_status(TaskHandle_t task_handle)
{
    TaskHandle_t task = task_handle != NULL ? task_handle : xTaskGetCurrentTaskHandle();
    (void)pthread_mutex_lock(&lock);
    begin();
    bool known = task != NULL && find(task) != NULL;
    esp_err_t err = !on ? ESP_ERR_INVALID_STATE : known ? ESP_OK : ESP_ERR_NOT_FOUND;
    (void)pthread_mutex_unlock(&lock);
    return err;
}
