// Hashes over mbedTLS. Copies of a password are wiped before they are given back.
#include "hostlib/keys/secret.h"
#include "aloft/base/hex.h"
#include "aloft/net/webui_token.h"
#include "hostlib/base/random.h"
#include <mbedtls/md.h>
#include <mbedtls/pkcs5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TOKEN_LEN = 32 };

static void emit_hex(const uint8_t *bytes, uint32_t len, char *out)
{
    aloft_hex_emit(bytes, len, out);
    out[2 * len] = '\0';
}

static const mbedtls_md_info_t *algorithm(enum aloft_secret_hash hash)
{
    return mbedtls_md_info_from_type(hash == ALOFT_SECRET_MD5 ? MBEDTLS_MD_MD5 : MBEDTLS_MD_SHA256);
}

bool aloft_secret_hash(enum aloft_secret_hash hash, const char *text, char out[ALOFT_SECRET_HEX])
{
    uint8_t digest[32];
    const mbedtls_md_info_t *info = algorithm(hash);
    if (info == NULL || mbedtls_md(info, (const uint8_t *)text, strlen(text), digest) != 0) {
        return false;
    }
    emit_hex(digest, mbedtls_md_get_size(info), out);
    return true;
}

bool aloft_secret_ha1(enum aloft_secret_hash hash, const char *user, const char *realm,
                      const char *password, char out[ALOFT_SECRET_HEX])
{
    size_t size = strlen(user) + strlen(realm) + strlen(password) + 3;
    char *text = malloc(size);
    if (text == NULL) {
        return false;
    }
    (void)snprintf(text, size, "%s:%s:%s", user, realm, password);
    bool good = aloft_secret_hash(hash, text, out);
    explicit_bzero(text, size);
    free(text);
    return good;
}

// "KIND$SALT$KEY"
static void put_verifier(const char *kind, const uint8_t salt[ALOFT_SECRET_SALT],
                         const uint8_t key[TOKEN_LEN], char out[ALOFT_SECRET_TOKEN])
{
    char salt_hex[2 * ALOFT_SECRET_SALT + 1];
    char key_hex[2 * TOKEN_LEN + 1];
    emit_hex(salt, ALOFT_SECRET_SALT, salt_hex);
    emit_hex(key, TOKEN_LEN, key_hex);
    (void)snprintf(out, ALOFT_SECRET_TOKEN, "%s$%s$%s", kind, salt_hex, key_hex);
}

bool aloft_secret_generate(char out[ALOFT_SECRET_GENERATED])
{
    uint8_t random[ALOFT_WEBUI_TOKEN_RANDOM];
    char hex[2 * sizeof random + 1];
    bool good = aloft_random(random, sizeof random);
    emit_hex(random, sizeof random, hex);
    (void)snprintf(out, ALOFT_SECRET_GENERATED, "%s%s", ALOFT_WEBUI_TOKEN_PREFIX, hex);
    explicit_bzero(random, sizeof random);
    explicit_bzero(hex, sizeof hex);
    return good;
}

bool aloft_secret_generated_token(const char *token, const uint8_t salt[ALOFT_SECRET_SALT],
                                  char out[ALOFT_SECRET_TOKEN])
{
    uint8_t salted[ALOFT_SECRET_SALT + 1 + ALOFT_SECRET_GENERATED];
    uint8_t key[TOKEN_LEN];
    size_t len = strlen(token);
    if (!aloft_webui_token_is_generated(token, (uint32_t)len)) {
        return false;
    }
    memcpy(salted, salt, ALOFT_SECRET_SALT);
    salted[ALOFT_SECRET_SALT] = ':';
    memcpy(salted + ALOFT_SECRET_SALT + 1, token, len);
    bool good =
        mbedtls_md(algorithm(ALOFT_SECRET_SHA256), salted, ALOFT_SECRET_SALT + 1 + len, key) == 0;
    explicit_bzero(salted, sizeof salted);
    if (good) {
        put_verifier("sha256", salt, key, out);
    }
    return good;
}

bool aloft_secret_token(const char *password, uint32_t iterations,
                        const uint8_t salt[ALOFT_SECRET_SALT], char out[ALOFT_SECRET_TOKEN])
{
    uint8_t key[TOKEN_LEN];
    char kind[32];
    mbedtls_md_context_t hmac;
    mbedtls_md_init(&hmac);
    bool good = mbedtls_md_setup(&hmac, algorithm(ALOFT_SECRET_SHA256), 1) == 0 &&
                mbedtls_pkcs5_pbkdf2_hmac(&hmac, (const uint8_t *)password, strlen(password), salt,
                                          ALOFT_SECRET_SALT, iterations, sizeof key, key) == 0;
    mbedtls_md_free(&hmac);
    if (good) {
        (void)snprintf(kind, sizeof kind, "pbkdf2-sha256$%u", iterations);
        put_verifier(kind, salt, key, out);
    }
    return good;
}
