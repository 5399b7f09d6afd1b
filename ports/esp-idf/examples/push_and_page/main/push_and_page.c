// An app that its owner updates: by `aloft push`, espota.py or the Arduino IDE, and by a page in
// the browser. Passwords are set once, as verifiers in NVS (`aloft secret`, `aloft nvs build`); a
// way without one stays shut.
#include "aloft_ota.h"
#include <esp_app_desc.h>
#include <esp_log.h>
#include <esp_netif.h>
#include <nvs_flash.h>
#include <protocol_examples_common.h>

static const char *TAG = "example";

static bool is_on(const char *way, esp_err_t err)
{
    if (err != ESP_OK) {
        ESP_LOGW(TAG, "%s is off: %s", way, aloft_ota_err_to_name(err));
    }
    return err == ESP_OK;
}

void app_main(void)
{
    aloft_ota_handle_t ota;
    const aloft_ota_config_t config = ALOFT_OTA_CONFIG_DEFAULT();
    const aloft_ota_push_config_t push = {.port = CONFIG_EXAMPLE_PUSH_PORT};
    const aloft_ota_web_config_t web = {.port = CONFIG_EXAMPLE_WEB_PORT};
    ESP_LOGI(TAG, "Version %s", esp_app_get_description()->version);
    ESP_ERROR_CHECK(nvs_flash_init());
    ESP_ERROR_CHECK(esp_netif_init());
    ESP_ERROR_CHECK(esp_event_loop_create_default());
    ESP_ERROR_CHECK(example_connect());
    ESP_ERROR_CHECK(aloft_ota_start(&config, &ota));
    bool push_is_on = is_on("Push", aloft_ota_add_push(ota, &push));
    bool page_is_on = is_on("The page", aloft_ota_add_web(ota, &web));
    if (push_is_on || page_is_on) { // it can be replaced, so it may stay
        ESP_ERROR_CHECK(aloft_ota_confirm(ota));
    }
}
