// The calls of mbedTLS 2.28 and 3.x.
#include "ports/portlib/psa/cipher.h"
#if !ALOFT_PSA
#include <mbedtls/pk.h>
#include <mbedtls/platform_util.h>
#include <mbedtls/rsa.h>
#include <stdlib.h>
#include <string.h>

struct aloft_rsa {
    mbedtls_pk_context key;
    int (*random)(void *ctx, unsigned char *out, size_t len);
    void *ctx;
};

bool aloft_aes_begin(struct aloft_aes *aes, const uint8_t key[ALOFT_AES_KEY])
{
    mbedtls_aes_init(&aes->context);
    return mbedtls_aes_setkey_enc(&aes->context, key, 8 * ALOFT_AES_KEY) == 0;
}

void aloft_aes_end(struct aloft_aes *aes)
{
    mbedtls_aes_free(&aes->context);
    aloft_wipe(aes, sizeof *aes);
}

bool aloft_aes_blocks(struct aloft_aes *aes, const uint8_t *in, uint32_t count, uint8_t *out)
{
    int err = 0;
    for (uint32_t i = 0; i < count && err == 0; i++) {
        err = mbedtls_aes_crypt_ecb(&aes->context, MBEDTLS_AES_ENCRYPT, in + i * ALOFT_AES_BLOCK,
                                    out + i * ALOFT_AES_BLOCK);
    }
    return err == 0;
}

static int parse(struct aloft_rsa *rsa, const uint8_t *key, size_t len)
{
    size_t size = strstr((const char *)key, "-----BEGIN") != NULL ? len + 1 : len;
#if MBEDTLS_VERSION_MAJOR < 3
    return mbedtls_pk_parse_key(&rsa->key, key, size, NULL, 0);
#else
    return mbedtls_pk_parse_key(&rsa->key, key, size, NULL, 0, rsa->random, rsa->ctx);
#endif
}

struct aloft_rsa *aloft_rsa_new(const uint8_t *key, size_t len,
                                int (*random)(void *ctx, unsigned char *out, size_t len), void *ctx)
{
    struct aloft_rsa *rsa = calloc(1, sizeof *rsa);
    if (rsa == NULL) {
        return NULL;
    }
    rsa->random = random;
    rsa->ctx = ctx;
    mbedtls_pk_init(&rsa->key);
    if (parse(rsa, key, len) != 0 || mbedtls_pk_get_type(&rsa->key) != MBEDTLS_PK_RSA ||
        mbedtls_pk_get_bitlen(&rsa->key) != 8 * ALOFT_RSA_WRAPPED) {
        aloft_rsa_free(rsa);
        return NULL;
    }
    return rsa;
}

void aloft_rsa_free(struct aloft_rsa *rsa)
{
    if (rsa != NULL) {
        mbedtls_pk_free(&rsa->key);
        free(rsa);
    }
}

uint32_t aloft_rsa_unwrap(struct aloft_rsa *rsa, const uint8_t wrapped[ALOFT_RSA_WRAPPED],
                          uint8_t out[ALOFT_RSA_WRAPPED], size_t *len, bool *broken)
{
    mbedtls_rsa_context *context = mbedtls_pk_rsa(rsa->key);
    *len = 0;
#if MBEDTLS_VERSION_MAJOR < 3
    int err = mbedtls_rsa_pkcs1_decrypt(context, rsa->random, rsa->ctx, MBEDTLS_RSA_PRIVATE, len,
                                        wrapped, out, ALOFT_RSA_WRAPPED);
#else
    int err = mbedtls_rsa_pkcs1_decrypt(context, rsa->random, rsa->ctx, len, wrapped, out,
                                        ALOFT_RSA_WRAPPED);
#endif
    *broken = err == MBEDTLS_ERR_RSA_RNG_FAILED;
    return (uint32_t)err;
}

void aloft_wipe(void *bytes, size_t len)
{
    mbedtls_platform_zeroize(bytes, len);
}

#endif
