// A boot is a thread, as it ends in functions that do not return; there is one at a time.
#include "fake_idf.h"
#include "aloft/verify.h"
#include "soft_crypto.h"
#include <stdarg.h>
#include <threads.h>

struct fake fake;
struct fake_chip g_rom_flashchip;
static const void *mapped;

void call_start_cpu0(void);
esp_err_t __real_bootloader_load_image(const esp_partition_pos_t *part, esp_image_metadata_t *data);
esp_err_t __wrap_bootloader_load_image(const esp_partition_pos_t *part, esp_image_metadata_t *data);

static int run(void *nothing)
{
    (void)nothing;
    call_start_cpu0();
    return 0;
}

void fake_boot(void)
{
    thrd_t boot;
    g_rom_flashchip.chip_size = fake.device->ram.flash.geometry.size;
    fake.started = fake.resets = fake.waited_us = fake.loads = fake.feeds = fake.changes = 0;
    fake.said_len = 0;
    fake.said[0] = 0;
    fake.reason = fake.reason == 0 ? RESET_REASON_CHIP_POWER_ON : fake.reason;
    mapped = NULL;
    CHECK_EQ(thrd_create(&boot, run, NULL), thrd_success);
    CHECK_EQ(thrd_join(boot, NULL), thrd_success);
    CHECK(mapped == NULL);
}

static void vsay(const char *format, va_list args)
{
    int room = (int)(sizeof fake.said - fake.said_len);
    int n = vsnprintf(fake.said + fake.said_len, (size_t)room, format, args);
    fake.said_len += (uint32_t)(n < room ? n : 0);
}

int esp_rom_printf(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsay(format, args);
    va_end(args);
    return 0;
}

void fake_log(char level, const char *tag, const char *format, ...)
{
    va_list args;
    esp_rom_printf("%c %s: ", level, tag);
    va_start(args, format);
    vsay(format, args);
    va_end(args);
    esp_rom_printf("\n");
}

uint32_t esp_log_timestamp(void)
{
    return 42;
}

soc_reset_reason_t esp_rom_get_reset_reason(int cpu)
{
    (void)cpu;
    return fake.reason;
}

void esp_rom_delay_us(uint32_t us)
{
    fake.waited_us += us;
}

esp_err_t bootloader_init(void)
{
    return ESP_OK;
}

void bootloader_reset(void)
{
    fake.resets++;
    thrd_exit(1);
}

void esp_rom_md5_init(md5_context_t *context)
{
    (void)aloft_soft_crypto.hash_init(context, ALOFT_HASH_MD5);
}

void esp_rom_md5_update(md5_context_t *context, const void *data, uint32_t len)
{
    (void)aloft_soft_crypto.hash_feed(context, data, len);
}

void esp_rom_md5_final(uint8_t *digest, md5_context_t *context)
{
    (void)aloft_soft_crypto.hash_finish(context, digest);
}

static bool unlocked;

void wdt_hal_write_protect_disable(wdt_hal_context_t *hal)
{
    (void)hal;
    unlocked = true;
}

void wdt_hal_write_protect_enable(wdt_hal_context_t *hal)
{
    (void)hal;
    unlocked = false;
}

void wdt_hal_feed(wdt_hal_context_t *hal)
{
    (void)hal;
    CHECK(unlocked);
    fake.feeds++;
}

const void *bootloader_mmap(uint32_t addr, uint32_t len)
{
    static uint8_t window[0x20000];
    const struct aloft_flash *flash = &fake.device->ram.flash;
    uint32_t left = flash->geometry.size - addr;
    CHECK(mapped == NULL); // the real one takes one at a time
    CHECK(len <= sizeof window);
    len = len < left ? len : left;
    mapped = flash->ops->read(flash->ctx, addr, window, len) == ALOFT_OK ? window : NULL;
    return mapped;
}

void bootloader_munmap(const void *mapping)
{
    CHECK(mapping == mapped && mapped != NULL);
    mapped = NULL;
}

bool esp_flash_encryption_enabled(void)
{
    return fake.device->ram.cipher != NULL;
}

