// Simulated Wi-Fi: states, the driver's console lines, and events in a chip's order and time. With
// the image's setting wifi_down the network is absent.
#include "compat/esp-idf/esp_netif/wifi.h"
#include "compat/esp-idf/esp_common/refuse.h"
#include "compat/esp-idf/host/host.h"
#include "esp_log.h"
#include "esp_wifi.h"
#include <pthread.h>
#include <string.h>

static const char *TAG = "wifi";

ESP_EVENT_DEFINE_BASE(WIFI_EVENT);

enum { STEP_MS = 20, ADDRESS_MS = 100, SEARCH_MS = 2000, STACK = 4096, CHANNEL = 1, RSSI = -50 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static _Atomic bool ready;
static _Atomic bool started;
static _Atomic bool connecting;
static _Atomic bool connected;
static _Atomic wifi_mode_t mode_set = WIFI_MODE_STA; // what a chip starts with
static wifi_config_t wanted;

static void act(uint32_t ms)
{
    vTaskDelay(aloft_idf_host.fast ? 1 : pdMS_TO_TICKS(ms) + 1);
}

static void post(int32_t id, const void *data, size_t size)
{
    (void)esp_event_post(WIFI_EVENT, id, data, size, portMAX_DELAY);
}

static uint8_t ssid_len(void)
{
    return (uint8_t)strnlen((const char *)wanted.sta.ssid, sizeof wanted.sta.ssid);
}

static void tell_disconnected(uint8_t reason)
{
    wifi_event_sta_disconnected_t event = {.ssid_len = ssid_len(), .reason = reason};
    memcpy(event.ssid, wanted.sta.ssid, sizeof event.ssid);
    post(WIFI_EVENT_STA_DISCONNECTED, &event, sizeof event);
}

static void tell_connected(void)
{
    wifi_event_sta_connected_t event = {
        .ssid_len = ssid_len(), .channel = CHANNEL, .authmode = WIFI_AUTH_WPA2_PSK};
    memcpy(event.ssid, wanted.sta.ssid, sizeof event.ssid);
    post(WIFI_EVENT_STA_CONNECTED, &event, sizeof event);
}

static void associate(void *unused)
{
    (void)unused;
    bool down = strcmp(aloft_idf_host.setting("wifi_down", "0"), "0") != 0;
    if (down) {
        act(SEARCH_MS);
        connecting = false;
        tell_disconnected(WIFI_REASON_NO_AP_FOUND);
        vTaskDelete(NULL);
    }
    ESP_LOGI(TAG, "state: init -> auth (b0)");
    act(STEP_MS);
    ESP_LOGI(TAG, "state: auth -> assoc (0)");
    ESP_LOGI(TAG, "state: assoc -> run (10)");
    act(STEP_MS);
    ESP_LOGI(TAG, "connected with %.*s, channel %d", (int)ssid_len(), (const char *)wanted.sta.ssid,
             CHANNEL);
    connecting = false;
    connected = true;
    tell_connected();
    act(ADDRESS_MS);
    aloft_idf_netif_up(true);
    vTaskDelete(NULL);
}

esp_err_t esp_wifi_init(const wifi_init_config_t *config)
{
    ready = config != NULL;
    return ready ? ESP_OK : ESP_ERR_INVALID_ARG;
}

static esp_err_t if_ready(void)
{
    return ready ? ESP_OK : ESP_ERR_WIFI_NOT_INIT;
}

esp_err_t esp_wifi_deinit(void)
{
    esp_err_t err = if_ready();
    ready = false;
    return err;
}

esp_err_t esp_wifi_set_mode(wifi_mode_t mode)
{
    esp_err_t err = if_ready();
    if (err != ESP_OK) {
        return err;
    }
    if (mode != WIFI_MODE_STA && mode != WIFI_MODE_NULL) {
        return aloft_idf_refuse(TAG, __func__, "radio, so no access point");
    }
    mode_set = mode;
    return ESP_OK;
}

esp_err_t esp_wifi_get_mode(wifi_mode_t *mode)
{
    if (mode == NULL) {
        return ESP_ERR_INVALID_ARG;
    }
    *mode = mode_set;
    return if_ready();
}

esp_err_t esp_wifi_set_storage(wifi_storage_t storage)
{
    (void)storage;
    return if_ready();
}

esp_err_t esp_wifi_set_ps(wifi_ps_type_t type)
{
    (void)type;
    return if_ready();
}

esp_err_t esp_wifi_set_config(wifi_interface_t interface, wifi_config_t *conf)
{
    if (conf == NULL || interface != WIFI_IF_STA) {
        return ESP_ERR_INVALID_ARG;
    }
    wanted = *conf;
    return if_ready();
}

esp_err_t esp_wifi_get_config(wifi_interface_t interface, wifi_config_t *conf)
{
    if (conf == NULL || interface != WIFI_IF_STA) {
        return ESP_ERR_INVALID_ARG;
    }
    *conf = wanted;
    return if_ready();
}

esp_err_t esp_wifi_start(void)
{
    esp_err_t err = if_ready();
    if (err == ESP_OK && !started) {
        started = true;
        post(WIFI_EVENT_STA_START, NULL, 0);
    }
    return err;
}

esp_err_t esp_wifi_stop(void)
{
    esp_err_t err = if_ready();
    if (err == ESP_OK && started) {
        (void)esp_wifi_disconnect();
        started = false;
        post(WIFI_EVENT_STA_STOP, NULL, 0);
    }
    return err;
}

esp_err_t esp_wifi_connect(void)
{
    esp_err_t err = if_ready();
    if (err != ESP_OK) {
        return err;
    }
    if (!started) {
        return ESP_ERR_WIFI_NOT_STARTED;
    }
    if (ssid_len() == 0) {
        return ESP_ERR_WIFI_SSID;
    }
    (void)pthread_mutex_lock(&lock);
    bool busy = connecting || connected;
    connecting = connecting || !busy;
    (void)pthread_mutex_unlock(&lock);
    if (busy) {
        return ESP_ERR_WIFI_CONN;
    }
    return xTaskCreate(associate, "wifi", STACK, NULL, 1, NULL) == pdPASS ? ESP_OK : ESP_ERR_NO_MEM;
}

esp_err_t esp_wifi_disconnect(void)
{
    if (!started) {
        return ESP_ERR_WIFI_NOT_STARTED;
    }
    bool was = connected;
    connected = false;
    aloft_idf_netif_up(false);
    if (was) {
        tell_disconnected(WIFI_REASON_ASSOC_LEAVE);
    }
    return ESP_OK;
}

esp_err_t esp_wifi_sta_get_ap_info(wifi_ap_record_t *ap_info)
{
    if (ap_info == NULL) {
        return ESP_ERR_INVALID_ARG;
    }
    if (!connected) {
        return ESP_ERR_WIFI_NOT_CONNECT;
    }
    *ap_info = (wifi_ap_record_t){.primary = CHANNEL, .rssi = RSSI, .authmode = WIFI_AUTH_WPA2_PSK};
    memcpy(ap_info->ssid, wanted.sta.ssid, sizeof wanted.sta.ssid);
    return ESP_OK;
}

esp_err_t esp_wifi_get_mac(wifi_interface_t ifx, uint8_t mac[6])
{
    return ifx == WIFI_IF_STA ? esp_read_mac(mac, ESP_MAC_WIFI_STA) : ESP_ERR_NOT_SUPPORTED;
}
