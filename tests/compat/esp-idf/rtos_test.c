// Tasks, queues, semaphores and event groups, and the event loop upon them, with real threads.
#include "check.h"
#include "compat/esp-idf/esp_system/task_wdt.h"
#include "compat/esp-idf/freertos/rtos.h"
#include "compat/esp-idf/host/host.h"
#include "esp_event.h"
#include "esp_event_loop.h"
#include "esp_system.h"
#include "esp_task_wdt.h"
#include "esp_timer.h"
#include "freertos/event_groups.h"
#include "freertos/semphr.h"
#include "freertos/task.h"
#include "freertos/timers.h"
#include "tests/compat/esp-idf/idf_world.h"

enum { ROUNDS = 500, DONE = BIT0, STACK = 4096 };

static QueueHandle_t queue;
static EventGroupHandle_t group;
static SemaphoreHandle_t mutex;
static int shared;

static void send_numbers(void *arg)
{
    (void)arg;
    for (int i = 0; i < ROUNDS; i++) {
        (void)xQueueSend(queue, &i, portMAX_DELAY);
    }
    vTaskDelete(NULL);
}

static void a_queue_keeps_order_and_makes_senders_wait(void)
{
    int got = -1;
    world_begin(0);
    queue = xQueueCreate(3, sizeof(int));
    CHECK_EQ(xQueueReceive(queue, &got, 0), pdFAIL);
    CHECK_EQ(xTaskCreate(send_numbers, "sender", STACK, NULL, 5, NULL), pdPASS);
    for (int i = 0; i < ROUNDS; i++) {
        CHECK_EQ(xQueueReceive(queue, &got, portMAX_DELAY), pdPASS);
        CHECK_EQ(got, i);
    }
    CHECK_EQ(uxQueueMessagesWaiting(queue), 0);
    CHECK_EQ(xQueueSendToFront(queue, &(int){2}, 0), pdPASS);
    CHECK_EQ(xQueueSendToFront(queue, &(int){1}, 0), pdPASS);
    CHECK_EQ(xQueueSend(queue, &(int){3}, 0), pdPASS);
    CHECK_EQ(xQueueSend(queue, &(int){4}, pdMS_TO_TICKS(20)), errQUEUE_FULL);
    for (int i = 1; i <= 3; i++) {
        CHECK_EQ(xQueuePeek(queue, &got, 0), pdPASS);
        CHECK_EQ(xQueueReceive(queue, &got, 0), pdPASS);
        CHECK_EQ(got, i);
    }
    vQueueDelete(queue);
}

static void count_up(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        (void)xSemaphoreTake(mutex, portMAX_DELAY);
        int was = shared;
        taskYIELD();
        shared = was + 1;
        (void)xSemaphoreGive(mutex);
    }
    (void)xEventGroupSetBits(group, (EventBits_t)(uintptr_t)arg);
    vTaskDelete(NULL);
}

static void a_mutex_excludes_and_a_group_waits_for_all(void)
{
    world_begin(0);
    shared = 0;
    mutex = xSemaphoreCreateMutex();
    group = xEventGroupCreate();
    for (uintptr_t bit = BIT0; bit <= BIT3; bit <<= 1) {
        CHECK_EQ(xTaskCreate(count_up, "counter", STACK, (void *)bit, 5, NULL), pdPASS);
    }
    EventBits_t all = BIT0 | BIT1 | BIT2 | BIT3;
    CHECK_EQ(xEventGroupWaitBits(group, all, pdTRUE, pdTRUE, portMAX_DELAY), all);
    CHECK_EQ(shared, 4 * ROUNDS);
    CHECK_EQ(xEventGroupGetBits(group), 0);
    CHECK_EQ(xEventGroupWaitBits(group, BIT5, pdTRUE, pdFALSE, pdMS_TO_TICKS(20)) & BIT5, 0);
    vEventGroupDelete(group);
    vSemaphoreDelete(mutex);
}

