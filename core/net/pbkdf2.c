// out = U1 ^ U2 ^ .., where U1 is the HMAC of salt and block number, and each Un that of the one
// before.
#include "aloft/pbkdf2.h"
#include <string.h>

enum { INNER = 0x36, OUTER = 0x5C };

// Feeds a hash with the key under this pad, then a, then b.
static enum aloft_err pass(const struct aloft_pbkdf2 *kdf, uint8_t pad, struct aloft_pbkdf2_salt a,
                           struct aloft_pbkdf2_salt b, uint8_t out[ALOFT_SHA256_LEN])
{
    const struct aloft_crypto *crypto = kdf->crypto;
    struct aloft_hash hash;
    uint8_t key[ALOFT_PBKDF2_KEY_MAX];
    for (uint32_t i = 0; i < sizeof key; i++) {
        key[i] = kdf->key[i] ^ pad;
    }
    enum aloft_err err = crypto->hash_init(&hash, ALOFT_HASH_SHA256);
    err = err == ALOFT_OK ? crypto->hash_feed(&hash, key, sizeof key) : err;
    err = err == ALOFT_OK ? crypto->hash_feed(&hash, a.bytes, a.len) : err;
    err = err == ALOFT_OK ? crypto->hash_feed(&hash, b.bytes, b.len) : err;
    return err == ALOFT_OK ? crypto->hash_finish(&hash, out) : err;
}

// One round: last becomes the HMAC of a and b.
static void round_of(struct aloft_pbkdf2 *kdf, struct aloft_pbkdf2_salt a,
                     struct aloft_pbkdf2_salt b)
{
    uint8_t inner[ALOFT_SHA256_LEN];
    const struct aloft_pbkdf2_salt digest = {inner, sizeof inner};
    const struct aloft_pbkdf2_salt nothing = {inner, 0};
    enum aloft_err err = pass(kdf, INNER, a, b, inner);
    kdf->err = err == ALOFT_OK ? pass(kdf, OUTER, digest, nothing, kdf->last) : err;
    for (uint32_t i = 0; i < sizeof kdf->out; i++) {
        kdf->out[i] ^= kdf->last[i];
    }
    kdf->left--;
}

void aloft_pbkdf2_begin(struct aloft_pbkdf2 *kdf, const struct aloft_crypto *crypto,
                        const void *key, uint32_t key_len, struct aloft_pbkdf2_salt salt,
                        uint32_t rounds)
{
    static const uint8_t first_block[4] = {0, 0, 0, 1};
    ALOFT_ASSERT(key_len <= sizeof kdf->key && rounds > 0);
    memset(kdf, 0, sizeof *kdf);
    kdf->crypto = crypto;
    kdf->left = rounds;
    memcpy(kdf->key, key, key_len);
    round_of(kdf, salt, (struct aloft_pbkdf2_salt){first_block, sizeof first_block});
}

enum aloft_step aloft_pbkdf2_step(struct aloft_pbkdf2 *kdf, uint32_t rounds)
{
    for (; rounds > 0 && kdf->left > 0 && kdf->err == ALOFT_OK; rounds--) {
        uint8_t last[ALOFT_SHA256_LEN];
        memcpy(last, kdf->last, sizeof last);
        const struct aloft_pbkdf2_salt before = {last, sizeof last};
        round_of(kdf, before, (struct aloft_pbkdf2_salt){last, 0});
    }
    return kdf->err != ALOFT_OK ? ALOFT_STEP_FAILED
           : kdf->left > 0      ? ALOFT_STEP_AGAIN
                                : ALOFT_STEP_DONE;
}
