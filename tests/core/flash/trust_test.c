// Whose signature is taken: each way in which a signature sector can be wrong has its own fault.
// The blocks of the first tests are espsecure's; those of the others are made by signer.h, with the
// keys A, B (RSA-3072), P and Q (P-256).
#include "aloft/base/bytes.h"
#include "aloft/base/crc32.h"
#include "aloft/trust.h"
#include "aloft/verify.h"
#include "check.h"
#include "device.h"
#include "hostlib/crypto/mbed_crypto.h"
#include "signed_blocks.h"
#include "signer.h"
#include "split.h"

enum { CONTENT = 4096, SECTOR = 4096, CHIP = 0x8000, BLOCK = ALOFT_SIGBLOCK_LEN };

static uint8_t chip[CHIP];
static struct ram_flash ram;
static struct aloft_flash_view view;
static struct aloft_trust trust;
static const struct aloft_crypto *crypto = &aloft_mbed_signed_crypto;

static uint8_t *sector_at(uint32_t at)
{
    return chip + CONTENT + at;
}

static void digest_of(uint32_t len, uint8_t out[ALOFT_SHA256_LEN])
{
    struct aloft_hash hash;
    CHECK_EQ(crypto->hash_init(&hash, ALOFT_HASH_SHA256), ALOFT_OK);
    CHECK_EQ(crypto->hash_feed(&hash, chip, len), ALOFT_OK);
    CHECK_EQ(crypto->hash_finish(&hash, out), ALOFT_OK);
}

static void fresh(void)
{
    ram_flash_init(&ram, chip, sizeof chip);
    ram_flash_encrypt(&ram, device_unit);
    view = (struct aloft_flash_view){&ram.flash, 0, sizeof chip};
    for (uint32_t i = 0; i < CONTENT; i++) {
        chip[i] = (uint8_t)(i * 7 + i / 256);
    }
}

static enum aloft_err judge(void)
{
    uint8_t digest[ALOFT_SHA256_LEN];
    digest_of(CONTENT, digest);
    return aloft_trust_judge(&trust, crypto, &view, CONTENT, digest);
}

static void trusts(const enum signer_key *keys, uint32_t count)
{
    signer_trust(&trust, keys, count);
}

// The content, signed with these keys; the device trusts A and P.
static void signed_with(const enum signer_key *keys, uint32_t count)
{
    fresh();
    signer_sign(chip, CONTENT, keys, count);
    trusts((enum signer_key[]){SIGNER_A, SIGNER_P}, 2);
}

// What a forger can do: any change, with a CRC that fits.
static void fix_crc(uint8_t *block)
{
    aloft_put_le32(block + 1196, aloft_crc32(0, block, 1196));
}

// Blocks that espsecure made, in this order, and this key's digest in the eFuse.
static void espsecure(const char *blocks, const uint8_t *key_digest)
{
    trusts(NULL, 0);
    fresh();
    memset(sector_at(0), 0xFF, SECTOR);
    for (uint32_t i = 0; blocks[i] != 0; i++) {
        uint8_t *to = sector_at(i * BLOCK);
        if (blocks[i] == 'r') {
            espsecure_block(to, espsecure_rsa3072, sizeof espsecure_rsa3072, ESPSECURE_RSA3072_CRC);
        } else if (blocks[i] == 'p') {
            espsecure_block(to, espsecure_p256, sizeof espsecure_p256, ESPSECURE_P256_CRC);
        } else {
            espsecure_block(to, espsecure_p192, sizeof espsecure_p192, ESPSECURE_P192_CRC);
        }
    }
    trust.count = 1;
    memcpy(trust.key[0], key_digest, ALOFT_SHA256_LEN);
}

