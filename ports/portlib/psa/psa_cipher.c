// The calls of PSA; of mbedTLS beside it, what reads a key and writes it as PSA imports it.
#include "ports/portlib/psa/cipher.h"
#if ALOFT_PSA
#include <mbedtls/pk.h>
#include <mbedtls/platform_util.h>
#include <stdlib.h>
#include <string.h>

enum { DER_MAX = 2400 }; // of RSA-3072: seven numbers, 1,800 bytes together

struct aloft_rsa {
    psa_key_id_t key;
};

bool aloft_aes_begin(struct aloft_aes *aes, const uint8_t key[ALOFT_AES_KEY])
{
    psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
    aes->key = 0;
    psa_set_key_type(&attributes, PSA_KEY_TYPE_AES);
    psa_set_key_algorithm(&attributes, PSA_ALG_ECB_NO_PADDING);
    psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_ENCRYPT);
    return psa_crypto_init() == PSA_SUCCESS &&
           psa_import_key(&attributes, key, ALOFT_AES_KEY, &aes->key) == PSA_SUCCESS;
}

void aloft_aes_end(struct aloft_aes *aes)
{
    (void)psa_destroy_key(aes->key); // 0: nothing to do
    aes->key = 0;
}

bool aloft_aes_blocks(struct aloft_aes *aes, const uint8_t *in, uint32_t count, uint8_t *out)
{
    size_t size = (size_t)count * ALOFT_AES_BLOCK;
    size_t len = 0;
    return psa_cipher_encrypt(aes->key, PSA_ALG_ECB_NO_PADDING, in, size, out, size, &len) ==
               PSA_SUCCESS &&
           len == size;
}

// PKCS #1, at the end of der. 0: it is no such key.
static int to_der(const uint8_t *key, size_t len, uint8_t der[DER_MAX],
                  int (*random)(void *ctx, unsigned char *out, size_t len), void *ctx)
{
    size_t size = strstr((const char *)key, "-----BEGIN") != NULL ? len + 1 : len;
    mbedtls_pk_context pk;
    mbedtls_pk_init(&pk);
#if MBEDTLS_VERSION_MAJOR == 3
    int err = mbedtls_pk_parse_key(&pk, key, size, NULL, 0, random, ctx);
#else
    int err = mbedtls_pk_parse_key(&pk, key, size, NULL, 0);
    (void)random;
    (void)ctx;
#endif
    bool good = err == 0 && mbedtls_pk_get_bitlen(&pk) == 8 * ALOFT_RSA_WRAPPED;
    int der_len = good ? mbedtls_pk_write_key_der(&pk, der, DER_MAX) : 0;
    mbedtls_pk_free(&pk);
    return der_len > 0 ? der_len : 0;
}

struct aloft_rsa *aloft_rsa_new(const uint8_t *key, size_t len,
                                int (*random)(void *ctx, unsigned char *out, size_t len), void *ctx)
{
    psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
    struct aloft_rsa *rsa = calloc(1, sizeof *rsa);
    uint8_t *der = calloc(1, DER_MAX);
    bool good = rsa != NULL && der != NULL && psa_crypto_init() == PSA_SUCCESS;
    int der_len = good ? to_der(key, len, der, random, ctx) : 0;
    psa_set_key_type(&attributes, PSA_KEY_TYPE_RSA_KEY_PAIR);
    psa_set_key_algorithm(&attributes, PSA_ALG_RSA_PKCS1V15_CRYPT);
    psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_DECRYPT);
    good = der_len > 0 && psa_import_key(&attributes, der + DER_MAX - der_len, (size_t)der_len,
                                         &rsa->key) == PSA_SUCCESS;
    if (der != NULL) {
        aloft_wipe(der, DER_MAX);
    }
    free(der);
    if (!good) {
        free(rsa);
        return NULL;
    }
    return rsa;
}

void aloft_rsa_free(struct aloft_rsa *rsa)
{
    if (rsa != NULL) {
        (void)psa_destroy_key(rsa->key); // volatile: its memory is wiped
        free(rsa);
    }
}

uint32_t aloft_rsa_unwrap(struct aloft_rsa *rsa, const uint8_t wrapped[ALOFT_RSA_WRAPPED],
                          uint8_t out[ALOFT_RSA_WRAPPED], size_t *len, bool *broken)
{
    *len = 0;
    psa_status_t status =
        psa_asymmetric_decrypt(rsa->key, PSA_ALG_RSA_PKCS1V15_CRYPT, wrapped, ALOFT_RSA_WRAPPED,
                               NULL, 0, out, ALOFT_RSA_WRAPPED, len);
    *broken = status == PSA_ERROR_INSUFFICIENT_ENTROPY || status == PSA_ERROR_INSUFFICIENT_MEMORY;
    return (uint32_t)status;
}

void aloft_wipe(void *bytes, size_t len)
{
    mbedtls_platform_zeroize(bytes, len);
}

#endif
