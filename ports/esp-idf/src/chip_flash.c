// Each call is one of esp_flash's, which waits for the chip, and lets other tasks run while a
// sector or block is erased (CONFIG_SPI_FLASH_YIELD_DURING_ERASE).
#include "chip_flash.h"
#include <esp_flash.h>
#include <esp_flash_encrypt.h>

enum { SECTOR = 4096, BLOCK = 65536, PLAIN_UNIT = 1, ENCRYPTED_UNIT = 16 };

static enum aloft_err fault(esp_err_t err, enum aloft_err what)
{
    return err == ESP_OK ? ALOFT_OK : what;
}

static enum aloft_err read_cells(void *ctx, uint32_t addr, void *buf, uint32_t len)
{
    (void)ctx;
    return fault(esp_flash_read(NULL, buf, addr, len), ALOFT_ERR_FLASH_READ);
}

static enum aloft_err prog_cells(void *ctx, uint32_t addr, const void *data, uint32_t len)
{
    (void)ctx;
    return fault(esp_flash_write(NULL, data, addr, len), ALOFT_ERR_FLASH_PROG);
}

static enum aloft_err read_plain(void *ctx, uint32_t addr, void *buf, uint32_t len)
{
    (void)ctx;
    return fault(esp_flash_read_encrypted(NULL, addr, buf, len), ALOFT_ERR_FLASH_READ);
}

static enum aloft_err prog_plain(void *ctx, uint32_t addr, const void *data, uint32_t len)
{
    (void)ctx;
    return fault(esp_flash_write_encrypted(NULL, addr, data, len), ALOFT_ERR_FLASH_PROG);
}

static enum aloft_err erase(void *ctx, uint32_t addr, uint32_t len)
{
    (void)ctx;
    return fault(esp_flash_erase_region(NULL, addr, len), ALOFT_ERR_FLASH_ERASE);
}

const struct aloft_flash *aloft_esp_flash(void)
{
    static const struct aloft_flash_ops cells = {read_cells, prog_cells, erase};
    static const struct aloft_flash_ops plain = {read_plain, prog_plain, erase};
    static struct aloft_flash raw = {.ops = &cells, .geometry = {0, SECTOR, BLOCK, PLAIN_UNIT}};
    static struct aloft_flash flash;
    uint32_t size;
    if (flash.ops == NULL) {
        if (esp_flash_get_size(NULL, &size) != ESP_OK) {
            return NULL;
        }
        raw.geometry.size = size;
        flash = raw;
        if (esp_flash_encryption_enabled()) {
            flash.ops = &plain;
            flash.geometry.write_unit = ENCRYPTED_UNIT;
            flash.raw = &raw;
        }
    }
    return &flash;
}