static void what_espsecure_signed_is_taken_by_its_key_alone(void)
{
    static const struct {
        const char *blocks;
        const uint8_t *key;
        enum aloft_err err;
    } cases[] = {
        {"r", espsecure_rsa3072_key_digest, ALOFT_OK},
        {"p", espsecure_p256_key_digest, ALOFT_OK},
        {"rp", espsecure_p256_key_digest, ALOFT_OK},
        {"pr", espsecure_p256_key_digest, ALOFT_OK},
        {"npr", espsecure_rsa3072_key_digest, ALOFT_OK},
        {"r", espsecure_p256_key_digest, ALOFT_ERR_SIGNATURE_KEY},
        {"p", espsecure_rsa3072_key_digest, ALOFT_ERR_SIGNATURE_KEY},
        {"n", espsecure_p192_key_digest, ALOFT_ERR_SIGNATURE_CURVE},
        {"", espsecure_p256_key_digest, ALOFT_ERR_SIGNATURE_MISSING},
    };
    for (uint32_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        check_note("case %ld", (long)i, 0);
        espsecure(cases[i].blocks, cases[i].key);
        CHECK_EQ(judge(), cases[i].err);
    }
}

static void each_fault_has_its_name(void)
{
    const enum signer_key a[] = {SIGNER_A};
    signed_with(a, 1);
    CHECK_EQ(judge(), ALOFT_OK);
    trust.revoked = 1;
    CHECK_EQ(judge(), ALOFT_ERR_SIGNATURE_OLD_KEY);
    trust.revoked = 2; // P
    CHECK_EQ(judge(), ALOFT_OK);
    trust.count = 0;
    CHECK_EQ(judge(), ALOFT_ERR_SIGNATURE_KEY);
    signed_with(a, 1);
    chip[77] ^= 1;
    CHECK_EQ(judge(), ALOFT_ERR_SIGNATURE_IMAGE);
    signed_with(a, 1);
    *sector_at(500) ^= 1;
    CHECK_EQ(judge(), ALOFT_ERR_SIGNATURE_BLOCK);
    signed_with(a, 1);
    memset(sector_at(0), 0xFF, SECTOR);
    CHECK_EQ(judge(), ALOFT_ERR_SIGNATURE_MISSING);
    signed_with(a, 1);
    *sector_at(3 * BLOCK) = 0xE7; // a fourth block has no place
    CHECK_EQ(judge(), ALOFT_ERR_SIGNATURE_SECTOR);
}

// Behind an unsigned image flash holds an older image, or noise where it is encrypted. That was
// reported as a signature sector that is not blank, and not as a missing signature.
static void an_unsigned_image_is_unsigned_whatever_follows_it(void)
{
    uint32_t seed = 7;
    trusts((enum signer_key[]){SIGNER_A, SIGNER_P}, 2);
    for (uint32_t i = 0; i < 20; i++) {
        fresh();
        check_note("round %ld", (long)i, 0);
        for (uint32_t at = 0; at < SECTOR && i > 0; at++) { // the first time: as it was erased
            *sector_at(at) = (uint8_t)split_random(&seed);
        }
        *sector_at(3 * BLOCK) = 0xE7; // like the beginning of a block
        CHECK_EQ(judge(), ALOFT_ERR_SIGNATURE_MISSING);
    }
}

static void a_forged_signature_is_refused_whatever_its_crc_says(void)
{
    static const enum signer_key keys[] = {SIGNER_A, SIGNER_P};
    for (uint32_t i = 0; i < 2; i++) {
        uint32_t from = keys[i] == SIGNER_A ? 812 : 101;
        uint32_t len = keys[i] == SIGNER_A ? 384 : 64;
        signed_with(&keys[i], 1);
        for (uint32_t at = from; at < from + len; at += 7) {
            *sector_at(at) ^= 0x10;
            fix_crc(sector_at(0));
            check_note("key %ld, byte %ld", (long)i, (long)at);
            CHECK_EQ(judge(), ALOFT_ERR_SIGNATURE_BAD);
            *sector_at(at) ^= 0x10;
        }
        *sector_at(4) ^= 1; // the digest that it claims
        fix_crc(sector_at(0));
        CHECK_EQ(judge(), ALOFT_ERR_SIGNATURE_IMAGE);
        *sector_at(4) ^= 1;
        *sector_at(50) ^= 1; // its key
        fix_crc(sector_at(0));
        CHECK_EQ(judge(), ALOFT_ERR_SIGNATURE_KEY);
    }
}

