// out = U1 ^ U2 ^ .., where U1 is the HMAC of salt and block number, and each Un that of the one
// before.
#include "aloft/net/pbkdf2.h"
#include <string.h>

enum { INNER = 0x36, OUTER = 0x5C };

// One of HMAC's two hashes, as it is after the key.
static enum aloft_err key_hash(const struct aloft_crypto *crypto, struct aloft_hash *hash,
                               const uint8_t key[ALOFT_PBKDF2_KEY_MAX], uint8_t pad)
{
    uint8_t block[ALOFT_PBKDF2_KEY_MAX];
    for (uint32_t i = 0; i < sizeof block; i++) {
        block[i] = key[i] ^ pad;
    }
    enum aloft_err err = crypto->hash_init(hash, ALOFT_HASH_SHA256);
    return err == ALOFT_OK ? crypto->hash_feed(hash, block, sizeof block) : err;
}

// last becomes the hash of the key that is in `keyed`, then a and b. Without the clone each round
// would hash the key again, which is half of the work.
static enum aloft_err half_of(struct aloft_pbkdf2 *kdf, const struct aloft_hash *keyed,
                              struct aloft_pbkdf2_salt a, struct aloft_pbkdf2_salt b)
{
    const struct aloft_crypto *crypto = kdf->crypto;
    struct aloft_hash hash;
    enum aloft_err err = crypto->hash_clone(&hash, keyed);
    err = err == ALOFT_OK ? crypto->hash_feed(&hash, a.bytes, a.len) : err;
    err = err == ALOFT_OK ? crypto->hash_feed(&hash, b.bytes, b.len) : err;
    err = err == ALOFT_OK ? crypto->hash_finish(&hash, kdf->last) : err;
    crypto->hash_drop(&hash);
    return err;
}

// last becomes the HMAC of a and b, and is added to the sum.
static void round_of(struct aloft_pbkdf2 *kdf, struct aloft_pbkdf2_salt a,
                     struct aloft_pbkdf2_salt b)
{
    const struct aloft_pbkdf2_salt inner = {kdf->last, sizeof kdf->last};
    kdf->err = half_of(kdf, &kdf->inner, a, b);
    if (kdf->err == ALOFT_OK) {
        kdf->err = half_of(kdf, &kdf->outer, inner, (struct aloft_pbkdf2_salt){kdf->last, 0});
    }
    for (uint32_t i = 0; i < sizeof kdf->out; i++) {
        kdf->out[i] ^= kdf->last[i];
    }
    kdf->left--;
}

void aloft_pbkdf2_end(struct aloft_pbkdf2 *kdf)
{
    if (kdf->crypto != NULL) { // of zeros, none has begun
        kdf->crypto->hash_drop(&kdf->inner);
        kdf->crypto->hash_drop(&kdf->outer);
    }
}

void aloft_pbkdf2_begin(struct aloft_pbkdf2 *kdf, const struct aloft_crypto *crypto,
                        const void *key, uint32_t key_len, struct aloft_pbkdf2_salt salt,
                        uint32_t rounds)
{
    static const uint8_t first_block[4] = {0, 0, 0, 1};
    uint8_t padded[ALOFT_PBKDF2_KEY_MAX] = {0};
    ALOFT_ASSERT(key_len <= sizeof padded && rounds > 0);
    memset(kdf, 0, sizeof *kdf);
    memcpy(padded, key, key_len);
    kdf->crypto = crypto;
    kdf->left = rounds;
    kdf->err = key_hash(crypto, &kdf->inner, padded, INNER);
    kdf->err = kdf->err == ALOFT_OK ? key_hash(crypto, &kdf->outer, padded, OUTER) : kdf->err;
    if (kdf->err == ALOFT_OK) {
        round_of(kdf, salt, (struct aloft_pbkdf2_salt){first_block, sizeof first_block});
    }
}

enum aloft_step aloft_pbkdf2_step(struct aloft_pbkdf2 *kdf, uint32_t rounds)
{
    const struct aloft_pbkdf2_salt before = {kdf->last, sizeof kdf->last};
    for (; rounds > 0 && kdf->left > 0 && kdf->err == ALOFT_OK; rounds--) {
        round_of(kdf, before, (struct aloft_pbkdf2_salt){kdf->last, 0});
    }
    if (kdf->err == ALOFT_OK && kdf->left > 0) {
        return ALOFT_STEP_AGAIN;
    }
    aloft_pbkdf2_end(kdf);
    return kdf->err == ALOFT_OK ? ALOFT_STEP_DONE : ALOFT_STEP_FAILED;
}
