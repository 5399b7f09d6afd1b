// The flash chip, as far as partitions name it. There is one.
// Source: ESP-IDF components/spi_flash/include/esp_flash.h.
#ifndef ESP_FLASH_H
#define ESP_FLASH_H

#include "esp_err.h"
#include <sys/cdefs.h>

__BEGIN_DECLS

typedef struct esp_flash_t {
    uint32_t size; // known from the first call on that reads the partition table
} esp_flash_t;

extern esp_flash_t *esp_flash_default_chip;

esp_err_t esp_flash_get_size(esp_flash_t *chip, uint32_t *out_size);

#define SPI_FLASH_SEC_SIZE 4096

// True on a board that was made with `aloft board create --encrypted`.
bool esp_flash_encryption_enabled(void);

__END_DECLS

#endif
