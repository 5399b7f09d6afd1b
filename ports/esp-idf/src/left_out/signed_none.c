// CONFIG_SECURE_SIGNED_ON_UPDATE=n
#include "signed_apps.h"

const struct aloft_trust *aloft_esp_signed_apps(void)
{
    return NULL;
}
