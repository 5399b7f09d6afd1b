// Seam 2 of 4: crypto. Core asks for hashes through this table; a port answers with mbedTLS, with
// the chip's hardware or ROM, or with a small implementation of its own. Signatures and decryption
// join the table when the update stream gets those stages.
#ifndef ALOFT_CRYPTO_H
#define ALOFT_CRYPTO_H

#include "aloft/err.h"
#include <stddef.h>
#include <stdint.h>

#define ALOFT_SHA256_LEN 32
#define ALOFT_MD5_LEN    16

enum aloft_hash_alg { ALOFT_HASH_SHA256, ALOFT_HASH_MD5 };

// The state of one hash in the caller's memory. The port keeps its context inside; it owns no
// resource beyond these bytes, so a hash may be dropped at any time without a call.
struct aloft_hash {
    uint64_t opaque[14];
};

// Errors of all three: ALOFT_ERR_CRYPTO. out has 32 bytes for SHA-256 and 16 for MD5.
struct aloft_crypto {
    enum aloft_err (*hash_init)(struct aloft_hash *hash, enum aloft_hash_alg alg);
    enum aloft_err (*hash_feed)(struct aloft_hash *hash, const void *data, size_t len);
    enum aloft_err (*hash_finish)(struct aloft_hash *hash, uint8_t *out);
};

#endif
