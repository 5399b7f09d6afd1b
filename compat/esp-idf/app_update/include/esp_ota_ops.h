// Updates over the air with ESP-IDF's calls, over Aloft's slots and boot selection. Everything
// blocks and may be called from any task.
//
// Differences that matter are in docs/IDF_API.md; the two in every update: the first byte of an
// image is programmed last, by esp_ota_end, when the whole image was read back and judged good, so
// half an image never looks like one; and otadata is rewritten in place under a note, so that a
// power cut leaves the old or the new record, never none.
// Source: ESP-IDF components/app_update/include/esp_ota_ops.h, esp_ota_ops.c.
#ifndef ESP_OTA_OPS_H
#define ESP_OTA_OPS_H

#include "esp_app_desc.h"
#include "esp_app_format.h"
#include "esp_bootloader_desc.h"
#include "esp_flash_partitions.h"
#include "esp_partition.h"
#include <sys/cdefs.h>

__BEGIN_DECLS

#define OTA_SIZE_UNKNOWN           0xFFFFFFFF
#define OTA_WITH_SEQUENTIAL_WRITES 0xFFFFFFFE

#define ESP_ERR_OTA_BASE                   0x1500
#define ESP_ERR_OTA_PARTITION_CONFLICT     (ESP_ERR_OTA_BASE + 0x01)
#define ESP_ERR_OTA_SELECT_INFO_INVALID    (ESP_ERR_OTA_BASE + 0x02)
#define ESP_ERR_OTA_VALIDATE_FAILED        (ESP_ERR_OTA_BASE + 0x03)
#define ESP_ERR_OTA_SMALL_SEC_VER          (ESP_ERR_OTA_BASE + 0x04)
#define ESP_ERR_OTA_ROLLBACK_FAILED        (ESP_ERR_OTA_BASE + 0x05)
#define ESP_ERR_OTA_ROLLBACK_INVALID_STATE (ESP_ERR_OTA_BASE + 0x06)
#define ESP_ERR_OTA_ALREADY_IN_PROGRESS    (ESP_ERR_OTA_BASE + 0x07)

typedef uint32_t esp_ota_handle_t;

// Writing an image. image_size: bytes to erase at once; 0 and OTA_SIZE_UNKNOWN: the partition;
// OTA_WITH_SEQUENTIAL_WRITES: sector by sector, as data comes.
// Power loss: the partition holds part of an image without its first byte; otadata is as it was, or
// without its inactive record (esp_ota_begin, CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE).
esp_err_t esp_ota_begin(const esp_partition_t *partition, size_t image_size,
                        esp_ota_handle_t *out_handle);
esp_err_t esp_ota_resume(const esp_partition_t *partition, const size_t erase_size,
                         const size_t image_offset, esp_ota_handle_t *out_handle);
esp_err_t esp_ota_set_final_partition(esp_ota_handle_t handle, const esp_partition_t *final,
                                      bool finalize_with_copy);
esp_err_t esp_ota_write(esp_ota_handle_t handle, const void *data, size_t size);
esp_err_t esp_ota_write_with_offset(esp_ota_handle_t handle, const void *data, size_t size,
                                    uint32_t offset);
esp_err_t esp_ota_end(esp_ota_handle_t handle);
esp_err_t esp_ota_abort(esp_ota_handle_t handle);

// What boots.
// Power loss: the old choice or the new one.
esp_err_t esp_ota_set_boot_partition(const esp_partition_t *partition);
const esp_partition_t *esp_ota_get_boot_partition(void);
const esp_partition_t *esp_ota_get_running_partition(void);
const esp_partition_t *esp_ota_get_next_update_partition(const esp_partition_t *start_from);
uint8_t esp_ota_get_app_partition_count(void);

// What is in a partition.
esp_err_t esp_ota_get_partition_description(const esp_partition_t *partition,
                                            esp_app_desc_t *app_desc);
esp_err_t esp_ota_get_bootloader_description(const esp_partition_t *bootloader_partition,
                                             esp_bootloader_desc_t *desc);
const esp_app_desc_t *esp_ota_get_app_description(void);
int esp_ota_get_app_elf_sha256(char *dst, size_t size);

// Rollback.
// Power loss: the old state or the new one.
esp_err_t esp_ota_mark_app_valid_cancel_rollback(void);
esp_err_t esp_ota_mark_app_invalid_rollback(void);
esp_err_t esp_ota_mark_app_invalid_rollback_and_reboot(void);
const esp_partition_t *esp_ota_get_last_invalid_partition(void);
esp_err_t esp_ota_get_state_partition(const esp_partition_t *partition,
                                      esp_ota_img_states_t *ota_state);
esp_err_t esp_ota_erase_last_boot_app_partition(void);
esp_err_t esp_ota_invalidate_inactive_ota_data_slot(void);
bool esp_ota_check_rollback_is_possible(void);

__END_DECLS

#endif
