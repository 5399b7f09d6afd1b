// Reads and burns the security version in the board's eFuses.
#include "compat/esp-idf/host/host.h"
#include "esp_efuse.h"

uint32_t esp_efuse_read_secure_version(void)
{
    return aloft_idf_host.secure_version();
}

bool esp_efuse_check_secure_version(uint32_t secure_version)
{
    return secure_version >= esp_efuse_read_secure_version();
}

esp_err_t esp_efuse_update_secure_version(uint32_t secure_version)
{
    if (secure_version <= esp_efuse_read_secure_version()) {
        return ESP_OK;
    }
    aloft_idf_lock();
    enum aloft_err err = aloft_idf_host.raise_secure_version(secure_version);
    aloft_idf_unlock();
    return err == ALOFT_OK                  ? ESP_OK
           : err == ALOFT_ERR_EFUSE_VERSION ? ESP_ERR_INVALID_ARG
                                            : ESP_FAIL;
}
