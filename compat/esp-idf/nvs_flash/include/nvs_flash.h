// The partitions behind nvs.h. Source: ESP-IDF components/nvs_flash/include/nvs_flash.h.
#ifndef NVS_FLASH_H
#define NVS_FLASH_H

#include "esp_partition.h"
#include "nvs.h"
#include <sys/cdefs.h>

__BEGIN_DECLS

esp_err_t nvs_flash_init(void);
esp_err_t nvs_flash_init_partition(const char *partition_label);
esp_err_t nvs_flash_deinit(void);
esp_err_t nvs_flash_deinit_partition(const char *partition_label);

// Power loss: some pages are erased, some are not.
esp_err_t nvs_flash_erase(void);
esp_err_t nvs_flash_erase_partition(const char *part_name);

__END_DECLS

#endif
