// Decryption (struct aloft_decrypt in aloft/crypto.h) with a key that the port has read. It can
// save its state, so an encrypted download goes on after a reset.
#ifndef ALOFT_MBED_DECRYPT_H
#define ALOFT_MBED_DECRYPT_H

#include "aloft/crypto.h"

struct aloft_mbed_decrypt; // on the heap, about 1 KiB and what mbedTLS needs for the key

// With the RSA-3072 private key in these bytes: PEM with a NUL behind len, or DER. random: fills
// out with bytes that nobody can guess, 0 when it did; with ctx it must stay. NULL: it is no such
// key, or there is no memory.
struct aloft_mbed_decrypt *
aloft_mbed_decrypt_new(const uint8_t *key, size_t len,
                       int (*random)(void *ctx, unsigned char *out, size_t len), void *ctx);
void aloft_mbed_decrypt_free(struct aloft_mbed_decrypt *decrypt); // NULL is fine

// Lives as long as decrypt.
const struct aloft_decrypt *aloft_mbed_decrypt_table(struct aloft_mbed_decrypt *decrypt);

#endif
