// The secure version of anti-rollback. An ESP32 burns it into eFuse, one bit for each step; the
// board keeps it in a data partition of subtype efuse, bit by bit, as ESP-IDF's emulated eFuse
// does. A table without one has version 0 for ever.
// Source: ESP-IDF components/efuse/include/esp_efuse.h.
#ifndef ESP_EFUSE_H
#define ESP_EFUSE_H

#include "esp_err.h"

#define ESP_ERR_EFUSE 0x1600

uint32_t esp_efuse_read_secure_version(void);
bool esp_efuse_check_secure_version(uint32_t secure_version);

// Never goes back: an older version is accepted and changes nothing. Errors: ESP_ERR_INVALID_ARG
// (above 32), ESP_ERR_NOT_FOUND (no such partition), and those of esp_partition_write.
// Power loss: the old version or one of those in between.
esp_err_t esp_efuse_update_secure_version(uint32_t secure_version);

#endif
