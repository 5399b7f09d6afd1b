// Signature sectors. What is taken, and the name of what is not, are those of a second opinion that
// knows the format by its offsets; the keys of an app never grow by what its own keys let in.
// Input: what the device trusts, then for each of three places how to fill it and with what, then
// changes of single bytes.
#include "aloft/base/bytes.h"
#include "aloft/base/crc32.h"
#include "fuzz.h"
#include "hostlib/crypto/mbed_crypto.h"
#include "signer.h"

enum { SECTOR = 4096, BLOCK = 1216, PLACES = 3, CONTENT = 4096 };
enum fill { BLANK, SIGNED, OF_OTHER_CONTENT, FROM_INPUT, FILLS };

static uint8_t chip[CONTENT + SECTOR];
static uint8_t *const sector = chip + CONTENT;
static uint8_t content_digest[ALOFT_SHA256_LEN];
static uint8_t blocks[2][SIGNER_KEYS][BLOCK]; // over the content, and over other content

static void sha256(const uint8_t *data, uint32_t len, uint8_t *out)
{
    struct aloft_hash hash;
    FUZZ_CHECK(aloft_mbed_crypto.hash_init(&hash, ALOFT_HASH_SHA256) == ALOFT_OK);
    FUZZ_CHECK(aloft_mbed_crypto.hash_feed(&hash, data, len) == ALOFT_OK);
    FUZZ_CHECK(aloft_mbed_crypto.hash_finish(&hash, out) == ALOFT_OK);
}

static void prepare(void)
{
    uint8_t other[ALOFT_SHA256_LEN] = {1};
    if (blocks[0][0][0] != 0) {
        return;
    }
    sha256(chip, CONTENT, content_digest);
    for (int key = 0; key < SIGNER_KEYS; key++) {
        signer_block(blocks[0][key], (enum signer_key)key, content_digest);
        signer_block(blocks[1][key], (enum signer_key)key, other);
    }
}

static enum aloft_err read_op(void *ctx, uint32_t addr, void *buf, uint32_t len)
{
    memcpy(buf, (const uint8_t *)ctx + addr, len);
    return ALOFT_OK;
}

static void fill_place(struct fuzz_input *in, uint8_t *block)
{
    uint8_t how = fuzz_u8(in);
    uint8_t key = fuzz_u8(in) % SIGNER_KEYS;
    switch ((enum fill)(how % FILLS)) {
    case BLANK:
    case FILLS:
        break;
    case SIGNED:
    case OF_OTHER_CONTENT:
        memcpy(block, blocks[how % FILLS == OF_OTHER_CONTENT][key], BLOCK);
        break;
    case FROM_INPUT:
        memset(block, 0, BLOCK);
        (void)fuzz_bytes(in, block, fuzz_u16(in) % BLOCK);
        break;
    }
}

// Changes of single bytes, each with or without a CRC that fits afterwards.
static void change(struct fuzz_input *in)
{
    while (in->left >= 4) {
        uint32_t at = fuzz_u16(in);
        uint8_t value = fuzz_u8(in);
        bool fix = fuzz_u8(in) % 2 != 0;
        uint8_t *block = sector + at % SECTOR / BLOCK * BLOCK;
        sector[at % SECTOR] = value;
        if (fix && at % SECTOR < PLACES * BLOCK) {
            aloft_put_le32(block + 1196, aloft_crc32(0, block, 1196));
        }
    }
}

static bool filled_with(const uint8_t *data, uint32_t len, uint8_t value)
{
    while (len > 0 && *data == value) {
        data++;
        len--;
    }
    return len == 0;
}

// The second opinion on one block: 0 no block, else how far it comes, from 1 (damaged) to 7 (good).
static int opinion(const struct aloft_trust *trust, const uint8_t *block)
{
    uint8_t key[ALOFT_SHA256_LEN];
    bool rsa = block[1] == 2;
    bool p384 = block[1] == 3 && block[2] == 1;
    uint32_t curve = p384 ? block[52] : block[36];
    uint32_t end = rsa ? 1196 : p384 ? 245 : 165;
    bool whole = block[0] == 0xE7 && block[3] == 0 && (rsa || block[1] == 3) &&
                 block[2] == (p384 ? 1 : 0) &&
                 (rsa || curve == (p384 ? 3 : 1) || (!p384 && curve == 2)) &&
                 filled_with(block + end, 1196 - end, 0) &&
                 aloft_get_le32(block + 1196) == aloft_crc32(0, block, 1196);
    if (!whole) {
        return filled_with(block, BLOCK, 0xFF) ? 0 : 1;
    }
    if (!rsa && (p384 || curve != 2)) {
        return 2;
    }
    if (memcmp(block + 4, content_digest, sizeof content_digest) != 0) {
        return 5;
    }
    sha256(block + 36, rsa ? 776 : 65, key);
    int known = 3;
    for (int i = 0; i < trust->count; i++) {
        bool same = memcmp(trust->key[i], key, sizeof key) == 0;
        int here = (trust->revoked >> i & 1) != 0 ? 4 : 7;
        known = same && here > known ? here : known;
    }
    if (known != 7) {
        return known;
    }
    enum aloft_err err = aloft_mbed_signed_crypto.verify(
        rsa ? ALOFT_SIGNATURE_RSA3072_PSS : ALOFT_SIGNATURE_P256, block + (rsa ? 36 : 37),
        block + (rsa ? 812 : 101), content_digest);
    return err == ALOFT_OK ? 7 : 6;
}

