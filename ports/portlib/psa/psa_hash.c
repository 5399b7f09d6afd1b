// PSA keeps an operation in a plain struct, which need not be all: it may own a driver's, so each
// is aborted or finished, and copied by psa_hash_clone alone.
#include "ports/portlib/psa/backend.h"
#include "ports/portlib/psa/mbed_crypto.h"
#include <string.h>
#if ALOFT_PSA
#include <psa/crypto.h>

_Static_assert(sizeof(psa_hash_operation_t) <= sizeof(struct aloft_hash),
               "raise ALOFT_HASH_SIZE (aloft/config.h) in the whole build");
_Static_assert(_Alignof(psa_hash_operation_t) <= _Alignof(struct aloft_hash), "and its alignment");

static psa_hash_operation_t *operation_of(struct aloft_hash *hash)
{
    return (psa_hash_operation_t *)(void *)hash->opaque;
}

static enum aloft_err result(psa_status_t status)
{
    return status == PSA_SUCCESS ? ALOFT_OK : ALOFT_ERR_CRYPTO;
}

void aloft_mbed_hash_drop(struct aloft_hash *hash)
{
    (void)psa_hash_abort(operation_of(hash)); // of zeros: nothing to do
    memset(hash, 0, sizeof *hash);
}

// Who ends one that fails: its caller, but for these two.
static enum aloft_err begun(struct aloft_hash *hash, psa_status_t status)
{
    if (status != PSA_SUCCESS) {
        aloft_mbed_hash_drop(hash);
    }
    return result(status);
}

enum aloft_err aloft_mbed_hash_init(struct aloft_hash *hash, enum aloft_hash_alg alg)
{
    psa_algorithm_t which = alg == ALOFT_HASH_MD5 ? PSA_ALG_MD5 : PSA_ALG_SHA_256;
    memset(hash, 0, sizeof *hash); // as psa_hash_operation_init gives it
    psa_status_t status = psa_crypto_init();
    status = status == PSA_SUCCESS ? psa_hash_setup(operation_of(hash), which) : status;
    return begun(hash, status);
}

enum aloft_err aloft_mbed_hash_feed(struct aloft_hash *hash, const void *data, size_t len)
{
    if (len == 0) {
        return ALOFT_OK; // data may be NULL
    }
    return result(psa_hash_update(operation_of(hash), data, len));
}

enum aloft_err aloft_mbed_hash_finish(struct aloft_hash *hash, uint8_t *out)
{
    uint8_t digest[ALOFT_SHA256_LEN];
    size_t len = 0;
    psa_status_t status = psa_hash_finish(operation_of(hash), digest, sizeof digest, &len);
    if (status == PSA_SUCCESS) {
        memcpy(out, digest, len); // as many as its algorithm gives
    }
    aloft_mbed_hash_drop(hash);
    return result(status);
}

enum aloft_err aloft_mbed_hash_clone(struct aloft_hash *hash, const struct aloft_hash *from)
{
    const psa_hash_operation_t *source = (const psa_hash_operation_t *)(const void *)from->opaque;
    memset(hash, 0, sizeof *hash);
    return begun(hash, psa_hash_clone(source, operation_of(hash)));
}

#endif
