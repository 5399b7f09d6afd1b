// What the bits mean, and that every burn can be cut anywhere: after any part of any step, the chip
// trusts what it trusted before or what it shall trust, and planning again gives the rest.
#include "aloft/base/bytes.h"
#include "aloft/efuse.h"
#include "check.h"

enum { KEY0 = 28, WR_DIS = 0, RD_DIS = 1, REVOKE = 2, SECURE = 3, VERSION = 4, ROUNDS = 40 };

static uint8_t key_a[ALOFT_EFUSE_KEY_LEN];
static uint8_t key_b[ALOFT_EFUSE_KEY_LEN];

static uint32_t random_state = 1;
static uint32_t draw(void)
{
    random_state = random_state * 1664525u + 1013904223u;
    return random_state ^ random_state >> 15;
}

static void make_keys(void)
{
    for (uint32_t i = 0; i < ALOFT_EFUSE_KEY_LEN; i++) {
        key_a[i] = (uint8_t)(i * 29 + 7);
        key_b[i] = (uint8_t)(i * 83 + 101);
    }
}

// One burn as the hardware does it, under the protections that were in force before.
static void burn(struct aloft_efuse_words *words, const struct aloft_efuse_step *step,
                 uint32_t which)
{
    words->word[step->index] |= step->bits & which & ~aloft_efuse_fixed(words, step->index);
}

static void burn_all(struct aloft_efuse_words *words, const struct aloft_efuse_plan *plan)
{
    for (uint32_t i = 0; i < plan->count; i++) {
        burn(words, &plan->step[i], UINT32_MAX);
    }
}

static void burn_digest(struct aloft_efuse_words *words, uint32_t slot, const uint8_t *key)
{
    struct aloft_efuse_plan plan;
    CHECK_EQ(aloft_efuse_plan_digest(&plan, words, slot, key), ALOFT_OK);
    burn_all(words, &plan);
}

static void blank_words_trust_no_key(void)
{
    struct aloft_efuse_words words = {{0}};
    struct aloft_efuse efuse;
    aloft_efuse_read(&efuse, &words);
    CHECK(!efuse.secure_boot && !efuse.aggressive_revoke && !efuse.read_protect_fixed);
    CHECK_EQ(efuse.secure_version, 0);
    CHECK_EQ(efuse.digests, 0);
    CHECK_EQ(efuse.revoked, 0);
    for (uint32_t i = 0; i < ALOFT_EFUSE_KEYS; i++) {
        CHECK(efuse.key[i].blank && !efuse.key[i].write_protected);
    }
    words.word[SECURE] = 9; // a digest's purpose, and no digest
    aloft_efuse_read(&efuse, &words);
    CHECK_EQ(efuse.key[2].purpose, 9);
    CHECK_EQ(efuse.digests, 0);
}

// The words that espefuse 4.12 leaves in a virtual ESP32-C3 after burn_key_digest BLOCK_KEY0 of a
// key for SECURE_BOOT_DIGEST0, burn_key BLOCK_KEY1 for HMAC_UP, SECURE_VERSION 3 (two bits),
// SECURE_BOOT_KEY_REVOKE1 and SECURE_BOOT_EN.
static void words_as_espefuse_burns_them_are_understood(void)
{
    struct aloft_efuse_words words = {{0}};
    struct aloft_efuse efuse;
    words.word[WR_DIS] = 1u << 23 | 1u << 24 | 1u << 8 | 1u << 9 | 1;
    words.word[RD_DIS] = 2;
    words.word[REVOKE] = 2u << 21 | 9u << 24 | 8u << 28;
    words.word[SECURE] = 1u << 20;
    words.word[VERSION] = 3u << 14;
    words.word[KEY0] = 0x04030201;
    words.word[KEY0 + 8] = 0xFFFFFFFF; // a chip would show zeros
    aloft_efuse_read(&efuse, &words);
    CHECK(efuse.secure_boot && efuse.read_protect_fixed && !efuse.aggressive_revoke);
    CHECK_EQ(efuse.secure_version, 2);
    CHECK_EQ(efuse.digests, 1);
    CHECK_EQ(efuse.revoked, 2);
    CHECK_BYTES(efuse.digest[0], "\1\2\3\4\0\0", 6);
    CHECK_EQ(efuse.key[0].purpose, 9);
    CHECK_EQ(efuse.key[1].purpose, ALOFT_EFUSE_HMAC_UP);
    CHECK(efuse.key[1].read_protected && efuse.key[1].blank && efuse.key[1].write_protected);
    CHECK(aloft_efuse_hidden(&words, KEY0 + 8) && aloft_efuse_hidden(&words, KEY0 + 15));
    CHECK(!aloft_efuse_hidden(&words, KEY0 + 7) && !aloft_efuse_hidden(&words, KEY0 + 16));
    CHECK(!aloft_efuse_hidden(&words, ALOFT_EFUSE_WORDS));
}

