// aloft_hash_parts: one hash from its begin to its end, whatever fails between.
#include "aloft/base/hash.h"

enum aloft_err aloft_hash_parts(const struct aloft_crypto *crypto, enum aloft_hash_alg alg,
                                const struct aloft_hash_part *parts, uint32_t count, uint8_t *out)
{
    static const char colon = ':';
    struct aloft_hash hash;
    enum aloft_err err = crypto->hash_init(&hash, alg);
    for (uint32_t i = 0; i < count && err == ALOFT_OK; i++) {
        err = i > 0 ? crypto->hash_feed(&hash, &colon, 1) : ALOFT_OK;
        err = err == ALOFT_OK ? crypto->hash_feed(&hash, parts[i].data, parts[i].len) : err;
    }
    if (err == ALOFT_OK) {
        return crypto->hash_finish(&hash, out);
    }
    crypto->hash_drop(&hash);
    return err;
}
