// A challenge is a nonce that we recognise when it comes back. Its answer proves the password
// without sending it, and is good for one request. After a wrong answer the next must wait; late
// and repeated answers get a new challenge.
#include "aloft/net/webui_auth.h"
#include "aloft/base/assert.h"
#include "aloft/base/bytes.h"
#include "aloft/base/hash.h"
#include "aloft/base/hex.h"
#include "aloft/net/field.h"
#include <string.h>

#define HEX_MAX     (2u * ALOFT_SHA256_LEN)
#define COUNT_BITS  32u // of `seen`
#define FIELD_COUNT 8u
#define FACTS       (ALOFT_WEBUI_NONCE_HEX / 4) // bytes of a nonce: its number, and when

enum field { NONCE, URI, RESPONSE, QOP, NC, CNONCE, ALGORITHM, REALM };

enum { JOIN_MAX = 6 }; // parts of a response

struct slice {
    const char *text;
    uint32_t len;
};

struct answer {
    struct slice fields[FIELD_COUNT];
    enum aloft_hash_alg alg;
    uint32_t hex_len; // of its hashes
    const char *ha1;
};

static struct slice text(const char *text)
{
    return (struct slice){text, (uint32_t)strlen(text)};
}

// The hash of the parts with colons between them, as hexadecimal.
static enum aloft_err join(const struct aloft_crypto *crypto, enum aloft_hash_alg alg,
                           const struct slice *parts, uint32_t count, char *hex)
{
    struct aloft_hash_part hashed[JOIN_MAX];
    uint8_t digest[ALOFT_SHA256_LEN];
    ALOFT_ASSERT(count <= JOIN_MAX);
    for (uint32_t i = 0; i < count; i++) {
        hashed[i] = (struct aloft_hash_part){parts[i].text, parts[i].len};
    }
    enum aloft_err err = aloft_hash_parts(crypto, alg, hashed, count, digest);
    if (err == ALOFT_OK) {
        aloft_hex_emit(digest, alg == ALOFT_HASH_MD5 ? ALOFT_MD5_LEN : ALOFT_SHA256_LEN, hex);
    }
    return err;
}

bool aloft_webui_auth_is_realm(const char *realm)
{
    uint32_t len = 0;
    while (realm[len] >= ' ' && realm[len] <= '~' && realm[len] != '"' && realm[len] != '\\') {
        len++;
    }
    return len > 0 && len <= ALOFT_WEBUI_REALM_MAX && realm[len] == 0;
}

void aloft_webui_auth_init(struct aloft_webui_auth *auth, const struct aloft_crypto *crypto,
                           const struct aloft_webui_verifier *verifier, const char *realm,
                           const uint8_t secret[ALOFT_WEBUI_SECRET])
{
    memset(auth, 0, sizeof *auth);
    auth->crypto = crypto;
    auth->verifier = verifier;
    auth->realm = realm;
    auth->tries = (struct aloft_rate){.burst = ALOFT_WEBUI_TRIES, .every_ms = ALOFT_WEBUI_TRY_MS};
    memcpy(auth->secret, secret, sizeof auth->secret);
}

bool aloft_webui_auth_same(const void *a, const void *b, uint32_t len)
{
    const volatile uint8_t *x = a;
    const volatile uint8_t *y = b;
    uint8_t different = 0;
    for (uint32_t i = 0; i < len; i++) {
        different = (uint8_t)(different | (x[i] ^ y[i])); // keeps A3
    }
    return different == 0;
}

static void raise_floor(struct aloft_webui_auth *auth, uint32_t number)
{
    if ((int32_t)(number - auth->floor) > 0) {
        auth->floor = number;
    }
}

// keeps A1: it is not taken for one that was never answered.
static void forget(struct aloft_webui_auth *auth, struct aloft_webui_nonce *nonce)
{
    nonce->live = false;
    raise_floor(auth, nonce->number);
}

void aloft_webui_auth_age(struct aloft_webui_auth *auth, uint32_t now_ms)
{
    for (uint32_t i = 0; i < ALOFT_WEBUI_NONCES; i++) {
        struct aloft_webui_nonce *nonce = &auth->nonces[i];
        if (nonce->live && now_ms - nonce->given_ms >= ALOFT_WEBUI_NONCE_MS) {
            forget(auth, nonce);
        }
    }
    if (now_ms - auth->aged_ms >= ALOFT_WEBUI_NONCE_MS) {
        raise_floor(auth, auth->aged_given);
        auth->aged_given = auth->given;
        auth->aged_ms = now_ms;
    }
}

