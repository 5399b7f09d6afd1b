// The crypto seam with signatures: hashes in plain C, and PSA (mbedTLS, ESP-IDF) to verify. Numbers
// of a signature block are little-endian, PSA's are not.
#ifndef VERIFY_BY_PSA_H
#define VERIFY_BY_PSA_H

#include <aloft/soft_crypto.h>
#include <psa/crypto.h>
#include <string.h>

static inline void psa_turned(uint8_t *out, const uint8_t *in, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        out[i] = in[len - 1 - i];
    }
}

static inline enum aloft_err psa_verify_signature(enum aloft_signature_alg alg, const uint8_t *key,
                                                  const uint8_t *signature,
                                                  const uint8_t digest[ALOFT_SHA256_LEN])
{
    // RSAPublicKey in DER: modulus at 9, exponent at 396. P-256: 04, X, Y.
    uint8_t public_key[400] = {0x30, 0x82, 0x01, 0x8C, 0x02, 0x82, 0x01, 0x81};
    uint8_t turned[ALOFT_RSA3072_LEN];
    psa_key_attributes_t about = PSA_KEY_ATTRIBUTES_INIT;
    psa_key_id_t id = 0;
    psa_algorithm_t how = PSA_ALG_RSA_PSS(PSA_ALG_SHA_256);
    size_t key_len = sizeof public_key;
    size_t len = ALOFT_RSA3072_LEN;
    if (alg == ALOFT_SIGNATURE_P256) {
        how = PSA_ALG_ECDSA(PSA_ALG_SHA_256);
        len = ALOFT_P256_LEN;
        key_len = 1 + len;
        public_key[0] = 4;
        psa_turned(public_key + 1, key, len / 2);
        psa_turned(public_key + 1 + len / 2, key + len / 2, len / 2);
        psa_turned(turned, signature, len / 2);
        psa_turned(turned + len / 2, signature + len / 2, len / 2);
        psa_set_key_type(&about, PSA_KEY_TYPE_ECC_PUBLIC_KEY(PSA_ECC_FAMILY_SECP_R1));
    } else {
        static const uint8_t exponent[3] = {0x02, 0x05, 0x00};
        psa_turned(public_key + 9, key, len);
        memcpy(public_key + 9 + len, exponent, sizeof exponent);
        psa_turned(public_key + 396, key + len, 4);
        psa_turned(turned, signature, len);
        psa_set_key_type(&about, PSA_KEY_TYPE_RSA_PUBLIC_KEY);
    }
    psa_set_key_usage_flags(&about, PSA_KEY_USAGE_VERIFY_HASH);
    psa_set_key_algorithm(&about, how);
    psa_status_t status = psa_crypto_init();
    if (status == PSA_SUCCESS) {
        status = psa_import_key(&about, public_key, key_len, &id);
    }
    if (status != PSA_SUCCESS) {
        return ALOFT_ERR_CRYPTO;
    }
    status = psa_verify_hash(id, how, digest, ALOFT_SHA256_LEN, turned, len);
    (void)psa_destroy_key(id);
    return status == PSA_SUCCESS                   ? ALOFT_OK
           : status == PSA_ERROR_INVALID_SIGNATURE ? ALOFT_ERR_SIGNATURE_BAD
                                                   : ALOFT_ERR_CRYPTO;
}

static inline struct aloft_crypto crypto_with_signatures(void)
{
    struct aloft_crypto crypto = aloft_soft_crypto;
    crypto.verify = psa_verify_signature;
    return crypto;
}

#endif
