// What ESP-IDF's driver protects from an app: everything up to the end of the partition table, and
// the app that runs. The protection ends with the first esp_ota_begin for a bootloader or a table.
// Source: ESP-IDF components/spi_flash/include/esp_flash_internal.h.
#ifndef ESP_FLASH_INTERNAL_H
#define ESP_FLASH_INTERNAL_H

#include "esp_flash.h"
#include <sys/cdefs.h>

__BEGIN_DECLS

esp_err_t esp_flash_set_dangerous_write_protection(esp_flash_t *chip, const bool protect);

__END_DECLS

#endif
