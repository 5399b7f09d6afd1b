// The NOR model's encrypting mode. The code of nor.c works on cells and does not depend on it:
// around each of its operations the bytes of the units that it touches become their cells, and then
// text again. In a file of its own, as a program that works on cells links none of it.
#include "hostlib/flash/nor.h"
#include <string.h>

// The whole units around [*addr, *addr + *len).
static void widen(const struct aloft_nor *nor, uint32_t *addr, uint32_t *len)
{
    uint32_t unit = nor->cipher->unit;
    uint32_t end = (*addr + *len + unit - 1) / unit * unit;
    *addr = *addr / unit * unit;
    *len = end - *addr;
}

void aloft_nor_to_cells(const struct aloft_nor *nor, uint32_t addr, uint32_t len)
{
    if (nor->cipher != NULL) {
        widen(nor, &addr, &len);
        nor->cipher->encrypt(nor->cipher->ctx, addr, nor->bytes + addr, len);
    }
}

void aloft_nor_to_text(const struct aloft_nor *nor, uint32_t addr, uint32_t len)
{
    if (nor->cipher != NULL) {
        widen(nor, &addr, &len);
        nor->cipher->decrypt(nor->cipher->ctx, addr, nor->bytes + addr, len);
    }
}

static bool inside(const struct aloft_nor *nor, uint32_t addr, uint32_t len)
{
    uint32_t size = nor->flash.geometry.size;
    return len <= size && addr <= size - len;
}

static bool is_weak(const struct aloft_nor *nor, uint32_t addr, uint32_t len)
{
    bool weak = false;
    for (uint32_t at = addr / ALOFT_NOR_SECTOR;
         len > 0 && at <= (addr + len - 1) / ALOFT_NOR_SECTOR; at++) {
        weak = weak || nor->sectors[at].weak != 0;
    }
    return weak;
}

static enum aloft_err raw_read(void *ctx, uint32_t addr, void *buf, uint32_t len)
{
    struct aloft_nor *nor = ctx;
    if (!inside(nor, addr, len)) {
        return ALOFT_ERR_FLASH_READ;
    }
    aloft_nor_to_cells(nor, addr, len);
    enum aloft_err err = nor->cells->read(nor, addr, buf, len);
    aloft_nor_to_text(nor, addr, len);
    return err;
}

// Weak bits are bits of cells: one that reads differently makes its unit read differently.
static enum aloft_err read_weak(struct aloft_nor *nor, uint32_t addr, uint8_t *out, uint32_t len)
{
    uint8_t piece[ALOFT_FLASH_PAGE];
    enum aloft_err err = ALOFT_OK;
    while (len > 0 && err == ALOFT_OK) {
        uint32_t skip = addr % nor->cipher->unit;
        uint32_t n = len < sizeof piece - skip ? len : (uint32_t)sizeof piece - skip;
        uint32_t from = addr;
        uint32_t whole = n;
        widen(nor, &from, &whole);
        err = raw_read(nor, from, piece, whole);
        nor->cipher->decrypt(nor->cipher->ctx, from, piece, whole);
        memcpy(out, piece + skip, n);
        out += n;
        addr += n;
        len -= n;
    }
    return err;
}

static enum aloft_err text_read(void *ctx, uint32_t addr, void *buf, uint32_t len)
{
    struct aloft_nor *nor = ctx;
    return inside(nor, addr, len) && is_weak(nor, addr, len)
               ? read_weak(nor, addr, buf, len)
               : nor->cells->read(nor, addr, buf, len);
}

static enum aloft_err raw_prog(void *ctx, uint32_t addr, const void *data, uint32_t len)
{
    struct aloft_nor *nor = ctx;
    if (!inside(nor, addr, len)) {
        return ALOFT_ERR_FLASH_PROG;
    }
    aloft_nor_to_cells(nor, addr, len);
    enum aloft_err err = nor->cells->prog(nor, addr, data, len);
    aloft_nor_to_text(nor, addr, len);
    return err;
}

static enum aloft_err text_prog(void *ctx, uint32_t addr, const void *data, uint32_t len)
{
    struct aloft_nor *nor = ctx;
    uint8_t page[ALOFT_FLASH_PAGE];
    if (addr % nor->cipher->unit != 0 || len % nor->cipher->unit != 0 || len > sizeof page) {
        return ALOFT_ERR_FLASH_PROG;
    }
    memcpy(page, data, len);
    nor->cipher->encrypt(nor->cipher->ctx, addr, page, len);
    return raw_prog(nor, addr, page, len);
}

static enum aloft_err crypt_erase(void *ctx, uint32_t addr, uint32_t len)
{
    struct aloft_nor *nor = ctx;
    if (!inside(nor, addr, len)) {
        return ALOFT_ERR_FLASH_ERASE;
    }
    aloft_nor_to_cells(nor, addr, len);
    enum aloft_err err = nor->cells->erase(nor, addr, len);
    aloft_nor_to_text(nor, addr, len);
    return err;
}

void aloft_nor_encrypt(struct aloft_nor *nor, const struct aloft_flash_cipher *cipher)
{
    static const struct aloft_flash_ops text = {text_read, text_prog, crypt_erase};
    static const struct aloft_flash_ops raw = {raw_read, raw_prog, crypt_erase};
    nor->cipher = cipher;
    nor->cells = nor->flash.ops;
    nor->raw = nor->flash;
    nor->raw.ops = &raw;
    nor->flash.ops = &text;
    nor->flash.raw = &nor->raw;
    nor->flash.geometry.write_unit = cipher->unit;
}

void aloft_nor_moved(struct aloft_nor *nor, uint8_t *bytes, struct aloft_nor_sector *sectors)
{
    nor->bytes = bytes;
    nor->sectors = sectors;
    nor->flash.ctx = nor;
    nor->raw.ctx = nor;
    nor->flash.raw = nor->cipher != NULL ? &nor->raw : NULL;
}
