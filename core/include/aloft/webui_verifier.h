// What a device keeps of the password of its page: the hash that HTTP Digest (RFC 7616) calls HA1.
// `aloft secret` computes it on the host; a device computes it where its app has the password. No
// I/O.
#ifndef ALOFT_WEBUI_VERIFIER_H
#define ALOFT_WEBUI_VERIFIER_H

#include "aloft/crypto.h"

// H(user:realm:password) in lower-case hexadecimal. "": not offered. It is as powerful as the
// password on this device; keep it secret like a key.
struct aloft_webui_verifier {
    char sha256[2 * ALOFT_SHA256_LEN + 1];
    char md5[2 * ALOFT_MD5_LEN + 1];
};

// The verifier of a user and a password. Errors: CRYPTO.
enum aloft_err aloft_webui_verifier_make(const struct aloft_crypto *crypto, const char *user,
                                         const char *realm, const char *password,
                                         struct aloft_webui_verifier *out);

#endif
