// esp_image: results of aloft/verify.h as ESP-IDF's structures and errors.
#include "compat/esp-idf/bootloader_support/image.h"
#include "aloft/verify.h"
#include "compat/esp-idf/host/host.h"
#include "esp_image_format.h"
#include "esp_log.h"
#include <string.h>

static const char *TAG = "esp_image";

enum aloft_err aloft_idf_judge(const struct aloft_flash_view *view, const uint8_t *head,
                               uint32_t head_len, bool loud, struct aloft_image_facts *facts)
{
    struct aloft_image_rules rules = aloft_idf_host.rules;
    struct aloft_verify verify;
    enum aloft_step step;
    rules.secure_version = 0;
    rules.bootloader = view->addr == aloft_idf_config.bootloader_addr;
    aloft_verify_init(&verify, view, &rules);
    verify.first = head;
    verify.first_len = head_len;
    do {
        aloft_idf_lock();
        step = aloft_verify_step(&verify);
        aloft_idf_unlock();
    } while (step == ALOFT_STEP_AGAIN);
    if (step == ALOFT_STEP_DONE) {
        *facts = verify.image.facts;
        return ALOFT_OK;
    }
    if (loud) {
        ESP_LOGE(TAG, "image at 0x%x: %s: %s", (unsigned)view->addr, aloft_err_name(verify.err),
                 aloft_err_sentence(verify.err));
    }
    return verify.err;
}

struct aloft_image_rules aloft_idf_boot_rules(void)
{
    struct aloft_image_rules rules = aloft_idf_host.rules;
    rules.secure_version = aloft_idf_host.secure_version();
    return rules;
}

bool aloft_idf_too_old(const struct aloft_image_facts *facts)
{
    uint32_t least = aloft_idf_host.secure_version();
    if (facts->secure_version >= least) {
        return false;
    }
    ESP_LOGE(TAG, "security version %u, and the eFuses ask for %u: the bootloader would refuse it",
             (unsigned)facts->secure_version, (unsigned)least);
    return true;
}

esp_err_t esp_image_verify(esp_image_load_mode_t mode, const esp_partition_pos_t *part,
                           esp_image_metadata_t *data)
{
    if (part == NULL || data == NULL) {
        return ESP_ERR_INVALID_ARG;
    }
    struct aloft_flash_view view = {aloft_idf_host.flash, part->offset, part->size};
    struct aloft_image_facts facts;
    enum aloft_err err = aloft_idf_judge(&view, NULL, 0, mode == ESP_IMAGE_VERIFY, &facts);
    if (err != ALOFT_OK) {
        return err == ALOFT_ERR_FLASH_READ ? ESP_ERR_IMAGE_FLASH_FAIL : ESP_ERR_IMAGE_INVALID;
    }
    memset(data, 0, sizeof *data);
    data->start_addr = part->offset;
    data->image_len = facts.image_len;
    data->secure_version = facts.secure_version;
    memcpy(data->image_digest, facts.digest, sizeof data->image_digest);
    aloft_idf_lock();
    err = aloft_flash_read(&view, 0, &data->image, sizeof data->image);
    aloft_idf_unlock();
    return err == ALOFT_OK ? ESP_OK : ESP_ERR_IMAGE_FLASH_FAIL;
}

esp_err_t esp_image_get_metadata(const esp_partition_pos_t *part, esp_image_metadata_t *metadata)
{
    return esp_image_verify(ESP_IMAGE_VERIFY_SILENT, part, metadata);
}
