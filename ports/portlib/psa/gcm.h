// AES-256-GCM that decrypts (NIST SP 800-38D), with a state that can be saved and gone on with: no
// library gives GHASH away, and 3.x and 4.0 of mbedTLS not even where it is. AES is the library's.
#ifndef ALOFT_GCM_H
#define ALOFT_GCM_H

#include "ports/portlib/psa/cipher.h"

struct aloft_gcm {
    struct aloft_aes aes;
    uint64_t table[16][2]; // multiples of H, by four bits
    uint64_t hash[2];      // GHASH so far
    uint8_t first[ALOFT_AES_BLOCK];
    uint32_t counter; // of the next block
    uint64_t fed;     // bytes
};

// IVs have 16 bytes, as encrypted images (encimg.h) do; there is no additional data. False: the
// library fails. End one that was begun or is zero.
bool aloft_gcm_begin(struct aloft_gcm *gcm, const uint8_t key[ALOFT_AES_KEY],
                     const uint8_t iv[ALOFT_AES_BLOCK]);
void aloft_gcm_end(struct aloft_gcm *gcm);

// A multiple of 16 bytes, but for the last piece.
bool aloft_gcm_feed(struct aloft_gcm *gcm, const uint8_t *data, uint32_t len, uint8_t *out);

// GHASH over what was fed; and right after begin, to go on behind `off` bytes.
void aloft_gcm_save(const struct aloft_gcm *gcm, uint8_t state[ALOFT_AES_BLOCK]);
void aloft_gcm_load(struct aloft_gcm *gcm, uint32_t off, const uint8_t state[ALOFT_AES_BLOCK]);

bool aloft_gcm_tag(struct aloft_gcm *gcm, uint8_t tag[ALOFT_AES_BLOCK]);

#endif