static void a_signature_of_other_content_is_refused(void)
{
    static const enum signer_key keys[] = {SIGNER_A, SIGNER_P};
    static uint8_t stolen[SECTOR];
    for (uint32_t i = 0; i < 2; i++) {
        signed_with(&keys[i], 1);
        memcpy(stolen, sector_at(0), SECTOR);
        chip[1] ^= 1;
        CHECK_EQ(judge(), ALOFT_ERR_SIGNATURE_IMAGE);
        // And with the digest of this content put into the block of the other one:
        uint8_t *block = sector_at(0);
        digest_of(CONTENT, block + 4);
        fix_crc(block);
        CHECK_EQ(judge(), ALOFT_ERR_SIGNATURE_BAD);
    }
}

static void no_bit_of_the_sector_of_one_block_may_change(void)
{
    static const enum signer_key keys[] = {SIGNER_A, SIGNER_P};
    for (uint32_t i = 0; i < 2; i++) {
        signed_with(&keys[i], 1);
        // Behind the block all places are alike, and P-256 is slow: there some will do.
        for (uint32_t at = 0, step; at < SECTOR; at += step) {
            step = (at > BLOCK && at < 3 * BLOCK ? 1 + 32 * i : 1) * device_stride(13);
            enum aloft_err expected =
                at < 1200 ? ALOFT_ERR_SIGNATURE_BLOCK : ALOFT_ERR_SIGNATURE_SECTOR;
            *sector_at(at) ^= (uint8_t)(1u << at % 8);
            check_note("key %ld, byte %ld", (long)i, (long)at);
            CHECK_EQ(judge(), expected);
            *sector_at(at) ^= (uint8_t)(1u << at % 8);
        }
        CHECK_EQ(judge(), ALOFT_OK);
    }
}

static void of_several_blocks_a_damaged_one_counts_as_absent(void)
{
    const enum signer_key keys[] = {SIGNER_B, SIGNER_A, SIGNER_P};
    signed_with(keys, 3);
    for (uint32_t bad = 0; bad < 3; bad++) {
        for (uint32_t at = 0; at < 1200; at += 11 * device_stride(7)) {
            uint8_t *byte = sector_at(bad * BLOCK + at);
            *byte ^= 0x80;
            check_note("block %ld, byte %ld", (long)bad, (long)at);
            CHECK_EQ(judge(), ALOFT_OK); // A or P is left
            *byte ^= 0x80;
        }
    }
    *sector_at(BLOCK) ^= 1;
    *sector_at(2 * BLOCK) ^= 1;
    CHECK_EQ(judge(), ALOFT_ERR_SIGNATURE_KEY); // only B is left
    *sector_at(0) ^= 1;
    CHECK_EQ(judge(), ALOFT_ERR_SIGNATURE_BLOCK);
}

static void a_blank_place_before_a_block_does_not_hide_it(void)
{
    const enum signer_key keys[] = {SIGNER_B, SIGNER_B, SIGNER_A};
    signed_with(keys, 3);
    memset(sector_at(0), 0xFF, 2 * BLOCK);
    CHECK_EQ(judge(), ALOFT_OK);
}

static void blocks_may_stand_in_any_order(void)
{
    const enum signer_key keys[][3] = {{SIGNER_A, SIGNER_B, SIGNER_Q},
                                       {SIGNER_B, SIGNER_A, SIGNER_Q},
                                       {SIGNER_B, SIGNER_Q, SIGNER_A},
                                       {SIGNER_Q, SIGNER_B, SIGNER_P}};
    for (uint32_t i = 0; i < 4; i++) {
        signed_with(keys[i], 3);
        CHECK_EQ(judge(), ALOFT_OK);
        trust.revoked = 3;
        CHECK_EQ(judge(), ALOFT_ERR_SIGNATURE_OLD_KEY);
        trusts(NULL, 0);
        CHECK_EQ(judge(), ALOFT_ERR_SIGNATURE_KEY);
    }
}

