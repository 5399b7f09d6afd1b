// mbedTLS keeps a hash in a plain struct without pointers, so it can live in the caller's opaque
// bytes and be dropped at any time, as the seam promises.
#include "hostlib/crypto/mbed_crypto.h"
#include <mbedtls/md5.h>
#include <mbedtls/sha256.h>

struct state {
    uint32_t alg; // enum aloft_hash_alg
    union {
        mbedtls_sha256_context sha256;
        mbedtls_md5_context md5;
    } of;
};

_Static_assert(sizeof(struct state) <= sizeof(struct aloft_hash), "the hash fits the seam");
_Static_assert(_Alignof(struct state) <= _Alignof(struct aloft_hash), "and its alignment");

static struct state *state_of(struct aloft_hash *hash)
{
    return (struct state *)(void *)hash->opaque;
}

static enum aloft_err result(int mbed)
{
    return mbed == 0 ? ALOFT_OK : ALOFT_ERR_CRYPTO;
}

enum aloft_err aloft_mbed_hash_init(struct aloft_hash *hash, enum aloft_hash_alg alg)
{
    struct state *state = state_of(hash);
    state->alg = alg;
    switch (alg) {
    case ALOFT_HASH_SHA256:
        mbedtls_sha256_init(&state->of.sha256);
        return result(mbedtls_sha256_starts_ret(&state->of.sha256, 0));
    case ALOFT_HASH_MD5:
        mbedtls_md5_init(&state->of.md5);
        return result(mbedtls_md5_starts_ret(&state->of.md5));
    }
    return ALOFT_ERR_CRYPTO;
}

enum aloft_err aloft_mbed_hash_feed(struct aloft_hash *hash, const void *data, size_t len)
{
    struct state *state = state_of(hash);
    if (len == 0) {
        return ALOFT_OK; // data may be NULL
    }
    if (state->alg == ALOFT_HASH_MD5) {
        return result(mbedtls_md5_update_ret(&state->of.md5, data, len));
    }
    return result(mbedtls_sha256_update_ret(&state->of.sha256, data, len));
}

enum aloft_err aloft_mbed_hash_finish(struct aloft_hash *hash, uint8_t *out)
{
    struct state *state = state_of(hash);
    if (state->alg == ALOFT_HASH_MD5) {
        return result(mbedtls_md5_finish_ret(&state->of.md5, out));
    }
    return result(mbedtls_sha256_finish_ret(&state->of.sha256, out));
}

const struct aloft_crypto aloft_mbed_crypto = {
    .hash_init = aloft_mbed_hash_init,
    .hash_feed = aloft_mbed_hash_feed,
    .hash_finish = aloft_mbed_hash_finish,
};
