// The three operations of the seam. Core's checked view has judged every access before it comes
// here, so one outside the chip is a bug and stops the test.
#include "ram_flash.h"
#include "aloft/base/bytes.h"
#include <string.h>

// Counts an operation; true when it is the one that is to fail.
static bool counts_as_failure(struct ram_flash *ram, uint32_t *kind)
{
    ram->ops++;
    (*kind)++;
    return ram->ops == ram->fail_op;
}

static enum aloft_err read_op(void *ctx, uint32_t addr, void *buf, uint32_t len)
{
    struct ram_flash *ram = ctx;
    ALOFT_ASSERT(addr <= ram->flash.geometry.size && len <= ram->flash.geometry.size - addr);
    if (counts_as_failure(ram, &ram->reads)) {
        return ALOFT_ERR_FLASH_READ;
    }
    memcpy(buf, ram->bytes + addr, len);
    return ALOFT_OK;
}

static void crypt(const struct ram_flash *ram, bool encrypt, uint32_t addr, uint8_t *bytes,
                  uint32_t len)
{
    if (ram->cipher != NULL) {
        (encrypt ? ram->cipher->encrypt : ram->cipher->decrypt)(ram->cipher->ctx, addr, bytes, len);
    }
}

// Programs the first n of len bytes.
static void prog_cells(struct ram_flash *ram, uint32_t addr, const void *data, uint32_t len,
                       uint32_t n)
{
    uint8_t from[ALOFT_FLASH_PAGE];
    ALOFT_ASSERT(addr <= ram->flash.geometry.size && len <= ram->flash.geometry.size - addr);
    ALOFT_ASSERT(addr % ALOFT_FLASH_PAGE + len <= ALOFT_FLASH_PAGE);
    memcpy(from, data, len);
    crypt(ram, true, addr, from, len);
    crypt(ram, true, addr, ram->bytes + addr, len);
    for (uint32_t i = 0; i < n; i++) {
        ram->bytes[addr + i] &= from[i];
    }
    crypt(ram, false, addr, ram->bytes + addr, len);
}

static enum aloft_err prog_op(void *ctx, uint32_t addr, const void *data, uint32_t len)
{
    struct ram_flash *ram = ctx;
    if (counts_as_failure(ram, &ram->progs)) {
        return ALOFT_ERR_FLASH_PROG;
    }
    prog_cells(ram, addr, data, len, len);
    return ALOFT_OK;
}

void ram_flash_tear_prog(struct ram_flash *ram, uint32_t addr, const void *data, uint32_t len)
{
    prog_cells(ram, addr, data, len, len / 2);
}

void ram_flash_tear_erase(struct ram_flash *ram, uint32_t addr, uint32_t len)
{
    ram_flash_put_erased(ram, addr, len / 2);
}

static enum aloft_err erase_op(void *ctx, uint32_t addr, uint32_t len)
{
    struct ram_flash *ram = ctx;
    ALOFT_ASSERT(addr <= ram->flash.geometry.size && len <= ram->flash.geometry.size - addr);
    ALOFT_ASSERT(addr % len == 0);
    if (counts_as_failure(ram, &ram->erases)) {
        return ALOFT_ERR_FLASH_ERASE;
    }
    ram_flash_put_erased(ram, addr, len);
    return ALOFT_OK;
}

void ram_flash_init(struct ram_flash *ram, uint8_t *bytes, uint32_t size)
{
    static const struct aloft_flash_ops ops = {read_op, prog_op, erase_op};
    memset(ram, 0, sizeof *ram);
    memset(bytes, 0xFF, size);
    ram->bytes = bytes;
    ram->flash.ops = &ops;
    ram->flash.ctx = ram;
    ram->flash.geometry = (struct aloft_flash_geometry){size, 0x1000, 0x10000, 1};
}

// A partition that is kept plain, byte by byte: these tests have no other.
static enum aloft_err raw_read(void *ctx, uint32_t addr, void *buf, uint32_t len)
{
    struct ram_flash *ram = ctx;
    uint8_t unit[32];
    uint8_t *out = buf;
    ALOFT_ASSERT(addr <= ram->flash.geometry.size && len <= ram->flash.geometry.size - addr);
    if (counts_as_failure(ram, &ram->reads)) {
        return ALOFT_ERR_FLASH_READ;
    }
    for (uint32_t i = 0; i < len; i++) {
        uint32_t from = (addr + i) / ram->cipher->unit * ram->cipher->unit;
        memcpy(unit, ram->bytes + from, ram->cipher->unit);
        crypt(ram, true, from, unit, ram->cipher->unit);
        out[i] = unit[addr + i - from];
    }
    return ALOFT_OK;
}

static enum aloft_err raw_prog(void *ctx, uint32_t addr, const void *data, uint32_t len)
{
    struct ram_flash *ram = ctx;
    const uint8_t *bytes = data;
    ALOFT_ASSERT(addr <= ram->flash.geometry.size && len <= ram->flash.geometry.size - addr);
    ALOFT_ASSERT(addr % ALOFT_FLASH_PAGE + len <= ALOFT_FLASH_PAGE);
    if (counts_as_failure(ram, &ram->progs)) {
        return ALOFT_ERR_FLASH_PROG;
    }
    for (uint32_t i = 0; i < len; i++) {
        uint32_t from = (addr + i) / ram->cipher->unit * ram->cipher->unit;
        crypt(ram, true, from, ram->bytes + from, ram->cipher->unit);
        ram->bytes[addr + i] &= bytes[i];
        crypt(ram, false, from, ram->bytes + from, ram->cipher->unit);
    }
    return ALOFT_OK;
}

void ram_flash_encrypt(struct ram_flash *ram, uint32_t unit)
{
    static const struct aloft_flash_ops ops = {raw_read, raw_prog, erase_op};
    if (unit == 1) {
        return;
    }
    ram->cipher = aloft_quick_cipher(unit);
    ram->raw = ram->flash;
    ram->raw.ops = &ops;
    ram->flash.raw = &ram->raw;
    ram->flash.geometry.write_unit = unit;
    for (uint32_t at = 0; at < ram->flash.geometry.size; at += ram->flash.geometry.sector) {
        if (aloft_bytes_are(ram->bytes + at, ram->flash.geometry.sector, 0xFF)) {
            crypt(ram, false, at, ram->bytes + at, ram->flash.geometry.sector);
        }
    }
}

void ram_flash_put_erased(struct ram_flash *ram, uint32_t addr, uint32_t len)
{
    memset(ram->bytes + addr, 0xFF, len);
    crypt(ram, false, addr, ram->bytes + addr, len);
}

void ram_flash_put_cells(struct ram_flash *ram, uint32_t addr, const uint8_t *cells, uint32_t len)
{
    memcpy(ram->bytes + addr, cells, len);
    crypt(ram, false, addr, ram->bytes + addr, len);
}

void ram_flash_cells(const struct ram_flash *ram, uint32_t addr, uint8_t *cells, uint32_t len)
{
    memcpy(cells, ram->bytes + addr, len);
    crypt(ram, true, addr, cells, len);
}

bool ram_flash_is_erased(const struct ram_flash *ram, uint32_t addr, uint32_t len)
{
    uint8_t unit[32];
    uint32_t size = ram->cipher != NULL ? ram->cipher->unit : 1;
    for (uint32_t at = addr / size * size; at < addr + len; at += size) {
        memcpy(unit, ram->bytes + at, size);
        crypt(ram, true, at, unit, size);
        if (!aloft_bytes_are(unit, size, 0xFF)) {
            return false;
        }
    }
    return true;
}
