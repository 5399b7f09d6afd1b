// Whether the padding of an RSA block is right is not revealed: a block that does not unwrap to 32
// bytes gives, in constant time, a key derived from the device's secret and the block. The same
// block always gives the same key, as a good one would, so repeating it reveals nothing.
#include "ports/portlib/psa/mbed_decrypt.h"
#include "ports/portlib/psa/gcm.h"
#include "ports/portlib/psa/mbed_crypto.h"
#include <stdlib.h>
#include <string.h>

enum { WRAPPED = ALOFT_RSA_WRAPPED, KEY = ALOFT_AES_KEY, IV = 16, TAG = 16 };

struct aloft_mbed_decrypt {
    struct aloft_decrypt table;
    struct aloft_rsa *rsa;
    uint8_t secret[KEY]; // follows from the private key
    struct aloft_gcm gcm;
};

static enum aloft_err result(bool good)
{
    return good ? ALOFT_OK : ALOFT_ERR_CRYPTO;
}

// SHA-256 over one or two pieces; both of fixed length, or one of any.
static bool hash(const uint8_t *first, size_t first_len, const uint8_t *second, size_t second_len,
                 uint8_t out[ALOFT_SHA256_LEN])
{
    struct aloft_hash state;
    if (aloft_mbed_hash_init(&state, ALOFT_HASH_SHA256) != ALOFT_OK) {
        return false;
    }
    if (aloft_mbed_hash_feed(&state, first, first_len) != ALOFT_OK ||
        aloft_mbed_hash_feed(&state, second, second_len) != ALOFT_OK) {
        aloft_mbed_hash_drop(&state);
        return false;
    }
    return aloft_mbed_hash_finish(&state, out) == ALOFT_OK;
}

static void forget(void *ctx)
{
    struct aloft_mbed_decrypt *decrypt = ctx;
    aloft_gcm_end(&decrypt->gcm);
}

// The key of the image, or with the same work another one.
static bool unwrap(struct aloft_mbed_decrypt *decrypt, const uint8_t wrapped[WRAPPED],
                   uint8_t key[KEY])
{
    uint8_t found[WRAPPED];
    size_t len;
    bool broken;
    if (!hash(decrypt->secret, KEY, wrapped, WRAPPED, key)) {
        return false;
    }
    memset(found, 0, sizeof found);
    uint32_t err = aloft_rsa_unwrap(decrypt->rsa, wrapped, found, &len, &broken);
    // All ones when the block unwrapped to a key.
    uint32_t odd = err | ((uint32_t)len ^ KEY);
    uint8_t good = (uint8_t)(((odd | (0u - odd)) >> 31) - 1u);
    for (size_t i = 0; i < KEY; i++) {
        key[i] = (uint8_t)((found[i] & good) | (key[i] & ~good));
    }
    aloft_wipe(found, sizeof found);
    return !broken;
}

static enum aloft_err begin(void *ctx, const uint8_t wrapped[WRAPPED], const uint8_t iv[IV])
{
    struct aloft_mbed_decrypt *decrypt = ctx;
    uint8_t key[KEY] = {0};
    forget(decrypt);
    bool good = unwrap(decrypt, wrapped, key) && aloft_gcm_begin(&decrypt->gcm, key, iv);
    aloft_wipe(key, sizeof key);
    return result(good);
}

static enum aloft_err feed(void *ctx, const uint8_t *data, uint32_t len, uint8_t *out)
{
    struct aloft_mbed_decrypt *decrypt = ctx;
    return result(aloft_gcm_feed(&decrypt->gcm, data, len, out));
}

static enum aloft_err save(void *ctx, uint8_t state[TAG])
{
    struct aloft_mbed_decrypt *decrypt = ctx;
    aloft_gcm_save(&decrypt->gcm, state);
    return ALOFT_OK;
}

static enum aloft_err load(void *ctx, uint32_t off, const uint8_t state[TAG])
{
    struct aloft_mbed_decrypt *decrypt = ctx;
    aloft_gcm_load(&decrypt->gcm, off, state);
    return ALOFT_OK;
}

static enum aloft_err finish(void *ctx, const uint8_t tag[TAG])
{
    struct aloft_mbed_decrypt *decrypt = ctx;
    uint8_t found[TAG];
    uint8_t other = 0;
    bool good = aloft_gcm_tag(&decrypt->gcm, found);
    for (size_t i = 0; i < sizeof found; i++) {
        other |= (uint8_t)(found[i] ^ tag[i]);
    }
    return !good ? ALOFT_ERR_CRYPTO : other != 0 ? ALOFT_ERR_ENC_TAG : ALOFT_OK;
}

struct aloft_mbed_decrypt *
aloft_mbed_decrypt_new(const uint8_t *key, size_t len,
                       int (*random)(void *ctx, unsigned char *out, size_t len), void *ctx)
{
    struct aloft_mbed_decrypt *decrypt = calloc(1, sizeof *decrypt);
    if (decrypt == NULL) {
        return NULL;
    }
    decrypt->table = (struct aloft_decrypt){decrypt, begin, feed, save, load, finish, forget};
    decrypt->rsa = aloft_rsa_new(key, len, random, ctx);
    // What replaces a key must not be known to others, nor change from boot to boot.
    if (decrypt->rsa == NULL || !hash(key, len, NULL, 0, decrypt->secret)) {
        aloft_mbed_decrypt_free(decrypt);
        return NULL;
    }
    return decrypt;
}

void aloft_mbed_decrypt_free(struct aloft_mbed_decrypt *decrypt)
{
    if (decrypt != NULL) {
        forget(decrypt);
        aloft_rsa_free(decrypt->rsa);
        aloft_wipe(decrypt, sizeof *decrypt);
        free(decrypt);
    }
}

const struct aloft_decrypt *aloft_mbed_decrypt_table(struct aloft_mbed_decrypt *decrypt)
{
    return &decrypt->table;
}
