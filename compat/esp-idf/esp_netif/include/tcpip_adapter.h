// What was esp_netif before v4.1. Source: ESP-IDF v3.0 components/tcpip_adapter.
#ifndef TCPIP_ADAPTER_H
#define TCPIP_ADAPTER_H

#include "esp_err.h"
#include "esp_netif_ip_addr.h"
#include <arpa/inet.h>
#include <sys/cdefs.h>
#include <sys/socket.h>

__BEGIN_DECLS

typedef enum { TCPIP_ADAPTER_IF_STA, TCPIP_ADAPTER_IF_AP, TCPIP_ADAPTER_IF_ETH } tcpip_adapter_if_t;

void tcpip_adapter_init(void);
esp_err_t tcpip_adapter_get_ip_info(tcpip_adapter_if_t tcpip_if, tcpip_adapter_ip_info_t *ip_info);
char *ip4addr_ntoa(const esp_ip4_addr_t *addr);

__END_DECLS

#endif
