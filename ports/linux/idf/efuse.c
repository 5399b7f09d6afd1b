// The secure version: the number of cleared bits in the first word of the efuse partition.
#include "esp_efuse.h"
#include "esp_partition.h"

#define VERSION_MAX 32u

static const esp_partition_t *storage(void)
{
    return esp_partition_find_first(ESP_PARTITION_TYPE_DATA, ESP_PARTITION_SUBTYPE_DATA_EFUSE_EM,
                                    NULL);
}

uint32_t esp_efuse_read_secure_version(void)
{
    const esp_partition_t *p = storage();
    uint32_t word;
    if (p == NULL || esp_partition_read(p, 0, &word, sizeof word) != ESP_OK) {
        return 0;
    }
    return (uint32_t)__builtin_popcount(~word);
}

bool esp_efuse_check_secure_version(uint32_t secure_version)
{
    return secure_version >= esp_efuse_read_secure_version();
}

esp_err_t esp_efuse_update_secure_version(uint32_t secure_version)
{
    if (secure_version > VERSION_MAX) {
        return ESP_ERR_INVALID_ARG;
    }
    if (secure_version <= esp_efuse_read_secure_version()) {
        return ESP_OK;
    }
    const esp_partition_t *p = storage();
    if (p == NULL) {
        return ESP_ERR_NOT_FOUND;
    }
    uint32_t word = secure_version == VERSION_MAX ? 0 : UINT32_MAX << secure_version;
    return esp_partition_write(p, 0, &word, sizeof word);
}
