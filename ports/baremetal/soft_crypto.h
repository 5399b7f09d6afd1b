// SHA-256 and MD5 in plain C, behind the crypto seam, for ports that have neither a library nor
// hardware. Small rather than fast: about 2 KiB of flash. Tested against mbedTLS.
#ifndef ALOFT_SOFT_CRYPTO_H
#define ALOFT_SOFT_CRYPTO_H

#include "aloft/crypto.h"

// No state and no faults: every call succeeds, apart from ALOFT_ERR_CRYPTO for an unknown hash.
extern const struct aloft_crypto aloft_soft_crypto;

#endif
