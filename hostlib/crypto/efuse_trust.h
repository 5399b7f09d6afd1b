// Whose signatures a chip with these eFuses takes.
#ifndef ALOFT_HOSTLIB_EFUSE_TRUST_H
#define ALOFT_HOSTLIB_EFUSE_TRUST_H

#include "aloft/efuse.h"
#include "aloft/trust.h"

// The digests that are burned, and which of them are revoked. Without digests no signature is
// accepted. block is ALOFT_SIGBLOCK_LEN bytes of scratch that outlive the trust.
void aloft_efuse_trust(struct aloft_trust *trust, const struct aloft_efuse *efuse, uint8_t *block);

#endif
