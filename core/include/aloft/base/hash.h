// The hash of what is all there: begun, fed and ended in one call, whatever fails.
#ifndef ALOFT_BASE_HASH_H
#define ALOFT_BASE_HASH_H

#include "aloft/crypto.h"

struct aloft_hash_part {
    const void *data;
    size_t len; // bytes
};

// The hash of the parts with a colon between each two, as HTTP Digest and ArduinoOTA have it.
// out: as of hash_finish; after an error it is not to be used.
// Errors: CRYPTO.
enum aloft_err aloft_hash_parts(const struct aloft_crypto *crypto, enum aloft_hash_alg alg,
                                const struct aloft_hash_part *parts, uint32_t count, uint8_t *out);

// The hash of these bytes alone.
static inline enum aloft_err aloft_hash_of(const struct aloft_crypto *crypto,
                                           enum aloft_hash_alg alg, const void *data, size_t len,
                                           uint8_t *out)
{
    const struct aloft_hash_part part = {data, len};
    return aloft_hash_parts(crypto, alg, &part, 1, out);
}

#endif
