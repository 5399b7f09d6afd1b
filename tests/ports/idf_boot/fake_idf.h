// As much of ESP-IDF's bootloader_support as ports/esp-idf/bootloader calls, over a device in RAM.
// Each header that it includes is this one (CMakeLists.txt). It checks what the real one refuses:
// words only, one mapping at a time, nothing after the hand-over.
#ifndef ALOFT_FAKE_IDF_H
#define ALOFT_FAKE_IDF_H

#include "device.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONFIG_BOOTLOADER_LOG_LEVEL           3
#define CONFIG_PARTITION_TABLE_OFFSET         0x8000
#define CONFIG_BOOTLOADER_WDT_ENABLE          1
#define CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE 1
#define CONFIG_LIBC_PICOLIBC                  1
#ifdef FAKE_ALL_OPTIONS
#define CONFIG_BOOTLOADER_APP_ANTI_ROLLBACK           1
#define CONFIG_BOOTLOADER_FACTORY_RESET               1
#define CONFIG_BOOTLOADER_OTA_DATA_ERASE              1
#define CONFIG_BOOTLOADER_NUM_PIN_FACTORY_RESET       4
#define CONFIG_BOOTLOADER_DATA_FACTORY_RESET          "nvs"
#define CONFIG_BOOTLOADER_RESERVE_RTC_MEM             1
#define CONFIG_BOOTLOADER_APP_TEST                    1
#define CONFIG_BOOTLOADER_NUM_PIN_APP_TEST            5
#define CONFIG_BOOTLOADER_HOLD_TIME_GPIO              5
#define CONFIG_BOOTLOADER_SKIP_VALIDATE_IN_DEEP_SLEEP 1
#endif

#define SOC_EFUSE_HAS_EFUSE_RST_BUG 1
#define SOC_DROM_LOW                0x3F400000u
#define SOC_DROM_HIGH               0x3F800000u
#define SOC_IROM_LOW                0x400D0000u
#define SOC_IROM_HIGH               0x40400000u

typedef int esp_err_t;
enum { ESP_OK, ESP_FAIL };

typedef enum {
    RESET_REASON_CHIP_POWER_ON = 1,
    RESET_REASON_CORE_SW = 3,
    RESET_REASON_CORE_DEEP_SLEEP = 5,
    RESET_REASON_SYS_BROWN_OUT = 15,
    RESET_REASON_CORE_EFUSE_CRC = 20,
} soc_reset_reason_t;
soc_reset_reason_t esp_rom_get_reset_reason(int cpu);

#define LOG_COLOR_E     "<e>"
#define LOG_COLOR_W     "<w>"
#define LOG_COLOR_I     "<i>"
#define LOG_RESET_COLOR "</>"
int esp_rom_printf(const char *format, ...);
uint32_t esp_log_timestamp(void);
#define ESP_LOGI(tag, ...) fake_log('I', tag, __VA_ARGS__)
#define ESP_LOGE(tag, ...) fake_log('E', tag, __VA_ARGS__)
void fake_log(char level, const char *tag, const char *format, ...);
void esp_rom_delay_us(uint32_t us);

typedef struct aloft_hash md5_context_t;
void esp_rom_md5_init(md5_context_t *context);
void esp_rom_md5_update(md5_context_t *context, const void *data, uint32_t len);
void esp_rom_md5_final(uint8_t *digest, md5_context_t *context);

typedef struct {
    int inst;
} wdt_hal_context_t;
#define RWDT_HAL_CONTEXT_DEFAULT()                                                                 \
    {                                                                                              \
        0                                                                                          \
    }
void wdt_hal_write_protect_disable(wdt_hal_context_t *hal);
void wdt_hal_write_protect_enable(wdt_hal_context_t *hal);
void wdt_hal_feed(wdt_hal_context_t *hal);

struct fake_chip {
    uint32_t chip_size;
};
extern struct fake_chip g_rom_flashchip;
const void *bootloader_mmap(uint32_t addr, uint32_t len);
void bootloader_munmap(const void *mapping);
esp_err_t bootloader_flash_write(size_t addr, void *src, size_t len, bool encrypted);
esp_err_t bootloader_flash_erase_sector(size_t sector);
bool esp_flash_encryption_enabled(void);

typedef struct {
    uint32_t offset;
    uint32_t size;
} esp_partition_pos_t;
typedef struct {
    uint32_t start_addr;
    struct {
        uint8_t segment_count;
    } image;
    struct {
        uint32_t load_addr;
    } segments[16];
    uint32_t image_len;
} esp_image_metadata_t;
typedef struct {
    esp_partition_pos_t factory;
    esp_partition_pos_t test;
} bootloader_state_t;
enum { FACTORY_INDEX = -1, TEST_APP_INDEX = -2 };
esp_err_t bootloader_init(void);
void bootloader_reset(void) __attribute__((noreturn));
bool bootloader_utility_load_partition_table(bootloader_state_t *state);
void bootloader_utility_load_boot_image(const bootloader_state_t *state, int index)
    __attribute__((noreturn));
void bootloader_utility_load_boot_image_from_deep_sleep(void);

bool esp_efuse_check_secure_version(uint32_t version);
esp_err_t esp_efuse_update_secure_version(uint32_t version);

enum { GPIO_LONG_HOLD = 1, GPIO_NOT_HOLD = 0 };
int bootloader_common_check_long_hold_gpio_level(uint32_t pin, uint32_t seconds, bool level);
bool bootloader_common_erase_part_type_data(const char *list, bool otadata);
void bootloader_common_set_rtc_retain_mem_factory_reset_state(void);

// The chip that the fake is of, and what it saw. Zeros: power-on, no button, no eFuse burnt.
struct fake {
    struct device *device;
    soc_reset_reason_t reason;
    int held; // pin; 0: none
    uint32_t secure_version;
    bool flash_is_worn; // programs fail
    uint32_t cut;       // power goes away in the middle of this change, counted from 1; 0: never
    // what was seen
    uint32_t started; // address of the app, 0: none
    uint32_t resets;
    uint32_t waited_us;
    uint32_t loads; // times that an image was read
    uint32_t feeds;
    uint32_t changes; // programs and erases that were asked for
    bool factory_reset;
    char said[16384];
    uint32_t said_len;
};
extern struct fake fake;

// From the ROM's jump to the app's or to a reset.
void fake_boot(void);

#endif
