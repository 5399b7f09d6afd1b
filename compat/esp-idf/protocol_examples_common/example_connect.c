// Connects as the examples do: Wi-Fi with the settings of menuconfig, then waits for an address.
#include "compat/esp-idf/host/host.h"
#include "esp_log.h"
#include "esp_wifi.h"
#include "protocol_examples_common.h"
#include <stdio.h>
#include <string.h>

static const char *TAG = "example_connect";

enum { RETRIES = 6 };

static SemaphoreHandle_t got_ip;
static int failures;
static _Atomic bool has_ip;

static void on_ip(void *arg, esp_event_base_t base, int32_t id, void *data)
{
    (void)arg;
    (void)base;
    (void)id;
    const ip_event_got_ip_t *event = data;
    ESP_LOGI("example_common", "Got IPv4 event: Interface \"%s\" address: " IPSTR,
             EXAMPLE_NETIF_DESC_STA, IP2STR(&event->ip_info.ip));
    has_ip = true;
    (void)xSemaphoreGive(got_ip);
}

static void on_disconnect(void *arg, esp_event_base_t base, int32_t id, void *data)
{
    (void)arg;
    (void)base;
    (void)id;
    const wifi_event_sta_disconnected_t *event = data;
    if (++failures >= RETRIES) {
        ESP_LOGI(TAG, "WiFi Connect failed %d times, stop reconnect.", failures);
        (void)xSemaphoreGive(got_ip);
        return;
    }
    ESP_LOGI(TAG, "Wi-Fi disconnected %d, trying to reconnect...", event->reason);
    (void)esp_wifi_connect();
}

static esp_err_t start_wifi(void)
{
    const wifi_init_config_t init = WIFI_INIT_CONFIG_DEFAULT();
    wifi_config_t config = {0};
    (void)snprintf((char *)config.sta.ssid, sizeof config.sta.ssid, "%s",
                   aloft_idf_config.wifi_ssid);
    (void)snprintf((char *)config.sta.password, sizeof config.sta.password, "%s",
                   aloft_idf_config.wifi_password);
    esp_err_t err = esp_wifi_init(&init);
    if (err == ESP_OK) {
        err = esp_wifi_set_mode(WIFI_MODE_STA);
    }
    if (err == ESP_OK) {
        err = esp_wifi_set_config(WIFI_IF_STA, &config);
    }
    return err == ESP_OK ? esp_wifi_start() : err;
}

esp_err_t example_connect(void)
{
    if (got_ip != NULL) {
        return ESP_ERR_INVALID_STATE;
    }
    got_ip = xSemaphoreCreateBinary();
    ESP_LOGI(TAG, "Start example_connect.");
    esp_err_t err = start_wifi();
    if (err == ESP_OK) {
        err = esp_event_handler_register(IP_EVENT, IP_EVENT_STA_GOT_IP, on_ip, NULL);
    }
    if (err == ESP_OK) {
        err = esp_event_handler_register(WIFI_EVENT, WIFI_EVENT_STA_DISCONNECTED, on_disconnect,
                                         NULL);
    }
    ESP_LOGI(TAG, "Connecting to %s...", aloft_idf_config.wifi_ssid);
    if (err == ESP_OK) {
        err = esp_wifi_connect();
    }
    if (err != ESP_OK) {
        return err;
    }
    ESP_LOGI(TAG, "Waiting for IP(s)");
    (void)xSemaphoreTake(got_ip, portMAX_DELAY);
    if (!has_ip) {
        return ESP_FAIL;
    }
    ESP_LOGI("example_common", "Connected to %s", EXAMPLE_NETIF_DESC_STA);
    return ESP_OK;
}

esp_err_t example_disconnect(void)
{
    if (got_ip == NULL) {
        return ESP_ERR_INVALID_STATE;
    }
    (void)esp_event_handler_unregister(WIFI_EVENT, WIFI_EVENT_STA_DISCONNECTED, on_disconnect);
    (void)esp_event_handler_unregister(IP_EVENT, IP_EVENT_STA_GOT_IP, on_ip);
    (void)esp_wifi_stop();
    vSemaphoreDelete(got_ip);
    got_ip = NULL;
    has_ip = false;
    failures = 0;
    return esp_wifi_deinit();
}

esp_netif_t *get_example_netif(void)
{
    return esp_netif_create_default_wifi_sta();
}

esp_netif_t *get_example_netif_from_desc(const char *desc)
{
    return strcmp(desc, EXAMPLE_NETIF_DESC_STA) == 0 ? get_example_netif() : NULL;
}

esp_err_t example_configure_stdin_stdout(void)
{
    return aloft_idf_host.take_input() ? ESP_OK : ESP_FAIL;
}
