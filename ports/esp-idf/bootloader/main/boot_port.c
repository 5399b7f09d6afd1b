// Reads go through bootloader_mmap, as those of the stock bootloader do: it decrypts where flash is
// encrypted, and drops what the cache held. The place stays mapped for the next read, as table and
// otadata are read in small pieces, and not over a change of flash. Programs go through the ROM,
// which wants whole words.
#include "boot_port.h"
#include "ports/portlib/flash/flash_align.h"
#include <bootloader_flash_priv.h>
#include <esp_efuse.h>
#include <esp_flash_encrypt.h>
#include <esp_idf_version.h>
#include <esp_log.h>
#include <esp_rom_md5.h>
#include <esp_rom_spiflash.h>
#include <esp_rom_sys.h>
#include <hal/wdt_hal.h>
#include <sdkconfig.h>
#include <soc/reset_reasons.h>
#include <soc/soc_caps.h>
#include <stdarg.h>
#include <string.h>

#if ESP_IDF_VERSION_MAJOR >= 6
#define is_encrypted esp_efuse_is_flash_encryption_enabled
#else
#define is_encrypted esp_flash_encryption_enabled
#endif

enum { PAGE = 0x10000, SECTOR = 4096, PLAIN_UNIT = 1, ENCRYPTED_UNIT = 32, LOG_WORDS = 8 };

static const uint8_t *mapped; // NULL: nothing is
static uint32_t mapped_addr;

void aloft_idf_boot_unmap(void)
{
    if (mapped != NULL) {
        bootloader_munmap(mapped);
        mapped = NULL;
    }
}

static enum aloft_err read_words(void *ctx, uint32_t addr, void *buf, uint32_t len)
{
    (void)ctx;
    uint32_t page = addr & ~(uint32_t)(PAGE - 1);
    if (page != mapped_addr) {
        aloft_idf_boot_unmap();
    }
    if (mapped == NULL) {
        mapped = bootloader_mmap(page, 2 * PAGE); // a read may go over the end of the first
        mapped_addr = page;
    }
    if (mapped == NULL || len > PAGE) {
        return ALOFT_ERR_FLASH_READ;
    }
    memcpy(buf, mapped + (addr - page), len);
    return ALOFT_OK;
}

static enum aloft_err prog_words(void *ctx, uint32_t addr, const void *data, uint32_t len)
{
    (void)ctx;
    void *words = (void *)(uintptr_t)data; // which are only read
    aloft_idf_boot_unmap();
    esp_err_t err = bootloader_flash_write(addr, words, len, is_encrypted());
    return err == ESP_OK ? ALOFT_OK : ALOFT_ERR_FLASH_PROG;
}

static enum aloft_err erase_sector(void *ctx, uint32_t addr, uint32_t len)
{
    (void)ctx;
    (void)len; // always a sector: the geometry has no block
    aloft_idf_boot_unmap();
    esp_err_t err = bootloader_flash_erase_sector(addr / SECTOR);
    return err == ESP_OK ? ALOFT_OK : ALOFT_ERR_FLASH_ERASE;
}

// A partition table has an MD5; nothing else is hashed here. Images are judged by the stock loader.
static enum aloft_err md5_init(struct aloft_hash *hash, enum aloft_hash_alg alg)
{
    _Static_assert(sizeof(md5_context_t) <= sizeof *hash, "ALOFT_HASH_SIZE is too small");
    memset(hash, 0, sizeof *hash);
    if (alg != ALOFT_HASH_MD5) {
        return ALOFT_ERR_CRYPTO;
    }
    esp_rom_md5_init((md5_context_t *)(void *)hash);
    return ALOFT_OK;
}

static enum aloft_err md5_feed(struct aloft_hash *hash, const void *data, size_t len)
{
    esp_rom_md5_update((md5_context_t *)(void *)hash, data, (uint32_t)len);
    return ALOFT_OK;
}

static void md5_drop(struct aloft_hash *hash)
{
    memset(hash, 0, sizeof *hash);
}

