// An app as it is written for ESP-IDF, in C++: an update is posted to its web server, which also
// says in JSON what runs. `version` on the console says it, too.
#include "cJSON.h"
#include "esp_console.h"
#include "esp_http_server.h"
#include "esp_log.h"
#include "esp_ota_ops.h"
#include "esp_system.h"
#include "nvs_flash.h"
#include "protocol_examples_common.h"
#include <array>
#include <string>

static const char *TAG = "web";

static std::string status()
{
    cJSON *root = cJSON_CreateObject();
    cJSON_AddStringToObject(root, "version", esp_app_get_description()->version);
    cJSON_AddStringToObject(root, "slot", esp_ota_get_running_partition()->label);
    char *text = cJSON_PrintUnformatted(root);
    std::string copy = text != nullptr ? text : "";
    cJSON_free(text);
    cJSON_Delete(root);
    return copy;
}

static esp_err_t get_status(httpd_req_t *req)
{
    httpd_resp_set_type(req, HTTPD_TYPE_JSON);
    return httpd_resp_sendstr(req, status().c_str());
}

// The body goes to the next slot as it comes. Anything but ESP_OK: nothing was selected.
static esp_err_t install(httpd_req_t *req)
{
    const esp_partition_t *slot = esp_ota_get_next_update_partition(nullptr);
    esp_ota_handle_t handle;
    esp_err_t err = esp_ota_begin(slot, req->content_len, &handle);
    if (err != ESP_OK) {
        return err;
    }
    std::array<char, 1024> piece;
    for (size_t left = req->content_len; left > 0 && err == ESP_OK;) {
        int n = httpd_req_recv(req, piece.data(), piece.size());
        err = n > 0 ? esp_ota_write(handle, piece.data(), n) : ESP_FAIL;
        left -= n > 0 ? n : 0;
    }
    if (err != ESP_OK) {
        esp_ota_abort(handle);
        return err;
    }
    err = esp_ota_end(handle);
    return err == ESP_OK ? esp_ota_set_boot_partition(slot) : err;
}

static esp_err_t post_update(httpd_req_t *req)
{
    esp_err_t err = install(req);
    if (err != ESP_OK) {
        ESP_LOGE(TAG, "No update: %s", esp_err_to_name(err));
        httpd_resp_send_err(req, HTTPD_400_BAD_REQUEST, esp_err_to_name(err));
        return ESP_FAIL;
    }
    httpd_resp_sendstr(req, "Restarting into the new version\n");
    ESP_LOGI(TAG, "Restarting into the new version");
    esp_restart();
    return ESP_OK;
}

static int say_version(int, char **)
{
    printf("%s\n", status().c_str());
    return 0;
}

static void start_server()
{
    httpd_handle_t server;
    httpd_config_t config = HTTPD_DEFAULT_CONFIG();
    httpd_uri_t uri = {};
    uri.uri = "/status";
    uri.method = HTTP_GET;
    uri.handler = get_status;
    ESP_ERROR_CHECK(httpd_start(&server, &config));
    ESP_ERROR_CHECK(httpd_register_uri_handler(server, &uri));
    uri.uri = "/update";
    uri.method = HTTP_POST;
    uri.handler = post_update;
    ESP_ERROR_CHECK(httpd_register_uri_handler(server, &uri));
}

static void start_console()
{
    esp_console_repl_t *repl;
    esp_console_repl_config_t config = ESP_CONSOLE_REPL_CONFIG_DEFAULT();
    esp_console_dev_uart_config_t uart = ESP_CONSOLE_DEV_UART_CONFIG_DEFAULT();
    esp_console_cmd_t command = {};
    command.command = "version";
    command.help = "What runs";
    command.func = say_version;
    ESP_ERROR_CHECK(esp_console_new_repl_uart(&uart, &config, &repl));
    ESP_ERROR_CHECK(esp_console_cmd_register(&command));
    ESP_ERROR_CHECK(esp_console_start_repl(repl));
}

extern "C" void app_main(void)
{
    ESP_ERROR_CHECK(nvs_flash_init());
    ESP_ERROR_CHECK(esp_netif_init());
    ESP_ERROR_CHECK(esp_event_loop_create_default());
    ESP_ERROR_CHECK(example_connect());
    start_server();
    esp_ota_mark_app_valid_cancel_rollback(); // whoever can be reached can be updated again
    start_console();
    ESP_LOGI(TAG, "%s", status().c_str());
}
