// Calls between Wi-Fi and network interfaces.
#ifndef ALOFT_IDF_WIFI_H
#define ALOFT_IDF_WIFI_H

#include "esp_netif.h"

// The station's interface has got or lost its address.
void aloft_idf_netif_up(bool up);

#endif
