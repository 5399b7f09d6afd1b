// The loop of ESP-IDF v3: its one callback gets the events of v5 in the form of v3.
#include "esp_event_loop.h"
#include <stddef.h>
#include <string.h>

static system_event_cb_t callback;
static void *callback_ctx;

// Up to AUTHMODE_CHANGE the ids of Wi-Fi's events are those of v3.
static void on_wifi(void *arg, esp_event_base_t base, int32_t id, void *data)
{
    (void)arg;
    (void)base;
    system_event_t event = {.event_id = (system_event_id_t)id};
    if (id == WIFI_EVENT_STA_CONNECTED) {
        memcpy(&event.event_info.connected, data, sizeof event.event_info.connected);
    } else if (id == WIFI_EVENT_STA_DISCONNECTED) {
        memcpy(&event.event_info.disconnected, data, sizeof event.event_info.disconnected);
    }
    if (callback != NULL) {
        (void)callback(callback_ctx, &event);
    }
}

static void on_ip(void *arg, esp_event_base_t base, int32_t id, void *data)
{
    (void)arg;
    (void)base;
    system_event_t event = {.event_id = SYSTEM_EVENT_STA_LOST_IP};
    if (id == IP_EVENT_STA_GOT_IP) {
        const ip_event_got_ip_t *got = data;
        event.event_id = SYSTEM_EVENT_STA_GOT_IP;
        event.event_info.got_ip.ip_changed = got->ip_changed;
        event.event_info.got_ip.ip_info =
            (tcpip_adapter_ip_info_t){got->ip_info.ip, got->ip_info.netmask, got->ip_info.gw};
    }
    if (callback != NULL) {
        (void)callback(callback_ctx, &event);
    }
}

esp_err_t esp_event_loop_init(system_event_cb_t cb, void *ctx)
{
    esp_err_t err = esp_event_loop_create_default();
    if (err != ESP_OK) {
        return ESP_FAIL; // it was called before
    }
    (void)esp_event_loop_set_cb(cb, ctx);
    err = esp_event_handler_register(WIFI_EVENT, ESP_EVENT_ANY_ID, on_wifi, NULL);
    return err == ESP_OK ? esp_event_handler_register(IP_EVENT, ESP_EVENT_ANY_ID, on_ip, NULL)
                         : err;
}

system_event_cb_t esp_event_loop_set_cb(system_event_cb_t cb, void *ctx)
{
    system_event_cb_t before = callback;
    callback = cb;
    callback_ctx = ctx;
    return before;
}
