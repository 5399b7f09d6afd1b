// What decryption (mbed_decrypt.c) asks of mbedTLS: AES-256, one block after the other, and one
// RSA-3072 key that unwraps. mbed_cipher.c answers with 2.28 and 3.x, psa_cipher.c with PSA.
#ifndef ALOFT_CIPHER_H
#define ALOFT_CIPHER_H

#include "ports/portlib/psa/backend.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#if ALOFT_PSA
#include <psa/crypto.h>
struct aloft_aes {
    psa_key_id_t key; // 0: none
};
#else
#include <mbedtls/aes.h>
struct aloft_aes {
    mbedtls_aes_context context;
};
#endif

#define ALOFT_AES_KEY     32u
#define ALOFT_AES_BLOCK   16u
#define ALOFT_RSA_WRAPPED 384u

// False: the library fails. End one that was begun or is zero; then it is zero.
bool aloft_aes_begin(struct aloft_aes *aes, const uint8_t key[ALOFT_AES_KEY]);
void aloft_aes_end(struct aloft_aes *aes);

// Encrypts `count` blocks, each by itself.
bool aloft_aes_blocks(struct aloft_aes *aes, const uint8_t *in, uint32_t count, uint8_t *out);

struct aloft_rsa; // on the heap

// The RSA-3072 private key in these bytes: PEM with a NUL behind len, or DER. random: as mbedTLS
// has it; not asked where PSA has its own. NULL: it is none, or there is no memory.
struct aloft_rsa *aloft_rsa_new(const uint8_t *key, size_t len,
                                int (*random)(void *ctx, unsigned char *out, size_t len),
                                void *ctx);
void aloft_rsa_free(struct aloft_rsa *rsa); // NULL is fine

// Undoes RSAES-PKCS1-v1_5. 0, and then *len bytes are in out; or the library's fault, of which no
// branch depends on. *broken: the fault is not the block's.
uint32_t aloft_rsa_unwrap(struct aloft_rsa *rsa, const uint8_t wrapped[ALOFT_RSA_WRAPPED],
                          uint8_t out[ALOFT_RSA_WRAPPED], size_t *len, bool *broken);

// Zeros that no compiler leaves out.
void aloft_wipe(void *bytes, size_t len);

#endif
