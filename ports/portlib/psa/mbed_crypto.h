// Seam 2 (aloft/crypto.h) over mbedTLS 2.28, 3.x and 4.0.
#ifndef ALOFT_MBED_CRYPTO_H
#define ALOFT_MBED_CRYPTO_H

#include "aloft/crypto.h"

// Hashes alone: what needs no more does not carry public-key code. And hashes with signatures.
extern const struct aloft_crypto aloft_mbed_crypto;
extern const struct aloft_crypto aloft_mbed_signed_crypto;

// The functions of the tables; aloft/crypto.h says what they do.
enum aloft_err aloft_mbed_hash_init(struct aloft_hash *hash, enum aloft_hash_alg alg);
enum aloft_err aloft_mbed_hash_feed(struct aloft_hash *hash, const void *data, size_t len);
enum aloft_err aloft_mbed_hash_finish(struct aloft_hash *hash, uint8_t *out);
void aloft_mbed_hash_drop(struct aloft_hash *hash);
enum aloft_err aloft_mbed_hash_clone(struct aloft_hash *hash, const struct aloft_hash *from);
enum aloft_err aloft_mbed_verify(enum aloft_signature_alg alg, const uint8_t *key,
                                 const uint8_t *signature, const uint8_t digest[ALOFT_SHA256_LEN]);

#endif