// Blocks that are worse each time; the fault is that of the best, wherever it stands.
static void the_fault_is_that_of_the_block_that_came_furthest(void)
{
    static const enum aloft_err faults[] = {ALOFT_ERR_SIGNATURE_BAD,     ALOFT_ERR_SIGNATURE_IMAGE,
                                            ALOFT_ERR_SIGNATURE_OLD_KEY, ALOFT_ERR_SIGNATURE_KEY,
                                            ALOFT_ERR_SIGNATURE_CURVE,   ALOFT_ERR_SIGNATURE_BLOCK};
    enum { KINDS = sizeof faults / sizeof faults[0] };
    static uint8_t blocks[KINDS][BLOCK];
    const enum signer_key keys[] = {SIGNER_A, SIGNER_P, SIGNER_Q};
    signed_with(keys, 3);
    memcpy(blocks[0], sector_at(0), BLOCK); // A, forged
    blocks[0][900] ^= 1;
    fix_crc(blocks[0]);
    memcpy(blocks[1], sector_at(0), BLOCK); // A, of other content
    blocks[1][4] ^= 1;
    fix_crc(blocks[1]);
    memcpy(blocks[2], sector_at(BLOCK), BLOCK);     // P, which is revoked below
    memcpy(blocks[3], sector_at(2 * BLOCK), BLOCK); // Q, which is not known
    espsecure_block(blocks[4], espsecure_p192, sizeof espsecure_p192, ESPSECURE_P192_CRC);
    memcpy(blocks[5], sector_at(0), BLOCK);
    blocks[5][0] = 0xE6;
    trust.revoked = 2;
    for (uint32_t i = 0; i < KINDS; i++) {
        for (uint32_t j = i; j < KINDS; j++) {
            check_note("blocks %ld and %ld", (long)i, (long)j);
            memset(sector_at(0), 0xFF, SECTOR);
            memcpy(sector_at(0), blocks[i], BLOCK);
            memcpy(sector_at(2 * BLOCK), blocks[j], BLOCK);
            CHECK_EQ(judge(), faults[i]);
            memcpy(sector_at(0), blocks[j], BLOCK);
            memcpy(sector_at(2 * BLOCK), blocks[i], BLOCK);
            CHECK_EQ(judge(), faults[i]);
        }
    }
}

static void a_key_in_two_places_is_revoked_when_both_are(void)
{
    const enum signer_key a[] = {SIGNER_A, SIGNER_A};
    signed_with(a, 1);
    trusts(a, 2);
    static const enum aloft_err expected[] = {ALOFT_OK, ALOFT_OK, ALOFT_OK,
                                              ALOFT_ERR_SIGNATURE_OLD_KEY};
    for (uint8_t revoked = 0; revoked < 4; revoked++) {
        trust.revoked = revoked;
        CHECK_EQ(judge(), expected[revoked]);
    }
}

static void a_count_beyond_the_keys_reads_none_of_what_follows(void)
{
    const enum signer_key b[] = {SIGNER_B};
    signed_with(b, 1);
    trust.count = 255;
    CHECK_EQ(judge(), ALOFT_ERR_SIGNATURE_KEY);
}

static void a_sector_that_the_slot_has_no_room_for_is_missing(void)
{
    const enum signer_key a[] = {SIGNER_A};
    signed_with(a, 1);
    for (uint32_t len = 0; len < CONTENT + SECTOR; len += 4095) {
        view.len = len;
        CHECK_EQ(judge(), ALOFT_ERR_SIGNATURE_MISSING);
    }
    view.len = CONTENT + SECTOR;
    CHECK_EQ(judge(), ALOFT_OK);
}

static enum aloft_err broken_hash(struct aloft_hash *hash, enum aloft_hash_alg alg)
{
    (void)hash;
    (void)alg;
    return ALOFT_ERR_CRYPTO;
}

static enum aloft_err out_of_memory(enum aloft_signature_alg alg, const uint8_t *key,
                                    const uint8_t *signature, const uint8_t *digest)
{
    (void)alg;
    (void)key;
    (void)signature;
    (void)digest;
    return ALOFT_ERR_CRYPTO;
}

