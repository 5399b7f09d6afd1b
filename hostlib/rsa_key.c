// mbedTLS tells PEM from DER by the NUL at the end of PEM, so both forms are tried.
#include "hostlib/rsa_key.h"
#include "hostlib/random.h"
#include <mbedtls/rsa.h>
#include <string.h>

enum { BITS = 3072 };

int aloft_rsa_key_random(void *ctx, unsigned char *out, size_t len)
{
    (void)ctx;
    return aloft_random(out, len) ? 0 : MBEDTLS_ERR_RSA_RNG_FAILED;
}

static int parse(mbedtls_pk_context *key, enum aloft_rsa_part part, const uint8_t *bytes,
                 size_t len)
{
    bool pem = len >= 5 && memcmp(bytes, "-----", 5) == 0;
    size_t size = pem ? len + 1 : len;
    int err = mbedtls_pk_parse_key(key, bytes, size, NULL, 0);
    if (err == 0 || err == MBEDTLS_ERR_PK_PASSWORD_REQUIRED || part == ALOFT_RSA_PRIVATE) {
        return err;
    }
    mbedtls_pk_free(key);
    mbedtls_pk_init(key);
    return mbedtls_pk_parse_public_key(key, bytes, size);
}

static bool is_public(const uint8_t *bytes, size_t len)
{
    mbedtls_pk_context key;
    mbedtls_pk_init(&key);
    bool good = parse(&key, ALOFT_RSA_PUBLIC, bytes, len) == 0;
    mbedtls_pk_free(&key);
    return good;
}

bool aloft_rsa_key_read(mbedtls_pk_context *key, enum aloft_rsa_part part, const char *name,
                        const uint8_t *bytes, size_t len, struct aloft_message *error)
{
    mbedtls_pk_init(key);
    int err = parse(key, part, bytes, len);
    if (err == MBEDTLS_ERR_PK_PASSWORD_REQUIRED) {
        return aloft_message_set(error,
                                 "%s: the key is locked with a password; give it without "
                                 "one (openssl pkey -in KEY -out PLAIN)",
                                 name);
    }
    if (err != 0 && part == ALOFT_RSA_PRIVATE && is_public(bytes, len)) {
        return aloft_message_set(error,
                                 "%s: this is a public key; decrypting needs the private "
                                 "one",
                                 name);
    }
    if (err != 0) {
        return aloft_message_set(error,
                                 "%s: no key in PEM or DER; make one with openssl genrsa "
                                 "-out KEY 3072",
                                 name);
    }
    if (!mbedtls_pk_can_do(key, MBEDTLS_PK_RSA)) {
        return aloft_message_set(error,
                                 "%s: this is a key for %s; encrypted images need RSA-3072 "
                                 "(ECIES is not supported)",
                                 name, mbedtls_pk_get_name(key));
    }
    if (mbedtls_pk_get_bitlen(key) != BITS) {
        return aloft_message_set(error, "%s: this is RSA-%zu; encrypted images need RSA-3072", name,
                                 mbedtls_pk_get_bitlen(key));
    }
    return true;
}
