// Flash encryption of a chip, as a model: a flash that encrypts in front of one that does not. The
// cells behind it are any flash: the NOR model (nor.h), a board's file (flash_file.h), RAM.
//
// It behaves as the hardware does:
//   * reads decrypt whatever is there, so erased cells read as noise that depends on their address;
//   * programs of less than a unit, or across units, are refused;
//   * a second program of a unit clears further bits of its ciphertext, and the unit reads as
//   noise;
//   * an erase is one of the cells.
// A power cut acts on the ciphertext in the cells. No operation is added: one program here is one
// program of the cells.
//
// Life cycle: init, then use crypt.flash. `crypt.flash.raw` is the flash behind. No resource is
// held.
#ifndef ALOFT_HOSTLIB_FLASH_CRYPT_H
#define ALOFT_HOSTLIB_FLASH_CRYPT_H

#include "aloft/flash.h"
#include <stdbool.h>

// A cipher over units of 16 or 32 bytes. addr and len are multiples of the unit; bytes are replaced
// in place. What a unit becomes depends on its address and on nothing else that is stored.
struct aloft_flash_cipher {
    void *ctx;
    uint32_t unit;
    void (*encrypt)(void *ctx, uint32_t addr, uint8_t *bytes, uint32_t len);
    void (*decrypt)(void *ctx, uint32_t addr, uint8_t *bytes, uint32_t len);
};

struct aloft_flash_crypt {
    struct aloft_flash flash; // encrypts and decrypts; its ctx points back here
    const struct aloft_flash_cipher *cipher;
    bool shows_erased; // for tools, which hardware does not know: erased units read as FF
};

// raw and cipher outlive it. A copy of the struct needs an init of its own.
void aloft_flash_crypt_init(struct aloft_flash_crypt *crypt, const struct aloft_flash *raw,
                            const struct aloft_flash_cipher *cipher);

#endif
