// CONFIG_ALOFT_OTA_TLS=n
#include "tls_use.h"

void aloft_esp_use_tls(struct aloft_ota *ota)
{
    (void)ota;
}

void aloft_esp_drop_trust(struct aloft_ota *ota)
{
    (void)ota;
}
