// Signatures through PSA. Numbers come little-endian, as signature blocks have them; PSA takes them
// the other way round, an RSA key as DER, and a P-256 key as an uncompressed point.
#include "ports/portlib/psa/backend.h"
#include "ports/portlib/psa/mbed_crypto.h"
#if ALOFT_PSA
#include "ports/portlib/psa/reverse.h"
#include <psa/crypto.h>
#include <stdbool.h>
#include <string.h>

enum { COORDINATE = ALOFT_P256_LEN / 2, EXPONENT = 4, POINT = 1 + ALOFT_P256_LEN };

// RSAPublicKey (RFC 8017, A.1.1). A number whose first bit is set would be negative, so a 0 is in
// front of it; the exponent's 0 bytes in front are not to be there, so its length is not fixed.
enum { RSA_HEAD = 9, RSA_DER = RSA_HEAD + ALOFT_RSA3072_LEN + 2 + 1 + EXPONENT };

// What is not the library's or the chip's own fault is a fault of key or signature.
static enum aloft_err result(psa_status_t status)
{
    switch (status) {
    case PSA_SUCCESS:
        return ALOFT_OK;
    case PSA_ERROR_BAD_STATE:
    case PSA_ERROR_COMMUNICATION_FAILURE:
    case PSA_ERROR_HARDWARE_FAILURE:
    case PSA_ERROR_INSUFFICIENT_ENTROPY:
    case PSA_ERROR_INSUFFICIENT_MEMORY:
        return ALOFT_ERR_CRYPTO;
    default:
        return ALOFT_ERR_SIGNATURE_BAD;
    }
}

struct verifier {
    psa_key_type_t type;
    psa_algorithm_t alg;
    const uint8_t *key;
    size_t key_len;
    const uint8_t *signature;
    size_t signature_len;
};

static enum aloft_err run(const struct verifier *v, const uint8_t *digest)
{
    psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
    psa_key_id_t key = 0;
    psa_set_key_type(&attributes, v->type);
    psa_set_key_algorithm(&attributes, v->alg);
    psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_VERIFY_HASH);
    psa_status_t status = psa_crypto_init();
    if (status == PSA_SUCCESS) {
        status = psa_import_key(&attributes, v->key, v->key_len, &key);
    }
    if (status == PSA_SUCCESS) {
        status =
            psa_verify_hash(key, v->alg, digest, ALOFT_SHA256_LEN, v->signature, v->signature_len);
        (void)psa_destroy_key(key); // volatile, so it goes with the program at the latest
    }
    return result(status);
}

// Bytes of the key in DER; 0 when its modulus has not 3072 bits.
static size_t rsa_der(uint8_t der[RSA_DER], const uint8_t *key)
{
    uint8_t exponent[1 + EXPONENT] = {0};
    size_t skip = 0;
    aloft_reverse(exponent + 1, key + ALOFT_RSA3072_LEN, EXPONENT);
    while (skip < EXPONENT && exponent[skip] == 0 && exponent[skip + 1] < 0x80) {
        skip++;
    }
    uint8_t exponent_len = (uint8_t)(sizeof exponent - skip);
    size_t rest = RSA_HEAD - 4 + ALOFT_RSA3072_LEN + 2 + exponent_len;
    const uint8_t head[RSA_HEAD] = {
        0x30, 0x82, (uint8_t)(rest >> 8),         (uint8_t)rest,
        2,    0x82, (1 + ALOFT_RSA3072_LEN) >> 8, (1 + ALOFT_RSA3072_LEN) & 0xFF,
        0};
    uint8_t *at = der;
    memcpy(at, head, RSA_HEAD);
    at += RSA_HEAD;
    aloft_reverse(at, key, ALOFT_RSA3072_LEN);
    bool full = at[0] >= 0x80;
    at += ALOFT_RSA3072_LEN;
    *at++ = 2;
    *at++ = exponent_len;
    memcpy(at, exponent + skip, exponent_len);
    at += exponent_len;
    return full ? (size_t)(at - der) : 0;
}

static enum aloft_err verify_rsa(const uint8_t *key, const uint8_t *signature,
                                 const uint8_t *digest)
{
    uint8_t der[RSA_DER];
    uint8_t number[ALOFT_RSA3072_LEN];
    const struct verifier verifier = {PSA_KEY_TYPE_RSA_PUBLIC_KEY,
                                      PSA_ALG_RSA_PSS(PSA_ALG_SHA_256),
                                      der,
                                      rsa_der(der, key),
                                      number,
                                      sizeof number};
    aloft_reverse(number, signature, sizeof number);
    return verifier.key_len > 0 ? run(&verifier, digest) : ALOFT_ERR_SIGNATURE_BAD;
}

static enum aloft_err verify_p256(const uint8_t *key, const uint8_t *signature,
                                  const uint8_t *digest)
{
    uint8_t point[POINT] = {4}; // not compressed
    uint8_t numbers[ALOFT_P256_LEN];
    const struct verifier verifier = {PSA_KEY_TYPE_ECC_PUBLIC_KEY(PSA_ECC_FAMILY_SECP_R1),
                                      PSA_ALG_ECDSA(PSA_ALG_SHA_256),
                                      point,
                                      sizeof point,
                                      numbers,
                                      sizeof numbers};
    for (size_t i = 0; i < ALOFT_P256_LEN; i += COORDINATE) {
        aloft_reverse(point + 1 + i, key + i, COORDINATE);
        aloft_reverse(numbers + i, signature + i, COORDINATE);
    }
    return run(&verifier, digest);
}

enum aloft_err aloft_mbed_verify(enum aloft_signature_alg alg, const uint8_t *key,
                                 const uint8_t *signature, const uint8_t digest[ALOFT_SHA256_LEN])
{
    return alg == ALOFT_SIGNATURE_P256 ? verify_p256(key, signature, digest)
                                       : verify_rsa(key, signature, digest);
}

#endif
