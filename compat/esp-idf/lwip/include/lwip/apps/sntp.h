// Where SNTP was before v4.3. Source: ESP-IDF components/lwip.
#ifndef LWIP_APPS_SNTP_H
#define LWIP_APPS_SNTP_H

#include "esp_sntp.h"

#endif
