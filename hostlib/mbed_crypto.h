// Seam 2 (aloft/crypto.h) over mbedTLS, for everything that runs on Linux.
#ifndef ALOFT_HOSTLIB_MBED_CRYPTO_H
#define ALOFT_HOSTLIB_MBED_CRYPTO_H

#include "aloft/crypto.h"

extern const struct aloft_crypto aloft_mbed_crypto;

#endif