// The second half of a nonce, for its first half; HEX_MAX digits, of which it has as many.
static enum aloft_err seal(const struct aloft_webui_auth *auth, const char *facts, char *hex)
{
    const struct slice parts[] = {{(const char *)auth->secret, sizeof auth->secret},
                                  {facts, ALOFT_WEBUI_NONCE_HEX / 2}};
    return join(auth->crypto, ALOFT_HASH_SHA256, parts, 2, hex);
}

void aloft_webui_auth_nonce(struct aloft_webui_auth *auth, uint32_t now_ms,
                            char nonce[ALOFT_WEBUI_NONCE_HEX + 1])
{
    uint8_t facts[FACTS];
    char hex[HEX_MAX];
    aloft_webui_auth_age(auth, now_ms);
    aloft_put_le32(facts, ++auth->given);
    aloft_put_le32(facts + 4, now_ms);
    aloft_hex_emit(facts, sizeof facts, nonce);
    memset(hex, '0', sizeof hex);
    (void)seal(auth, nonce, hex); // failed: no answer to it is accepted
    memcpy(nonce + ALOFT_WEBUI_NONCE_HEX / 2, hex, ALOFT_WEBUI_NONCE_HEX / 2);
    nonce[ALOFT_WEBUI_NONCE_HEX] = 0;
}

// Reads what follows "Digest". False: not one that can be an answer to our challenges.
static bool read_answer(const struct aloft_webui_auth *auth, const char *value, struct answer *out)
{
    static const char *const names[FIELD_COUNT] = {"nonce", "uri",    "response",  "qop",
                                                   "nc",    "cnonce", "algorithm", "realm"};
    struct aloft_field_param param;
    for (uint32_t i = 0; i < FIELD_COUNT; i++) {
        out->fields[i] = text("");
    }
    while (aloft_field_param(&value, ',', &param)) {
        for (uint32_t i = 0; i < FIELD_COUNT; i++) {
            if (aloft_field_is(param.name, param.name_len, names[i])) {
                out->fields[i] = (struct slice){param.value, param.len};
            }
        }
    }
    const struct slice *alg = &out->fields[ALGORITHM];
    bool sha256 = alg->len > 0 && aloft_field_is(alg->text, alg->len, "sha-256");
    bool md5 = alg->len == 0 || aloft_field_is(alg->text, alg->len, "md5");
    out->alg = sha256 ? ALOFT_HASH_SHA256 : ALOFT_HASH_MD5;
    out->ha1 = sha256 ? auth->verifier->sha256 : auth->verifier->md5;
    out->hex_len = sha256 ? 2 * ALOFT_SHA256_LEN : 2 * ALOFT_MD5_LEN;
    return (sha256 || md5) && out->ha1[0] != 0;
}

static bool is(const struct slice *slice, const char *text)
{
    return slice->len == strlen(text) && memcmp(slice->text, text, slice->len) == 0;
}

// The response is that of somebody who knows the password, for this request.
static bool proves(const struct aloft_webui_auth *auth, const struct answer *answer,
                   const struct aloft_webui_claim *claim)
{
    const struct slice *fields = answer->fields;
    const struct slice request[] = {text(claim->method), fields[URI]};
    char ha2[HEX_MAX];
    char want[HEX_MAX];
    if (!is(&fields[QOP], "auth") || !is(&fields[URI], claim->target) ||
        !is(&fields[REALM], auth->realm) || fields[RESPONSE].len != answer->hex_len ||
        join(auth->crypto, answer->alg, request, 2, ha2) != ALOFT_OK) {
        return false;
    }
    const struct slice parts[] = {
        {answer->ha1, answer->hex_len}, fields[NONCE], fields[NC], fields[CNONCE], fields[QOP],
        {ha2, answer->hex_len}};
    return join(auth->crypto, answer->alg, parts, 6, want) == ALOFT_OK &&
           aloft_webui_auth_same(want, fields[RESPONSE].text, answer->hex_len);
}

// Eight hexadecimal digits; 0 when they are not.
static uint32_t count_of(const struct slice *slice)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < slice->len; i++) {
        int digit = aloft_hex_digit(slice->text[i]);
        if (digit < 0) {
            return 0;
        }
        count = count << 4 | (uint32_t)digit;
    }
    return slice->len == 8 ? count : 0;
}

