// What the cost of verification on a small device is measured with: the parts of mbedTLS that a
// Secure Boot V2 signature needs and no others, with heap that is counted.
#ifndef ALOFT_VERIFY_COST_CONFIG_H
#define ALOFT_VERIFY_COST_CONFIG_H

#include <limits.h> // the library leans on a larger configuration that includes it

#define MBEDTLS_PLATFORM_C
#define MBEDTLS_PLATFORM_MEMORY
#define MBEDTLS_MEMORY_BUFFER_ALLOC_C
#define MBEDTLS_MEMORY_DEBUG
#define MBEDTLS_HAVE_ASM
#define MBEDTLS_NO_UDBL_DIVISION

#define MBEDTLS_MD_C
#define MBEDTLS_SHA256_C
#define MBEDTLS_SHA256_SMALLER
#define MBEDTLS_MD5_C
#define MBEDTLS_BIGNUM_C
#define MBEDTLS_ASN1_PARSE_C
#define MBEDTLS_ASN1_WRITE_C
#define MBEDTLS_OID_C
#define MBEDTLS_RSA_C
#define MBEDTLS_PKCS1_V21
#define MBEDTLS_ECP_C
#define MBEDTLS_ECP_DP_SECP256R1_ENABLED
#define MBEDTLS_ECP_NIST_OPTIM
#define MBEDTLS_ECP_NO_INTERNAL_RNG
#define MBEDTLS_ECDSA_C

// As ESP-IDF's menuconfig has them by default: less RAM, more time.
#define MBEDTLS_MPI_WINDOW_SIZE       1
#define MBEDTLS_MPI_MAX_SIZE          512
#define MBEDTLS_ECP_WINDOW_SIZE       2
#define MBEDTLS_ECP_FIXED_POINT_OPTIM 0

#endif
