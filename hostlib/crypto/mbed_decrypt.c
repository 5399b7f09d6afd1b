// Whether the padding of an RSA block is right is not revealed: a block that does not unwrap to 32
// bytes gives, in constant time, a key derived from the device's secret and the block. The same
// block always gives the same key, as a good one would, so repeating it reveals nothing.
#include "hostlib/crypto/mbed_decrypt.h"
#include "hostlib/crypto/pk.h"
#include <mbedtls/gcm.h>
#include <mbedtls/md.h>
#include <mbedtls/platform_util.h>
#include <mbedtls/rsa.h>
#include <mbedtls/sha256.h>
#include <stdlib.h>
#include <string.h>

enum { WRAPPED = 384, KEY = 32, IV = 16, TAG = 16 };

struct aloft_mbed_decrypt {
    struct aloft_decrypt table;
    mbedtls_pk_context key;
    uint8_t secret[KEY]; // follows from the private key
    mbedtls_gcm_context opener;
};

static enum aloft_err result(int mbed)
{
    return mbed == 0 ? ALOFT_OK : ALOFT_ERR_CRYPTO;
}

static void forget(void *ctx)
{
    struct aloft_mbed_decrypt *decrypt = ctx;
    mbedtls_gcm_free(&decrypt->opener); // wipes the key
}

// The key of the image, or with the same work another one.
static int unwrap(struct aloft_mbed_decrypt *decrypt, const uint8_t wrapped[WRAPPED],
                  uint8_t key[KEY])
{
    const mbedtls_md_info_t *sha = mbedtls_md_info_from_type(MBEDTLS_MD_SHA256);
    mbedtls_rsa_context *rsa = mbedtls_pk_rsa(decrypt->key);
    uint8_t found[WRAPPED];
    size_t len = 0;
    int err = mbedtls_md_hmac(sha, decrypt->secret, KEY, wrapped, WRAPPED, key);
    memcpy(found, key, KEY);
    int rsa_err = err != 0
                      ? err
                      : mbedtls_rsa_pkcs1_decrypt(rsa, aloft_pk_random, NULL, MBEDTLS_RSA_PRIVATE,
                                                  &len, wrapped, found, sizeof found);
    // All ones when the block unwrapped to a key.
    uint32_t odd = (uint32_t)rsa_err | ((uint32_t)len ^ KEY);
    uint8_t good = (uint8_t)(((odd | (0u - odd)) >> 31) - 1u);
    for (size_t i = 0; i < KEY; i++) {
        key[i] = (uint8_t)((found[i] & good) | (key[i] & ~good));
    }
    mbedtls_platform_zeroize(found, sizeof found);
    return err != 0 || rsa_err == MBEDTLS_ERR_RSA_RNG_FAILED ? MBEDTLS_ERR_RSA_RNG_FAILED : 0;
}

static int start(mbedtls_gcm_context *gcm, const uint8_t key[KEY], const uint8_t iv[IV])
{
    mbedtls_gcm_init(gcm);
    int err = mbedtls_gcm_setkey(gcm, MBEDTLS_CIPHER_ID_AES, key, 8 * KEY);
    return err != 0 ? err : mbedtls_gcm_starts(gcm, MBEDTLS_GCM_DECRYPT, iv, IV, NULL, 0);
}

static enum aloft_err begin(void *ctx, const uint8_t wrapped[WRAPPED], const uint8_t iv[IV])
{
    struct aloft_mbed_decrypt *decrypt = ctx;
    uint8_t key[KEY];
    forget(decrypt);
    int err = unwrap(decrypt, wrapped, key);
    if (err == 0) {
        err = start(&decrypt->opener, key, iv);
    }
    mbedtls_platform_zeroize(key, sizeof key);
    return result(err);
}

static enum aloft_err feed(void *ctx, const uint8_t *data, uint32_t len, uint8_t *out)
{
    struct aloft_mbed_decrypt *decrypt = ctx;
    return result(mbedtls_gcm_update(&decrypt->opener, len, data, out));
}

// What GHASH has come to is all of its state that does not follow from the key and from how much
// was fed. mbedTLS 2.28 says where it is; what hides it has to be given a GHASH beside it.
static enum aloft_err save(void *ctx, uint8_t state[TAG])
{
    struct aloft_mbed_decrypt *decrypt = ctx;
    memcpy(state, decrypt->opener.buf, TAG);
    return ALOFT_OK;
}

static enum aloft_err load(void *ctx, uint32_t off, const uint8_t state[TAG])
{
    struct aloft_mbed_decrypt *decrypt = ctx;
    uint8_t *counter = decrypt->opener.y + 12; // 32 bits, the highest first
    uint32_t carry = off / 16;
    for (int i = 3; i >= 0; i--) {
        carry += counter[i];
        counter[i] = (uint8_t)carry;
        carry >>= 8;
    }
    decrypt->opener.len = off;
    memcpy(decrypt->opener.buf, state, TAG);
    return ALOFT_OK;
}

static enum aloft_err finish(void *ctx, const uint8_t tag[TAG])
{
    struct aloft_mbed_decrypt *decrypt = ctx;
    uint8_t found[TAG];
    uint8_t other = 0;
    int err = mbedtls_gcm_finish(&decrypt->opener, found, sizeof found);
    for (size_t i = 0; i < sizeof found; i++) {
        other |= (uint8_t)(found[i] ^ tag[i]);
    }
    return err != 0 ? ALOFT_ERR_CRYPTO : other != 0 ? ALOFT_ERR_ENC_TAG : ALOFT_OK;
}

// What replaces a key must not be known to others, nor change from boot to boot.
static int derive_secret(struct aloft_mbed_decrypt *decrypt)
{
    uint8_t exponent[WRAPPED];
    int err = mbedtls_rsa_export_raw(mbedtls_pk_rsa(decrypt->key), NULL, 0, NULL, 0, NULL, 0,
                                     exponent, sizeof exponent, NULL, 0);
    err = err != 0 ? err : mbedtls_sha256_ret(exponent, sizeof exponent, decrypt->secret, 0);
    mbedtls_platform_zeroize(exponent, sizeof exponent);
    return err;
}

struct aloft_mbed_decrypt *aloft_mbed_decrypt_new(const char *name, const uint8_t *key, size_t len,
                                                  struct aloft_message *error)
{
    struct aloft_mbed_decrypt *decrypt = calloc(1, sizeof *decrypt);
    if (decrypt == NULL) {
        (void)aloft_message_set(error, "%s: out of memory", name);
        return NULL;
    }
    decrypt->table = (struct aloft_decrypt){decrypt, begin, feed, save, load, finish, forget};
    mbedtls_gcm_init(&decrypt->opener);
    bool good = aloft_pk_read_rsa3072(&decrypt->key, ALOFT_PK_PRIVATE, name, key, len, error);
    if (good && derive_secret(decrypt) != 0) {
        good = aloft_message_set(error, "%s: the private key is not complete", name);
    }
    if (!good) {
        aloft_mbed_decrypt_free(decrypt);
        return NULL;
    }
    return decrypt;
}

void aloft_mbed_decrypt_free(struct aloft_mbed_decrypt *decrypt)
{
    if (decrypt != NULL) {
        forget(decrypt);
        mbedtls_pk_free(&decrypt->key);
        mbedtls_platform_zeroize(decrypt, sizeof *decrypt);
        free(decrypt);
    }
}

const struct aloft_decrypt *aloft_mbed_decrypt_table(struct aloft_mbed_decrypt *decrypt)
{
    return &decrypt->table;
}
