// IP addresses as lwIP has them. Source: ESP-IDF components/lwip, lwip/ip_addr.h, ip4_addr.h.
#ifndef LWIP_IP_ADDR_H
#define LWIP_IP_ADDR_H

#include "lwip/inet.h"
#include <stdint.h>

typedef uint8_t u8_t;
typedef uint16_t u16_t;
typedef uint32_t u32_t;

typedef struct {
    uint32_t addr; // network order
} ip4_addr_t;

typedef struct {
    union {
        ip4_addr_t ip4;
    } u_addr;
    u8_t type;
} ip_addr_t;

#define IPADDR_TYPE_V4 0U
#define ip_2_ip4(a)    (&(a)->u_addr.ip4)

#define ip4_addr_get_byte(a, i) ((uint8_t)((a)->addr >> (8 * (i))))
#define ip4_addr1(a)            ip4_addr_get_byte((a), 0)
#define ip4_addr2(a)            ip4_addr_get_byte((a), 1)
#define ip4_addr3(a)            ip4_addr_get_byte((a), 2)
#define ip4_addr4(a)            ip4_addr_get_byte((a), 3)

#endif
