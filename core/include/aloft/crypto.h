// Seam 2 of 4: crypto. Core asks for hashes and for verification through this table; a port answers
// with mbedTLS, with the chip's hardware or ROM, or with a small implementation of its own.
// Decryption has a table of its own, which only a port with a key for it provides.
#ifndef ALOFT_CRYPTO_H
#define ALOFT_CRYPTO_H

#include "aloft/config.h"
#include "aloft/err.h"
#include <stddef.h>
#include <stdint.h>

#define ALOFT_SHA256_LEN 32
#define ALOFT_MD5_LEN    16

#define ALOFT_DECRYPT_STATE 16 // bytes with which decryption goes on after a reset

#define ALOFT_RSA3072_LEN 384 // modulus, and signature
#define ALOFT_P256_LEN    64  // X and Y, and r and s

enum aloft_hash_alg { ALOFT_HASH_SHA256, ALOFT_HASH_MD5 };

// The state of one hash in the caller's memory. It is live from hash_init or hash_clone that gave
// OK until hash_finish or hash_drop. A live one may own more than these bytes, such as the lock of
// a hash engine or an operation of PSA, so the caller ends each that it began, and neither copies
// nor overwrites a live one as bytes. One of zeros is not live.
struct aloft_hash {
    uint64_t opaque[ALOFT_HASH_SIZE / 8];
};

// Who signed a SHA-256 digest. Numbers are little-endian.
enum aloft_signature_alg {
    ALOFT_SIGNATURE_RSA3072_PSS, // key: modulus, then the exponent in 4 bytes; salt of 32 bytes
    ALOFT_SIGNATURE_P256,        // key: X, Y; signature: r, s
};

// Errors of the hashes: ALOFT_ERR_CRYPTO. out has 32 bytes for SHA-256 and 16 for MD5.
struct aloft_crypto {
    // hash was not live. An error leaves zeros.
    enum aloft_err (*hash_init)(struct aloft_hash *hash, enum aloft_hash_alg alg);
    // hash is live, and stays so after an error.
    enum aloft_err (*hash_feed)(struct aloft_hash *hash, const void *data, size_t len);
    // Ends it, with an error too, and leaves zeros.
    enum aloft_err (*hash_finish)(struct aloft_hash *hash, uint8_t *out);
    // Ends a live one, and leaves zeros. Of zeros: nothing happens.
    void (*hash_drop)(struct aloft_hash *hash);
    // hash, which was not live, becomes what `from` is; each then goes its own way. An error
    // leaves zeros.
    enum aloft_err (*hash_clone)(struct aloft_hash *hash, const struct aloft_hash *from);

    // NULL: this port verifies no signatures. Errors: SIGNATURE_BAD, CRYPTO.
    enum aloft_err (*verify)(enum aloft_signature_alg alg, const uint8_t *key,
                             const uint8_t *signature, const uint8_t digest[ALOFT_SHA256_LEN]);
};

// Opens one encrypted image (encimg.h) after the other: begin, then feed in order from its first
// byte on, then finish. The keys are the port's and never leave it: the device's private one, which
// may be in hardware, and that of the image. begin and end forget the image before.
//
// A key that does not unwrap (wrong padding, wrong length) is no fault of begin: the port goes on
// with a key that depends on the device's secret and on `wrapped` alone, and the tag is found wrong
// at the end. So neither faults nor their timing tell what an RSA block holds (Bleichenbacher).
struct aloft_decrypt {
    void *ctx;
    // wrapped: the image's AES-256 key, encrypted with RSA-3072, PKCS #1 v1.5; iv: of AES-GCM.
    enum aloft_err (*begin)(void *ctx, const uint8_t wrapped[384], const uint8_t iv[16]);
    // Ciphertext to plaintext. len: a multiple of 16, but of the last piece. out is not data.
    enum aloft_err (*feed)(void *ctx, const uint8_t *data, uint32_t len, uint8_t *out);
    // What is needed, besides wrapped and iv, to go on after a reset behind the bytes that were
    // fed, a multiple of 16: of AES-GCM, the value of GHASH over them. It is written to flash, so
    // it must not tell the key. Both NULL: this port cannot, and an encrypted download starts
    // again.
    enum aloft_err (*save)(void *ctx, uint8_t state[ALOFT_DECRYPT_STATE]);
    // Right after begin: all is as if `off` bytes had been fed, with the state that save gave then.
    enum aloft_err (*load)(void *ctx, uint32_t off, const uint8_t state[ALOFT_DECRYPT_STATE]);
    // OK, or ENC_TAG when not all that was fed is what was encrypted; takes the same time for both.
    enum aloft_err (*finish)(void *ctx, const uint8_t tag[16]);
    void (*end)(void *ctx);
};
// Errors of all of them but end: ALOFT_ERR_CRYPTO.

#endif
