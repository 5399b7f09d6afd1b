// mbedTLS tells PEM from DER by the NUL at the end of PEM. It does not tell private from public
// keys, so both are tried.
#include "hostlib/crypto/pk.h"
#include "hostlib/base/random.h"
#include <mbedtls/rsa.h>
#include <string.h>

enum { RSA_BITS = 3072 };

int aloft_pk_random(void *ctx, unsigned char *out, size_t len)
{
    (void)ctx;
    return aloft_random(out, len) ? 0 : MBEDTLS_ERR_RSA_RNG_FAILED;
}

static int parse(mbedtls_pk_context *key, bool *secret, const uint8_t *bytes, size_t len)
{
    bool pem = strstr((const char *)bytes, "-----BEGIN") != NULL;
    size_t size = pem ? len + 1 : len;
    int err = mbedtls_pk_parse_key(key, bytes, size, NULL, 0);
    *secret = err == 0;
    if (err == 0 || err == MBEDTLS_ERR_PK_PASSWORD_REQUIRED) {
        return err;
    }
    mbedtls_pk_free(key);
    mbedtls_pk_init(key);
    return mbedtls_pk_parse_public_key(key, bytes, size);
}

bool aloft_pk_read(mbedtls_pk_context *key, bool *secret, const char *name, const uint8_t *bytes,
                   size_t len, struct aloft_message *error)
{
    mbedtls_pk_init(key);
    int err = parse(key, secret, bytes, len);
    if (err == MBEDTLS_ERR_PK_PASSWORD_REQUIRED) {
        return aloft_message_set(error,
                                 "%s is encrypted with a passphrase, which is not supported; "
                                 "decrypt it where only you can read it: (umask 077; openssl pkey "
                                 "-in KEY -out PLAIN)",
                                 name);
    }
    return err == 0 ||
           aloft_message_set(
               error,
               "%s holds no key that can be read; it must be RSA or P-256, in PEM (from its "
               "-----BEGIN line on) or DER, as 'aloft keys create', espsecure and "
               "openssl write it",
               name);
}

bool aloft_pk_is_rsa3072(const mbedtls_pk_context *key)
{
    return mbedtls_pk_get_type(key) == MBEDTLS_PK_RSA &&
           mbedtls_mpi_bitlen(&mbedtls_pk_rsa(*key)->N) == RSA_BITS;
}

bool aloft_pk_read_rsa3072(mbedtls_pk_context *key, enum aloft_pk_part part, const char *name,
                           const uint8_t *bytes, size_t len, struct aloft_message *error)
{
    bool secret;
    if (!aloft_pk_read(key, &secret, name, bytes, len, error)) {
        return false;
    }
    if (!aloft_pk_is_rsa3072(key)) {
        return aloft_message_set(error,
                                 "%s is a key for %s of %zu bits; encrypted images need RSA with "
                                 "3072 (ECIES is not supported)",
                                 name, mbedtls_pk_get_name(key), mbedtls_pk_get_bitlen(key));
    }
    return secret || part == ALOFT_PK_PUBLIC ||
           aloft_message_set(error, "%s is a public key; decrypting needs the private one", name);
}