// Uses the count up. False when it has been used, or is too far back to know. Browsers send several
// requests at once, so counts need not come in order.
static bool use(struct aloft_webui_nonce *nonce, uint32_t count)
{
    if (count > nonce->count) {
        uint32_t ahead = count - nonce->count;
        nonce->seen = (ahead < COUNT_BITS ? nonce->seen << ahead : 0) | 1;
        nonce->count = count;
        return true;
    }
    uint32_t back = nonce->count - count;
    if (count == 0 || back >= COUNT_BITS || (nonce->seen >> back & 1) != 0) {
        return false;
    }
    nonce->seen |= 1u << back;
    return true;
}

// False: the nonce is not one that we have given out.
static bool read_nonce(const struct aloft_webui_auth *auth, const struct slice *text,
                       struct aloft_webui_nonce *out)
{
    uint8_t facts[FACTS];
    char hex[HEX_MAX];
    const uint32_t half = ALOFT_WEBUI_NONCE_HEX / 2;
    memset(out, 0, sizeof *out);
    if (text->len != ALOFT_WEBUI_NONCE_HEX || !aloft_hex_parse(text->text, facts, sizeof facts) ||
        seal(auth, text->text, hex) != ALOFT_OK ||
        !aloft_webui_auth_same(hex, text->text + half, half)) {
        return false;
    }
    out->number = aloft_get_le32(facts);
    out->given_ms = aloft_get_le32(facts + 4);
    return true;
}

// It was answered rightly before. NULL: it was not.
static struct aloft_webui_nonce *find(struct aloft_webui_auth *auth, uint32_t number)
{
    for (uint32_t i = 0; i < ALOFT_WEBUI_NONCES; i++) {
        if (auth->nonces[i].live && auth->nonces[i].number == number) {
            return &auth->nonces[i];
        }
    }
    return NULL;
}

// This one is answered rightly for the first time. NULL: it is too old.
static struct aloft_webui_nonce *take(struct aloft_webui_auth *auth,
                                      const struct aloft_webui_nonce *nonce, uint32_t now_ms)
{
    struct aloft_webui_nonce *to = &auth->nonces[0];
    if (now_ms - nonce->given_ms >= ALOFT_WEBUI_NONCE_MS ||
        (int32_t)(nonce->number - auth->floor) <= 0) {
        return NULL;
    }
    for (uint32_t i = 1; i < ALOFT_WEBUI_NONCES && to->live; i++) {
        struct aloft_webui_nonce *other = &auth->nonces[i];
        to = !other->live || (int32_t)(other->number - to->number) < 0 ? other : to;
    }
    if (to->live) {
        forget(auth, to);
    }
    *to = *nonce;
    to->live = true;
    return to;
}

enum aloft_webui_verdict aloft_webui_auth_check(struct aloft_webui_auth *auth,
                                                const struct aloft_webui_claim *claim,
                                                uint32_t now_ms)
{
    struct answer answer;
    struct aloft_webui_nonce nonce;
    aloft_webui_auth_age(auth, now_ms);
    if (!aloft_field_is(claim->value, 7, "digest ") ||
        !read_answer(auth, claim->value + 7, &answer)) {
        return ALOFT_WEBUI_UNKNOWN;
    }
    bool ours = read_nonce(auth, &answer.fields[NONCE], &nonce);
    struct aloft_webui_nonce *known = ours ? find(auth, nonce.number) : NULL;
    bool counted = aloft_rate_allow(&auth->tries, now_ms); // keeps A2
    if (!counted && known == NULL) {
        return ALOFT_WEBUI_LATER;
    }
    if (!proves(auth, &answer, claim)) {
        if (known != NULL) {
            forget(auth, known);
        }
        return ALOFT_WEBUI_WRONG;
    }
    if (counted) {
        aloft_rate_return(&auth->tries);
    }
    known = ours && known == NULL ? take(auth, &nonce, now_ms) : known; // keeps A4
    if (known == NULL || !use(known, count_of(&answer.fields[NC]))) {   // keeps A1
        return ALOFT_WEBUI_STALE;
    }
    ALOFT_INVARIANT("A1", now_ms - known->given_ms < ALOFT_WEBUI_NONCE_MS);
    return ALOFT_WEBUI_GOOD;
}
