// The form comes before the hash: what somebody chose is never compared with a fast verifier.
#include "aloft/net/webui_token.h"
#include "aloft/base/assert.h"
#include "aloft/base/hash.h"
#include "aloft/base/hex.h"
#include "aloft/net/webui_auth.h"
#include <string.h>

enum {
    FAST = 7, // "pbkdf2-"
    DECIMAL = 10,
    DIGITS_MAX = 9,
    SALT_END = 2 * ALOFT_WEBUI_SALT,
    KEY_END = SALT_END + 1 + 2 * ALOFT_SHA256_LEN,
};

bool aloft_webui_token_is_generated(const char *text, uint32_t len)
{
    static const char prefix[] = ALOFT_WEBUI_TOKEN_PREFIX;
    uint8_t random[ALOFT_WEBUI_TOKEN_RANDOM];
    return len == ALOFT_WEBUI_TOKEN_LEN && memcmp(text, prefix, sizeof prefix - 1) == 0 &&
           aloft_hex_parse(text + sizeof prefix - 1, random, sizeof random);
}

bool aloft_webui_token_parse(const char *text, struct aloft_webui_token *out)
{
    static const char kinds[] = "pbkdf2-sha256$"; // the fast one is its end
    bool slow = text[0] == 'p';
    out->rounds = 0;
    for (const char *kind = kinds + (slow ? 0 : FAST); *kind != 0; kind++) {
        if (*text++ != *kind) {
            return false;
        }
    }
    if (slow) {
        for (uint32_t i = 0; i < DIGITS_MAX && *text >= '0' && *text <= '9'; i++) {
            out->rounds = out->rounds * DECIMAL + (uint32_t)(*text++ - '0');
        }
        if (out->rounds == 0 || *text++ != '$') {
            return false;
        }
    }
    return aloft_hex_parse(text, out->salt, sizeof out->salt) && text[SALT_END] == '$' &&
           aloft_hex_parse(text + SALT_END + 1, out->key, sizeof out->key) && text[KEY_END] == 0;
}

bool aloft_webui_token_matches(const struct aloft_crypto *crypto,
                               const struct aloft_webui_token *token, const char *text,
                               uint32_t len)
{
    const struct aloft_hash_part parts[] = {{token->salt, sizeof token->salt}, {text, len}};
    uint8_t key[ALOFT_SHA256_LEN];
    ALOFT_ASSERT(token->rounds == 0);
    bool good = aloft_webui_token_is_generated(text, len) && // keeps K1
                aloft_hash_parts(crypto, ALOFT_HASH_SHA256, parts, 2, key) == ALOFT_OK &&
                aloft_webui_auth_same(key, token->key, sizeof key);
    ALOFT_INVARIANT("K1", !good || len == ALOFT_WEBUI_TOKEN_LEN);
    return good;
}
