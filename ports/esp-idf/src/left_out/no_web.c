// CONFIG_ALOFT_OTA_WEB=n
#include "aloft_ota.h"

esp_err_t aloft_ota_add_web(aloft_ota_handle_t ota, const aloft_ota_web_config_t *config)
{
    (void)ota;
    (void)config;
    return ESP_ERR_NOT_SUPPORTED;
}
