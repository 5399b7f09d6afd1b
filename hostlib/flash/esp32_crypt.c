// The key of a unit is the flash key with bits of the unit's address added to it, and AES runs
// backwards: to encrypt flash is to decrypt with AES. The hardware sees each block's bytes in the
// other order.
#include "hostlib/flash/esp32_crypt.h"
#include <mbedtls/aes.h>
#include <string.h>

enum { BLOCK = 16, RUNS = 16, LOW_BIT = 5, HIGH_BIT = 23 };

// Address bits 23 to 5 are added to the key again and again, from its first bit on; every fourth
// time they begin at a lower one: at 14, 12, 10 and 8. That makes 256.
static void tweak(const uint8_t *key, uint32_t addr, uint8_t *out)
{
    uint32_t at = 0;
    memcpy(out, key, ALOFT_ESP32_CRYPT_KEY);
    for (uint32_t run = 0; run < RUNS; run++) {
        for (uint32_t bit = run % 4 == 3 ? 14 - run / 4 * 2 : HIGH_BIT; bit >= LOW_BIT; bit--) {
            out[at / 8] ^= (uint8_t)((addr >> bit & 1) << (7 - at % 8));
            at++;
        }
    }
}

static void turn(const uint8_t *from, uint8_t *to)
{
    for (uint32_t i = 0; i < BLOCK; i++) {
        to[i] = from[BLOCK - 1 - i];
    }
}

// mode: of AES. Its functions fail only on arguments that are not given here.
static void crypt(const struct aloft_esp32_crypt *crypt, int mode, uint32_t addr, uint8_t *bytes,
                  uint32_t len)
{
    mbedtls_aes_context aes;
    uint8_t key[ALOFT_ESP32_CRYPT_KEY];
    uint8_t block[BLOCK];
    mbedtls_aes_init(&aes);
    for (uint32_t off = 0; off < len; off += BLOCK) {
        if (off == 0 || (addr + off) % ALOFT_ESP32_CRYPT_UNIT == 0) {
            tweak(crypt->key, addr + off, key);
            (void)(mode == MBEDTLS_AES_ENCRYPT ? mbedtls_aes_setkey_enc
                                               : mbedtls_aes_setkey_dec)(&aes, key, 8 * sizeof key);
        }
        turn(bytes + off, block);
        (void)mbedtls_aes_crypt_ecb(&aes, mode, block, block);
        turn(block, bytes + off);
    }
    mbedtls_aes_free(&aes);
}

static void encrypt(void *ctx, uint32_t addr, uint8_t *bytes, uint32_t len)
{
    crypt(ctx, MBEDTLS_AES_DECRYPT, addr, bytes, len);
}

static void decrypt(void *ctx, uint32_t addr, uint8_t *bytes, uint32_t len)
{
    crypt(ctx, MBEDTLS_AES_ENCRYPT, addr, bytes, len);
}

void aloft_esp32_crypt_init(struct aloft_esp32_crypt *out, const uint8_t key[ALOFT_ESP32_CRYPT_KEY])
{
    out->cipher = (struct aloft_flash_cipher){out, ALOFT_ESP32_CRYPT_UNIT, encrypt, decrypt};
    memcpy(out->key, key, sizeof out->key);
}
