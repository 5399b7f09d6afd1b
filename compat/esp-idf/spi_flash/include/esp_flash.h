// The flash chip. There is one.
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

// Access by address; chip may be NULL. A write programs without an erase. On a chip that encrypts,
// esp_flash_read and write transfer the cells, read_encrypted and write_encrypted the plain bytes.
// Power loss: as for esp_partition's calls of the same name.
// Errors: ESP_ERR_INVALID_ARG (out of the chip, or not aligned), ESP_ERR_NOT_SUPPORTED
//         (write_encrypted on a chip that does not).
esp_err_t esp_flash_read(esp_flash_t *chip, void *buffer, uint32_t address, uint32_t length);
esp_err_t esp_flash_write(esp_flash_t *chip, const void *buffer, uint32_t address, uint32_t length);
esp_err_t esp_flash_erase_region(esp_flash_t *chip, uint32_t start, uint32_t len);
esp_err_t esp_flash_read_encrypted(esp_flash_t *chip, uint32_t address, void *out_buffer,
                                   uint32_t length);
esp_err_t esp_flash_write_encrypted(esp_flash_t *chip, uint32_t address, const void *buffer,
                                    uint32_t length);

#define SPI_FLASH_SEC_SIZE 4096

// True on a board that was made with `aloft board create --encrypted`.
bool esp_flash_encryption_enabled(void);

__END_DECLS

#endif
