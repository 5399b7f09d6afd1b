// The library's context lives in the caller's opaque bytes. A chip with a hash engine has one of
// its own in place of mbedTLS's, which may hold the engine's lock; so it is copied by its clone
// alone.
#include "ports/portlib/psa/backend.h"
#include "ports/portlib/psa/mbed_crypto.h"
#include <string.h>
#if !ALOFT_PSA
#include <mbedtls/md5.h>
#include <mbedtls/sha256.h>

// 2.28 has calls of these names too, but they return nothing.
#if MBEDTLS_VERSION_MAJOR < 3
#define SHA256(call) mbedtls_sha256_##call##_ret
#define MD5(call)    mbedtls_md5_##call##_ret
#else
#define SHA256(call) mbedtls_sha256_##call
#define MD5(call)    mbedtls_md5_##call
#endif

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

void aloft_mbed_hash_drop(struct aloft_hash *hash)
{
    struct state *state = state_of(hash);
    if (state->alg == ALOFT_HASH_MD5) {
        mbedtls_md5_free(&state->of.md5);
    } else {
        mbedtls_sha256_free(&state->of.sha256);
    }
    memset(hash, 0, sizeof *hash);
}

enum aloft_err aloft_mbed_hash_init(struct aloft_hash *hash, enum aloft_hash_alg alg)
{
    struct state *state = state_of(hash);
    int mbed = -1;
    memset(hash, 0, sizeof *hash);
    state->alg = alg;
    if (alg == ALOFT_HASH_MD5) {
        mbedtls_md5_init(&state->of.md5);
        mbed = MD5(starts)(&state->of.md5);
    } else if (alg == ALOFT_HASH_SHA256) {
        mbedtls_sha256_init(&state->of.sha256);
        mbed = SHA256(starts)(&state->of.sha256, 0);
    }
    if (mbed != 0) {
        aloft_mbed_hash_drop(hash);
    }
    return result(mbed);
}

enum aloft_err aloft_mbed_hash_feed(struct aloft_hash *hash, const void *data, size_t len)
{
    struct state *state = state_of(hash);
    if (len == 0) {
        return ALOFT_OK; // data may be NULL
    }
    if (state->alg == ALOFT_HASH_MD5) {
        return result(MD5(update)(&state->of.md5, data, len));
    }
    return result(SHA256(update)(&state->of.sha256, data, len));
}

enum aloft_err aloft_mbed_hash_finish(struct aloft_hash *hash, uint8_t *out)
{
    struct state *state = state_of(hash);
    int mbed = state->alg == ALOFT_HASH_MD5 ? MD5(finish)(&state->of.md5, out)
                                            : SHA256(finish)(&state->of.sha256, out);
    aloft_mbed_hash_drop(hash);
    return result(mbed);
}

enum aloft_err aloft_mbed_hash_clone(struct aloft_hash *hash, const struct aloft_hash *from)
{
    const struct state *source = (const struct state *)(const void *)from->opaque;
    struct state *state = state_of(hash);
    state->alg = source->alg;
    if (source->alg == ALOFT_HASH_MD5) {
        mbedtls_md5_init(&state->of.md5);
        mbedtls_md5_clone(&state->of.md5, &source->of.md5);
    } else {
        mbedtls_sha256_init(&state->of.sha256);
        mbedtls_sha256_clone(&state->of.sha256, &source->of.sha256);
    }
    return ALOFT_OK;
}

#endif
