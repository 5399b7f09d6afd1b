// Network interfaces, simulated: the network is the host's. There is one station interface.
// Source: ESP-IDF components/esp_netif/include/esp_netif.h.
#ifndef ESP_NETIF_H
#define ESP_NETIF_H

#include "esp_event.h"
#include "esp_netif_ip_addr.h"
#include <arpa/inet.h>
#include <sys/cdefs.h>
#include <sys/socket.h>

__BEGIN_DECLS

#define ESP_ERR_ESP_NETIF_BASE           0x5000
#define ESP_ERR_ESP_NETIF_INVALID_PARAMS (ESP_ERR_ESP_NETIF_BASE + 0x01)
#define ESP_ERR_ESP_NETIF_IF_NOT_READY   (ESP_ERR_ESP_NETIF_BASE + 0x02)

typedef struct esp_netif_obj esp_netif_t;

typedef struct {
    esp_ip4_addr_t ip;
    esp_ip4_addr_t netmask;
    esp_ip4_addr_t gw;
} esp_netif_ip_info_t;

ESP_EVENT_DECLARE_BASE(IP_EVENT);

typedef enum {
    IP_EVENT_STA_GOT_IP,
    IP_EVENT_STA_LOST_IP,
    IP_EVENT_AP_STAIPASSIGNED,
    IP_EVENT_GOT_IP6,
    IP_EVENT_ETH_GOT_IP,
    IP_EVENT_ETH_LOST_IP,
} ip_event_t;

typedef struct {
    esp_netif_t *esp_netif;
    esp_netif_ip_info_t ip_info;
    bool ip_changed;
} ip_event_got_ip_t;

esp_err_t esp_netif_init(void);
esp_err_t esp_netif_deinit(void);
esp_netif_t *esp_netif_create_default_wifi_sta(void);
esp_netif_t *esp_netif_create_default_wifi_ap(void); // NULL, and the log says why
void esp_netif_destroy(esp_netif_t *esp_netif);
esp_err_t esp_netif_get_ip_info(esp_netif_t *esp_netif, esp_netif_ip_info_t *ip_info);
const char *esp_netif_get_desc(esp_netif_t *esp_netif);
esp_netif_t *esp_netif_get_handle_from_ifkey(const char *if_key);
esp_err_t esp_netif_get_netif_impl_name(esp_netif_t *esp_netif, char *name);
esp_err_t esp_netif_set_hostname(esp_netif_t *esp_netif, const char *hostname);

__END_DECLS

#endif
