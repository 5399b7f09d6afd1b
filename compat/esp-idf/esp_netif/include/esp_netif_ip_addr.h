// IP addresses. Source: ESP-IDF components/esp_netif/include/esp_netif_ip_addr.h.
#ifndef ESP_NETIF_IP_ADDR_H
#define ESP_NETIF_IP_ADDR_H

#include <stdint.h>

typedef struct {
    uint32_t addr; // network order
} esp_ip4_addr_t;

typedef struct {
    esp_ip4_addr_t ip;
    esp_ip4_addr_t netmask;
    esp_ip4_addr_t gw;
} tcpip_adapter_ip_info_t;

#define IPSTR               "%d.%d.%d.%d"
#define ESP_IP4_BYTE_(a, i) ((uint8_t)((a)->addr >> (8 * (i))))
#define ESP_IP4_HALF_(a, i) ESP_IP4_BYTE_(a, i), ESP_IP4_BYTE_(a, (i) + 1)
#define IP2STR(a)           ESP_IP4_HALF_(a, 0), ESP_IP4_HALF_(a, 2)

#endif
