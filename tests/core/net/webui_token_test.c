// Verifiers of tokens: their text, and what each accepts.
#include "aloft/base/hash.h"
#include "aloft/net/webui_token.h"
#include "check.h"
#include "guard.h"
#include "soft_crypto.h"

#define SALT "000102030405060708090a0b0c0d0e0f"
// Python: sha256(bytes(range(16)) + b":" + token)
#define KEY       "2eeb4c5f4d56e4ad69dcabab1d96f1afe5f88d112476063afb72d503fb06b39b"
#define GENERATED "aloft_00112233445566778899aabbccddeeff"

static struct aloft_webui_token token;

static bool parse(const char *text)
{
    return aloft_webui_token_parse((const char *)guard_after(text, strlen(text) + 1), &token);
}

static bool matches(const char *text)
{
    uint32_t len = (uint32_t)strlen(text);
    return aloft_webui_token_matches(&aloft_soft_crypto, &token,
                                     (const char *)guard_after(text, len), len);
}

static bool is_generated(const char *text)
{
    uint32_t len = (uint32_t)strlen(text);
    return aloft_webui_token_is_generated((const char *)guard_after(text, len), len);
}

static void a_generated_token_is_checked_by_one_salted_hash(void)
{
    CHECK(parse("sha256$" SALT "$" KEY));
    CHECK_EQ(token.rounds, 0);
    CHECK(matches(GENERATED));
    CHECK(!matches("aloft_00112233445566778899aabbccddeefe"));
    CHECK(!matches(GENERATED "0"));
    CHECK(!matches(""));
    token.salt[15] ^= 1;
    CHECK(!matches(GENERATED));
}

// A person's word, hashed once with its salt, was found by trying a dictionary in a second.
static void a_chosen_token_opens_nothing_in_the_fast_form(void)
{
    static const char *const chosen[] = {"sesame",
                                         "aloft_",
                                         "aloft_sesame",
                                         "Aloft_00112233445566778899aabbccddeeff",
                                         "aloft_00112233445566778899aabbccddeefg",
                                         "aloft-00112233445566778899aabbccddeeff"};
    for (size_t i = 0; i < sizeof chosen / sizeof chosen[0]; i++) {
        const struct aloft_hash_part parts[] = {{token.salt, sizeof token.salt},
                                                {chosen[i], strlen(chosen[i])}};
        check_note("token %ld", (long)i, 0);
        CHECK(parse("sha256$" SALT "$" KEY));
        CHECK_EQ(aloft_hash_parts(&aloft_soft_crypto, ALOFT_HASH_SHA256, parts, 2, token.key),
                 ALOFT_OK);
        CHECK(!is_generated(chosen[i]));
        CHECK(!matches(chosen[i])); // though its hash is right
    }
    CHECK(is_generated(GENERATED));
    CHECK(!is_generated(GENERATED "0"));
}

static void verifiers_of_before_are_read_as_ever(void)
{
    CHECK(parse("pbkdf2-sha256$100000$" SALT "$" KEY));
    CHECK_EQ(token.rounds, 100000);
    CHECK(token.salt[15] == 15 && token.key[31] == 0x9B);
    CHECK(parse("pbkdf2-sha256$999999999$" SALT "$" KEY));
    CHECK_EQ(token.rounds, 999999999);
}

static void what_is_no_verifier_is_refused(void)
{
    static const char *const bad[] = {"",
                                      "sha256",
                                      "sha256$",
                                      "sha256$" SALT,
                                      "sha256$" SALT "$",
                                      "sha256$" SALT "$00",
                                      "sha256$" SALT "$" KEY "0",
                                      "sha256$" SALT ":" KEY,
                                      "sha256$0$" SALT "$" KEY,
                                      "SHA256$" SALT "$" KEY,
                                      "pbkdf2-sha256$" SALT "$" KEY,
                                      "pbkdf2-sha256$0$" SALT "$" KEY,
                                      "pbkdf2-sha256$$" SALT "$" KEY,
                                      "pbkdf2-sha256$-1$" SALT "$" KEY,
                                      "pbkdf2-sha256$1000000000$" SALT "$" KEY,
                                      "pbkdf2-sha256$42949672960$" SALT "$" KEY,
                                      "pbkdf2-sha256$1 $" SALT "$" KEY,
                                      "pbkdf2-sha256$1$" SALT "$" KEY "$"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        check_note("text %ld", (long)i, 0);
        CHECK(!parse(bad[i]));
    }
}

CHECK_MAIN(TEST(a_generated_token_is_checked_by_one_salted_hash),
           TEST(a_chosen_token_opens_nothing_in_the_fast_form),
           TEST(verifiers_of_before_are_read_as_ever), TEST(what_is_no_verifier_is_refused))
