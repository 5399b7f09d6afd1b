// RSA-3072 keys from files, for encrypted images: PEM or DER, private or public. What is no such
// key is refused by name.
#ifndef ALOFT_HOSTLIB_RSA_KEY_H
#define ALOFT_HOSTLIB_RSA_KEY_H

#include "hostlib/message.h"
#include <mbedtls/pk.h>
#include <stddef.h>
#include <stdint.h>

enum aloft_rsa_part { ALOFT_RSA_PRIVATE, ALOFT_RSA_PUBLIC };

// Reads the key from len bytes, which are followed by a NUL. A private key is a public one, too.
// name: what to call it in the message. Release with mbedtls_pk_free, also after a failure.
bool aloft_rsa_key_read(mbedtls_pk_context *key, enum aloft_rsa_part part, const char *name,
                        const uint8_t *bytes, size_t len, struct aloft_message *error);

// Random bytes, in the shape that mbedTLS wants them. 0, or an error of mbedTLS.
int aloft_rsa_key_random(void *ctx, unsigned char *out, size_t len);

#endif