static void semaphores_count_and_mutexes_have_owners(void)
{
    world_begin(0);
    SemaphoreHandle_t binary = xSemaphoreCreateBinary();
    CHECK_EQ(xSemaphoreTake(binary, 0), pdFALSE);
    CHECK_EQ(xSemaphoreGive(binary), pdTRUE);
    CHECK_EQ(xSemaphoreGive(binary), pdFALSE);
    CHECK_EQ(xSemaphoreTake(binary, 0), pdTRUE);
    vSemaphoreDelete(binary);
    SemaphoreHandle_t counting = xSemaphoreCreateCounting(2, 1);
    CHECK_EQ(xSemaphoreGive(counting), pdTRUE);
    CHECK_EQ(uxSemaphoreGetCount(counting), 2);
    CHECK_EQ(xSemaphoreGive(counting), pdFALSE);
    vSemaphoreDelete(counting);
    SemaphoreHandle_t recursive = xSemaphoreCreateRecursiveMutex();
    CHECK_EQ(xSemaphoreTakeRecursive(recursive, 0), pdTRUE);
    CHECK_EQ(xSemaphoreTakeRecursive(recursive, 0), pdTRUE);
    CHECK_EQ(xSemaphoreGiveRecursive(recursive), pdTRUE);
    CHECK_EQ(uxSemaphoreGetCount(recursive), 0);
    CHECK_EQ(xSemaphoreGiveRecursive(recursive), pdTRUE);
    CHECK_EQ(uxSemaphoreGetCount(recursive), 1);
    vSemaphoreDelete(recursive);
}

static void wait_for_ever(void *arg)
{
    (void)arg;
    for (;;) {
        vTaskDelay(1);
    }
}

static void a_deleted_task_ends_when_it_waits(void)
{
    TaskHandle_t task;
    world_begin(0);
    UBaseType_t before = uxTaskGetNumberOfTasks();
    CHECK_EQ(xTaskCreate(wait_for_ever, "waiter", STACK, NULL, 5, &task), pdPASS);
    CHECK(xTaskGetHandle("waiter") == task);
    vTaskDelete(task);
    for (int i = 0; i < 5000 && uxTaskGetNumberOfTasks() != before; i++) {
        vTaskDelay(1);
    }
    CHECK_EQ(uxTaskGetNumberOfTasks(), before);
}

static void wait_for_notice(void *arg)
{
    uint32_t value = 0;
    (void)arg;
    bool good = ulTaskNotifyTake(pdTRUE, portMAX_DELAY) == 1;
    (void)xEventGroupSetBits(group, BIT2);
    good = good && xTaskNotifyWait(0, UINT32_MAX, &value, portMAX_DELAY) == pdTRUE && value == 42;
    (void)xEventGroupSetBits(group, good ? BIT0 : BIT1);
    vTaskDelete(NULL);
}

static void notices_reach_their_task(void)
{
    TaskHandle_t task;
    world_begin(0);
    group = xEventGroupCreate();
    CHECK_EQ(xTaskCreate(wait_for_notice, "noticed", STACK, NULL, 5, &task), pdPASS);
    (void)xTaskNotifyGive(task);
    CHECK_EQ(xEventGroupWaitBits(group, BIT2, pdTRUE, pdTRUE, portMAX_DELAY), BIT2);
    (void)xTaskNotify(task, 42, eSetValueWithOverwrite);
    CHECK_EQ(xEventGroupWaitBits(group, BIT0 | BIT1, pdTRUE, pdFALSE, portMAX_DELAY), BIT0);
    vEventGroupDelete(group);
}

static void ticks_pass_as_time_does(void)
{
    world_begin(0);
    TickType_t start = xTaskGetTickCount();
    vTaskDelay(pdMS_TO_TICKS(50));
    CHECK(xTaskGetTickCount() - start >= pdMS_TO_TICKS(49));
    CHECK_EQ(pdMS_TO_TICKS(2000) * portTICK_PERIOD_MS, 2000);
}

ESP_EVENT_DECLARE_BASE(TEST_EVENT);
ESP_EVENT_DEFINE_BASE(TEST_EVENT);
static int seen;

static void see(void *arg, esp_event_base_t base, int32_t id, void *data)
{
    CHECK(base == TEST_EVENT);
    CHECK_EQ(*(const int *)data, id * 10);
    seen += id;
    if (arg != NULL) {
        (void)xEventGroupSetBits(group, DONE);
    }
}

