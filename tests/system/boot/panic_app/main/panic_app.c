// An ESP-IDF app with the fault that its version names.
#include "esp_app_desc.h"
#include "esp_err.h"
#include "esp_task_wdt.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static volatile int zero;
static volatile size_t length;

static void store(void)
{
    *(volatile int *)(uintptr_t)(zero + 0x10) = 1; // STORE
}

static void load(void)
{
    zero = *(volatile int *)(uintptr_t)(zero + 0x20);
}

static void in_library(void)
{
    length = strlen((const char *)(uintptr_t)(zero + 0x30));
}

static void fetch(void)
{
    void (*callback)(void) = (void (*)(void))(uintptr_t)zero;
    callback();
    length = 0; // so that the call is not the last act
}

static void divide(void)
{
    length = (size_t)(1000 / zero);
}

static int overflow_from(int depth)
{
    volatile char fill[1024];
    fill[0] = (char)depth;
    return depth < 0 ? 0 : overflow_from(depth + 1) + fill[0];
}

static void overflow(void)
{
    length = (size_t)overflow_from(zero);
}

static void asserts(void)
{
    assert(zero == 1);
}

static void error_check(void)
{
    ESP_ERROR_CHECK(zero == 0 ? ESP_ERR_NO_MEM : ESP_OK);
}

static void double_free(void)
{
    char *volatile block = malloc(8);
    free(block);
    free(block);
}

static void busy(void)
{
    while (zero == 0) {
    }
}

static void task(void *arg)
{
    (void)arg;
    store();
    vTaskDelete(NULL);
}

static void in_task(void)
{
    xTaskCreate(task, "worker", 4096, NULL, 5, NULL);
    vTaskDelay(portMAX_DELAY);
}

static void reports_late(void)
{
    const esp_task_wdt_config_t config = {.timeout_ms = 500, .trigger_panic = true};
    esp_task_wdt_reconfigure(&config);
    esp_task_wdt_add(NULL);
    vTaskDelay(portMAX_DELAY);
}

static const struct {
    const char *name;
    void (*run)(void);
} ways[] = {
    {"store", store},
    {"load", load},
    {"in_library", in_library},
    {"fetch", fetch},
    {"divide", divide},
    {"overflow", overflow},
    {"asserts", asserts},
    {"error_check", error_check},
    {"abort", abort},
    {"double_free", double_free},
    {"busy", busy},
    {"in_task", in_task},
    {"reports_late", reports_late},
};

void app_main(void)
{
    const char *version = esp_app_get_description()->version;
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        if (strcmp(version, ways[i].name) == 0) {
            ways[i].run();
        }
    }
    printf("nothing is wrong\n");
    vTaskDelay(portMAX_DELAY);
}
