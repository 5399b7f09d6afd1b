// See the header.
#include "tests/compat/esp-idf/idf_world.h"
#include "compat/esp-idf/host/host.h"
#include "esp_flash_internal.h"
#include "esp_partition.h"
#include "freertos/event_groups.h"
#include "freertos/task.h"
#include "nvs_flash.h"
#include <pthread.h>
#include <string.h>
#include <time.h>

struct idf_world world;
struct aloft_idf_config aloft_idf_config = {.tick_hz = configTICK_RATE_HZ,
                                            .log_level = 4,
                                            .wifi_ssid = "net",
                                            .wifi_password = "",
                                            .event_queue = 8};

static _Atomic uint64_t driven;
static _Atomic uint64_t high;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static EventGroupHandle_t over;
static void (*body)(void);

static void keep(const char *text, size_t len)
{
    (void)pthread_mutex_lock(&lock);
    if (world.log_len + len < sizeof world.log) {
        memcpy(world.log + world.log_len, text, len);
        world.log_len += (uint32_t)len;
        world.log[world.log_len] = '\0';
    }
    (void)pthread_mutex_unlock(&lock);
}

static uint32_t now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint32_t)(now.tv_sec * 1000 + now.tv_nsec / 1000000);
}

static void __attribute__((noreturn)) restart(void)
{
    world.restarts++;
    (void)xEventGroupSetBits(over, 1);
    vTaskDelete(NULL);
    for (;;) {
    }
}

static const char *setting(const char *key, const char *fallback)
{
    return strcmp(key, "route") == 0 && world.route[0] != '\0' ? world.route : fallback;
}

static uint32_t secure_version(void)
{
    return world.secure_version;
}

static enum aloft_err raise_secure_version(uint32_t version)
{
    world.secure_version = version <= 16 ? version : world.secure_version;
    return version <= 16 ? ALOFT_OK : ALOFT_ERR_EFUSE_VERSION;
}

static bool no_input(void)
{
    return false;
}

void world_begin(int running)
{
    (void)nvs_flash_deinit();
    esp_partition_unload_all();
    world.restarts = 0;
    world.secure_version = 0;
    world.log_len = 0;
    world.log[0] = '\0';
    device_two_ota(&world.device);
    (void)device_put_app(&world.device, ALOFT_SLOT_FACTORY, "1");
    (void)device_put_app(&world.device, 0, "2");
    (void)device_put_app(&world.device, 1, "3");
    (void)esp_flash_set_dangerous_write_protection(esp_flash_default_chip, true);
    aloft_idf_config.rollback = true;
    aloft_idf_config.anti_rollback = false;
    aloft_idf_host = (struct aloft_idf_host){
        .flash = &world.device.ram.flash,
        .rules = world.device.rules,
        .ptable_addr = ALOFT_PTABLE_ADDR_DEFAULT,
        .running_addr = aloft_slots_extent(&world.device.slots, running).addr,
        .fast = true,
        .device_id = "02a10f000001",
        .write = keep,
        .now_ms = now_ms,
        .restart = restart,
        .secure_version = secure_version,
        .raise_secure_version = raise_secure_version,
        .take_input = no_input,
        .setting = setting,
        .pins_driven = &driven,
        .pins_high = &high,
    };
}

bool world_said(const char *text)
{
    return strstr(world.log, text) != NULL;
}

static void run_body(void *unused)
{
    (void)unused;
    body();
    (void)xEventGroupSetBits(over, 1);
    vTaskDelete(NULL);
}

void world_in_task(void (*fn)(void))
{
    UBaseType_t before = uxTaskGetNumberOfTasks();
    over = xEventGroupCreate();
    body = fn;
    (void)xTaskCreate(run_body, "body", 4096, NULL, 1, NULL);
    (void)xEventGroupWaitBits(over, 1, pdTRUE, pdTRUE, portMAX_DELAY);
    while (uxTaskGetNumberOfTasks() > before) {
        vTaskDelay(1); // for the task to be gone
    }
    vEventGroupDelete(over);
}
