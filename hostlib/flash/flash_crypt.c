// Reads go by pieces that begin and end at units; a program is one page at most, so a page of RAM
// holds its ciphertext.
#include "hostlib/flash/flash_crypt.h"
#include "aloft/base/bytes.h"
#include <string.h>

static void decrypt(const struct aloft_flash_crypt *crypt, uint32_t addr, uint8_t *bytes,
                    uint32_t len)
{
    const struct aloft_flash_cipher *cipher = crypt->cipher;
    uint32_t step = crypt->shows_erased ? cipher->unit : len;
    for (uint32_t off = 0; off < len; off += step) {
        if (!crypt->shows_erased || !aloft_bytes_are(bytes + off, step, 0xFF)) {
            cipher->decrypt(cipher->ctx, addr + off, bytes + off, step);
        }
    }
}

static enum aloft_err crypt_read(void *ctx, uint32_t addr, void *buf, uint32_t len)
{
    const struct aloft_flash_crypt *crypt = ctx;
    const struct aloft_flash *raw = crypt->flash.raw;
    uint8_t piece[ALOFT_FLASH_PAGE];
    uint8_t *out = buf;
    while (len > 0) {
        uint32_t skip = addr % crypt->cipher->unit;
        uint32_t n = len < sizeof piece - skip ? len : (uint32_t)sizeof piece - skip;
        uint32_t whole =
            (skip + n + crypt->cipher->unit - 1) / crypt->cipher->unit * crypt->cipher->unit;
        enum aloft_err err = raw->ops->read(raw->ctx, addr - skip, piece, whole);
        if (err != ALOFT_OK) {
            return err;
        }
        decrypt(crypt, addr - skip, piece, whole);
        memcpy(out, piece + skip, n);
        out += n;
        addr += n;
        len -= n;
    }
    return ALOFT_OK;
}

static enum aloft_err crypt_prog(void *ctx, uint32_t addr, const void *data, uint32_t len)
{
    const struct aloft_flash_crypt *crypt = ctx;
    const struct aloft_flash *raw = crypt->flash.raw;
    uint8_t page[ALOFT_FLASH_PAGE];
    uint32_t unit = crypt->cipher->unit;
    if (len > sizeof page || addr % unit != 0 || len % unit != 0) {
        return ALOFT_ERR_FLASH_PROG;
    }
    memcpy(page, data, len);
    crypt->cipher->encrypt(crypt->cipher->ctx, addr, page, len);
    return raw->ops->prog(raw->ctx, addr, page, len);
}

static enum aloft_err crypt_erase(void *ctx, uint32_t addr, uint32_t len)
{
    const struct aloft_flash_crypt *crypt = ctx;
    const struct aloft_flash *raw = crypt->flash.raw;
    return raw->ops->erase(raw->ctx, addr, len);
}

void aloft_flash_crypt_init(struct aloft_flash_crypt *crypt, const struct aloft_flash *raw,
                            const struct aloft_flash_cipher *cipher)
{
    static const struct aloft_flash_ops ops = {crypt_read, crypt_prog, crypt_erase};
    ALOFT_ASSERT(raw->raw == NULL && (cipher->unit == 16 || cipher->unit == 32));
    crypt->cipher = cipher;
    crypt->shows_erased = false;
    crypt->flash = (struct aloft_flash){&ops, crypt, raw->geometry, raw};
    crypt->flash.geometry.write_unit = cipher->unit;
}
