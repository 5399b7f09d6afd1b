// The descriptor of an app, at offset 32 of its image.
// Source: ESP-IDF components/esp_app_format/include/esp_app_desc.h.
#ifndef ESP_APP_DESC_H
#define ESP_APP_DESC_H

#include "esp_attr.h"
#include "esp_err.h"
#include <assert.h>
#include <sys/cdefs.h>

__BEGIN_DECLS

#define ESP_APP_DESC_MAGIC_WORD 0xABCD5432

typedef struct {
    uint32_t magic_word;
    uint32_t secure_version;
    uint32_t reserv1[2];
    char version[32];
    char project_name[32];
    char time[16];
    char date[16];
    char idf_ver[32];
    uint8_t app_elf_sha256[32];
    uint16_t min_efuse_blk_rev_full;
    uint16_t max_efuse_blk_rev_full;
    uint8_t mmu_page_size;
    uint8_t reserv3[3];
    uint32_t reserv2[18];
} esp_app_desc_t;

static_assert(sizeof(esp_app_desc_t) == 256, "the descriptor has 256 bytes in flash");

// Of the app that runs.
const esp_app_desc_t *esp_app_get_description(void);

// As many hexadecimal digits as CONFIG_APP_RETRIEVE_LEN_ELF_SHA says (9) and fit. Returns how many
// bytes were written, the NUL included.
int esp_app_get_elf_sha256(char *dst, size_t size);
char *esp_app_get_elf_sha256_str(void);

__END_DECLS

#endif