static enum aloft_err second_opinion(const struct aloft_trust *trust)
{
    static const int names[] = {ALOFT_ERR_SIGNATURE_MISSING, ALOFT_ERR_SIGNATURE_BLOCK,
                                ALOFT_ERR_SIGNATURE_CURVE,   ALOFT_ERR_SIGNATURE_KEY,
                                ALOFT_ERR_SIGNATURE_OLD_KEY, ALOFT_ERR_SIGNATURE_IMAGE,
                                ALOFT_ERR_SIGNATURE_BAD,     ALOFT_OK};
    int best = 0;
    int worst = 7;
    if (!filled_with(sector + (size_t)PLACES * BLOCK, SECTOR - PLACES * BLOCK, 0xFF)) {
        return ALOFT_ERR_SIGNATURE_SECTOR;
    }
    for (int i = 0; i < PLACES; i++) {
        const uint8_t *block = sector + (size_t)i * BLOCK;
        int here = opinion(trust, block);
        if (here > 0 && !filled_with(block + 1200, 16, 0)) {
            return ALOFT_ERR_SIGNATURE_SECTOR;
        }
        best = here > best ? here : best;
        worst = here > 1 && here < worst ? here : worst;
    }
    return (enum aloft_err)names[trust->all && best == 7 ? worst : best];
}

static enum aloft_err judge(const struct aloft_trust *trust, const struct aloft_flash_view *view)
{
    enum aloft_err err =
        aloft_trust_judge(trust, &aloft_mbed_signed_crypto, view, CONTENT, content_digest);
    FUZZ_CHECK(err == second_opinion(trust));
    return err;
}

static bool has(const struct aloft_trust *trust, const uint8_t *key)
{
    for (int i = 0; i < trust->count; i++) {
        if (memcmp(trust->key[i], key, ALOFT_SHA256_LEN) == 0) {
            return true;
        }
    }
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct aloft_flash_ops ops = {read_op, NULL, NULL};
    const struct aloft_flash flash = {&ops, chip, {sizeof chip, 0x1000, 0x10000, 1}, NULL};
    const struct aloft_flash_view view = {&flash, 0, sizeof chip};
    struct fuzz_input in = {data, size};
    struct aloft_trust trust;
    struct aloft_trust next;
    enum signer_key keys[ALOFT_TRUST_KEYS];
    prepare();
    uint8_t choice = fuzz_u8(&in);
    uint8_t picks = fuzz_u8(&in);
    for (uint32_t i = 0; i < ALOFT_TRUST_KEYS; i++) {
        keys[i] = (enum signer_key)(picks >> 2 * i & 3);
    }
    signer_trust(&trust, keys, choice & 3);
    trust.revoked = choice >> 2 & 7;
    trust.all = (choice & 32) != 0;
    memset(sector, 0xFF, SECTOR);
    for (int i = 0; i < PLACES; i++) {
        fill_place(&in, sector + (size_t)i * BLOCK);
    }
    change(&in);
    enum aloft_err err = judge(&trust, &view);
    // When all blocks count, what these keys let in gives no other key to the next start.
    next = trust;
    bool keyed =
        aloft_trust_of_app(&next, &aloft_mbed_signed_crypto, &view, CONTENT - 8) == ALOFT_OK;
    FUZZ_CHECK(next.count <= ALOFT_TRUST_KEYS && keyed == (next.count > 0));
    for (int i = 0; i < next.count && trust.all && err == ALOFT_OK; i++) {
        FUZZ_CHECK(has(&trust, next.key[i]));
    }
    (void)judge(&next, &view);
    return 0;
}
