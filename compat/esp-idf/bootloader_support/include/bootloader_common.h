// The one call of the bootloader that apps use.
// Source: ESP-IDF components/bootloader_support/include/bootloader_common.h.
#ifndef BOOTLOADER_COMMON_H
#define BOOTLOADER_COMMON_H

#include "esp_err.h"
#include "esp_image_format.h"
#include <sys/cdefs.h>

__BEGIN_DECLS

// The digest of the partition that is at an address: see esp_partition_get_sha256; size and type
// are the table's. Errors: ESP_ERR_NOT_FOUND, ESP_ERR_INVALID_ARG, ESP_ERR_IMAGE_INVALID.
esp_err_t bootloader_common_get_sha256_of_partition(uint32_t address, uint32_t size, int type,
                                                    uint8_t *out_sha_256);

__END_DECLS

#endif
