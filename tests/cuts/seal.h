// A cipher for cuts and fuzzing: a stand-in for RSA and AES-GCM that keeps what matters here, that
// bytes depend on their place, that a tag is over all of them in order, and that its state is lost
// with RAM. It needs no memory of its own, so a device in it is copied as a struct.
#ifndef ALOFT_CUTS_SEAL_H
#define ALOFT_CUTS_SEAL_H

#include "aloft/crypto.h"

struct seal {
    struct aloft_decrypt decrypt; // for the stage; its ctx is this struct
    uint32_t at;
    uint32_t tag;
    uint8_t key;
};

// Stays where it is.
void seal_init(struct seal *seal);

// The tag of the ciphertext: four bytes, and zeros.
void seal_tag(const uint8_t *ciphertext, uint32_t len, uint8_t tag[16]);

// Encrypts len bytes into out: the header, then as many.
void seal_make(const uint8_t *image, uint32_t len, uint8_t key, uint8_t *out);

#endif