static void write_protection_covers_its_field_and_no_other(void)
{
    struct aloft_efuse_words words = {{0}};
    words.word[WR_DIS] = 1u << 24 | 1u << 9 | 1u << 6;
    CHECK_EQ(aloft_efuse_fixed(&words, REVOKE), 2u << 21 | 15u << 28);
    CHECK_EQ(aloft_efuse_fixed(&words, SECURE), 0);
    CHECK_EQ(aloft_efuse_fixed(&words, KEY0 + 7), 0);
    CHECK_EQ(aloft_efuse_fixed(&words, KEY0 + 8), UINT32_MAX);
    CHECK_EQ(aloft_efuse_fixed(&words, KEY0 + 15), UINT32_MAX);
    CHECK_EQ(aloft_efuse_fixed(&words, KEY0 + 16), 0);
    CHECK_EQ(aloft_efuse_fixed(&words, WR_DIS), 0);
}

static void a_digest_is_burned_and_protected_once(void)
{
    struct aloft_efuse_words words = {{0}};
    struct aloft_efuse_plan plan;
    struct aloft_efuse efuse;
    for (uint32_t slot = 0; slot < ALOFT_EFUSE_DIGESTS; slot++) {
        burn_digest(&words, slot, slot == 1 ? key_b : key_a);
        aloft_efuse_read(&efuse, &words);
        CHECK_EQ(efuse.digests, (1u << (slot + 1)) - 1);
        CHECK_EQ(efuse.digest_key[slot], slot);
        CHECK_BYTES(efuse.digest[slot], slot == 1 ? key_b : key_a, ALOFT_EFUSE_KEY_LEN);
        CHECK(efuse.key[slot].write_protected && efuse.key[slot].purpose_protected);
        CHECK(!efuse.key[slot].read_protected);
        CHECK_EQ(aloft_efuse_plan_digest(&plan, &words, slot, slot == 1 ? key_b : key_a), ALOFT_OK);
        CHECK_EQ(plan.count, 0);
    }
    CHECK_EQ(aloft_efuse_plan_digest(&plan, &words, 0, key_b), ALOFT_ERR_EFUSE_BURNED);
    CHECK_EQ(aloft_efuse_plan_digest(&plan, &words, 3, key_b), ALOFT_ERR_ARG);
    CHECK_EQ(aloft_efuse_plan_digest(&plan, &words, 0, (const uint8_t[32]){0}), ALOFT_ERR_ARG);
}

static void a_key_is_hidden_and_the_last_free_block_is_the_last(void)
{
    struct aloft_efuse_words words = {{0}};
    struct aloft_efuse_plan plan;
    struct aloft_efuse efuse;
    burn_digest(&words, 2, key_a);
    for (uint32_t i = 0; i < ALOFT_EFUSE_KEYS - 1; i++) {
        CHECK_EQ(aloft_efuse_plan_key(&plan, &words, ALOFT_EFUSE_HMAC_UP, key_b), ALOFT_OK);
        burn_all(&words, &plan);
    }
    aloft_efuse_read(&efuse, &words);
    for (uint32_t i = 0; i < ALOFT_EFUSE_KEYS; i++) {
        CHECK_EQ(efuse.key[i].read_protected, i != 2);
        CHECK_EQ(efuse.key[i].purpose, i == 2 ? 11 : ALOFT_EFUSE_HMAC_UP);
    }
    CHECK_EQ(aloft_efuse_plan_key(&plan, &words, ALOFT_EFUSE_USER, key_a), ALOFT_ERR_EFUSE_FULL);
    CHECK_EQ(aloft_efuse_plan_digest(&plan, &words, 0, key_b), ALOFT_ERR_EFUSE_FULL);
    CHECK_EQ(aloft_efuse_plan_key(&plan, &words, (enum aloft_efuse_purpose)9, key_b),
             ALOFT_ERR_ARG);
}

