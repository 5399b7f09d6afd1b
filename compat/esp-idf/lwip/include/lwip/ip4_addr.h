// IP addresses of version 4. Source: ESP-IDF components/lwip.
#ifndef LWIP_IP4_ADDR_H
#define LWIP_IP4_ADDR_H

#include "lwip/ip_addr.h"

#endif
