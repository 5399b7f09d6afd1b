// Apart from webui_auth.c, as most devices get the hash and never the password.
#include "aloft/webui_verifier.h"
#include "aloft/base/hash.h"
#include "aloft/base/hex.h"
#include <string.h>

enum aloft_err aloft_webui_verifier_make(const struct aloft_crypto *crypto, const char *user,
                                         const char *realm, const char *password,
                                         struct aloft_webui_verifier *out)
{
    const struct aloft_hash_part parts[] = {
        {user, strlen(user)}, {realm, strlen(realm)}, {password, strlen(password)}};
    uint8_t digest[ALOFT_SHA256_LEN];
    memset(out, 0, sizeof *out);
    enum aloft_err err = aloft_hash_parts(crypto, ALOFT_HASH_SHA256, parts, 3, digest);
    if (err != ALOFT_OK) {
        return err;
    }
    aloft_hex_emit(digest, ALOFT_SHA256_LEN, out->sha256);
    err = aloft_hash_parts(crypto, ALOFT_HASH_MD5, parts, 3, digest);
    if (err == ALOFT_OK) {
        aloft_hex_emit(digest, ALOFT_MD5_LEN, out->md5);
    }
    return err;
}
