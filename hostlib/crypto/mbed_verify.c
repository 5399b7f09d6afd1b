// Signatures through mbedTLS. Numbers come little-endian, as signature blocks have them;
// mbedTLS 2.28 reads them so.
#include "hostlib/crypto/mbed_crypto.h"
#include <mbedtls/ecdsa.h>
#include <mbedtls/rsa.h>

#define EXPONENT_LEN 4
#define COORDINATE   (ALOFT_P256_LEN / 2)

static enum aloft_err result(int mbed)
{
    return mbed == 0                              ? ALOFT_OK
           : mbed == MBEDTLS_ERR_MPI_ALLOC_FAILED ? ALOFT_ERR_CRYPTO
                                                  : ALOFT_ERR_SIGNATURE_BAD;
}

static void reverse(uint8_t *out, const uint8_t *in, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        out[i] = in[len - 1 - i];
    }
}

static enum aloft_err verify_rsa(const uint8_t *key, const uint8_t *signature,
                                 const uint8_t *digest)
{
    mbedtls_rsa_context rsa;
    uint8_t big[ALOFT_RSA3072_LEN];
    mbedtls_rsa_init(&rsa, MBEDTLS_RSA_PKCS_V21, MBEDTLS_MD_SHA256);
    rsa.len = ALOFT_RSA3072_LEN;
    int ret = mbedtls_mpi_read_binary_le(&rsa.N, key, ALOFT_RSA3072_LEN);
    if (ret == 0) {
        ret = mbedtls_mpi_read_binary_le(&rsa.E, key + ALOFT_RSA3072_LEN, EXPONENT_LEN);
    }
    if (ret == 0) {
        ret = mbedtls_rsa_check_pubkey(&rsa);
    }
    if (ret == 0) {
        reverse(big, signature, sizeof big);
        ret = mbedtls_rsa_rsassa_pss_verify_ext(&rsa, NULL, NULL, MBEDTLS_RSA_PUBLIC,
                                                MBEDTLS_MD_SHA256, ALOFT_SHA256_LEN, digest,
                                                MBEDTLS_MD_SHA256, ALOFT_SHA256_LEN, big);
    }
    mbedtls_rsa_free(&rsa);
    return result(ret);
}

static enum aloft_err verify_p256(const uint8_t *key, const uint8_t *signature,
                                  const uint8_t *digest)
{
    mbedtls_ecp_group group;
    mbedtls_ecp_point point;
    mbedtls_mpi r;
    mbedtls_mpi s;
    mbedtls_ecp_group_init(&group);
    mbedtls_ecp_point_init(&point);
    mbedtls_mpi_init(&r);
    mbedtls_mpi_init(&s);
    int ret = mbedtls_ecp_group_load(&group, MBEDTLS_ECP_DP_SECP256R1);
    if (ret == 0) {
        ret = mbedtls_mpi_read_binary_le(&point.X, key, COORDINATE);
    }
    if (ret == 0) {
        ret = mbedtls_mpi_read_binary_le(&point.Y, key + COORDINATE, COORDINATE);
    }
    if (ret == 0) {
        ret = mbedtls_mpi_lset(&point.Z, 1);
    }
    if (ret == 0) {
        ret = mbedtls_ecp_check_pubkey(&group, &point);
    }
    if (ret == 0) {
        ret = mbedtls_mpi_read_binary_le(&r, signature, COORDINATE);
    }
    if (ret == 0) {
        ret = mbedtls_mpi_read_binary_le(&s, signature + COORDINATE, COORDINATE);
    }
    if (ret == 0) {
        ret = mbedtls_ecdsa_verify(&group, digest, ALOFT_SHA256_LEN, &point, &r, &s);
    }
    mbedtls_mpi_free(&s);
    mbedtls_mpi_free(&r);
    mbedtls_ecp_point_free(&point);
    mbedtls_ecp_group_free(&group);
    return result(ret);
}

static enum aloft_err verify(enum aloft_signature_alg alg, const uint8_t *key,
                             const uint8_t *signature, const uint8_t digest[ALOFT_SHA256_LEN])
{
    return alg == ALOFT_SIGNATURE_P256 ? verify_p256(key, signature, digest)
                                       : verify_rsa(key, signature, digest);
}

const struct aloft_crypto aloft_mbed_signed_crypto = {
    .hash_init = aloft_mbed_hash_init,
    .hash_feed = aloft_mbed_hash_feed,
    .hash_finish = aloft_mbed_hash_finish,
    .hash_drop = aloft_mbed_hash_drop,
    .hash_clone = aloft_mbed_hash_clone,
    .verify = verify,
};