static void what_is_revoked_stays_revoked_and_takes_no_key(void)
{
    struct aloft_efuse_words words = {{0}};
    struct aloft_efuse_plan plan;
    struct aloft_efuse efuse;
    CHECK_EQ(aloft_efuse_plan_revoke(&plan, &words, 1), ALOFT_OK);
    burn_all(&words, &plan);
    aloft_efuse_read(&efuse, &words);
    CHECK_EQ(efuse.revoked, 2);
    CHECK_EQ(aloft_efuse_plan_revoke(&plan, &words, 1), ALOFT_OK);
    CHECK_EQ(plan.count, 0);
    CHECK_EQ(aloft_efuse_plan_digest(&plan, &words, 1, key_a), ALOFT_ERR_EFUSE_OLD_KEY);
    CHECK_EQ(aloft_efuse_plan_revoke(&plan, &words, 3), ALOFT_ERR_ARG);
    words.word[WR_DIS] = 1u << 5;
    CHECK_EQ(aloft_efuse_plan_revoke(&plan, &words, 0), ALOFT_ERR_EFUSE_PROTECTED);
}

static void the_version_only_rises(void)
{
    struct aloft_efuse_words words = {{0}};
    struct aloft_efuse_plan plan;
    struct aloft_efuse efuse;
    for (uint32_t version = 0; version <= ALOFT_EFUSE_VERSION_MAX; version++) {
        CHECK_EQ(aloft_efuse_plan_version(&plan, &words, version), ALOFT_OK);
        burn_all(&words, &plan);
        aloft_efuse_read(&efuse, &words);
        CHECK_EQ(efuse.secure_version, version);
        CHECK_EQ(aloft_efuse_plan_version(&plan, &words, version / 2), ALOFT_OK);
        CHECK_EQ(plan.count, 0);
    }
    CHECK_EQ(words.word[VERSION], 0xFFFFu << 14);
    CHECK_EQ(aloft_efuse_plan_version(&plan, &words, 17), ALOFT_ERR_EFUSE_VERSION);
    words.word[VERSION] = 0;
    words.word[WR_DIS] = 1u << 18;
    CHECK_EQ(aloft_efuse_plan_version(&plan, &words, 1), ALOFT_ERR_EFUSE_PROTECTED);
}

static void secure_boot_needs_a_key_and_can_close_the_empty_slots(void)
{
    struct aloft_efuse_words words = {{0}};
    struct aloft_efuse_plan plan;
    struct aloft_efuse efuse;
    CHECK_EQ(aloft_efuse_plan_secure_boot(&plan, &words, false), ALOFT_ERR_EFUSE_NO_KEY);
    burn_digest(&words, 1, key_a);
    struct aloft_efuse_words open = words;
    CHECK_EQ(aloft_efuse_plan_secure_boot(&plan, &open, false), ALOFT_OK);
    burn_all(&open, &plan);
    aloft_efuse_read(&efuse, &open);
    CHECK(efuse.secure_boot && efuse.read_protect_fixed);
    CHECK_EQ(efuse.revoked, 0);
    CHECK_EQ(aloft_efuse_plan_secure_boot(&plan, &words, true), ALOFT_OK);
    burn_all(&words, &plan);
    aloft_efuse_read(&efuse, &words);
    CHECK_EQ(efuse.revoked, 5);
    CHECK_EQ(aloft_efuse_plan_key(&plan, &words, ALOFT_EFUSE_HMAC_UP, key_b),
             ALOFT_ERR_EFUSE_PROTECTED);
    CHECK_EQ(aloft_efuse_plan_revoke(&plan, &words, 1), ALOFT_OK);
    burn_all(&words, &plan);
    CHECK_EQ(aloft_efuse_plan_secure_boot(&plan, &words, true), ALOFT_ERR_EFUSE_NO_KEY);
}

// --- cuts

// One thing to do, from a state of the words.
struct deed {
    const char *name;
    enum aloft_err (*plan)(struct aloft_efuse_plan *plan, const struct aloft_efuse_words *words);
};

static enum aloft_err plan_b(struct aloft_efuse_plan *plan, const struct aloft_efuse_words *words)
{
    return aloft_efuse_plan_digest(plan, words, 1, key_b);
}

static enum aloft_err plan_b_as_2(struct aloft_efuse_plan *plan,
                                  const struct aloft_efuse_words *words)
{
    return aloft_efuse_plan_digest(plan, words, 2, key_b);
}

static enum aloft_err plan_hmac(struct aloft_efuse_plan *plan,
                                const struct aloft_efuse_words *words)
{
    return aloft_efuse_plan_key(plan, words, ALOFT_EFUSE_HMAC_UP, key_b);
}

static enum aloft_err plan_revoke_a(struct aloft_efuse_plan *plan,
                                    const struct aloft_efuse_words *words)
{
    return aloft_efuse_plan_revoke(plan, words, 0);
}

static enum aloft_err plan_version_9(struct aloft_efuse_plan *plan,
                                     const struct aloft_efuse_words *words)
{
    return aloft_efuse_plan_version(plan, words, 9);
}

