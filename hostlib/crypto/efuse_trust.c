// Turns digests of eFuses into the keys of a trust, for the board and for the flasher.
#include "hostlib/crypto/efuse_trust.h"
#include <string.h>

void aloft_efuse_trust(struct aloft_trust *trust, const struct aloft_efuse *efuse, uint8_t *block)
{
    memset(trust, 0, sizeof *trust);
    trust->block = block;
    trust->judge = aloft_trust_judge;
    for (uint32_t i = 0; i < ALOFT_EFUSE_DIGESTS; i++) {
        if ((efuse->digests >> i & 1) != 0) {
            trust->revoked |= (uint8_t)((efuse->revoked >> i & 1) << trust->count);
            memcpy(trust->key[trust->count++], efuse->digest[i], ALOFT_SHA256_LEN);
        }
    }
}
