// Offsets are those of esp_app_desc_t; its reserved fields and page size are zero, which means 64
// KiB.
#include "hostlib/image/image_desc.h"
#include "aloft/base/bytes.h"
#include <string.h>

enum {
    MAGIC_OFF = 0,
    SECURE_OFF = 4,
    VERSION_OFF = 16,
    PROJECT_OFF = 48,
    TIME_OFF = 80,
    DATE_OFF = 96,
    IDF_OFF = 112,
    SHA_OFF = 144,
};

#define DESC_MAGIC 0xABCD5432u

static void get_text(char *text, size_t text_size, const uint8_t *field)
{
    memcpy(text, field, text_size - 1);
    text[text_size - 1] = '\0';
}

static void put_text(uint8_t *field, const char *text, size_t text_size)
{
    memcpy(field, text, strnlen(text, text_size - 2));
}

void aloft_image_desc_parse(const uint8_t bytes[ALOFT_IMAGE_DESC_LEN],
                            struct aloft_image_desc *desc)
{
    desc->secure_version = aloft_get_le32(bytes + SECURE_OFF);
    get_text(desc->version, sizeof desc->version, bytes + VERSION_OFF);
    get_text(desc->project, sizeof desc->project, bytes + PROJECT_OFF);
    get_text(desc->time, sizeof desc->time, bytes + TIME_OFF);
    get_text(desc->date, sizeof desc->date, bytes + DATE_OFF);
    get_text(desc->idf_ver, sizeof desc->idf_ver, bytes + IDF_OFF);
    memcpy(desc->elf_sha256, bytes + SHA_OFF, sizeof desc->elf_sha256);
}

void aloft_image_desc_emit(const struct aloft_image_desc *desc, uint8_t bytes[ALOFT_IMAGE_DESC_LEN])
{
    memset(bytes, 0, ALOFT_IMAGE_DESC_LEN);
    aloft_put_le32(bytes + MAGIC_OFF, DESC_MAGIC);
    aloft_put_le32(bytes + SECURE_OFF, desc->secure_version);
    put_text(bytes + VERSION_OFF, desc->version, sizeof desc->version);
    put_text(bytes + PROJECT_OFF, desc->project, sizeof desc->project);
    put_text(bytes + TIME_OFF, desc->time, sizeof desc->time);
    put_text(bytes + DATE_OFF, desc->date, sizeof desc->date);
    put_text(bytes + IDF_OFF, desc->idf_ver, sizeof desc->idf_ver);
    memcpy(bytes + SHA_OFF, desc->elf_sha256, sizeof desc->elf_sha256);
}
