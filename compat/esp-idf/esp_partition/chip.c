// Access to the chip by address, as one partition from 0 to its end, with a partition's checks and
// locks. A change of the running app, or of what boots it, is a panic too.
#include "compat/esp-idf/host/host.h"
#include "esp_flash.h"
#include "esp_partition.h"

static esp_partition_t stretch(bool encrypted)
{
    return (esp_partition_t){.type = ESP_PARTITION_TYPE_DATA,
                             .size = aloft_idf_host.flash->geometry.size,
                             .erase_size = SPI_FLASH_SEC_SIZE,
                             .encrypted = encrypted};
}

// The driver's code for an error that a partition's calls report by another one.
static esp_err_t named(esp_err_t err)
{
    return err == ESP_ERR_INVALID_SIZE ? ESP_ERR_INVALID_ARG : err;
}

esp_err_t esp_flash_read(esp_flash_t *chip, void *buffer, uint32_t address, uint32_t length)
{
    const esp_partition_t all = stretch(false);
    (void)chip;
    return buffer == NULL ? ESP_ERR_INVALID_ARG
                          : named(esp_partition_read_raw(&all, address, buffer, length));
}

esp_err_t esp_flash_write(esp_flash_t *chip, const void *buffer, uint32_t address, uint32_t length)
{
    const esp_partition_t all = stretch(false);
    (void)chip;
    return buffer == NULL ? ESP_ERR_INVALID_ARG
                          : named(esp_partition_write_raw(&all, address, buffer, length));
}

esp_err_t esp_flash_erase_region(esp_flash_t *chip, uint32_t start, uint32_t len)
{
    const esp_partition_t all = stretch(false);
    (void)chip;
    return named(esp_partition_erase_range(&all, start, len));
}

esp_err_t esp_flash_read_encrypted(esp_flash_t *chip, uint32_t address, void *out_buffer,
                                   uint32_t length)
{
    const esp_partition_t all = stretch(esp_flash_encryption_enabled());
    (void)chip;
    return out_buffer == NULL ? ESP_ERR_INVALID_ARG
                              : named(esp_partition_read(&all, address, out_buffer, length));
}

esp_err_t esp_flash_write_encrypted(esp_flash_t *chip, uint32_t address, const void *buffer,
                                    uint32_t length)
{
    const esp_partition_t all = stretch(true);
    (void)chip;
    if (!esp_flash_encryption_enabled()) {
        return ESP_ERR_NOT_SUPPORTED;
    }
    return buffer == NULL ? ESP_ERR_INVALID_ARG
                          : esp_partition_write(&all, address, buffer, length);
}

esp_err_t esp_flash_get_size(esp_flash_t *chip, uint32_t *out_size)
{
    (void)chip;
    if (out_size == NULL) {
        return ESP_ERR_INVALID_ARG;
    }
    *out_size = aloft_idf_host.flash->geometry.size;
    return ESP_OK;
}

bool esp_flash_encryption_enabled(void)
{
    return aloft_idf_host.flash->raw != NULL;
}
