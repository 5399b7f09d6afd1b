// Fields as rows of a table: where they lie, and which bit of WR_DIS keeps them as they are. A plan
// is put together by `want`, which drops what is burned already, so every plan is also the plan
// that completes what power has cut.
#include "aloft/efuse.h"
#include "aloft/base/bytes.h"
#include <string.h>

// Words of block 0, and where the key blocks begin.
enum { WR_DIS = 0, RD_DIS = 1, REVOKE = 2, SECURE = 3, VERSION = 4, KEY0 = 28, SYS2 = 76 };
// Bits of WR_DIS, and the first of seven in RD_DIS.
enum { FIX_RD_DIS = 0, FIX_CRYPT = 4, FIX_REVOKE = 5, FIX_PURPOSE = 8, FIX_KEY = 23 };

#define SECURE_BOOT_EN    (1u << 20) // in word SECURE
#define AGGRESSIVE_REVOKE (1u << 21)
#define REVOKE_SHIFT      21 // in word REVOKE
#define CRYPT_SHIFT       18 // in word REVOKE: SPI_BOOT_CRYPT_CNT
#define CRYPT_MASK        7u
#define VERSION_SHIFT     14 // in word VERSION
#define VERSION_MASK      (0xFFFFu << VERSION_SHIFT)
#define DIGEST_BIT        8u // of a purpose: without it, it is no digest's
#define PURPOSE_MASK      15u

struct field {
    uint8_t first; // words
    uint8_t count;
    uint8_t fix; // bit of WR_DIS
    uint32_t mask;
};

static const struct field fields[] = {
    {RD_DIS, 1, FIX_RD_DIS, 0x7F},
    {REVOKE, 1, FIX_CRYPT, CRYPT_MASK << CRYPT_SHIFT},
    {REVOKE, 1, FIX_REVOKE, 1u << REVOKE_SHIFT},
    {REVOKE, 1, FIX_REVOKE + 1, 2u << REVOKE_SHIFT},
    {REVOKE, 1, FIX_REVOKE + 2, 4u << REVOKE_SHIFT},
    {REVOKE, 1, FIX_PURPOSE, PURPOSE_MASK << 24},
    {REVOKE, 1, FIX_PURPOSE + 1, PURPOSE_MASK << 28},
    {SECURE, 1, FIX_PURPOSE + 2, PURPOSE_MASK},
    {SECURE, 1, FIX_PURPOSE + 3, PURPOSE_MASK << 4},
    {SECURE, 1, FIX_PURPOSE + 4, PURPOSE_MASK << 8},
    {SECURE, 1, FIX_PURPOSE + 5, PURPOSE_MASK << 12},
    {SECURE, 1, 15, SECURE_BOOT_EN},
    {SECURE, 1, 16, AGGRESSIVE_REVOKE},
    {VERSION, 1, 18, VERSION_MASK},
    {6, 6, 20, UINT32_MAX},  // MAC and calibration
    {12, 8, 21, UINT32_MAX}, // system data
    {20, 8, 22, UINT32_MAX}, // user data
    {KEY0, 8, FIX_KEY, UINT32_MAX},
    {KEY0 + 8, 8, FIX_KEY + 1, UINT32_MAX},
    {KEY0 + 16, 8, FIX_KEY + 2, UINT32_MAX},
    {KEY0 + 24, 8, FIX_KEY + 3, UINT32_MAX},
    {KEY0 + 32, 8, FIX_KEY + 4, UINT32_MAX},
    {KEY0 + 40, 8, FIX_KEY + 5, UINT32_MAX},
    {SYS2, 8, 29, UINT32_MAX},
};

uint32_t aloft_efuse_fixed(const struct aloft_efuse_words *words, uint32_t index)
{
    uint32_t fixed = 0;
    for (uint32_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        const struct field *field = &fields[i];
        bool here = index >= field->first && index - field->first < field->count;
        if (here && (words->word[WR_DIS] >> field->fix & 1) != 0) {
            fixed |= field->mask;
        }
    }
    return fixed;
}

bool aloft_efuse_hidden(const struct aloft_efuse_words *words, uint32_t index)
{
    return index >= KEY0 && index < ALOFT_EFUSE_WORDS &&
           (words->word[RD_DIS] >> (index - KEY0) / ALOFT_EFUSE_KEY_WORDS & 1) != 0;
}

