// PBKDF2 with HMAC-SHA-256 (RFC 8018), one block of 32 bytes, a few rounds at a time: it is slow on
// purpose, and nothing else should have to wait for it. No I/O.
//
// Life cycle: begin; step until it is not AGAIN; then out is the key. One that is left before ends
// by aloft_pbkdf2_end.
#ifndef ALOFT_PBKDF2_H
#define ALOFT_PBKDF2_H

#include "aloft/crypto.h"

#define ALOFT_PBKDF2_KEY_MAX 64u // bytes of a password: one block of SHA-256

struct aloft_pbkdf2 {
    uint8_t out[ALOFT_SHA256_LEN]; // after DONE
    enum aloft_err err;            // after FAILED
    // private
    const struct aloft_crypto *crypto;
    uint32_t left; // rounds
    uint8_t last[ALOFT_SHA256_LEN];
    struct aloft_hash inner; // of HMAC, after its key; cloned for each round
    struct aloft_hash outer;
};

struct aloft_pbkdf2_salt {
    const uint8_t *bytes;
    uint32_t len;
};

// key has at most ALOFT_PBKDF2_KEY_MAX bytes and need not stay, rounds is at least 1.
void aloft_pbkdf2_begin(struct aloft_pbkdf2 *kdf, const struct aloft_crypto *crypto,
                        const void *key, uint32_t key_len, struct aloft_pbkdf2_salt salt,
                        uint32_t rounds);

// Gives the hashes back; out stays. At any time, and more than once.
void aloft_pbkdf2_end(struct aloft_pbkdf2 *kdf);

// At most this many rounds; the last one ends it. Errors: CRYPTO.
enum aloft_step aloft_pbkdf2_step(struct aloft_pbkdf2 *kdf, uint32_t rounds);

#endif
