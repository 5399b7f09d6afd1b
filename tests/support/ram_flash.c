// The three operations of the seam. Core's checked view has judged every access before it comes
// here, so one outside the chip is a bug and stops the test.
#include "ram_flash.h"
#include <stdbool.h>
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

static enum aloft_err prog_op(void *ctx, uint32_t addr, const void *data, uint32_t len)
{
    struct ram_flash *ram = ctx;
    const uint8_t *from = data;
    ALOFT_ASSERT(addr <= ram->flash.geometry.size && len <= ram->flash.geometry.size - addr);
    ALOFT_ASSERT(addr % ALOFT_FLASH_PAGE + len <= ALOFT_FLASH_PAGE);
    if (counts_as_failure(ram, &ram->progs)) {
        return ALOFT_ERR_FLASH_PROG;
    }
    for (uint32_t i = 0; i < len; i++) {
        ram->bytes[addr + i] &= from[i];
    }
    return ALOFT_OK;
}

static enum aloft_err erase_op(void *ctx, uint32_t addr, uint32_t len)
{
    struct ram_flash *ram = ctx;
    ALOFT_ASSERT(addr <= ram->flash.geometry.size && len <= ram->flash.geometry.size - addr);
    ALOFT_ASSERT(addr % len == 0);
    if (counts_as_failure(ram, &ram->erases)) {
        return ALOFT_ERR_FLASH_ERASE;
    }
    memset(ram->bytes + addr, 0xFF, len);
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