static void what_cannot_be_read_or_computed_is_not_trusted(void)
{
    const enum signer_key a[] = {SIGNER_A, SIGNER_B, SIGNER_P};
    struct aloft_crypto broken = *crypto;
    uint8_t digest[ALOFT_SHA256_LEN];
    signed_with(a, 3);
    digest_of(CONTENT, digest);
    for (ram.fail_op = 1; ram.fail_op <= 4; ram.fail_op++) { // the rest, and three blocks
        ram.ops = 0;
        CHECK_EQ(judge(), ALOFT_ERR_FLASH_READ);
    }
    ram.fail_op = 0;
    broken.verify = NULL; // a port that can hash only
    CHECK_EQ(aloft_trust_judge(&trust, &broken, &view, CONTENT, digest), ALOFT_ERR_CRYPTO);
    broken.verify = out_of_memory;
    CHECK_EQ(aloft_trust_judge(&trust, &broken, &view, CONTENT, digest), ALOFT_ERR_CRYPTO);
    broken = *crypto;
    broken.hash_init = broken_hash;
    CHECK_EQ(aloft_trust_judge(&trust, &broken, &view, CONTENT, digest), ALOFT_ERR_CRYPTO);
}

// The running app's keys, as a device without hardware secure boot takes them.
static void the_running_app_says_who_may_sign_the_next(void)
{
    const enum signer_key both[] = {SIGNER_A, SIGNER_P};
    const enum signer_key b[] = {SIGNER_B};
    uint8_t key[ALOFT_SHA256_LEN];
    signed_with(both, 2);
    memset(trust.key, 0, sizeof trust.key);
    trust.revoked = 7;
    CHECK_EQ(aloft_trust_of_app(&trust, crypto, &view, CONTENT - 500), ALOFT_OK);
    CHECK_EQ(trust.count, 2);
    CHECK_EQ(trust.revoked, 0);
    signer_key_digest(SIGNER_A, key);
    CHECK_BYTES(trust.key[0], key, sizeof key);
    signer_key_digest(SIGNER_P, key);
    CHECK_BYTES(trust.key[1], key, sizeof key);
    for (uint32_t i = 0; i < 2; i++) { // one of them will do, or both
        signer_sign(chip, CONTENT, &both[i], 1);
        CHECK_EQ(judge(), ALOFT_OK);
    }
    signer_sign(chip, CONTENT, both, 2);
    CHECK_EQ(judge(), ALOFT_OK);
    signer_sign(chip, CONTENT, b, 1);
    CHECK_EQ(judge(), ALOFT_ERR_SIGNATURE_KEY);
}

// Anybody can add a block to an image on its way: the sector itself is not signed. If such an image
// were accepted for its good block, the key of the other one would be trusted from the next start
// on.
static void no_key_can_be_added_to_those_of_the_running_app(void)
{
    const enum signer_key a[] = {SIGNER_A};
    const enum signer_key smuggled[][2] = {{SIGNER_A, SIGNER_B}, {SIGNER_B, SIGNER_A}};
    signed_with(a, 1);
    CHECK_EQ(aloft_trust_of_app(&trust, crypto, &view, CONTENT), ALOFT_OK);
    for (uint32_t i = 0; i < 2; i++) {
        signer_sign(chip, CONTENT, smuggled[i], 2);
        CHECK_EQ(judge(), ALOFT_ERR_SIGNATURE_KEY);
        uint8_t *foreign = sector_at((1 - i) * BLOCK);
        foreign[1100] ^= 1; // nor a block that is not even signed with it
        fix_crc(foreign);
        CHECK_EQ(judge(), ALOFT_ERR_SIGNATURE_KEY);
        foreign[1100] ^= 3; // what is damaged gives no key to the next start
        CHECK_EQ(judge(), ALOFT_OK);
        struct aloft_trust next = trust;
        CHECK_EQ(aloft_trust_of_app(&next, crypto, &view, CONTENT), ALOFT_OK);
        CHECK_EQ(next.count, 1);
    }
    trust.all = false; // where eFuses name the keys, a foreign block does no harm
    signer_sign(chip, CONTENT, smuggled[0], 2);
    CHECK_EQ(judge(), ALOFT_OK);
}