static void events_reach_the_handlers_that_asked(void)
{
    esp_event_handler_instance_t instance;
    world_begin(0);
    seen = 0;
    group = xEventGroupCreate();
    CHECK_EQ(esp_event_post(TEST_EVENT, 1, NULL, 0, 0), ESP_ERR_INVALID_STATE);
    CHECK_EQ(esp_event_loop_create_default(), ESP_OK);
    CHECK_EQ(esp_event_loop_create_default(), ESP_ERR_INVALID_STATE);
    CHECK_EQ(esp_event_handler_register(TEST_EVENT, 1, see, NULL), ESP_OK);
    CHECK_EQ(esp_event_handler_instance_register(TEST_EVENT, 2, see, &instance, &instance), ESP_OK);
    for (int id = 1; id <= 3; id++) { // 3 has no handler; 2 is the last that has one
        int data = id * 10;
        CHECK_EQ(esp_event_post(TEST_EVENT, id, &data, sizeof data, portMAX_DELAY), ESP_OK);
    }
    CHECK_EQ(xEventGroupWaitBits(group, DONE, pdTRUE, pdTRUE, portMAX_DELAY), DONE);
    CHECK_EQ(seen, 3);
    CHECK_EQ(esp_event_handler_unregister(TEST_EVENT, 1, see), ESP_OK);
    int data = 10;
    CHECK_EQ(esp_event_post(TEST_EVENT, 1, &data, sizeof data, portMAX_DELAY), ESP_OK);
    data = 20;
    CHECK_EQ(esp_event_post(TEST_EVENT, 2, &data, sizeof data, portMAX_DELAY), ESP_OK);
    CHECK_EQ(xEventGroupWaitBits(group, DONE, pdTRUE, pdTRUE, portMAX_DELAY), DONE);
    CHECK_EQ(seen, 5);
    CHECK_EQ(esp_event_handler_instance_unregister(TEST_EVENT, 2, instance), ESP_OK);
    vEventGroupDelete(group);
}

static int calls[3];

static void count(void *arg, esp_event_base_t base, int32_t id, void *data)
{
    (void)base;
    (void)id;
    (void)data;
    calls[*(const int *)arg]++;
}

static void finish(void *arg, esp_event_base_t base, int32_t id, void *data)
{
    (void)arg;
    (void)base;
    (void)id;
    (void)data;
    (void)xEventGroupSetBits(group, DONE);
}

// As with a reconnect that registers its handlers again.
static void a_handler_that_registers_again_is_called_once(void)
{
    static int which[] = {0, 1, 2};
    esp_event_handler_instance_t instance;
    world_begin(0);
    (void)esp_event_loop_delete_default();
    memset(calls, 0, sizeof calls);
    group = xEventGroupCreate();
    CHECK_EQ(esp_event_loop_create_default(), ESP_OK);
    CHECK_EQ(esp_event_handler_register(TEST_EVENT, 1, count, &which[0]), ESP_OK);
    CHECK(!world_said("handler already registered, overwriting"));
    CHECK_EQ(esp_event_handler_register(TEST_EVENT, 1, count, &which[1]), ESP_OK);
    CHECK(world_said("handler already registered, overwriting"));
    CHECK_EQ(esp_event_handler_instance_register(TEST_EVENT, 1, count, &which[2], &instance),
             ESP_OK);
    CHECK_EQ(esp_event_handler_register(TEST_EVENT, 1, finish, NULL), ESP_OK);
    CHECK_EQ(esp_event_post(TEST_EVENT, 1, NULL, 0, portMAX_DELAY), ESP_OK);
    CHECK_EQ(xEventGroupWaitBits(group, DONE, pdTRUE, pdTRUE, portMAX_DELAY), DONE);
    CHECK_EQ(calls[0], 0);
    CHECK_EQ(calls[1], 1);
    CHECK_EQ(calls[2], 1);
    CHECK_EQ(esp_event_handler_unregister(TEST_EVENT, 1, count), ESP_OK);
    CHECK_EQ(esp_event_post(TEST_EVENT, 1, NULL, 0, portMAX_DELAY), ESP_OK);
    CHECK_EQ(xEventGroupWaitBits(group, DONE, pdTRUE, pdTRUE, portMAX_DELAY), DONE);
    CHECK_EQ(calls[1], 1);
    CHECK_EQ(calls[2], 2);
    CHECK_EQ(esp_event_loop_delete_default(), ESP_OK);
    vEventGroupDelete(group);
    vTaskDelay(pdMS_TO_TICKS(100)); // for the loop's task to be gone
}

