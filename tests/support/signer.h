// Signs images for tests with keys of its own: what `aloft` and espsecure do for products, small
// and always with the same result. Only on Linux: mbedTLS does the arithmetic.
#ifndef ALOFT_SIGNER_H
#define ALOFT_SIGNER_H

#include "aloft/trust.h"

enum signer_key {
    SIGNER_A, // RSA-3072
    SIGNER_B,
    SIGNER_P, // P-256
    SIGNER_Q,
    SIGNER_KEYS,
};

// A signature block over this digest.
void signer_block(uint8_t *block, enum signer_key key, const uint8_t digest[ALOFT_SHA256_LEN]);

// What the eFuses of a device that trusts this key hold.
void signer_key_digest(enum signer_key key, uint8_t out[ALOFT_SHA256_LEN]);

// Pads the image to 4 KiB with FF, and puts a signature sector behind it with a block of each key,
// at most three. There must be room for 8,191 bytes more. Returns the length with the sector.
uint32_t signer_sign(uint8_t *bytes, uint32_t len, const enum signer_key *keys, uint32_t count);

// Trusts these keys, at most three. The scratch is shared by all who are made here.
void signer_trust(struct aloft_trust *trust, const enum signer_key *keys, uint32_t count);

#endif
