// Signatures through mbedTLS 2.28 and 3.x. Numbers come little-endian, as signature blocks have
// them; mbedTLS takes them the other way round.
#include "ports/portlib/psa/backend.h"
#include "ports/portlib/psa/mbed_crypto.h"
#if !ALOFT_PSA
#include "ports/portlib/psa/reverse.h"
#include <mbedtls/ecdsa.h>
#include <mbedtls/rsa.h>

enum { COORDINATE = ALOFT_P256_LEN / 2, EXPONENT = 4, POINT = 1 + ALOFT_P256_LEN };

static enum aloft_err result(int mbed)
{
    return mbed == 0                              ? ALOFT_OK
           : mbed == MBEDTLS_ERR_MPI_ALLOC_FAILED ? ALOFT_ERR_CRYPTO
                                                  : ALOFT_ERR_SIGNATURE_BAD;
}

static int init_pss(mbedtls_rsa_context *rsa)
{
#if MBEDTLS_VERSION_MAJOR < 3
    mbedtls_rsa_init(rsa, MBEDTLS_RSA_PKCS_V21, MBEDTLS_MD_SHA256);
    return 0;
#else
    mbedtls_rsa_init(rsa);
    return mbedtls_rsa_set_padding(rsa, MBEDTLS_RSA_PKCS_V21, MBEDTLS_MD_SHA256);
#endif
}

static int verify_pss(mbedtls_rsa_context *rsa, const uint8_t *digest, const uint8_t *signature)
{
#if MBEDTLS_VERSION_MAJOR < 3
    return mbedtls_rsa_rsassa_pss_verify_ext(rsa, NULL, NULL, MBEDTLS_RSA_PUBLIC, MBEDTLS_MD_SHA256,
                                             ALOFT_SHA256_LEN, digest, MBEDTLS_MD_SHA256,
                                             ALOFT_SHA256_LEN, signature);
#else
    return mbedtls_rsa_rsassa_pss_verify_ext(rsa, MBEDTLS_MD_SHA256, ALOFT_SHA256_LEN, digest,
                                             MBEDTLS_MD_SHA256, ALOFT_SHA256_LEN, signature);
#endif
}

static enum aloft_err verify_rsa(const uint8_t *key, const uint8_t *signature,
                                 const uint8_t *digest)
{
    mbedtls_rsa_context rsa;
    uint8_t number[ALOFT_RSA3072_LEN];
    uint8_t exponent[EXPONENT];
    int ret = init_pss(&rsa);
    if (ret == 0) {
        aloft_reverse(number, key, sizeof number);
        aloft_reverse(exponent, key + ALOFT_RSA3072_LEN, EXPONENT);
        ret = mbedtls_rsa_import_raw(&rsa, number, sizeof number, NULL, 0, NULL, 0, NULL, 0,
                                     exponent, sizeof exponent);
    }
    if (ret == 0) {
        ret = mbedtls_rsa_complete(&rsa);
    }
    if (ret == 0) {
        ret = mbedtls_rsa_check_pubkey(&rsa);
    }
    // A modulus that begins with zeros is of another length, and not one of these keys.
    if (ret == 0 && mbedtls_rsa_get_len(&rsa) != ALOFT_RSA3072_LEN) {
        ret = MBEDTLS_ERR_RSA_BAD_INPUT_DATA;
    }
    if (ret == 0) {
        aloft_reverse(number, signature, sizeof number);
        ret = verify_pss(&rsa, digest, number);
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
    uint8_t bytes[POINT] = {4}; // not compressed
    mbedtls_ecp_group_init(&group);
    mbedtls_ecp_point_init(&point);
    mbedtls_mpi_init(&r);
    mbedtls_mpi_init(&s);
    aloft_reverse(bytes + 1, key, COORDINATE);
    aloft_reverse(bytes + 1 + COORDINATE, key + COORDINATE, COORDINATE);
    int ret = mbedtls_ecp_group_load(&group, MBEDTLS_ECP_DP_SECP256R1);
    if (ret == 0) {
        ret = mbedtls_ecp_point_read_binary(&group, &point, bytes, sizeof bytes);
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

enum aloft_err aloft_mbed_verify(enum aloft_signature_alg alg, const uint8_t *key,
                                 const uint8_t *signature, const uint8_t digest[ALOFT_SHA256_LEN])
{
    return alg == ALOFT_SIGNATURE_P256 ? verify_p256(key, signature, digest)
                                       : verify_rsa(key, signature, digest);
}

#endif