static uint32_t purpose_index(uint32_t key)
{
    return key < 2 ? REVOKE : SECURE;
}

static uint32_t purpose_shift(uint32_t key)
{
    return key < 2 ? 24 + 4 * key : 4 * (key - 2);
}

static uint8_t purpose_of(const struct aloft_efuse_words *words, uint32_t key)
{
    return (uint8_t)(words->word[purpose_index(key)] >> purpose_shift(key) & PURPOSE_MASK);
}

static void read_key(struct aloft_efuse_key *out, const struct aloft_efuse_words *words,
                     uint32_t key)
{
    const uint32_t *from = &words->word[KEY0 + ALOFT_EFUSE_KEY_WORDS * key];
    out->purpose = purpose_of(words, key);
    out->read_protected = (words->word[RD_DIS] >> key & 1) != 0;
    out->write_protected = (words->word[WR_DIS] >> (FIX_KEY + key) & 1) != 0;
    out->purpose_protected = (words->word[WR_DIS] >> (FIX_PURPOSE + key) & 1) != 0;
    for (uint32_t i = 0; i < ALOFT_EFUSE_KEY_WORDS; i++) {
        aloft_put_le32(out->bytes + 4 * i, out->read_protected ? 0 : from[i]);
    }
    out->blank = aloft_bytes_are(out->bytes, sizeof out->bytes, 0);
}

// The first key block with this purpose; ALOFT_EFUSE_KEYS: there is none.
static uint32_t find_purpose(const struct aloft_efuse *efuse, uint32_t purpose)
{
    uint32_t key = 0;
    while (key < ALOFT_EFUSE_KEYS && efuse->key[key].purpose != purpose) {
        key++;
    }
    return key;
}

static uint32_t count_bits(uint32_t bits)
{
    uint32_t count = 0;
    for (; bits != 0; bits &= bits - 1) {
        count++;
    }
    return count;
}

void aloft_efuse_read(struct aloft_efuse *out, const struct aloft_efuse_words *words)
{
    memset(out, 0, sizeof *out);
    out->secure_boot = (words->word[SECURE] & SECURE_BOOT_EN) != 0;
    out->aggressive_revoke = (words->word[SECURE] & AGGRESSIVE_REVOKE) != 0;
    out->read_protect_fixed = (words->word[WR_DIS] >> FIX_RD_DIS & 1) != 0;
    out->crypt_count = (uint8_t)(words->word[REVOKE] >> CRYPT_SHIFT & CRYPT_MASK);
    out->flash_encryption = count_bits(out->crypt_count) % 2 != 0;
    out->secure_version = count_bits(words->word[VERSION] & VERSION_MASK);
    out->revoked = (uint8_t)(words->word[REVOKE] >> REVOKE_SHIFT & 7);
    for (uint32_t key = 0; key < ALOFT_EFUSE_KEYS; key++) {
        read_key(&out->key[key], words, key);
    }
    for (uint32_t i = 0; i < ALOFT_EFUSE_DIGESTS; i++) {
        uint32_t key = find_purpose(out, ALOFT_EFUSE_DIGEST0 + i);
        if (key < ALOFT_EFUSE_KEYS && !out->key[key].blank) {
            out->digests |= (uint8_t)(1u << i);
            out->digest_key[i] = (uint8_t)key;
            memcpy(out->digest[i], out->key[key].bytes, ALOFT_EFUSE_KEY_LEN);
        }
    }
}

// Adds a step for those of the bits that are not burned.
static enum aloft_err want(struct aloft_efuse_plan *plan, const struct aloft_efuse_words *words,
                           uint32_t index, uint32_t bits)
{
    bits &= ~words->word[index];
    if (bits == 0) {
        return ALOFT_OK;
    }
    if ((bits & aloft_efuse_fixed(words, index)) != 0) {
        return ALOFT_ERR_EFUSE_PROTECTED;
    }
    plan->step[plan->count++] = (struct aloft_efuse_step){(uint8_t)index, bits};
    return ALOFT_OK;
}