static enum aloft_err plan_on(struct aloft_efuse_plan *plan, const struct aloft_efuse_words *words)
{
    return aloft_efuse_plan_secure_boot(plan, words, true);
}

static bool trusts(const struct aloft_efuse *efuse, const uint8_t *key)
{
    bool found = false;
    for (uint32_t i = 0; i < ALOFT_EFUSE_DIGESTS; i++) {
        found = found || ((efuse->digests & ~efuse->revoked) >> i & 1 &&
                          memcmp(efuse->digest[i], key, ALOFT_EFUSE_KEY_LEN) == 0);
    }
    return found;
}

// At no moment does the chip trust anything but whole keys, forget one, or go back in anything.
static void check_between(const struct aloft_efuse_words *before,
                          const struct aloft_efuse_words *now, const struct aloft_efuse_words *end)
{
    struct aloft_efuse old;
    struct aloft_efuse efuse;
    struct aloft_efuse last;
    aloft_efuse_read(&old, before);
    aloft_efuse_read(&efuse, now);
    aloft_efuse_read(&last, end);
    CHECK_EQ(efuse.digests & old.digests, old.digests);
    CHECK_EQ(efuse.digests & ~last.digests, 0);
    for (uint32_t i = 0; i < ALOFT_EFUSE_DIGESTS; i++) {
        if ((efuse.digests >> i & 1) != 0) {
            CHECK_BYTES(efuse.digest[i], last.digest[i], ALOFT_EFUSE_KEY_LEN);
        }
    }
    CHECK(efuse.secure_version >= old.secure_version);
    CHECK(efuse.secure_version <= last.secure_version);
    CHECK(trusts(&efuse, key_a) || trusts(&efuse, key_b));
    CHECK(!efuse.secure_boot || efuse.read_protect_fixed);
}

// Runs the deed; power goes in step `cut`, of which the bits `which` are burned. False when there
// is no such step.
static bool run_cut(const struct deed *deed, struct aloft_efuse_words *words, uint32_t cut,
                    uint32_t which)
{
    struct aloft_efuse_plan plan;
    CHECK_EQ(deed->plan(&plan, words), ALOFT_OK);
    for (uint32_t i = 0; i < plan.count && i < cut; i++) {
        burn(words, &plan.step[i], UINT32_MAX);
    }
    if (cut < plan.count) {
        burn(words, &plan.step[cut], which);
    }
    return cut < plan.count;
}

static void cut_everywhere(const struct deed *deed, const struct aloft_efuse_words *before)
{
    struct aloft_efuse_words end = *before;
    struct aloft_efuse_plan plan;
    CHECK(!run_cut(deed, &end, UINT32_MAX, 0));
    CHECK_EQ(deed->plan(&plan, before), ALOFT_OK);
    for (uint32_t cut = 0; cut < plan.count; cut++) {
        for (uint32_t round = 0; round < ROUNDS; round++) {
            struct aloft_efuse_words words = *before;
            check_note("step %ld, round %ld", (long)cut, (long)round);
            uint32_t which = round == 0 ? 0 : round == 1 ? UINT32_MAX : draw();
            CHECK(run_cut(deed, &words, cut, which));
            check_between(before, &words, &end);
            // A hidden key that is complete cannot be told from another; it would go to a new
            // block.
            bool more = memcmp(&words, &end, sizeof end) != 0;
            more = more && run_cut(deed, &words, draw() % 3, draw());
            check_between(before, &words, &end);
            more = more && memcmp(&words, &end, sizeof end) != 0;
            CHECK(!more || !run_cut(deed, &words, UINT32_MAX, 0));
            CHECK_BYTES(&words, &end, sizeof end);
        }
    }
}

static void every_burn_can_be_cut_anywhere_twice_and_is_completed(void)
{
    static const struct deed deeds[] = {{"burn b", plan_b},
                                        {"burn b as 2", plan_b_as_2},
                                        {"hmac key", plan_hmac},
                                        {"revoke a", plan_revoke_a},
                                        {"version 9", plan_version_9}};
    for (uint32_t first = 0; first < 2; first++) { // key a lies before, or behind, the new one
        struct aloft_efuse_words words = {{0}};
        struct aloft_efuse_plan plan;
        if (first == 1) {
            CHECK_EQ(aloft_efuse_plan_key(&plan, &words, ALOFT_EFUSE_USER, key_a), ALOFT_OK);
            burn_all(&words, &plan);
        }
        burn_digest(&words, 0, key_a);
        words.word[VERSION] = 1u << 16; // as a cut leaves it: not the lowest bit
        for (uint32_t i = 0; i < sizeof deeds / sizeof deeds[0]; i++) {
            if (deeds[i].plan == plan_revoke_a) {
                burn_digest(&words, 1, key_b);
            }
            cut_everywhere(&deeds[i], &words);
        }
        cut_everywhere(&(struct deed){"enable", plan_on}, &words);
    }
}

