// The running slot is known from esp_ota_get_running_partition, never from otadata.
#include "chip_facts.h"
#include "aloft/bootsel.h"
#include "aloft/control.h"
#include "chip_flash.h"
#include "ports/portlib/psa/mbed_crypto.h"
#include "signed_apps.h"
#include <esp_chip_info.h>
#include <esp_efuse.h>
#include <esp_log.h>
#include <esp_mac.h>
#include <esp_ota_ops.h>
#include <sdkconfig.h>
#include <stdio.h>
#include <string.h>

#define TAG "aloft"

// The table of the chip that this is built for, aloft_chip_esp32c3.
#if CONFIG_IDF_TARGET_ESP32
#define CHIP aloft_chip_esp32
#elif CONFIG_IDF_TARGET_ESP32S2
#define CHIP aloft_chip_esp32s2
#elif CONFIG_IDF_TARGET_ESP32S3
#define CHIP aloft_chip_esp32s3
#elif CONFIG_IDF_TARGET_ESP32C2
#define CHIP aloft_chip_esp32c2
#elif CONFIG_IDF_TARGET_ESP32C3
#define CHIP aloft_chip_esp32c3
#elif CONFIG_IDF_TARGET_ESP32C5
#define CHIP aloft_chip_esp32c5
#elif CONFIG_IDF_TARGET_ESP32C6
#define CHIP aloft_chip_esp32c6
#elif CONFIG_IDF_TARGET_ESP32C61
#define CHIP aloft_chip_esp32c61
#elif CONFIG_IDF_TARGET_ESP32H2
#define CHIP aloft_chip_esp32h2
#elif CONFIG_IDF_TARGET_ESP32P4
#define CHIP aloft_chip_esp32p4
#else
#error "Aloft does not know this chip; core/include/aloft/chip.h has those that it knows"
#endif

static void read_rules(struct aloft_esp_facts *facts)
{
    esp_chip_info_t info;
    esp_chip_info(&info);
    facts->rules = (struct aloft_image_rules){
        .crypto = &aloft_mbed_crypto,
        .chip = &CHIP,
        .chip_revision = info.revision,
        .trust = aloft_esp_signed_apps(),
    };
#if CONFIG_BOOTLOADER_APP_ANTI_ROLLBACK
    facts->rules.secure_version = esp_efuse_read_secure_version();
#endif
}

static void read_mac(struct aloft_esp_facts *facts)
{
    uint8_t mac[6] = {0};
    (void)esp_efuse_mac_get_default(mac); // zeros name no device, and do no harm
    (void)snprintf(facts->mac, sizeof facts->mac, "%02x%02x%02x%02x%02x%02x", mac[0], mac[1],
                   mac[2], mac[3], mac[4], mac[5]);
}

enum aloft_err aloft_esp_facts_read(struct aloft_esp_facts *facts)
{
    const struct aloft_flash *flash = aloft_esp_flash();
    const esp_partition_t *running = esp_ota_get_running_partition();
    if (flash == NULL || running == NULL) {
        return ALOFT_ERR_FLASH_READ;
    }
    enum aloft_err err =
        aloft_slots_load(&facts->slots, flash, &aloft_mbed_crypto, CONFIG_PARTITION_TABLE_OFFSET);
    if (err == ALOFT_OK) {
        err = aloft_slots_check(&facts->slots, &aloft_mbed_crypto);
    }
    if (err != ALOFT_OK) {
        return err;
    }
    facts->running = aloft_slots_find(&facts->slots, running->address);
    if (!aloft_control_image(&facts->slots, facts->running, &facts->app)) {
        memset(&facts->app, 0, sizeof facts->app);
    }
    read_rules(facts);
    read_mac(facts);
    return ALOFT_OK;
}

static bool state_of_running(const struct aloft_esp_facts *facts, uint32_t *state)
{
    struct aloft_otadata records[2];
    return facts->running >= 0 && aloft_bootsel_read(&facts->slots, records) == ALOFT_OK &&
           aloft_bootsel_boot_slot(&facts->slots, records) == facts->running &&
           aloft_bootsel_state(&facts->slots, records, facts->running, state);
}

bool aloft_esp_on_trial(const struct aloft_esp_facts *facts)
{
    uint32_t state;
    return state_of_running(facts, &state) && state == ALOFT_OTA_PENDING;
}

#if CONFIG_BOOTLOADER_APP_ANTI_ROLLBACK
void aloft_esp_raise_secure_version(struct aloft_esp_facts *facts)
{
    uint32_t state;
    uint32_t version = facts->app.secure_version;
    if (version <= esp_efuse_read_secure_version() || !state_of_running(facts, &state) ||
        state != ALOFT_OTA_VALID) {
        return;
    }
    esp_err_t err = esp_efuse_update_secure_version(version);
    facts->rules.secure_version = esp_efuse_read_secure_version();
    if (err != ESP_OK) {
        ESP_LOGE(TAG, "The security version cannot be raised to %u: %s", (unsigned)version,
                 esp_err_to_name(err));
    }
}
#else
void aloft_esp_raise_secure_version(struct aloft_esp_facts *facts)
{
    (void)facts; // eFuses count nothing
}
#endif