static esp_err_t old_callback(void *ctx, system_event_t *event)
{
    (void)ctx;
    if (event->event_id == SYSTEM_EVENT_STA_START) {
        (void)esp_wifi_connect();
    } else if (event->event_id == SYSTEM_EVENT_STA_GOT_IP) {
        (void)xEventGroupSetBits(group, DONE);
    }
    return ESP_OK;
}

static void the_callback_of_v3_hears_of_wifi(void)
{
    wifi_init_config_t init = WIFI_INIT_CONFIG_DEFAULT();
    wifi_config_t config = {.sta = {.ssid = "net"}};
    world_begin(0);
    (void)esp_event_loop_delete_default();
    group = xEventGroupCreate();
    CHECK_EQ(esp_wifi_connect(), ESP_ERR_WIFI_NOT_INIT);
    CHECK_EQ(esp_event_loop_init(old_callback, NULL), ESP_OK);
    CHECK_EQ(esp_wifi_init(&init), ESP_OK);
    CHECK_EQ(esp_wifi_connect(), ESP_ERR_WIFI_NOT_STARTED);
    CHECK_EQ(esp_wifi_set_config(ESP_IF_WIFI_STA, &config), ESP_OK);
    CHECK_EQ(esp_wifi_start(), ESP_OK);
    CHECK_EQ(xEventGroupWaitBits(group, DONE, pdTRUE, pdTRUE, portMAX_DELAY), DONE);
    CHECK(world_said("wifi: connected with net, channel 1"));
    CHECK(world_said("esp_netif_handlers: sta ip: 192.168.2.105"));
    CHECK_EQ(esp_event_loop_delete_default(), ESP_OK);
    vEventGroupDelete(group);
    vTaskDelay(pdMS_TO_TICKS(100)); // for the loop's task to be gone
}

static int order;

static void first(void)
{
    order = order * 10 + 1;
}

static void second(void)
{
    order = order * 10 + 2;
}

static void restart_calls_the_handlers_backwards(void)
{
    world_begin(0);
    order = 0;
    CHECK_EQ(esp_register_shutdown_handler(first), ESP_OK);
    CHECK_EQ(esp_register_shutdown_handler(second), ESP_OK);
    CHECK_EQ(esp_register_shutdown_handler(first), ESP_ERR_INVALID_STATE);
    world_in_task(esp_restart);
    CHECK_EQ(world.restarts, 1);
    CHECK_EQ(order, 21);
    CHECK_EQ(esp_unregister_shutdown_handler(first), ESP_OK);
    CHECK_EQ(esp_unregister_shutdown_handler(first), ESP_ERR_INVALID_STATE);
    CHECK_EQ(esp_unregister_shutdown_handler(second), ESP_OK);
}

enum { TICKS_PATIENT = 12000 }; // two minutes, for a busy machine

static _Atomic int ticked;
static esp_timer_handle_t self_deleting;

static void count_tick(void *arg)
{
    ticked += *(int *)arg;
}

static void count_rtos_tick(TimerHandle_t timer)
{
    ticked += *(int *)pvTimerGetTimerID(timer);
}

static void delete_self(void *arg)
{
    count_tick(arg);
    CHECK_EQ(esp_timer_delete(self_deleting), ESP_OK);
}

static bool ticked_to(int wanted)
{
    for (int i = 0; i < TICKS_PATIENT && ticked < wanted; i++) {
        vTaskDelay(1);
    }
    return ticked >= wanted;
}

