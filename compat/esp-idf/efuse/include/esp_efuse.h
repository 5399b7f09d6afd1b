// The secure version of anti-rollback, in the board's eFuses, one bit for each step.
// Source: ESP-IDF components/efuse/include/esp_efuse.h.
#ifndef ESP_EFUSE_H
#define ESP_EFUSE_H

#include "esp_err.h"
#include <sys/cdefs.h>

__BEGIN_DECLS

#define ESP_ERR_EFUSE 0x1600

uint32_t esp_efuse_read_secure_version(void);
bool esp_efuse_check_secure_version(uint32_t secure_version);

// Never goes back: an older version is accepted and changes nothing. Errors: ESP_ERR_INVALID_ARG
// (above 16, as most chips count; an ESP32 counts to 32), ESP_FAIL (eFuses cannot be burned).
// Power loss: the old version or one of those in between.
esp_err_t esp_efuse_update_secure_version(uint32_t secure_version);

__END_DECLS

#endif