// The case that burning the purpose in one go would lose: of 11, a cut can leave 9, and the block
// would stand before the one that rightly is digest 0.
static void half_a_purpose_is_never_another_digest(void)
{
    struct aloft_efuse_words words = {{0}};
    struct aloft_efuse_plan plan;
    struct aloft_efuse efuse;
    burn_digest(&words, 0, key_a);
    CHECK_EQ(aloft_efuse_plan_digest(&plan, &words, 2, key_b), ALOFT_OK);
    for (uint32_t i = 0; i < plan.count; i++) {
        for (uint32_t part = 0; part < 16 && plan.step[i].index == SECURE; part++) {
            struct aloft_efuse_words torn = words;
            burn(&torn, &plan.step[i], part);
            aloft_efuse_read(&efuse, &torn);
            CHECK(efuse.key[2].purpose < 8 || efuse.key[2].purpose == 11);
        }
        burn(&words, &plan.step[i], UINT32_MAX);
    }
    aloft_efuse_read(&efuse, &words);
    CHECK_EQ(efuse.key[2].purpose, 11);
}

static void a_digest_begun_by_another_key_is_left_alone(void)
{
    struct aloft_efuse_words words = {{0}};
    struct aloft_efuse efuse;
    words.word[KEY0] = ~aloft_get_le32(key_a); // what a cut burn of some other key left
    burn_digest(&words, 0, key_a);
    aloft_efuse_read(&efuse, &words);
    CHECK_EQ(efuse.digest_key[0], 1);
    CHECK_EQ(efuse.digests, 1);
}

// Power went before its protection; its bytes could still be burned into those of another key.
static void a_key_that_is_complete_is_not_made_into_another(void)
{
    const uint8_t first[ALOFT_EFUSE_KEY_LEN] = {1};
    const uint8_t second[ALOFT_EFUSE_KEY_LEN] = {3};
    struct aloft_efuse_words words = {{0}};
    struct aloft_efuse_plan plan;
    CHECK_EQ(aloft_efuse_plan_key(&plan, &words, ALOFT_EFUSE_HMAC_UP, first), ALOFT_OK);
    for (uint32_t i = 0; i < plan.count && plan.step[i].index != WR_DIS; i++) {
        burn(&words, &plan.step[i], UINT32_MAX);
    }
    CHECK_EQ(aloft_efuse_plan_key(&plan, &words, ALOFT_EFUSE_HMAC_UP, second), ALOFT_OK);
    CHECK_EQ(plan.key, 1);
    CHECK_EQ(aloft_efuse_plan_key(&plan, &words, ALOFT_EFUSE_HMAC_UP, first), ALOFT_OK);
    CHECK_EQ(plan.key, 0);
}

static void a_block_whose_purpose_or_bytes_are_fixed_is_not_free(void)
{
    struct aloft_efuse_words words = {{0}};
    struct aloft_efuse efuse;
    words.word[WR_DIS] = 1u << 8 | 1u << 24; // purpose of key 0, bytes of key 1
    words.word[RD_DIS] = 4;                  // key 2
    burn_digest(&words, 0, key_a);
    aloft_efuse_read(&efuse, &words);
    CHECK_EQ(efuse.digest_key[0], 3);
}

static void keys_are_made_first(void)
{
    make_keys();
    CHECK(key_a[1] != key_b[1]);
}

CHECK_MAIN(TEST(keys_are_made_first), TEST(blank_words_trust_no_key),
           TEST(words_as_espefuse_burns_them_are_understood),
           TEST(write_protection_covers_its_field_and_no_other),
           TEST(a_digest_is_burned_and_protected_once),
           TEST(a_key_is_hidden_and_the_last_free_block_is_the_last),
           TEST(what_is_revoked_stays_revoked_and_takes_no_key), TEST(the_version_only_rises),
           TEST(secure_boot_needs_a_key_and_can_close_the_empty_slots),
           TEST(every_burn_can_be_cut_anywhere_twice_and_is_completed),
           TEST(half_a_purpose_is_never_another_digest),
           TEST(a_key_that_is_complete_is_not_made_into_another),
           TEST(a_block_whose_purpose_or_bytes_are_fixed_is_not_free),
           TEST(a_digest_begun_by_another_key_is_left_alone))
