// A cipher for flash encryption in models that run a million times: as thorough as they need (any
// change of 16 bytes of ciphertext turns all 16 bytes of text into noise, and the noise depends on
// the address), but no secret to anybody.
#ifndef ALOFT_HOSTLIB_QUICK_CIPHER_H
#define ALOFT_HOSTLIB_QUICK_CIPHER_H

#include "hostlib/flash/flash_crypt.h"

// The one with units of 16 or 32 bytes.
const struct aloft_flash_cipher *aloft_quick_cipher(uint32_t unit);

#endif
