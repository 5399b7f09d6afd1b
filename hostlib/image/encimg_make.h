// Whole encrypted images in memory: making one for a public key, and opening one. Opening is the
// device's own stage (aloft/unwrap.h), so what opens here opens there.
#ifndef ALOFT_HOSTLIB_ENCIMG_MAKE_H
#define ALOFT_HOSTLIB_ENCIMG_MAKE_H

#include "aloft/format/encimg.h"
#include "hostlib/base/message.h"
#include <mbedtls/pk.h>
#include <stddef.h>

// Encrypts len bytes with a new random AES key and IV into out, which has room for
// ALOFT_ENCIMG_HEADER + len bytes. key: from aloft_pk_read_rsa3072. Only crypto can fail.
bool aloft_encimg_make(const mbedtls_pk_context *key, const uint8_t *image, uint32_t len,
                       uint8_t *out);

// Opens the len bytes of an encrypted image into out, which has room for len bytes; *made of them
// are the image. Nothing in out may be used unless it says OK. decrypt: of the private key.
// Errors: those of aloft/unwrap.h; IMAGE_EMPTY.
struct aloft_decrypt;
enum aloft_err aloft_encimg_open(const struct aloft_decrypt *decrypt, const uint8_t *file,
                                 uint32_t len, uint8_t *out, uint32_t *made);

#endif