esp_err_t bootloader_flash_write(size_t addr, void *src, size_t len, bool encrypted)
{
    const struct aloft_flash *flash = &fake.device->ram.flash;
    size_t unit = encrypted ? 32 : 4;
    CHECK_EQ(encrypted, esp_flash_encryption_enabled());
    CHECK(mapped == NULL); // the cache would go on to hold the old bytes
    CHECK(addr % unit == 0 && len % unit == 0 && (uintptr_t)src % 4 == 0);
    if (++fake.changes == fake.cut) {
        ram_flash_tear_prog(&fake.device->ram, (uint32_t)addr, src, (uint32_t)len);
        thrd_exit(0);
    }
    if (fake.flash_is_worn) {
        return ESP_FAIL;
    }
    return flash->ops->prog(flash->ctx, (uint32_t)addr, src, (uint32_t)len) == ALOFT_OK ? ESP_OK
                                                                                        : ESP_FAIL;
}

esp_err_t bootloader_flash_erase_sector(size_t sector)
{
    const struct aloft_flash *flash = &fake.device->ram.flash;
    uint32_t size = flash->geometry.sector;
    CHECK(mapped == NULL);
    if (++fake.changes == fake.cut) {
        ram_flash_tear_erase(&fake.device->ram, (uint32_t)sector * size, size);
        thrd_exit(0);
    }
    return flash->ops->erase(flash->ctx, (uint32_t)sector * size, size) == ALOFT_OK ? ESP_OK
                                                                                    : ESP_FAIL;
}

static enum aloft_err note_segment(void *ctx, const struct aloft_image *image,
                                   enum aloft_image_event event, const uint8_t *data, uint32_t len)
{
    esp_image_metadata_t *meta = ctx;
    (void)data;
    (void)len;
    if (event == ALOFT_IMAGE_SEGMENT) {
        meta->segments[meta->image.segment_count++].load_addr = image->facts.segment_addr;
    }
    return ALOFT_OK;
}

// The real one takes an image that maps nothing.
esp_err_t __real_bootloader_load_image(const esp_partition_pos_t *part, esp_image_metadata_t *data)
{
    struct aloft_flash_view view = {&fake.device->ram.flash, part->offset, part->size};
    struct aloft_image_rules rules = fake.device->rules;
    struct aloft_verify verify;
    enum aloft_step step;
    CHECK(mapped == NULL); // it maps for itself
    rules.bootloader = true;
    memset(data, 0, sizeof *data);
    aloft_verify_init(&verify, &view, &rules);
    verify.sink = note_segment;
    verify.ctx = data;
    do {
        step = aloft_verify_step(&verify);
    } while (step == ALOFT_STEP_AGAIN);
    fake.loads++;
    if (step == ALOFT_STEP_FAILED) {
        memset(data, 0, sizeof *data);
        return ESP_FAIL;
    }
    data->start_addr = part->offset;
    data->image_len = verify.image.facts.image_len;
    return ESP_OK;
}

void bootloader_utility_load_boot_image(const bootloader_state_t *state, int index)
{
    const esp_partition_pos_t *part = index == TEST_APP_INDEX ? &state->test : &state->factory;
    esp_image_metadata_t data;
    if (part->size != 0 && __wrap_bootloader_load_image(part, &data) == ESP_OK) {
        fake.started = data.start_addr;
        thrd_exit(1);
    }
    bootloader_reset();
}

bool bootloader_utility_load_partition_table(bootloader_state_t *state)
{
    const struct aloft_slots *slots = &fake.device->slots;
    state->test = (esp_partition_pos_t){slots->test.addr, slots->test.len};
    return true;
}

void bootloader_utility_load_boot_image_from_deep_sleep(void)
{
    if (fake.reason == RESET_REASON_CORE_DEEP_SLEEP) {
        fake_log('I', "boot", "Fast booting");
    }
}

bool esp_efuse_check_secure_version(uint32_t version)
{
    return version >= fake.secure_version;
}

esp_err_t esp_efuse_update_secure_version(uint32_t version)
{
    fake.secure_version = version > fake.secure_version ? version : fake.secure_version;
    return ESP_OK;
}

int bootloader_common_check_long_hold_gpio_level(uint32_t pin, uint32_t seconds, bool level)
{
    (void)seconds;
    (void)level;
    return (int)pin == fake.held ? GPIO_LONG_HOLD : GPIO_NOT_HOLD;
}

bool bootloader_common_erase_part_type_data(const char *list, bool otadata)
{
    CHECK_TEXT(list, "nvs");
    for (uint32_t sector = 0; otadata && sector < 2; sector++) {
        CHECK_EQ(bootloader_flash_erase_sector(DEVICE_OTADATA / 4096 + sector), ESP_OK);
    }
    return true;
}

void bootloader_common_set_rtc_retain_mem_factory_reset_state(void)
{
    fake.factory_reset = true;
}