// True when some burns can still turn what the block holds into this key.
static bool becomes(const struct aloft_efuse_key *block, const uint8_t *key, uint32_t purpose)
{
    uint32_t early = purpose & ~DIGEST_BIT; // what is burned of a purpose before its last bit
    bool fits = !block->read_protected && !block->write_protected && (block->purpose & ~early) == 0;
    for (uint32_t i = 0; i < ALOFT_EFUSE_KEY_LEN; i++) {
        fits = fits && (block->bytes[i] & ~key[i]) == 0;
    }
    return fits && !block->purpose_protected;
}

// The block where this key goes: one where it was begun, the preferred one, the first free one.
static uint32_t find_room(const struct aloft_efuse *efuse, const uint8_t *key, uint32_t purpose,
                          uint32_t preferred)
{
    uint32_t room = ALOFT_EFUSE_KEYS;
    for (uint32_t i = ALOFT_EFUSE_KEYS; i-- > 0;) {
        const struct aloft_efuse_key *block = &efuse->key[i];
        bool free = block->blank && block->purpose == 0 && becomes(block, key, purpose);
        room = free && room != preferred ? i : room;
    }
    for (uint32_t i = 0; i < ALOFT_EFUSE_KEYS; i++) {
        if (!efuse->key[i].blank && becomes(&efuse->key[i], key, purpose)) {
            return i;
        }
    }
    return room;
}

// The key, then its purpose, of which the bit that makes a digest comes last and alone, so that no
// part of one purpose is another's.
static enum aloft_err plan_block(struct aloft_efuse_plan *plan,
                                 const struct aloft_efuse_words *words, uint32_t purpose,
                                 const uint8_t *key)
{
    uint32_t at = KEY0 + ALOFT_EFUSE_KEY_WORDS * plan->key;
    uint32_t shift = purpose_shift(plan->key);
    enum aloft_err err = ALOFT_OK;
    for (uint32_t i = 0; i < ALOFT_EFUSE_KEY_WORDS && err == ALOFT_OK; i++) {
        err = want(plan, words, at + i, aloft_get_le32(key + 4 * i));
    }
    if (err == ALOFT_OK) {
        err = want(plan, words, purpose_index(plan->key), (purpose & ~DIGEST_BIT) << shift);
    }
    if (err == ALOFT_OK) {
        err = want(plan, words, purpose_index(plan->key), (purpose & DIGEST_BIT) << shift);
    }
    if (err == ALOFT_OK) {
        err = want(plan, words, WR_DIS,
                   1u << (FIX_KEY + plan->key) | 1u << (FIX_PURPOSE + plan->key));
    }
    return err;
}

enum aloft_err aloft_efuse_plan_digest(struct aloft_efuse_plan *plan,
                                       const struct aloft_efuse_words *words, uint32_t slot,
                                       const uint8_t digest[ALOFT_EFUSE_KEY_LEN])
{
    struct aloft_efuse efuse;
    uint32_t purpose = ALOFT_EFUSE_DIGEST0 + slot;
    plan->count = 0;
    if (slot >= ALOFT_EFUSE_DIGESTS || aloft_bytes_are(digest, ALOFT_EFUSE_KEY_LEN, 0)) {
        return ALOFT_ERR_ARG;
    }
    aloft_efuse_read(&efuse, words);
    if ((efuse.revoked >> slot & 1) != 0) {
        return ALOFT_ERR_EFUSE_OLD_KEY;
    }
    plan->key = find_purpose(&efuse, purpose);
    if (plan->key == ALOFT_EFUSE_KEYS) {
        plan->key = find_room(&efuse, digest, purpose, slot);
    } else if (memcmp(efuse.key[plan->key].bytes, digest, ALOFT_EFUSE_KEY_LEN) != 0) {
        return ALOFT_ERR_EFUSE_BURNED;
    }
    return plan->key == ALOFT_EFUSE_KEYS ? ALOFT_ERR_EFUSE_FULL
                                         : plan_block(plan, words, purpose, digest);
}

// The block that holds all of the key under its purpose, but is not hidden or protected yet.
static uint32_t find_open(const struct aloft_efuse *efuse, const uint8_t *key, uint32_t purpose)
{
    uint32_t i = 0;
    while (i < ALOFT_EFUSE_KEYS &&
           (efuse->key[i].purpose != purpose || efuse->key[i].read_protected ||
            memcmp(efuse->key[i].bytes, key, ALOFT_EFUSE_KEY_LEN) != 0)) {
        i++;
    }
    return i;
}

