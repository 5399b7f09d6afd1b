// ESP-IDF's bootloader with our boot choice. It begins as the stock one does: hooks, hardware, deep
// sleep, the two buttons of Kconfig; then boot/ chooses a slot, and boot_loader.c starts it.
//
// Differences from stock in what is before the choice, both for the sake of otadata:
//   factory reset  comes first, so that a trial does not begin and fail in the same boot
//   test app       comes first too, and otadata is not changed
#include "boot_loader.h"
#include "boot_port.h"
#include <bootloader_common.h>
#include <bootloader_config.h>
#include <bootloader_init.h>
#include <bootloader_utility.h>
#include <esp_log.h>
#include <esp_rom_sys.h>
#include <sdkconfig.h>
#include <sys/reent.h>

#if CONFIG_SECURE_BOOT_V1_ENABLED || CONFIG_SECURE_ENABLE_TEE
#error "Aloft's bootloader does not know Secure Boot V1 and the TEE: use ESP-IDF's own bootloader"
#endif

enum { LOOK_US = 5000000 }; // how long the console of a device that cannot boot stays as it is

#define TAG "boot"

// Of components in the project's bootloader_components, or absent.
void bootloader_before_init(void) __attribute__((weak));
void bootloader_after_init(void) __attribute__((weak));

void call_start_cpu0(void) __attribute__((noreturn));

#if defined(CONFIG_BOOTLOADER_FACTORY_RESET) || defined(CONFIG_BOOTLOADER_APP_TEST)
static bool is_held(uint32_t pin, bool level)
{
    return bootloader_common_check_long_hold_gpio_level(pin, CONFIG_BOOTLOADER_HOLD_TIME_GPIO,
                                                        level) == GPIO_LONG_HOLD;
}
#endif

#ifdef CONFIG_BOOTLOADER_FACTORY_RESET
static void reset_to_factory(void)
{
#if CONFIG_BOOTLOADER_FACTORY_RESET_PIN_HIGH
    const bool level = true;
#else
    const bool level = false;
#endif
#ifdef CONFIG_BOOTLOADER_OTA_DATA_ERASE
    const bool otadata = true;
#else
    const bool otadata = false;
#endif
    if (!is_held(CONFIG_BOOTLOADER_NUM_PIN_FACTORY_RESET, level)) {
        return;
    }
    ESP_LOGI(TAG, "Detect a condition of the factory reset");
    ESP_LOGI(TAG, "Data partitions to erase: %s", CONFIG_BOOTLOADER_DATA_FACTORY_RESET);
    if (!bootloader_common_erase_part_type_data(CONFIG_BOOTLOADER_DATA_FACTORY_RESET, otadata)) {
        ESP_LOGE(TAG, "Not all partitions were erased");
    }
#ifdef CONFIG_BOOTLOADER_RESERVE_RTC_MEM
    bootloader_common_set_rtc_retain_mem_factory_reset_state();
#endif
}
#endif

#ifdef CONFIG_BOOTLOADER_APP_TEST
static void start_test_app(void)
{
#if CONFIG_BOOTLOADER_APP_TEST_PIN_HIGH
    const bool level = true;
#else
    const bool level = false;
#endif
    if (!is_held(CONFIG_BOOTLOADER_NUM_PIN_APP_TEST, level)) {
        return;
    }
    bootloader_state_t state = {0};
    ESP_LOGI(TAG, "Detect a boot condition of the test firmware");
    if (bootloader_utility_load_partition_table(&state) && state.test.offset != 0) {
        bootloader_utility_load_boot_image(&state, TEST_APP_INDEX);
    }
    ESP_LOGE(TAG, "Test firmware is not found in partition table");
    bootloader_reset();
}
#endif

static void look_at_buttons(void)
{
    if (aloft_idf_woke_from_deep_sleep()) {
        return;
    }
#ifdef CONFIG_BOOTLOADER_FACTORY_RESET
    reset_to_factory();
#endif
#ifdef CONFIG_BOOTLOADER_APP_TEST
    start_test_app();
#endif
}

static void init_hardware(void)
{
    if (bootloader_before_init) {
        bootloader_before_init();
    }
    if (bootloader_init() != ESP_OK) {
        bootloader_reset();
    }
    if (bootloader_after_init) {
        bootloader_after_init();
    }
}

// The ROM has loaded the bootloader and jumps here; hardware is as the ROM left it.
void call_start_cpu0(void)
{
    static struct aloft_boot boot;
    enum aloft_boot_result result;

    init_hardware();
#ifdef CONFIG_BOOTLOADER_SKIP_VALIDATE_IN_DEEP_SLEEP
    bootloader_utility_load_boot_image_from_deep_sleep();
#endif
#ifdef CONFIG_EFUSE_VIRTUAL_KEEP_IN_FLASH
    bootloader_state_t state = {0};
    (void)bootloader_utility_load_partition_table(&state); // finds where virtual eFuses are
#endif
    look_at_buttons();
    aloft_boot_init(&boot, aloft_idf_boot_port());
    do {
        result = aloft_boot_step(&boot);
    } while (result == ALOFT_BOOT_AGAIN);
    if (result == ALOFT_BOOT_RUN) {
        aloft_idf_boot_start(&boot);
    }
    esp_rom_delay_us(LOOK_US);
    bootloader_reset();
}

#if !CONFIG_LIBC_PICOLIBC
// For functions of newlib that a bootloader component may call.
struct _reent *__getreent(void)
{
    return _GLOBAL_REENT;
}
#endif
