// bootloader_utility.c hands over only what it has loaded itself. The linker turns its call of
// bootloader_load_image to the one here (--wrap), which gives what was loaded already.
#include "boot_loader.h"
#include "aloft/base/assert.h"
#include "aloft/base/bytes.h"
#include "boot_port.h"
#include <bootloader_config.h>
#include <bootloader_utility.h>
#include <esp_efuse.h>
#include <esp_image_format.h>
#include <sdkconfig.h>
#include <soc/soc.h>

enum { DESCRIPTOR = 32, DESCRIPTOR_MAGIC = 0, SECURE_VERSION = 4, DESCRIPTOR_HEAD = 8 };
#define MAGIC 0xABCD5432u // ESP_APP_DESC_MAGIC_WORD

// The linker names them.
esp_err_t __real_bootloader_load_image(const esp_partition_pos_t *part, esp_image_metadata_t *data);
esp_err_t __wrap_bootloader_load_image(const esp_partition_pos_t *part, esp_image_metadata_t *data);

static esp_image_metadata_t loaded; // image_len 0: nothing is

esp_err_t __wrap_bootloader_load_image(const esp_partition_pos_t *part, esp_image_metadata_t *data)
{
    if (loaded.image_len == 0 || loaded.start_addr != part->offset) {
        return __real_bootloader_load_image(part, data);
    }
    *data = loaded;
    return ESP_OK;
}

#ifdef CONFIG_BOOTLOADER_APP_ANTI_ROLLBACK
// The version of the app in the slot, as its descriptor says.
static bool secure_version(const struct aloft_boot *boot, uint32_t *version)
{
    struct aloft_flash_view view = aloft_slots_view(&boot->slots, boot->extent);
    uint8_t head[DESCRIPTOR_HEAD];
    enum aloft_err err = aloft_flash_read(&view, DESCRIPTOR, head, sizeof head);
    *version = aloft_get_le32(head + SECURE_VERSION);
    return err == ALOFT_OK && aloft_get_le32(head + DESCRIPTOR_MAGIC) == MAGIC;
}
#endif

static bool is_old(const struct aloft_boot *boot)
{
#ifdef CONFIG_BOOTLOADER_APP_ANTI_ROLLBACK
    uint32_t version;
    return !secure_version(boot, &version) || !esp_efuse_check_secure_version(version);
#else
    (void)boot;
    return false;
#endif
}

static bool is_app(const esp_image_metadata_t *image)
{
    for (uint32_t i = 0; i < image->image.segment_count; i++) {
        uint32_t addr = image->segments[i].load_addr;
        if ((addr >= SOC_IROM_LOW && addr < SOC_IROM_HIGH) ||
            (addr >= SOC_DROM_LOW && addr < SOC_DROM_HIGH)) {
            return true;
        }
    }
    return false;
}

// A refusal of ours; the stock loader says its own.
static enum aloft_err refuse(const struct aloft_boot *boot, enum aloft_err err)
{
    boot->port->log(boot->port->ctx, 'E', "boot", "image at 0x%x is refused: %s",
                    (unsigned)boot->extent.addr, aloft_err_boot_name(err));
    return err;
}

static enum aloft_err load(const struct aloft_boot *boot)
{
    const esp_partition_pos_t place = {boot->extent.addr, boot->extent.len};
    if (is_old(boot)) {
        return refuse(boot, ALOFT_ERR_IMAGE_SECURE_VERSION);
    }
    aloft_idf_boot_unmap();
    if (__real_bootloader_load_image(&place, &loaded) != ESP_OK) {
        return ALOFT_ERR_IMAGE_HASH;
    }
    return is_app(&loaded) ? ALOFT_OK : refuse(boot, ALOFT_ERR_IMAGE_NOT_APP);
}

bool aloft_boot_load_begin(struct aloft_boot *boot)
{
    boot->extent = aloft_slots_extent(&boot->slots, boot->slot);
    loaded.image_len = 0;
    return boot->extent.len != 0;
}

enum aloft_step aloft_boot_load_step(struct aloft_boot *boot)
{
    enum aloft_err err = load(boot);
    if (err == ALOFT_OK) {
        return ALOFT_STEP_DONE;
    }
    loaded.image_len = 0; // I1
    boot->err = err;
    return ALOFT_STEP_FAILED;
}

// A confirmed app raises the lowest version that is taken from then on.
static void raise_secure_version(const struct aloft_boot *boot)
{
#ifdef CONFIG_BOOTLOADER_APP_ANTI_ROLLBACK
    const struct aloft_boot_plan *plan = &boot->plan;
    int active = aloft_otadata_active(plan->records);
    bool confirmed = plan->reason == ALOFT_BOOT_SELECTED && boot->slot == plan->first &&
                     plan->records[active].state == ALOFT_OTA_VALID;
    uint32_t version;
    if ((confirmed || (plan->set_actual && boot->slot >= 0)) && secure_version(boot, &version)) {
        esp_efuse_update_secure_version(version);
    }
#else
    (void)boot;
#endif
}

// To the stock code this is a table with one app in it.
void aloft_idf_boot_start(const struct aloft_boot *boot)
{
    bootloader_state_t state = {.factory = {boot->extent.addr, boot->extent.len}};
    ALOFT_INVARIANT("I1", loaded.image_len != 0 && loaded.start_addr == boot->extent.addr);
    raise_secure_version(boot);
    aloft_idf_boot_unmap();
    bootloader_utility_load_boot_image(&state, FACTORY_INDEX);
}
