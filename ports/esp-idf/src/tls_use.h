// TLS of the pull: whom it trusts. Two files have these functions; without CONFIG_ALOFT_OTA_TLS no
// TLS is linked, and an https URL fails as TLS_NO_TRUST.
#ifndef ALOFT_ESP_TLS_USE_H
#define ALOFT_ESP_TLS_USE_H

#include "state.h"

void aloft_esp_use_tls(struct aloft_ota *ota);

// Frees what was read for a check.
void aloft_esp_drop_trust(struct aloft_ota *ota);

#endif
