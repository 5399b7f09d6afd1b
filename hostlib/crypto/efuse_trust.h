// Whose signatures a chip with these eFuses takes.
#ifndef ALOFT_HOSTLIB_EFUSE_TRUST_H
#define ALOFT_HOSTLIB_EFUSE_TRUST_H

#include "aloft/efuse.h"
#include "aloft/trust.h"

// The digests that are burned, with what is revoked of them; none: nobody is trusted. block is
// ALOFT_SIGBLOCK_LEN bytes of scratch that outlive the trust.
void aloft_efuse_trust(struct aloft_trust *trust, const struct aloft_efuse *efuse, uint8_t *block);

#endif
