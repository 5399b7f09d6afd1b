// CONFIG_ALOFT_OTA_PUSH=n
#include "aloft_ota.h"

esp_err_t aloft_ota_add_push(aloft_ota_handle_t ota, const aloft_ota_push_config_t *config)
{
    (void)ota;
    (void)config;
    return ESP_ERR_NOT_SUPPORTED;
}
