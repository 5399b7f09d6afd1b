// The one interface: Wi-Fi sets it up and down; its address is that of the board.
#include "compat/esp-idf/esp_common/refuse.h"
#include "compat/esp-idf/esp_netif/wifi.h"
#include "esp_log.h"
#include "tcpip_adapter.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static const char *TAG = "esp_netif_handlers";

#define ADDRESS "192.168.2.105"
#define NETMASK "255.255.255.0"
#define GATEWAY "192.168.2.1"

ESP_EVENT_DEFINE_BASE(IP_EVENT);

struct esp_netif_obj {
    const char *desc;
    bool up;
};

static struct esp_netif_obj station = {.desc = "sta"};

static esp_netif_ip_info_t address(void)
{
    return (esp_netif_ip_info_t){{inet_addr(ADDRESS)}, {inet_addr(NETMASK)}, {inet_addr(GATEWAY)}};
}

void aloft_idf_netif_up(bool up)
{
    bool was = station.up;
    station.up = up;
    if (up) {
        ESP_LOGI(TAG, "sta ip: " ADDRESS ", mask: " NETMASK ", gw: " GATEWAY);
        const ip_event_got_ip_t event = {&station, address(), !was};
        (void)esp_event_post(IP_EVENT, IP_EVENT_STA_GOT_IP, &event, sizeof event, portMAX_DELAY);
    } else if (was) {
        (void)esp_event_post(IP_EVENT, IP_EVENT_STA_LOST_IP, NULL, 0, portMAX_DELAY);
    }
}

esp_err_t esp_netif_init(void)
{
    return ESP_OK;
}

esp_err_t esp_netif_deinit(void)
{
    return ESP_ERR_NOT_SUPPORTED; // nor has ESP-IDF it
}

esp_netif_t *esp_netif_create_default_wifi_sta(void)
{
    return &station;
}

esp_netif_t *esp_netif_create_default_wifi_ap(void)
{
    (void)aloft_idf_refuse(TAG, __func__, "radio, so no access point");
    return NULL;
}

void esp_netif_destroy(esp_netif_t *esp_netif)
{
    (void)esp_netif;
}

esp_err_t esp_netif_get_ip_info(esp_netif_t *esp_netif, esp_netif_ip_info_t *ip_info)
{
    if (esp_netif == NULL || ip_info == NULL) {
        return ESP_ERR_ESP_NETIF_INVALID_PARAMS;
    }
    memset(ip_info, 0, sizeof *ip_info);
    if (esp_netif->up) {
        *ip_info = address();
    }
    return ESP_OK;
}

const char *esp_netif_get_desc(esp_netif_t *esp_netif)
{
    return esp_netif == NULL ? NULL : esp_netif->desc;
}

esp_netif_t *esp_netif_get_handle_from_ifkey(const char *if_key)
{
    return strcmp(if_key, "WIFI_STA_DEF") == 0 ? &station : NULL;
}

esp_err_t esp_netif_get_netif_impl_name(esp_netif_t *esp_netif, char *name)
{
    enum { NAME_SIZE = 6 };
    if (esp_netif == NULL || name == NULL) {
        return ESP_ERR_ESP_NETIF_INVALID_PARAMS;
    }
    (void)snprintf(name, NAME_SIZE, "st1");
    return ESP_OK;
}

esp_err_t esp_netif_set_hostname(esp_netif_t *esp_netif, const char *hostname)
{
    return esp_netif == NULL || hostname == NULL ? ESP_ERR_ESP_NETIF_INVALID_PARAMS : ESP_OK;
}

void tcpip_adapter_init(void)
{
    (void)esp_netif_init();
}

esp_err_t tcpip_adapter_get_ip_info(tcpip_adapter_if_t tcpip_if, tcpip_adapter_ip_info_t *ip_info)
{
    esp_netif_ip_info_t info;
    if (tcpip_if != TCPIP_ADAPTER_IF_STA || ip_info == NULL) {
        return ESP_ERR_INVALID_ARG;
    }
    (void)esp_netif_get_ip_info(&station, &info);
    *ip_info = (tcpip_adapter_ip_info_t){info.ip, info.netmask, info.gw};
    return ESP_OK;
}

char *ip4addr_ntoa(const esp_ip4_addr_t *addr)
{
    static _Thread_local char text[INET_ADDRSTRLEN];
    (void)snprintf(text, sizeof text, IPSTR, IP2STR(addr));
    return text;
}
