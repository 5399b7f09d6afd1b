// eFuses of any content, and burns with power cuts in the middle of a word. No plan asks for a bit
// that is burned or fixed; facts only rise; a digest that appears is the one that was to be burned;
// and what was cut is completed by planning again. Input: what is burned already, then burns.
#include "aloft/efuse.h"
#include "fuzz.h"

enum { BURNS_MAX = 24, BURNED_MAX = 40 };
enum burn { DIGEST, REVOKE, VERSION, SECURE_BOOT, KEY, BURNS };

struct wish {
    enum burn burn;
    uint32_t arg;
    uint8_t bytes[ALOFT_EFUSE_KEY_LEN];
};

static enum aloft_err plan(struct aloft_efuse_plan *out, const struct aloft_efuse_words *words,
                           const struct wish *wish)
{
    switch (wish->burn) {
    case DIGEST:
        return aloft_efuse_plan_digest(out, words, wish->arg % 4, wish->bytes);
    case REVOKE:
        return aloft_efuse_plan_revoke(out, words, wish->arg % 4);
    case VERSION:
        return aloft_efuse_plan_version(out, words, wish->arg % 18);
    case SECURE_BOOT:
        return aloft_efuse_plan_secure_boot(out, words, (wish->arg & 1) != 0);
    default:
        return aloft_efuse_plan_key(out, words, (enum aloft_efuse_purpose)(wish->arg % 16),
                                    wish->bytes);
    }
}

// What holds between two looks, whatever was burned in between.
static void check_rise(const struct aloft_efuse *before, const struct aloft_efuse *after,
                       const struct wish *wish)
{
    FUZZ_CHECK(after->secure_version >= before->secure_version);
    FUZZ_CHECK(after->secure_version <= ALOFT_EFUSE_VERSION_MAX);
    FUZZ_CHECK(after->secure_boot || !before->secure_boot);
    FUZZ_CHECK((before->revoked & ~after->revoked) == 0);
    for (uint32_t i = 0; i < ALOFT_EFUSE_DIGESTS; i++) {
        bool was = (before->digests >> i & 1) != 0;
        bool is = (after->digests >> i & 1) != 0;
        FUZZ_CHECK(is || !was);
        const uint8_t *wanted = was ? before->digest[i] : wish->bytes;
        FUZZ_CHECK(!is || memcmp(after->digest[i], wanted, ALOFT_EFUSE_KEY_LEN) == 0);
        FUZZ_CHECK(!is || was || (wish->burn == DIGEST && wish->arg % 4 == i));
    }
}

static void check_done(const struct aloft_efuse *facts, const struct wish *wish)
{
    switch (wish->burn) {
    case DIGEST:
        FUZZ_CHECK((facts->digests >> wish->arg % 4 & 1) != 0);
        FUZZ_CHECK(memcmp(facts->digest[wish->arg % 4], wish->bytes, ALOFT_EFUSE_KEY_LEN) == 0);
        break;
    case REVOKE:
        FUZZ_CHECK((facts->revoked >> wish->arg % 4 & 1) != 0);
        break;
    case VERSION:
        FUZZ_CHECK(facts->secure_version >= wish->arg % 18);
        break;
    case SECURE_BOOT:
        FUZZ_CHECK(facts->secure_boot);
        FUZZ_CHECK((facts->digests & ~facts->revoked) != 0);
        break;
    default: // a burned key is read-protected, so its bytes cannot be compared
        break;
    }
}

// One burn, with power cut in step `cut` after the bits in `part`. True when it was not cut,
// because it has fewer steps.
static bool burn(struct aloft_efuse_words *words, const struct wish *wish, uint32_t cut,
                 uint32_t part)
{
    struct aloft_efuse_plan steps;
    struct aloft_efuse before;
    struct aloft_efuse after;
    if (plan(&steps, words, wish) != ALOFT_OK) {
        return false;
    }
    FUZZ_CHECK(steps.count <= ALOFT_EFUSE_STEPS);
    for (uint32_t i = 0; i < steps.count; i++) {
        const struct aloft_efuse_step *step = &steps.step[i];
        FUZZ_CHECK(step->index < ALOFT_EFUSE_WORDS && step->bits != 0);
        FUZZ_CHECK((words->word[step->index] & step->bits) == 0);
        FUZZ_CHECK((aloft_efuse_fixed(words, step->index) & step->bits) == 0);
        aloft_efuse_read(&before, words);
        words->word[step->index] |= i == cut ? step->bits & part : step->bits;
        aloft_efuse_read(&after, words);
        check_rise(&before, &after, wish);
        if (i == cut) {
            return false;
        }
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    struct aloft_efuse_words words = {{0}};
    struct aloft_efuse facts;
    struct aloft_efuse_plan again;
    for (uint32_t n = fuzz_u8(&in) % BURNED_MAX; n > 0; n--) {
        uint32_t index = fuzz_u8(&in) % ALOFT_EFUSE_WORDS;
        words.word[index] |= fuzz_u32(&in);
    }
    for (uint32_t n = 0; n < BURNS_MAX && in.left > 0; n++) {
        struct wish wish = {.burn = (enum burn)(fuzz_u8(&in) % BURNS), .arg = fuzz_u8(&in)};
        uint32_t cut = fuzz_u8(&in);
        memset(wish.bytes, 0x11 * (int)(1 + cut % 3), sizeof wish.bytes);
        (void)fuzz_bytes(&in, wish.bytes, fuzz_u8(&in) % 5);
        (void)burn(&words, &wish, cut % 20, fuzz_u32(&in));
        if (burn(&words, &wish, ALOFT_EFUSE_STEPS, 0)) {
            aloft_efuse_read(&facts, &words);
            check_done(&facts, &wish);
            bool known = wish.burn != KEY; // a key that cannot be read is burned again
            FUZZ_CHECK(!known || (plan(&again, &words, &wish) == ALOFT_OK && again.count == 0));
        }
    }
    return 0;
}