static enum aloft_err md5_finish(struct aloft_hash *hash, uint8_t *out)
{
    esp_rom_md5_final(out, (md5_context_t *)(void *)hash);
    md5_drop(hash);
    return ALOFT_OK;
}

static enum aloft_err md5_clone(struct aloft_hash *hash, const struct aloft_hash *from)
{
    memcpy(hash, from, sizeof *hash); // it owns nothing else
    return ALOFT_OK;
}

static const char *colour(char level)
{
    return level == 'E' ? LOG_COLOR_E : level == 'W' ? LOG_COLOR_W : LOG_COLOR_I;
}

static bool is_shown(char level)
{
    static const char levels[] = "EWID";
    const char *found = strchr(levels, level);
    return found != NULL && found - levels < CONFIG_BOOTLOADER_LOG_LEVEL;
}

// The ROM has no vprintf on every chip. A line of boot/port.h has values of one word each, so they
// are taken out and given on: as many as the format has conversions.
static void log_line(void *ctx, char level, const char *tag, const char *format, ...)
{
    uintptr_t words[LOG_WORDS] = {0};
    uint32_t count = 0;
    va_list args;
    (void)ctx;
    if (!is_shown(level)) {
        return;
    }
    va_start(args, format);
    for (const char *p = format; *p != 0 && count < LOG_WORDS; p++) {
        if (*p == '%') {
            words[count++] = va_arg(args, uintptr_t);
        }
    }
    va_end(args);
    esp_rom_printf("%s%c (%u) %s: ", colour(level), level, (unsigned)esp_log_timestamp(), tag);
    esp_rom_printf(format, words[0], words[1], words[2], words[3], words[4], words[5], words[6],
                   words[7]);
    esp_rom_printf("%s\n", LOG_RESET_COLOR);
}

// The stock bootloader has one period of the watchdog for a whole boot. Here each slot has one.
static void feed_watchdog(void *ctx)
{
    (void)ctx;
#ifdef CONFIG_BOOTLOADER_WDT_ENABLE
    wdt_hal_context_t watchdog = RWDT_HAL_CONTEXT_DEFAULT();
    wdt_hal_write_protect_disable(&watchdog);
    wdt_hal_feed(&watchdog);
    wdt_hal_write_protect_enable(&watchdog);
#endif
}

static bool power_was_off(void)
{
    soc_reset_reason_t reason = esp_rom_get_reset_reason(0);
#if SOC_EFUSE_HAS_EFUSE_RST_BUG
    if (reason == RESET_REASON_CORE_EFUSE_CRC) {
        return true; // what these chips say of power-on
    }
#endif
    return reason == RESET_REASON_CHIP_POWER_ON || reason == RESET_REASON_SYS_BROWN_OUT;
}

bool aloft_idf_woke_from_deep_sleep(void)
{
    return esp_rom_get_reset_reason(0) == RESET_REASON_CORE_DEEP_SLEEP;
}

static const struct aloft_flash_ops chip = {read_words, prog_words, erase_sector};
static struct aloft_flash_align align = {&chip, NULL};
static struct aloft_flash flash = {
    .ops = &aloft_flash_align_ops, .ctx = &align, .geometry = {0, SECTOR, SECTOR, PLAIN_UNIT}};
static const struct aloft_crypto crypto = {.hash_init = md5_init,
                                           .hash_feed = md5_feed,
                                           .hash_finish = md5_finish,
                                           .hash_drop = md5_drop,
                                           .hash_clone = md5_clone};
static const struct aloft_image_rules rules = {.crypto = &crypto};
static struct aloft_boot_port port = {.flash = &flash,
                                      .rules = &rules,
                                      .ptable_addr = CONFIG_PARTITION_TABLE_OFFSET,
#ifdef CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE
                                      .trials = true,
#endif
                                      .log = log_line,
                                      .feed_watchdog = feed_watchdog};

const struct aloft_boot_port *aloft_idf_boot_port(void)
{
    flash.geometry.size = g_rom_flashchip.chip_size;
    flash.geometry.write_unit = is_encrypted() ? ENCRYPTED_UNIT : PLAIN_UNIT;
    port.power_on = power_was_off();
    return &port;
}
