// An app that asks a server for a newer version of itself every hour. A new version is on trial
// until a server has answered it: it can be updated again, which is what an update must never lose.
#include "aloft_ota.h"
#include <esp_app_desc.h>
#include <esp_log.h>
#include <esp_netif.h>
#include <nvs_flash.h>
#include <protocol_examples_common.h>

static const char *TAG = "example";

static bool pump_runs; // set by the app's own code

// Not now: the pump runs.
static bool allow(void *ctx, aloft_ota_moment_t moment)
{
    (void)ctx;
    (void)moment;
    return !pump_runs;
}

static void on_event(void *ota, esp_event_base_t base, int32_t event, void *data)
{
    const aloft_ota_status_t *status = data;
    (void)base;
    switch (event) {
    case ALOFT_OTA_EVENT_ANSWERED:
        ESP_ERROR_CHECK(aloft_ota_confirm(*(aloft_ota_handle_t *)ota));
        break;
    case ALOFT_OTA_EVENT_UP_TO_DATE:
        ESP_LOGI(TAG, "Nothing new");
        break;
    case ALOFT_OTA_EVENT_STARTED:
        ESP_LOGI(TAG, "Version %s comes", status->new_version);
        break;
    case ALOFT_OTA_EVENT_FAILED:
        ESP_LOGW(TAG, "No update: %s", status->error_text);
        break;
    default:
        break;
    }
}

void app_main(void)
{
    static aloft_ota_handle_t ota;
    aloft_ota_config_t config = ALOFT_OTA_CONFIG_DEFAULT();
    ESP_LOGI(TAG, "Version %s", esp_app_get_description()->version);
    ESP_ERROR_CHECK(nvs_flash_init());
    ESP_ERROR_CHECK(esp_netif_init());
    ESP_ERROR_CHECK(esp_event_loop_create_default());
    ESP_ERROR_CHECK(esp_event_handler_register(ALOFT_OTA_EVENT, ESP_EVENT_ANY_ID, on_event, &ota));
    ESP_ERROR_CHECK(example_connect());
    config.url = CONFIG_EXAMPLE_UPDATE_URL;
    config.interval_s = CONFIG_EXAMPLE_CHECK_S;
    config.allow = allow;
    ESP_ERROR_CHECK(aloft_ota_start(&config, &ota));
}
