// Hashes alone.
#include "ports/portlib/psa/mbed_crypto.h"

const struct aloft_crypto aloft_mbed_crypto = {
    .hash_init = aloft_mbed_hash_init,
    .hash_feed = aloft_mbed_hash_feed,
    .hash_finish = aloft_mbed_hash_finish,
    .hash_drop = aloft_mbed_hash_drop,
    .hash_clone = aloft_mbed_hash_clone,
};