static void timers_fire_once_or_again_and_again(void)
{
    static int one = 1; // a callback may still look at it when its timer was stopped
    esp_timer_handle_t timer;
    const esp_timer_create_args_t args = {.callback = count_tick, .arg = &one, .name = "t"};
    const esp_timer_create_args_t deletes = {.callback = delete_self, .arg = &one};
    world_begin(0);
    ticked = 0;
    CHECK_EQ(esp_timer_create(&(esp_timer_create_args_t){0}, &timer), ESP_ERR_INVALID_ARG);
    CHECK_EQ(esp_timer_start_once(NULL, 1), ESP_ERR_INVALID_ARG);
    CHECK_EQ(esp_timer_create(&args, &timer), ESP_OK);
    CHECK_EQ(esp_timer_stop(timer), ESP_ERR_INVALID_STATE);
    CHECK_EQ(esp_timer_restart(timer, 1), ESP_ERR_INVALID_STATE);
    CHECK_EQ(esp_timer_start_once(timer, 1000), ESP_OK);
    CHECK(ticked_to(1));
    vTaskDelay(pdMS_TO_TICKS(50));
    CHECK(ticked == 1 && !esp_timer_is_active(timer));
    CHECK_EQ(esp_timer_start_once(timer, 3600 * 1000000ull), ESP_OK);
    CHECK_EQ(esp_timer_start_once(timer, 1000), ESP_ERR_INVALID_STATE);
    CHECK_EQ(esp_timer_delete(timer), ESP_ERR_INVALID_STATE);
    CHECK_EQ(esp_timer_restart(timer, 1000), ESP_OK);
    CHECK(ticked_to(2));
    CHECK_EQ(esp_timer_start_periodic(timer, 5000), ESP_OK);
    CHECK(ticked_to(6) && esp_timer_is_active(timer));
    CHECK_EQ(esp_timer_stop(timer), ESP_OK);
    CHECK_EQ(esp_timer_delete(timer), ESP_OK);
    ticked = 0;
    CHECK_EQ(esp_timer_create(&deletes, &self_deleting), ESP_OK);
    CHECK_EQ(esp_timer_start_once(self_deleting, 0), ESP_OK);
    CHECK(ticked_to(1));
}

static void software_timers_are_started_and_reset(void)
{
    static int one = 1;
    static int ten = 10;
    world_begin(0);
    ticked = 0;
    CHECK(xTimerCreate("none", 0, pdFALSE, NULL, count_rtos_tick) == NULL);
    TimerHandle_t timer = xTimerCreate("once", 1, pdFALSE, &one, count_rtos_tick);
    CHECK_EQ(xTimerIsTimerActive(timer), pdFALSE);
    CHECK_EQ(xTimerStart(timer, 0), pdPASS);
    CHECK(ticked_to(1));
    vTaskDelay(5);
    CHECK_EQ(ticked, 1);
    CHECK_EQ(xTimerReset(timer, 0), pdPASS);
    CHECK(ticked_to(2));
    CHECK_EQ(xTimerDelete(timer, 0), pdPASS);
    timer = xTimerCreate("again", portMAX_DELAY, pdTRUE, &one, count_rtos_tick);
    CHECK_EQ(xTimerStart(timer, 0), pdPASS);
    CHECK_EQ(xTimerIsTimerActive(timer), pdTRUE);
    vTimerSetTimerID(timer, &ten);
    CHECK_EQ(xTimerChangePeriod(timer, 2, 0), pdPASS);
    CHECK_EQ(xTimerGetPeriod(timer), 2);
    CHECK(ticked_to(32));
    CHECK_EQ(xTimerStop(timer, 0), pdPASS);
    CHECK_TEXT(pcTimerGetName(timer), "again");
    CHECK_EQ(xTimerDelete(timer, 0), pdPASS);
}

static void hog(void *arg)
{
    const _Atomic bool *go_on = arg;
    while (*go_on) {
    }
    vTaskDelete(NULL);
}

static void doze(void *arg)
{
    const _Atomic bool *go_on = arg;
    while (*go_on) {
        vTaskDelay(1);
    }
    vTaskDelete(NULL);
}