static void an_app_without_signature_trusts_no_key(void)
{
    const enum signer_key a[] = {SIGNER_A};
    signed_with(a, 1);
    memset(sector_at(0), 0xFF, SECTOR);
    CHECK_EQ(aloft_trust_of_app(&trust, crypto, &view, CONTENT), ALOFT_ERR_SIGNATURE_MISSING);
    CHECK_EQ(aloft_trust_of_app(&trust, crypto, &view, sizeof chip), ALOFT_ERR_SIGNATURE_MISSING);
    CHECK_EQ(trust.count, 0);
    espsecure("n", espsecure_p192_key_digest);
    CHECK_EQ(aloft_trust_of_app(&trust, crypto, &view, CONTENT), ALOFT_ERR_SIGNATURE_MISSING);
    espsecure("r", espsecure_rsa3072_key_digest);
    ram.fail_op = 2;
    ram.ops = 0;
    CHECK_EQ(aloft_trust_of_app(&trust, crypto, &view, CONTENT), ALOFT_ERR_FLASH_READ);
    CHECK_EQ(trust.count, 0);
    ram.fail_op = 0;
    CHECK_EQ(aloft_trust_of_app(&trust, crypto, &view, CONTENT), ALOFT_OK);
    CHECK_EQ(judge(), ALOFT_OK);
}

// From here on the content is an image.
static enum aloft_err verify(const struct aloft_image_rules *rules, uint32_t len)
{
    static struct aloft_verify machine;
    aloft_verify_init(&machine, &view, rules);
    machine.len = len;
    machine.image.rules.alone = len != 0;
    while (aloft_verify_step(&machine) == ALOFT_STEP_AGAIN) {
    }
    return machine.err;
}

static struct aloft_image_rules rules(void)
{
    return (struct aloft_image_rules){
        .crypto = crypto, .len_max = CHIP, .chip = NULL, .chip_revision = 0xFFFF, .trust = &trust};
}

static uint32_t image(uint32_t extra, bool hashed, const enum signer_key *keys, uint32_t count)
{
    struct make_image make;
    fresh();
    ram_flash_put_erased(&ram, 0, sizeof chip);
    make_image_begin(&make, chip, sizeof chip);
    chip[MAKE_IMAGE_HASHED] = hashed;
    make_image_app(&make, "1", "test", 256 + extra);
    uint32_t len = make_image_end(&make);
    trusts((enum signer_key[]){SIGNER_A, SIGNER_P}, 2);
    return signer_sign(chip, len, keys, count);
}

// Lengths around a sector and a piece, with and without a SHA-256 of the image's own.
static void an_image_of_any_length_is_judged_up_to_its_sector(void)
{
    const enum signer_key p[] = {SIGNER_P};
    for (uint32_t extra = 0x0D80; extra < 0x0F20; extra += 36) {
        for (uint32_t hashed = 0; hashed < 2; hashed++) {
            struct aloft_image_rules by = rules();
            uint32_t len = image(extra, hashed != 0, p, 1);
            check_note("%ld bytes, hashed %ld", (long)len, (long)hashed);
            CHECK_EQ(verify(&by, 0), ALOFT_OK);   // as the bootloader does
            CHECK_EQ(verify(&by, len), ALOFT_OK); // as the engine does
            memset(chip + len, 0xFF, CHIP - len);
            CHECK_EQ(verify(&by, CHIP), ALOFT_OK); // and an artifact with padding behind it
            chip[len - SECTOR - 1] ^= 1;           // padding, or the last byte of the image
            CHECK(verify(&by, len) != ALOFT_OK);
            CHECK(verify(&by, 0) != ALOFT_OK);
        }
    }
}

static void padding_may_be_anything_that_was_signed_for_a_bootloader(void)
{
    const enum signer_key p[] = {SIGNER_P};
    struct aloft_image_rules by = rules();
    uint32_t len = image(400, true, p, 1);
    chip[len - SECTOR - 1] = 0x55;
    CHECK_EQ(verify(&by, 0), ALOFT_ERR_SIGNATURE_IMAGE);
    signer_sign(chip, len - SECTOR, p, 1);
    CHECK_EQ(verify(&by, 0), ALOFT_OK);
    CHECK_EQ(verify(&by, len), ALOFT_ERR_IMAGE_TRAILING); // an artifact has nothing there
}

