// Whose signatures count, where ESP-IDF's configuration wants signed apps: with Secure Boot V2, and
// with signed apps without it (CONFIG_SECURE_SIGNED_ON_UPDATE). ESP-IDF's own function judges.
#ifndef ALOFT_ESP_SIGNED_APPS_H
#define ALOFT_ESP_SIGNED_APPS_H

#include "aloft/trust.h"

// NULL: apps need no signature here. In Aloft's task.
const struct aloft_trust *aloft_esp_signed_apps(void);

#endif
