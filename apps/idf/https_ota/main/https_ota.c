// An app as it is written for ESP-IDF: it tests itself when it is new, then fetches what is at
// UPDATE_URL and restarts into it, unless it is this version.
#include "driver/gpio.h"
#include "esp_crt_bundle.h"
#include "esp_https_ota.h"
#include "esp_log.h"
#include "esp_ota_ops.h"
#include "esp_system.h"
#include "nvs_flash.h"
#include "protocol_examples_common.h"
#include <string.h>

static const char *TAG = "app";

extern const char ca_pem[] asm("_binary_ca_pem_start");

static bool self_test(void)
{
    gpio_reset_pin(CONFIG_SELF_TEST_GPIO);
    gpio_set_direction(CONFIG_SELF_TEST_GPIO, GPIO_MODE_INPUT);
    return gpio_get_level(CONFIG_SELF_TEST_GPIO) == 1;
}

static void confirm_or_roll_back(void)
{
    esp_ota_img_states_t state;
    if (esp_ota_get_state_partition(esp_ota_get_running_partition(), &state) != ESP_OK ||
        state != ESP_OTA_IMG_PENDING_VERIFY) {
        return;
    }
    if (!self_test()) {
        ESP_LOGE(TAG, "Self-test failed");
        esp_ota_mark_app_invalid_rollback_and_reboot();
    }
    ESP_ERROR_CHECK(esp_ota_mark_app_valid_cancel_rollback());
    ESP_LOGI(TAG, "Self-test passed, this app stays");
}

static bool is_news(esp_https_ota_handle_t update)
{
    esp_app_desc_t offered;
    if (esp_https_ota_get_img_desc(update, &offered) != ESP_OK) {
        return false;
    }
    ESP_LOGI(TAG, "The server has version %s", offered.version);
    return strcmp(offered.version, esp_app_get_description()->version) != 0;
}

static void update_task(void *unused)
{
    const esp_http_client_config_t http = {
        .url = CONFIG_UPDATE_URL,
        .cert_pem = ca_pem,
        .timeout_ms = 5000,
        .keep_alive_enable = true,
    };
    const esp_https_ota_config_t config = {.http_config = &http};
    esp_https_ota_handle_t update;
    esp_err_t err = esp_https_ota_begin(&config, &update);
    if (err == ESP_OK && is_news(update)) {
        while ((err = esp_https_ota_perform(update)) == ESP_ERR_HTTPS_OTA_IN_PROGRESS) {
            ESP_LOGD(TAG, "%d bytes", esp_https_ota_get_image_len_read(update));
        }
        err = err == ESP_OK ? esp_https_ota_finish(update) : err;
        if (err == ESP_OK) {
            ESP_LOGI(TAG, "Restarting into the new version");
            esp_restart();
        }
    } else if (err == ESP_OK) {
        esp_https_ota_abort(update);
        ESP_LOGI(TAG, "Nothing new");
    }
    if (err != ESP_OK) {
        ESP_LOGE(TAG, "No update: %s", esp_err_to_name(err));
    }
    vTaskDelete(NULL);
}

void app_main(void)
{
    ESP_LOGI(TAG, "Version %s runs from %s", esp_app_get_description()->version,
             esp_ota_get_running_partition()->label);
    ESP_ERROR_CHECK(nvs_flash_init());
    ESP_ERROR_CHECK(esp_netif_init());
    ESP_ERROR_CHECK(esp_event_loop_create_default());
    confirm_or_roll_back();
    ESP_ERROR_CHECK(example_connect());
    xTaskCreate(update_task, "update", 8192, NULL, 5, NULL);
}