// Who changes an image and makes its checksum and SHA-256 fit again has not made its signature.
static void a_changed_image_with_sums_that_fit_is_refused(void)
{
    const enum signer_key a[] = {SIGNER_A};
    struct aloft_image_rules by = rules();
    static uint8_t sector[SECTOR];
    uint32_t len = image(400, true, a, 1);
    memcpy(sector, chip + len - SECTOR, SECTOR);
    by.trust = NULL;
    (void)image(404, true, a, 0);
    memcpy(chip + len - SECTOR, sector, SECTOR);
    CHECK_EQ(verify(&by, 0), ALOFT_OK);
    by.trust = &trust;
    CHECK_EQ(verify(&by, 0), ALOFT_ERR_SIGNATURE_IMAGE);
}

static void an_artifact_that_is_cut_short_is_told_from_one_without_signature(void)
{
    const enum signer_key a[] = {SIGNER_A};
    struct aloft_image_rules by = rules();
    uint32_t len = image(400, true, a, 1);
    uint32_t sector = len - SECTOR;
    for (uint32_t cut = 1; cut < len; cut += 3) {
        uint32_t image_len = 24 + 8 + 656 + 16 + 32;
        enum aloft_err expected = cut < image_len ? ALOFT_ERR_IMAGE_TRUNCATED
                                  : cut <= sector ? ALOFT_ERR_SIGNATURE_MISSING
                                                  : ALOFT_ERR_IMAGE_TRUNCATED;
        check_note("cut at %ld", (long)cut, 0);
        CHECK_EQ(verify(&by, cut), expected);
    }
    CHECK_EQ(verify(&by, len), ALOFT_OK);
    memset(chip + sector, 0xFF, SECTOR);
    CHECK_EQ(verify(&by, len), ALOFT_ERR_SIGNATURE_MISSING);
    CHECK_EQ(verify(&by, 0), ALOFT_ERR_SIGNATURE_MISSING);
}

static void a_trust_without_crypto_trusts_nothing(void)
{
    const enum signer_key a[] = {SIGNER_A};
    struct aloft_image_rules by = rules();
    (void)image(400, true, a, 1);
    by.crypto = NULL;
    CHECK_EQ(verify(&by, 0), ALOFT_ERR_CRYPTO);
}

static void a_device_without_trust_takes_signed_and_unsigned_alike(void)
{
    const enum signer_key q[] = {SIGNER_Q};
    struct aloft_image_rules by = rules();
    uint32_t len = image(400, true, q, 1);
    CHECK_EQ(verify(&by, len), ALOFT_ERR_SIGNATURE_KEY);
    by.trust = NULL;
    CHECK_EQ(verify(&by, len), ALOFT_OK);
    memset(chip + len - SECTOR, 0xFF, SECTOR);
    CHECK_EQ(verify(&by, len), ALOFT_OK);
}

DEVICE_MAIN(TEST(what_espsecure_signed_is_taken_by_its_key_alone), TEST(each_fault_has_its_name),
            TEST(an_unsigned_image_is_unsigned_whatever_follows_it),
            TEST(a_forged_signature_is_refused_whatever_its_crc_says),
            TEST(a_signature_of_other_content_is_refused),
            TEST(no_bit_of_the_sector_of_one_block_may_change),
            TEST(of_several_blocks_a_damaged_one_counts_as_absent),
            TEST(a_blank_place_before_a_block_does_not_hide_it),
            TEST(blocks_may_stand_in_any_order),
            TEST(the_fault_is_that_of_the_block_that_came_furthest),
            TEST(a_key_in_two_places_is_revoked_when_both_are),
            TEST(a_count_beyond_the_keys_reads_none_of_what_follows),
            TEST(a_sector_that_the_slot_has_no_room_for_is_missing),
            TEST(what_cannot_be_read_or_computed_is_not_trusted),
            TEST(the_running_app_says_who_may_sign_the_next),
            TEST(no_key_can_be_added_to_those_of_the_running_app),
            TEST(an_app_without_signature_trusts_no_key),
            TEST(an_image_of_any_length_is_judged_up_to_its_sector),
            TEST(padding_may_be_anything_that_was_signed_for_a_bootloader),
            TEST(a_changed_image_with_sums_that_fit_is_refused),
            TEST(an_artifact_that_is_cut_short_is_told_from_one_without_signature),
            TEST(a_trust_without_crypto_trusts_nothing),
            TEST(a_device_without_trust_takes_signed_and_unsigned_alike))
