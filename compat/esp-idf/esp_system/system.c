// Restart, random numbers, chip, memory, and the panic of an app that fails its own checks.
#include "compat/esp-idf/host/host.h"
#include "esp_flash.h"
#include "esp_heap_caps.h"
#include "esp_system.h"
#include "esp_timer.h"
#include "freertos/task.h"
#include "hostlib/base/random.h"
#include <malloc.h>
#include <stdio.h>
#include <string.h>

enum { HANDLERS_MAX = 5, HEX = 16, MAC_LEN = 6 };

#define HEAP_SIZE (300u * 1024u) // what an ESP32 has left when app_main starts, about

struct aloft_idf_host aloft_idf_host;

static shutdown_handler_t handlers[HANDLERS_MAX];
static _Atomic uint32_t heap_low = HEAP_SIZE;

static void say(const char *text)
{
    aloft_idf_host.write(text, strlen(text));
}

esp_err_t esp_register_shutdown_handler(shutdown_handler_t handle)
{
    for (int i = 0; i < HANDLERS_MAX; i++) {
        if (handlers[i] == handle) {
            return ESP_ERR_INVALID_STATE;
        }
        if (handlers[i] == NULL) {
            handlers[i] = handle;
            return ESP_OK;
        }
    }
    return ESP_ERR_NO_MEM;
}

esp_err_t esp_unregister_shutdown_handler(shutdown_handler_t handle)
{
    for (int i = 0; i < HANDLERS_MAX; i++) {
        if (handlers[i] == handle) {
            handlers[i] = NULL;
            return ESP_OK;
        }
    }
    return ESP_ERR_INVALID_STATE;
}

static void run_shutdown_handlers(void)
{
    for (int i = HANDLERS_MAX - 1; i >= 0; i--) {
        if (handlers[i] != NULL) {
            handlers[i]();
        }
    }
}

void esp_restart(void)
{
    run_shutdown_handlers();
    (void)fflush(stdout);
    aloft_idf_host.restart();
}

void esp_system_abort(const char *details)
{
    say("\n");
    say(details);
    say("\n");
    abort();
}

void _esp_error_check_failed_without_abort(esp_err_t rc, const char *file, int line,
                                           const char *function, const char *expression)
{
    char text[512];
    (void)snprintf(text, sizeof text,
                   "ESP_ERROR_CHECK_WITHOUT_ABORT failed: esp_err_t 0x%x (%s)\n"
                   "file: \"%s\" line %d\nfunc: %s\nexpression: %s\n",
                   (unsigned)rc, esp_err_to_name(rc), file, line, function, expression);
    say(text);
}

void _esp_error_check_failed(esp_err_t rc, const char *file, int line, const char *function,
                             const char *expression)
{
    char text[512];
    (void)snprintf(text, sizeof text,
                   "ESP_ERROR_CHECK failed: esp_err_t 0x%x (%s)\n"
                   "file: \"%s\" line %d\nfunc: %s\nexpression: %s\n",
                   (unsigned)rc, esp_err_to_name(rc), file, line, function, expression);
    say(text);
    abort();
}

// Replaces the C library's, so that assert() prints what it does on a chip.
void __assert_fail(const char *expression, const char *file, unsigned line, const char *function)
{
    const char *slash = strrchr(file, '/');
    char text[512];
    (void)snprintf(text, sizeof text, "\nassert failed: %s %s:%u (%s)\n", function,
                   slash != NULL ? slash + 1 : file, line, expression);
    say(text);
    abort();
}

esp_reset_reason_t esp_reset_reason(void)
{
    static const esp_reset_reason_t reasons[] = {
        [ALOFT_RESET_POWER_ON] = ESP_RST_POWERON,   [ALOFT_RESET_SOFTWARE] = ESP_RST_SW,
        [ALOFT_RESET_PANIC] = ESP_RST_PANIC,        [ALOFT_RESET_WATCHDOG] = ESP_RST_TASK_WDT,
        [ALOFT_RESET_BROWN_OUT] = ESP_RST_BROWNOUT,
    };
    return reasons[aloft_idf_host.reset];
}

uint32_t esp_get_free_heap_size(void)
{
    struct mallinfo2 info = mallinfo2();
    size_t used = info.uordblks + info.hblkhd;
    uint32_t left = used < HEAP_SIZE ? (uint32_t)(HEAP_SIZE - used) : 0;
    if (left < heap_low) {
        heap_low = left;
    }
    return left;
}

uint32_t esp_get_free_internal_heap_size(void)
{
    return esp_get_free_heap_size();
}

uint32_t esp_get_minimum_free_heap_size(void)
{
    (void)esp_get_free_heap_size();
    return heap_low;
}

void *heap_caps_malloc(size_t size, uint32_t caps)
{
    (void)caps;
    return malloc(size);
}

void *heap_caps_calloc(size_t n, size_t size, uint32_t caps)
{
    (void)caps;
    return calloc(n, size);
}

void heap_caps_free(void *ptr)
{
    free(ptr);
}

size_t heap_caps_get_free_size(uint32_t caps)
{
    return (caps & MALLOC_CAP_SPIRAM) != 0 ? 0 : esp_get_free_heap_size();
}

void esp_fill_random(void *buf, size_t len)
{
    while (!aloft_random(buf, len)) { // as on a chip, it cannot fail
    }
}

uint32_t esp_random(void)
{
    uint32_t value;
    esp_fill_random(&value, sizeof value);
    return value;
}

int64_t esp_timer_get_time(void)
{
    return (int64_t)aloft_idf_host.now_ms() * 1000;
}

void esp_chip_info(esp_chip_info_t *out_info)
{
    *out_info = (esp_chip_info_t){
        .model = CHIP_ESP32,
        .features = CHIP_FEATURE_WIFI_BGN | CHIP_FEATURE_BT | CHIP_FEATURE_BLE,
        .revision = aloft_idf_host.rules.chip_revision,
        .cores = portNUM_PROCESSORS,
    };
}

esp_err_t esp_efuse_mac_get_default(uint8_t *mac)
{
    if (mac == NULL) {
        return ESP_ERR_INVALID_ARG;
    }
    for (int i = 0; i < MAC_LEN; i++) {
        char digits[] = {aloft_idf_host.device_id[2 * i], aloft_idf_host.device_id[2 * i + 1], 0};
        mac[i] = (uint8_t)strtoul(digits, NULL, HEX);
    }
    return ESP_OK;
}

esp_err_t esp_base_mac_addr_get(uint8_t *mac)
{
    return esp_efuse_mac_get_default(mac);
}

// An ESP32 has four addresses in a row.
esp_err_t esp_read_mac(uint8_t *mac, esp_mac_type_t type)
{
    static const uint8_t offsets[] = {[ESP_MAC_WIFI_STA] = 0,
                                      [ESP_MAC_WIFI_SOFTAP] = 1,
                                      [ESP_MAC_BT] = 2,
                                      [ESP_MAC_ETH] = 3,
                                      [ESP_MAC_BASE] = 0};
    if (type > ESP_MAC_BASE) {
        return ESP_ERR_INVALID_ARG;
    }
    esp_err_t err = esp_efuse_mac_get_default(mac);
    if (err == ESP_OK) {
        mac[MAC_LEN - 1] = (uint8_t)(mac[MAC_LEN - 1] + offsets[type]);
    }
    return err;
}

const char *esp_get_idf_version(void)
{
    return "v5.5-aloft";
}
