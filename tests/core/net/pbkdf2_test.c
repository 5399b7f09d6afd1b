// PBKDF2 against the vectors of RFC 7914, 11, with any number of rounds a step.
#include "aloft/net/pbkdf2.h"
#include "check.h"
#include "soft_crypto.h"

static void check_key(const char *key, const char *salt, uint32_t rounds, uint32_t a_step,
                      const char *want)
{
    struct aloft_pbkdf2 kdf;
    char hex[2 * ALOFT_SHA256_LEN + 1];
    enum aloft_step step;
    uint32_t steps = 0;
    aloft_pbkdf2_begin(&kdf, &aloft_soft_crypto, key, (uint32_t)strlen(key),
                       (struct aloft_pbkdf2_salt){(const uint8_t *)salt, (uint32_t)strlen(salt)},
                       rounds);
    do {
        step = aloft_pbkdf2_step(&kdf, a_step);
        steps++;
    } while (step == ALOFT_STEP_AGAIN);
    CHECK_EQ(step, ALOFT_STEP_DONE);
    CHECK(steps <= rounds / a_step + 1);
    for (size_t i = 0; i < sizeof kdf.out; i++) {
        snprintf(hex + 2 * i, 3, "%02x", kdf.out[i]);
    }
    CHECK_TEXT(hex, want);
}

static void pbkdf2_gives_the_rfcs_keys(void)
{
    check_key("passwd", "salt", 1, 1,
              "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc");
    check_key("Password", "NaCl", 80000, 1000,
              "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56");
}

static void pbkdf2_does_not_depend_on_the_rounds_a_step(void)
{
    for (uint32_t a_step = 1; a_step < 12; a_step++) {
        check_key("password", "salt", 10, a_step,
                  "653cc888d937efe22810a5cbdb25a5bd82e2ebb27a800f85cfa360a6d925198e");
    }
}

CHECK_MAIN(TEST(pbkdf2_gives_the_rfcs_keys), TEST(pbkdf2_does_not_depend_on_the_rounds_a_step))
