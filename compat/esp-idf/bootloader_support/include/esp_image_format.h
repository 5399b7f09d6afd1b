// Judging images. Source: ESP-IDF components/bootloader_support/include/esp_image_format.h.
#ifndef ESP_IMAGE_FORMAT_H
#define ESP_IMAGE_FORMAT_H

#include "esp_app_format.h"
#include "esp_flash_partitions.h"
#include <sys/cdefs.h>

__BEGIN_DECLS

#define ESP_ERR_IMAGE_BASE       0x2000
#define ESP_ERR_IMAGE_FLASH_FAIL (ESP_ERR_IMAGE_BASE + 1)
#define ESP_ERR_IMAGE_INVALID    (ESP_ERR_IMAGE_BASE + 2)

typedef enum {
    ESP_IMAGE_VERIFY,        // says what is wrong
    ESP_IMAGE_VERIFY_SILENT, // does not
} esp_image_load_mode_t;

typedef struct {
    uint32_t start_addr;
    esp_image_header_t image;
    uint32_t image_len;
    uint8_t image_digest[32];
    uint32_t secure_version;
} esp_image_metadata_t;

esp_err_t esp_image_verify(esp_image_load_mode_t mode, const esp_partition_pos_t *part,
                           esp_image_metadata_t *data);
esp_err_t esp_image_get_metadata(const esp_partition_pos_t *part, esp_image_metadata_t *metadata);

__END_DECLS

#endif
