// Seam 2 (aloft/crypto.h) for everything that runs on Linux: that of the ports.
#ifndef ALOFT_HOSTLIB_MBED_CRYPTO_H
#define ALOFT_HOSTLIB_MBED_CRYPTO_H

#include "ports/portlib/psa/mbed_crypto.h"

#endif
