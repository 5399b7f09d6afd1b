// Keys as people keep them, in files: PEM or DER, private or public; PKCS#1, SEC1, PKCS#8 and X.509
// public keys (RFC 7468, RFC 5958, RFC 5280), not encrypted. One reader for keys that sign and for
// keys that open encrypted images, so that both take the same files and say the same of the others.
#ifndef ALOFT_HOSTLIB_PK_H
#define ALOFT_HOSTLIB_PK_H

#include "hostlib/base/message.h"
#include <mbedtls/pk.h>
#include <stddef.h>
#include <stdint.h>

// Bytes of the longest file that is looked at. A key has a few thousand; what -text of openssl puts
// in front of it is twice as long.
#define ALOFT_PK_FILE_MAX 16384u

// Reads the key from len bytes, which are followed by a NUL; text may stand around a PEM key.
// *secret: its private part is there. name: what to call it in the message. What the key is good
// for is not asked. Release with mbedtls_pk_free, also after a failure.
bool aloft_pk_read(mbedtls_pk_context *key, bool *secret, const char *name, const uint8_t *bytes,
                   size_t len, struct aloft_message *error);

bool aloft_pk_is_rsa3072(const mbedtls_pk_context *key);

// The same for keys of encrypted images: one that is not RSA-3072 is refused by name, and so is a
// public one where the private part is needed.
enum aloft_pk_part { ALOFT_PK_PRIVATE, ALOFT_PK_PUBLIC };
bool aloft_pk_read_rsa3072(mbedtls_pk_context *key, enum aloft_pk_part part, const char *name,
                           const uint8_t *bytes, size_t len, struct aloft_message *error);

// The host's random bytes, in the shape that mbedTLS wants them. 0, or an error of mbedTLS.
int aloft_pk_random(void *ctx, unsigned char *out, size_t len);

#endif
