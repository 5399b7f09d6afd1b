// Ethernet's events, so that code for boards with and without it compiles: none of them comes. The
// virtual board has no Ethernet, and the driver's calls are not there.
// Source: ESP-IDF components/esp_eth/include/esp_eth.h, esp_eth_driver.h.
#ifndef ESP_ETH_H
#define ESP_ETH_H

#include "esp_event.h"
#include <sys/cdefs.h>

__BEGIN_DECLS

typedef enum {
    ETHERNET_EVENT_START,
    ETHERNET_EVENT_STOP,
    ETHERNET_EVENT_CONNECTED,
    ETHERNET_EVENT_DISCONNECTED,
} eth_event_t;

ESP_EVENT_DECLARE_BASE(ETH_EVENT);

__END_DECLS

#endif