enum aloft_err aloft_efuse_plan_key(struct aloft_efuse_plan *plan,
                                    const struct aloft_efuse_words *words,
                                    enum aloft_efuse_purpose purpose,
                                    const uint8_t key[ALOFT_EFUSE_KEY_LEN])
{
    struct aloft_efuse efuse;
    plan->count = 0;
    if (purpose >= ALOFT_EFUSE_DIGEST0 || aloft_bytes_are(key, ALOFT_EFUSE_KEY_LEN, 0)) {
        return ALOFT_ERR_ARG;
    }
    aloft_efuse_read(&efuse, words);
    plan->key = find_open(&efuse, key, purpose);
    if (plan->key == ALOFT_EFUSE_KEYS) {
        plan->key = find_room(&efuse, key, purpose, 0);
    }
    if (plan->key == ALOFT_EFUSE_KEYS) {
        return ALOFT_ERR_EFUSE_FULL;
    }
    enum aloft_err err = plan_block(plan, words, purpose, key);
    return err == ALOFT_OK && purpose != ALOFT_EFUSE_USER
               ? want(plan, words, RD_DIS, 1u << plan->key)
               : err;
}

enum aloft_err aloft_efuse_plan_revoke(struct aloft_efuse_plan *plan,
                                       const struct aloft_efuse_words *words, uint32_t slot)
{
    plan->count = 0;
    return slot >= ALOFT_EFUSE_DIGESTS ? ALOFT_ERR_ARG
                                       : want(plan, words, REVOKE, 1u << (REVOKE_SHIFT + slot));
}

enum aloft_err aloft_efuse_plan_version(struct aloft_efuse_plan *plan,
                                        const struct aloft_efuse_words *words, uint32_t version)
{
    uint32_t bits = words->word[VERSION] & VERSION_MASK;
    uint32_t have = count_bits(bits);
    plan->count = 0;
    if (version > ALOFT_EFUSE_VERSION_MAX) {
        return ALOFT_ERR_EFUSE_VERSION;
    }
    for (uint32_t bit = 1u << VERSION_SHIFT; have < version; bit <<= 1) {
        have += (bits & bit) == 0;
        bits |= bit;
    }
    return want(plan, words, VERSION, bits);
}

bool aloft_efuse_encrypts(const struct aloft_efuse_words *words, uint32_t *word)
{
    *word = 0;
    for (uint32_t key = ALOFT_EFUSE_KEYS; key-- > 0;) {
        if (purpose_of(words, key) == ALOFT_EFUSE_XTS_AES_128) {
            *word = KEY0 + ALOFT_EFUSE_KEY_WORDS * key;
        }
    }
    return count_bits(words->word[REVOKE] >> CRYPT_SHIFT & CRYPT_MASK) % 2 != 0;
}

enum aloft_err aloft_efuse_plan_encryption(struct aloft_efuse_plan *plan,
                                           const struct aloft_efuse_words *words)
{
    uint32_t word;
    plan->count = 0;
    (void)aloft_efuse_encrypts(words, &word); // asked for the key alone
    return word == 0 ? ALOFT_ERR_EFUSE_NO_KEY
                     : want(plan, words, REVOKE, CRYPT_MASK << CRYPT_SHIFT);
}

enum aloft_err aloft_efuse_plan_secure_boot(struct aloft_efuse_plan *plan,
                                            const struct aloft_efuse_words *words,
                                            bool revoke_empty)
{
    struct aloft_efuse efuse;
    uint32_t empty;
    aloft_efuse_read(&efuse, words);
    plan->count = 0;
    if ((efuse.digests & ~efuse.revoked) == 0) {
        return ALOFT_ERR_EFUSE_NO_KEY;
    }
    empty = revoke_empty ? ~(uint32_t)efuse.digests & 7 : 0;
    enum aloft_err err = want(plan, words, WR_DIS, 1u << FIX_RD_DIS);
    if (err == ALOFT_OK) {
        err = want(plan, words, REVOKE, empty << REVOKE_SHIFT);
    }
    return err == ALOFT_OK ? want(plan, words, SECURE, SECURE_BOOT_EN) : err;
}
