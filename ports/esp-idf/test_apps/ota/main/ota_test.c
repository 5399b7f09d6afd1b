// The app of the tests: every way is on, and its version says how it behaves.
//   2          confirms itself when a server has answered, or the owner can reach it
//   2-crash    crashes as soon as it has started       2-hang    stops feeding the task watchdog
//   2-reject   rejects itself                          2-never   never confirms
//   2-veto     wants neither download nor restart in its first 3 s
#include "aloft_ota.h"
#include <esp_app_desc.h>
#include <esp_log.h>
#include <esp_netif.h>
#include <esp_task_wdt.h>
#include <esp_timer.h>
#include <freertos/FreeRTOS.h>
#include <freertos/task.h>
#include <nvs_flash.h>
#include <protocol_examples_common.h>
#include <stdlib.h>
#include <string.h>

#define VETO_US 3000000

static const char *TAG = "test";

extern const char ca_pem[] asm("_binary_ca_pem_start");

static aloft_ota_handle_t ota;

static bool behaves(const char *how)
{
    return strstr(esp_app_get_description()->version, how) != NULL;
}

static bool allow(void *ctx, aloft_ota_moment_t moment)
{
    (void)ctx;
    bool now = !behaves("-veto") || esp_timer_get_time() > VETO_US;
    ESP_LOGI(TAG, "%s: %s", moment == ALOFT_OTA_BEFORE_DOWNLOAD ? "Download" : "Restart",
             now ? "allowed" : "not now");
    return now;
}

static void confirm(void)
{
    if (!behaves("-never")) {
        ESP_LOGI(TAG, "Confirm: %s", aloft_ota_err_to_name(aloft_ota_confirm(ota)));
    }
}

static void on_event(void *arg, esp_event_base_t base, int32_t event, void *data)
{
    const aloft_ota_status_t *status = data;
    (void)arg;
    (void)base;
    switch (event) {
    case ALOFT_OTA_EVENT_ANSWERED:
        confirm();
        break;
    case ALOFT_OTA_EVENT_STARTED:
        ESP_LOGI(TAG, "Event STARTED, version %s", status->new_version);
        break;
    case ALOFT_OTA_EVENT_PROGRESS:
        ESP_LOGI(TAG, "Event PROGRESS, %lu of %lu", (unsigned long)status->bytes,
                 (unsigned long)status->total);
        break;
    case ALOFT_OTA_EVENT_UP_TO_DATE:
        ESP_LOGI(TAG, "Event UP_TO_DATE");
        break;
    case ALOFT_OTA_EVENT_FAILED:
        ESP_LOGI(TAG, "Event FAILED, %s", status->error_text);
        break;
    case ALOFT_OTA_EVENT_SELECTED:
        ESP_LOGI(TAG, "Event SELECTED");
        break;
    case ALOFT_OTA_EVENT_CONFIRMED:
        ESP_LOGI(TAG, "Event CONFIRMED");
        break;
    default:
        break;
    }
}

static void misbehave(void)
{
    if (behaves("-crash")) {
        abort();
    }
    if (behaves("-hang")) {
        ESP_ERROR_CHECK(esp_task_wdt_add(NULL));
        for (;;) {
        }
    }
    if (behaves("-reject")) {
        ESP_LOGI(TAG, "Reject: %s", aloft_ota_err_to_name(aloft_ota_reject(ota)));
    }
}

static void add_ways(void)
{
    const aloft_ota_push_config_t push = {.port = 3232};
    const aloft_ota_web_config_t web = {.port = 80};
    esp_err_t push_err = aloft_ota_add_push(ota, &push);
    esp_err_t web_err = aloft_ota_add_web(ota, &web);
    ESP_LOGI(TAG, "Push: %s, web: %s", aloft_ota_err_to_name(push_err),
             aloft_ota_err_to_name(web_err));
    if (push_err == ESP_OK || web_err == ESP_OK) {
        confirm();
    }
}

void app_main(void)
{
    aloft_ota_config_t config = ALOFT_OTA_CONFIG_DEFAULT();
    aloft_ota_status_t status;
    ESP_LOGI(TAG, "Version %s", esp_app_get_description()->version);
    ESP_ERROR_CHECK(nvs_flash_init());
    ESP_ERROR_CHECK(esp_netif_init());
    ESP_ERROR_CHECK(esp_event_loop_create_default());
    ESP_ERROR_CHECK(esp_event_handler_register(ALOFT_OTA_EVENT, ESP_EVENT_ANY_ID, on_event, NULL));
    ESP_ERROR_CHECK(example_connect());
    config.url = CONFIG_TEST_UPDATE_URL;
    config.cert_pem = ca_pem;
    config.trial_s = CONFIG_TEST_TRIAL_S;
    config.allow = allow;
    config.veto_retry_s = 1;
    ESP_ERROR_CHECK(aloft_ota_start(&config, &ota));
    ESP_ERROR_CHECK(aloft_ota_status(ota, &status));
    ESP_LOGI(TAG, "Status: version %s", status.version);
    misbehave();
    add_ways();
    ESP_ERROR_CHECK(aloft_ota_check(ota, NULL));
    esp_err_t err = aloft_ota_wait(ota, 600000);
    ESP_LOGI(TAG, "Waited: %s", aloft_ota_err_to_name(err));
    ESP_LOGI(TAG, "Ready");
}
