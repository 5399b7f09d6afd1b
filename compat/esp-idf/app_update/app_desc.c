// Descriptors of apps and bootloaders, read from flash.
#include "aloft/base/hex.h"
#include "compat/esp-idf/host/host.h"
#include "esp_ota_ops.h"
#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum {
    DESC_OFF = sizeof(esp_image_header_t) + sizeof(esp_image_segment_header_t),
    ELF_SHA_DIGITS = 9,
};

static esp_app_desc_t own;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void read_own(void)
{
    struct aloft_flash_view view = {aloft_idf_host.flash, aloft_idf_host.running_addr,
                                    aloft_idf_host.flash->geometry.size -
                                        aloft_idf_host.running_addr};
    aloft_idf_lock();
    (void)aloft_flash_read(&view, DESC_OFF, &own, sizeof own);
    aloft_idf_unlock();
}

const esp_app_desc_t *esp_app_get_description(void)
{
    (void)pthread_once(&once, read_own);
    return &own;
}

const esp_app_desc_t *esp_ota_get_app_description(void)
{
    return esp_app_get_description();
}

int esp_app_get_elf_sha256(char *dst, size_t size)
{
    char text[ELF_SHA_DIGITS + 1]; // whole bytes
    size_t digits = size == 0 ? 0 : size - 1;
    digits = digits < ELF_SHA_DIGITS ? digits : ELF_SHA_DIGITS;
    if (dst == NULL || size == 0) {
        return 0;
    }
    aloft_hex_emit(esp_app_get_description()->app_elf_sha256, sizeof text / 2, text);
    memcpy(dst, text, digits);
    dst[digits] = '\0';
    return (int)digits + 1;
}

char *esp_app_get_elf_sha256_str(void)
{
    static char text[ELF_SHA_DIGITS + 1];
    (void)esp_app_get_elf_sha256(text, sizeof text);
    return text;
}

int esp_ota_get_app_elf_sha256(char *dst, size_t size)
{
    return esp_app_get_elf_sha256(dst, size);
}

esp_err_t esp_ota_get_partition_description(const esp_partition_t *partition,
                                            esp_app_desc_t *app_desc)
{
    if (partition == NULL || app_desc == NULL) {
        return ESP_ERR_INVALID_ARG;
    }
    if (partition->type != ESP_PARTITION_TYPE_APP) {
        return ESP_ERR_NOT_SUPPORTED;
    }
    esp_err_t err = esp_partition_read(partition, DESC_OFF, app_desc, sizeof *app_desc);
    if (err != ESP_OK) {
        return err;
    }
    return app_desc->magic_word == ESP_APP_DESC_MAGIC_WORD ? ESP_OK : ESP_ERR_NOT_FOUND;
}

esp_err_t esp_ota_get_bootloader_description(const esp_partition_t *bootloader_partition,
                                             esp_bootloader_desc_t *desc)
{
    if (desc == NULL) {
        return ESP_ERR_INVALID_ARG;
    }
    const esp_partition_t standard = {
        .flash_chip = esp_flash_default_chip,
        .address = aloft_idf_config.bootloader_addr,
        .size = aloft_idf_host.ptable_addr - aloft_idf_config.bootloader_addr,
    };
    esp_err_t err =
        esp_partition_read(bootloader_partition == NULL ? &standard : bootloader_partition,
                           DESC_OFF, desc, sizeof *desc);
    if (err != ESP_OK) {
        return err;
    }
    return desc->magic_byte == ESP_BOOTLOADER_DESC_MAGIC_BYTE ? ESP_OK : ESP_ERR_NOT_FOUND;
}