// True when some task is found busy within this time.
static bool sees_busy(uint32_t look_ms, char *name)
{
    bool found = false;
    for (uint32_t spent = 0; spent < look_ms && !found; spent += 20) {
        vTaskDelay(pdMS_TO_TICKS(20));
        found = aloft_rtos_find_busy(100, name, NULL);
    }
    return found;
}

static void a_task_that_never_waits_is_found_busy(void)
{
    char name[configMAX_TASK_NAME_LEN] = "";
    _Atomic bool go_on = true;
    world_begin(0);
    CHECK_EQ(xTaskCreate(doze, "doze", 2048, (void *)&go_on, 5, NULL), pdPASS);
    CHECK_EQ(xTaskCreate(hog, "idle", 2048, (void *)&go_on, tskIDLE_PRIORITY, NULL), pdPASS);
    CHECK(!sees_busy(400, name));
    CHECK_EQ(xTaskCreate(hog, "hog", 2048, (void *)&go_on, 5, NULL), pdPASS);
    CHECK(sees_busy(60000, name));
    CHECK_TEXT(name, "hog");
    go_on = false;
    while (uxTaskGetNumberOfTasks() != 0) {
        vTaskDelay(1);
    }
}

static char ended_for[configMAX_TASK_NAME_LEN];

static void note_watchdog(pthread_t thread, const char *late)
{
    (void)thread;
    (void)snprintf(ended_for, sizeof ended_for, "%s", late != NULL ? late : "IDLE0");
}

static void a_task_that_subscribed_must_report(void)
{
    const esp_task_wdt_config_t config = {.timeout_ms = 300, .trigger_panic = true};
    _Atomic bool go_on = true;
    TaskHandle_t task = NULL;
    world_begin(0);
    aloft_idf_host.task_watchdog = note_watchdog;
    CHECK_EQ(esp_task_wdt_reconfigure(&config), ESP_ERR_INVALID_STATE);
    CHECK_EQ(esp_task_wdt_init(&config), ESP_OK);
    CHECK_EQ(esp_task_wdt_init(&config), ESP_ERR_INVALID_STATE);
    CHECK_EQ(xTaskCreate(doze, "doze", 2048, (void *)&go_on, 5, &task), pdPASS);
    CHECK_EQ(esp_task_wdt_status(task), ESP_ERR_NOT_FOUND);
    CHECK_EQ(esp_task_wdt_add(task), ESP_OK);
    CHECK_EQ(esp_task_wdt_add(task), ESP_ERR_INVALID_ARG);
    CHECK_EQ(esp_task_wdt_deinit(), ESP_ERR_INVALID_STATE);
    aloft_idf_task_wdt_look();
    CHECK_TEXT(ended_for, "");
    for (int i = 0; i < 3000 && ended_for[0] == '\0'; i++) {
        vTaskDelay(pdMS_TO_TICKS(20));
        aloft_idf_task_wdt_look();
    }
    CHECK_TEXT(ended_for, "doze");
    CHECK_EQ(esp_task_wdt_delete(task), ESP_OK);
    CHECK_EQ(esp_task_wdt_reset(), ESP_ERR_NOT_FOUND);
    CHECK_EQ(esp_task_wdt_deinit(), ESP_OK);
    go_on = false;
    while (uxTaskGetNumberOfTasks() != 0) {
        vTaskDelay(1);
    }
}

CHECK_MAIN(TEST(a_task_that_never_waits_is_found_busy), TEST(a_task_that_subscribed_must_report),
           TEST(a_queue_keeps_order_and_makes_senders_wait),
           TEST(a_mutex_excludes_and_a_group_waits_for_all),
           TEST(semaphores_count_and_mutexes_have_owners), TEST(a_deleted_task_ends_when_it_waits),
           TEST(notices_reach_their_task), TEST(ticks_pass_as_time_does),
           TEST(events_reach_the_handlers_that_asked),
           TEST(a_handler_that_registers_again_is_called_once),
           TEST(the_callback_of_v3_hears_of_wifi), TEST(restart_calls_the_handlers_backwards),
           TEST(timers_fire_once_or_again_and_again), TEST(software_timers_are_started_and_reset))
