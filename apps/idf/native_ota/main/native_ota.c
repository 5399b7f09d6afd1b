// An update with ESP-IDF's lower calls: esp_http_client reads, esp_ota_write writes. What has
// failed its trial here is not fetched again.
#include "esp_check.h"
#include "esp_http_client.h"
#include "esp_log.h"
#include "esp_ota_ops.h"
#include "esp_system.h"
#include "nvs_flash.h"
#include "protocol_examples_common.h"
#include <string.h>

static const char *TAG = "native";

enum { BUFFER = 1024, DESC = sizeof(esp_image_header_t) + sizeof(esp_image_segment_header_t) };

static bool has_version(const esp_partition_t *partition, const char *version)
{
    esp_app_desc_t desc;
    return esp_ota_get_partition_description(partition, &desc) == ESP_OK &&
           strcmp(desc.version, version) == 0;
}

static esp_err_t check_head(const char *data, int len)
{
    esp_app_desc_t offered;
    ESP_RETURN_ON_FALSE(len >= DESC + (int)sizeof offered, ESP_ERR_INVALID_SIZE, TAG, "too short");
    memcpy(&offered, data + DESC, sizeof offered);
    ESP_LOGI(TAG, "The server has version %s", offered.version);
    ESP_RETURN_ON_FALSE(!has_version(esp_ota_get_running_partition(), offered.version),
                        ESP_ERR_INVALID_VERSION, TAG, "this version runs already");
    ESP_RETURN_ON_FALSE(!has_version(esp_ota_get_last_invalid_partition(), offered.version),
                        ESP_ERR_INVALID_VERSION, TAG, "this version has failed here");
    return ESP_OK;
}

static esp_err_t copy(esp_http_client_handle_t client, esp_ota_handle_t update)
{
    static char data[BUFFER];
    for (int total = 0;;) {
        int len = esp_http_client_read(client, data, sizeof data);
        ESP_RETURN_ON_FALSE(len >= 0 || len == -ESP_ERR_HTTP_EAGAIN, ESP_FAIL, TAG, "read failed");
        if (len == 0) {
            return esp_http_client_is_complete_data_received(client) ? ESP_OK : ESP_FAIL;
        }
        if (len > 0) {
            if (total == 0) {
                ESP_RETURN_ON_ERROR(check_head(data, len), TAG, "not wanted");
            }
            ESP_RETURN_ON_ERROR(esp_ota_write(update, data, len), TAG, "write failed");
            total += len;
        }
    }
}

static esp_err_t fetch(esp_http_client_handle_t client)
{
    const esp_partition_t *target = esp_ota_get_next_update_partition(NULL);
    esp_ota_handle_t update;
    ESP_RETURN_ON_ERROR(esp_http_client_open(client, 0), TAG, "no connection");
    esp_http_client_fetch_headers(client);
    ESP_RETURN_ON_FALSE(esp_http_client_get_status_code(client) == HttpStatus_Ok, ESP_FAIL, TAG,
                        "status %d", esp_http_client_get_status_code(client));
    ESP_RETURN_ON_ERROR(esp_ota_begin(target, OTA_WITH_SEQUENTIAL_WRITES, &update), TAG, "begin");
    esp_err_t err = copy(client, update);
    if (err != ESP_OK) {
        esp_ota_abort(update);
        return err;
    }
    ESP_RETURN_ON_ERROR(esp_ota_end(update), TAG, "the image is bad");
    return esp_ota_set_boot_partition(target);
}

static void say_farewell(void)
{
    ESP_LOGI(TAG, "The shutdown handler was called");
}

static void update_task(void *unused)
{
    const esp_http_client_config_t config = {.url = CONFIG_UPDATE_URL};
    esp_http_client_handle_t client = esp_http_client_init(&config);
    esp_err_t err = fetch(client);
    esp_http_client_cleanup(client);
    if (err == ESP_OK) {
        esp_restart();
    }
    ESP_LOGE(TAG, "No update: %s", esp_err_to_name(err));
    vTaskDelete(NULL);
}

void app_main(void)
{
    uint32_t starts = 0;
    nvs_handle_t nvs;
    ESP_ERROR_CHECK(nvs_flash_init());
    ESP_ERROR_CHECK(nvs_open("app", NVS_READWRITE, &nvs));
    nvs_get_u32(nvs, "starts", &starts);
    ESP_ERROR_CHECK(nvs_set_u32(nvs, "starts", ++starts));
    ESP_LOGI(TAG, "Version %s, start %u, reset reason %d", esp_app_get_description()->version,
             (unsigned)starts, esp_reset_reason());
    ESP_ERROR_CHECK(esp_register_shutdown_handler(say_farewell));
    ESP_ERROR_CHECK(esp_event_loop_create_default());
    ESP_ERROR_CHECK(example_connect());
#ifdef CONFIG_CRASH_ON_TRIAL
    esp_ota_img_states_t state;
    if (esp_ota_get_state_partition(esp_ota_get_running_partition(), &state) == ESP_OK &&
        state == ESP_OTA_IMG_PENDING_VERIFY) {
        ESP_ERROR_CHECK(ESP_ERR_INVALID_STATE);
    }
#endif
    esp_ota_mark_app_valid_cancel_rollback();
    xTaskCreate(update_task, "update", 8192, NULL, 5, NULL);
}
