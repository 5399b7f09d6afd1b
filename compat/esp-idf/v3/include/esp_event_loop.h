// The event loop of ESP-IDF v3: one callback for all events of the system.
// Source: ESP-IDF v3.0 components/esp32/include/esp_event.h, esp_event_loop.h.
#ifndef ESP_EVENT_LOOP_H
#define ESP_EVENT_LOOP_H

#include "esp_event.h"
#include "esp_netif.h"
#include "esp_wifi.h"
#include "tcpip_adapter.h"
#include <sys/cdefs.h>

__BEGIN_DECLS

typedef enum {
    SYSTEM_EVENT_WIFI_READY,
    SYSTEM_EVENT_SCAN_DONE,
    SYSTEM_EVENT_STA_START,
    SYSTEM_EVENT_STA_STOP,
    SYSTEM_EVENT_STA_CONNECTED,
    SYSTEM_EVENT_STA_DISCONNECTED,
    SYSTEM_EVENT_STA_AUTHMODE_CHANGE,
    SYSTEM_EVENT_STA_GOT_IP,
    SYSTEM_EVENT_STA_LOST_IP,
    SYSTEM_EVENT_STA_WPS_ER_SUCCESS, // from here on for code that names them; they do not come
    SYSTEM_EVENT_STA_WPS_ER_FAILED,
    SYSTEM_EVENT_STA_WPS_ER_TIMEOUT,
    SYSTEM_EVENT_STA_WPS_ER_PIN,
    SYSTEM_EVENT_AP_START,
    SYSTEM_EVENT_AP_STOP,
    SYSTEM_EVENT_AP_STACONNECTED,
    SYSTEM_EVENT_AP_STADISCONNECTED,
    SYSTEM_EVENT_AP_PROBEREQRECVED,
    SYSTEM_EVENT_GOT_IP6,
    SYSTEM_EVENT_ETH_START,
    SYSTEM_EVENT_ETH_STOP,
    SYSTEM_EVENT_ETH_CONNECTED,
    SYSTEM_EVENT_ETH_DISCONNECTED,
    SYSTEM_EVENT_ETH_GOT_IP,
    SYSTEM_EVENT_MAX,
} system_event_id_t;
#define SYSTEM_EVENT_AP_STA_GOT_IP6 SYSTEM_EVENT_GOT_IP6

typedef wifi_event_sta_connected_t system_event_sta_connected_t;
typedef wifi_event_sta_disconnected_t system_event_sta_disconnected_t;

typedef struct {
    tcpip_adapter_ip_info_t ip_info;
    bool ip_changed;
} system_event_sta_got_ip_t;

typedef struct {
    uint8_t mac[6];
    uint8_t aid;
} system_event_ap_staconnected_t;
typedef system_event_ap_staconnected_t system_event_ap_stadisconnected_t;

typedef struct {
    int rssi;
    uint8_t mac[6];
} system_event_ap_probe_req_rx_t;

typedef union {
    system_event_ap_staconnected_t sta_connected;
    system_event_ap_stadisconnected_t sta_disconnected;
    system_event_ap_probe_req_rx_t ap_probereqrecved;
    system_event_sta_connected_t connected;
    system_event_sta_disconnected_t disconnected;
    system_event_sta_got_ip_t got_ip;
} system_event_info_t;

typedef struct {
    system_event_id_t event_id;
    system_event_info_t event_info;
} system_event_t;

typedef esp_err_t (*system_event_cb_t)(void *ctx, system_event_t *event);

esp_err_t esp_event_loop_init(system_event_cb_t cb, void *ctx);
system_event_cb_t esp_event_loop_set_cb(system_event_cb_t cb, void *ctx);

__END_DECLS

#endif
