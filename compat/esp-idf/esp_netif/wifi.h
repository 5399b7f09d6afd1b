// What Wi-Fi and interfaces know of each other.
#ifndef ALOFT_IDF_WIFI_H
#define ALOFT_IDF_WIFI_H

#include "esp_netif.h"

// The station's interface has its address, or has it no more.
void aloft_idf_netif_up(bool up);

#endif
