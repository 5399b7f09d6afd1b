// One sector, three places. The image judge finds the end of the image; core reads and writes
// blocks; this file decides in which order.
#include "hostlib/keys/sign.h"
#include "aloft/base/bytes.h"
#include "aloft/base/hash.h"
#include "aloft/format/encimg.h"
#include "aloft/trust.h"
#include "hostlib/crypto/mbed_crypto.h"
#include "hostlib/image/image_scan.h"
#include <stdlib.h>
#include <string.h>

#define SECTOR ALOFT_SIGBLOCK_SECTOR

enum { IMAGE_MAGIC = 0xE9, BLOCK_MAGIC = 0xE7, V1_LEN = 68 };

static bool blank(const uint8_t *bytes, uint32_t len)
{
    uint32_t i = 0;
    while (i < len && bytes[i] == 0xFF) {
        i++;
    }
    return i == len;
}

static uint32_t round_up(uint32_t len)
{
    return (len + SECTOR - 1) / SECTOR * SECTOR;
}

static uint8_t *sector_of(const struct aloft_sign *sign)
{
    return sign->data + sign->content_len;
}

// Are there blocks, sound or damaged? Bytes that a device does not take for a block are content.
static bool looks_signed(const uint8_t *sector)
{
    bool found = false;
    for (uint32_t i = 0; i < ALOFT_SIGBLOCK_MAX; i++) {
        const uint8_t *block = sector + i * ALOFT_SIGBLOCK_LEN;
        found = found || (block[0] == BLOCK_MAGIC && (block[1] == 2 || block[1] == 3) &&
                          block[2] <= 1 && block[3] == 0);
    }
    return found;
}

// ---- open

// Where things lie in a file. The sector, when there is one, follows the content.
struct place {
    enum aloft_err image; // OK: the file begins with a good image
    uint32_t image_len;   // of it
    uint32_t content_end; // of the bytes in the file that are content
    bool has_sector;
    bool trailing;
};

static void find_behind_image(struct place *place, const uint8_t *file, uint32_t len)
{
    uint32_t at = round_up(place->image_len);
    at = at < len ? at : len;
    place->content_end = at;
    place->has_sector = len - at >= SECTOR && !blank(file + at, SECTOR);
    uint32_t end = at + (place->has_sector ? SECTOR : 0);
    place->trailing =
        !blank(file + place->image_len, at - place->image_len) || !blank(file + end, len - end);
}

static void find_at_end(struct place *place, uint32_t len)
{
    place->has_sector = len % SECTOR == 0 && len >= 2 * SECTOR;
    place->content_end = len - (place->has_sector ? SECTOR : 0);
}

static struct place find(const uint8_t *file, uint32_t len, bool plain)
{
    static const struct aloft_image_rules any = {.crypto = &aloft_mbed_crypto,
                                                 .len_max = ALOFT_IMAGE_LEN_MAX,
                                                 .bootloader = true,
                                                 .chip_revision = 0xFFFF};
    struct aloft_image_scan scan;
    struct place place = {.image = ALOFT_ERR_IMAGE_MAGIC};
    if (!plain) {
        aloft_image_scan(&any, file, len, &scan);
        place.image = scan.err;
        place.image_len = scan.facts.image_len;
    }
    if (place.image == ALOFT_OK) {
        find_behind_image(&place, file, len);
    } else {
        find_at_end(&place, len);
    }
    return place;
}

static bool is_encrypted(const uint8_t *file, uint32_t len)
{
    struct aloft_encimg image;
    return len >= ALOFT_ENCIMG_HEADER && aloft_encimg_parse(file, &image) != ALOFT_ERR_ENC_HEADER;
}

static bool check(const char *name, const struct place *place, const uint8_t *file, uint32_t len,
                  bool plain, struct aloft_message *error)
{
    if (len == 0) {
        return aloft_message_set(error, "%s is empty", name);
    }
    if (!plain && is_encrypted(file, len)) {
        return aloft_message_set(error,
                                 "%s is an encrypted image; its signature is inside: sign first, "
                                 "then encrypt, and verify what 'aloft decrypt' makes of it. With "
                                 "--plain it is taken as any other file",
                                 name);
    }
    if (place->image == ALOFT_OK && len - place->image_len == V1_LEN &&
        aloft_get_le32(file + place->image_len) == 0) {
        return aloft_message_set(error,
                                 "%s has a signature of Secure Boot V1, which is not supported; "
                                 "take the unsigned image",
                                 name);
    }
    return true;
}

static bool load(struct aloft_sign *sign, const struct place *place, const uint8_t *file,
                 struct aloft_message *error)
{
    uint32_t content_len = round_up(place->content_end);
    memset(sign, 0, sizeof *sign);
    sign->data = malloc((size_t)content_len + SECTOR);
    if (sign->data == NULL) {
        return aloft_message_set(error, "out of memory");
    }
    sign->content_len = content_len;
    sign->padding = content_len - place->content_end;
    sign->image = place->image == ALOFT_OK;
    sign->image_err = place->image == ALOFT_ERR_IMAGE_MAGIC ? ALOFT_OK : place->image;
    sign->has_sector = place->has_sector;
    sign->trailing = place->trailing;
    memcpy(sign->data, file, place->content_end);
    memset(sign->data + place->content_end, 0xFF, sign->padding + SECTOR);
    if (place->has_sector) {
        memcpy(sector_of(sign), file + place->content_end, SECTOR);
    }
    if (aloft_hash_of(&aloft_mbed_crypto, ALOFT_HASH_SHA256, sign->data, content_len,
                      sign->digest) != ALOFT_OK) {
        aloft_sign_release(sign);
        return aloft_message_set(error, "the crypto library failed");
    }
    return true;
}

bool aloft_sign_open(struct aloft_sign *sign, const char *name, const uint8_t *file, uint32_t len,
                     bool plain, struct aloft_message *error)
{
    struct place place = find(file, len, plain);
    bool image = place.image == ALOFT_OK;
    if (!check(name, &place, file, len, plain, error)) {
        return false;
    }
    if (!plain && !image && file[0] == IMAGE_MAGIC) {
        return aloft_message_set(error,
                                 "%s begins like an image, but no device would take it: %s; with "
                                 "--plain it is signed as any other file",
                                 name, aloft_err_sentence(place.image));
    }
    bool sector = place.has_sector && looks_signed(file + place.content_end);
    if (image && (place.trailing || sector != place.has_sector)) {
        return aloft_message_set(error,
                                 "%s: something follows the image that is neither blank nor "
                                 "signatures; with --plain the whole file is signed",
                                 name);
    }
    if (!sector) {
        place.content_end = image ? place.content_end : len;
        place.has_sector = false;
    }
    return load(sign, &place, file, error);
}

bool aloft_sign_open_signed(struct aloft_sign *sign, const char *name, const uint8_t *file,
                            uint32_t len, bool plain, struct aloft_message *error)
{
    struct place place = find(file, len, plain);
    return check(name, &place, file, len, plain, error) && load(sign, &place, file, error);
}

uint32_t aloft_sign_len(const struct aloft_sign *sign)
{
    return sign->content_len + SECTOR;
}

uint32_t aloft_sign_count(const struct aloft_sign *sign)
{
    uint32_t i = 0;
    while (i < ALOFT_SIGBLOCK_MAX &&
           !blank(sector_of(sign) + i * ALOFT_SIGBLOCK_LEN, ALOFT_SIGBLOCK_LEN)) {
        i++;
    }
    return i;
}

void aloft_sign_release(struct aloft_sign *sign)
{
    free(sign->data);
    memset(sign, 0, sizeof *sign);
}

// ---- judge

static bool trusted(const struct aloft_sign_trust *trust, const uint8_t *digest)
{
    bool found = false;
    for (size_t i = 0; i < trust->count; i++) {
        found = found || memcmp(trust->digests[i], digest, ALOFT_SHA256_LEN) == 0;
    }
    return found;
}

static enum aloft_sign_state judge_signature(const struct aloft_sign *sign,
                                             const struct aloft_sigblock *block, bool known)
{
    if (block->kind != ALOFT_SIGBLOCK_RSA3072 && block->kind != ALOFT_SIGBLOCK_P256) {
        return ALOFT_SIGN_WEAK;
    }
    if (memcmp(block->digest, sign->digest, ALOFT_SHA256_LEN) != 0) {
        return ALOFT_SIGN_OTHER;
    }
    if (aloft_keys_verify(block->kind, block->key, block->signature, sign->digest) != ALOFT_OK) {
        return ALOFT_SIGN_BAD;
    }
    return known ? ALOFT_SIGN_GOOD : ALOFT_SIGN_UNKNOWN;
}

static void judge_block(const struct aloft_sign *sign, uint32_t at,
                        const struct aloft_sign_trust *trust, struct aloft_sign_block *out)
{
    struct aloft_sigblock block;
    memset(out, 0, sizeof *out);
    out->kind = aloft_sigblock_read(&block, sector_of(sign) + at * ALOFT_SIGBLOCK_LEN);
    if (out->kind == ALOFT_SIGBLOCK_BLANK) {
        out->state = ALOFT_SIGN_BLANK;
    } else if (out->kind == ALOFT_SIGBLOCK_DAMAGED || !block.zero_after ||
               aloft_sigblock_key_digest(&block, &aloft_mbed_crypto, out->key_digest) != ALOFT_OK) {
        out->state = ALOFT_SIGN_DAMAGED;
    } else {
        out->state = judge_signature(sign, &block, trusted(trust, out->key_digest));
    }
}

static bool any(const struct aloft_sign_block *blocks, enum aloft_sign_state state)
{
    bool found = false;
    for (uint32_t i = 0; i < ALOFT_SIGBLOCK_MAX; i++) {
        found = found || blocks[i].state == state;
    }
    return found;
}

static enum aloft_err read_data(void *ctx, uint32_t addr, void *buf, uint32_t len)
{
    const struct aloft_sign *sign = ctx;
    memcpy(buf, sign->data + addr, len);
    return ALOFT_OK;
}

// The verdict of a device that trusts this key only, or no key.
static enum aloft_err ask_device(struct aloft_sign *sign, const uint8_t *digest)
{
    static const struct aloft_flash_ops ops = {.read = read_data};
    uint8_t scratch[ALOFT_SIGBLOCK_LEN];
    const uint32_t len = aloft_sign_len(sign);
    const struct aloft_flash flash = {&ops, sign, {len, SECTOR, SECTOR, 1}, NULL};
    const struct aloft_flash_view view = {&flash, 0, len};
    struct aloft_trust trust = {.count = digest != NULL, .block = scratch};
    if (digest != NULL) {
        memcpy(trust.key[0], digest, ALOFT_SHA256_LEN);
    }
    return aloft_trust_judge(&trust, &aloft_mbed_signed_crypto, &view, sign->content_len,
                             sign->digest);
}

// One good signature by any of the keys is enough. Otherwise the most specific fault is returned.
static enum aloft_err ask_devices(struct aloft_sign *sign, const struct aloft_sign_trust *trust)
{
    enum aloft_err err = ask_device(sign, NULL);
    for (size_t i = 0; i < trust->count && err != ALOFT_OK; i++) {
        enum aloft_err says = ask_device(sign, trust->digests[i]);
        err = says == ALOFT_ERR_SIGNATURE_KEY ? err : says;
    }
    return err;
}

enum aloft_err aloft_sign_judge(const struct aloft_sign *sign, const struct aloft_sign_trust *trust,
                                struct aloft_sign_block blocks[ALOFT_SIGBLOCK_MAX])
{
    struct aloft_sign copy = *sign; // the seam's context is not const
    for (uint32_t i = 0; i < ALOFT_SIGBLOCK_MAX; i++) {
        judge_block(sign, i, trust, &blocks[i]);
    }
    if (sign->trailing) {
        return ALOFT_ERR_IMAGE_TRAILING;
    }
    if (!sign->has_sector || (!sign->image && !looks_signed(sector_of(sign)))) {
        return ALOFT_ERR_SIGNATURE_MISSING;
    }
    enum aloft_err err = ask_devices(&copy, trust);
    if (err == ALOFT_OK && any(blocks, ALOFT_SIGN_DAMAGED)) {
        return ALOFT_ERR_SIGNATURE_BLOCK;
    }
    if (err == ALOFT_OK && any(blocks, ALOFT_SIGN_OTHER)) {
        return ALOFT_ERR_SIGNATURE_IMAGE;
    }
    return err == ALOFT_OK ? sign->image_err : err;
}

// ---- sign

// Only to a sector that a device will take with one block more.
static bool may_append(const struct aloft_sign *sign, struct aloft_message *error)
{
    static const struct aloft_sign_trust nobody = {NULL, 0};
    struct aloft_sign_block blocks[ALOFT_SIGBLOCK_MAX];
    enum aloft_err err = aloft_sign_judge(sign, &nobody, blocks);
    bool bad = any(blocks, ALOFT_SIGN_BAD) || any(blocks, ALOFT_SIGN_DAMAGED) ||
               any(blocks, ALOFT_SIGN_OTHER) ||
               (err != ALOFT_ERR_SIGNATURE_KEY && err != ALOFT_ERR_SIGNATURE_CURVE);
    return !bad || aloft_message_set(
                       error, "not all signatures that are there are sound; 'aloft verify' says "
                              "which, and --replace signs afresh");
}

bool aloft_sign_begin(struct aloft_sign *sign, enum aloft_sign_how how, struct aloft_message *error)
{
    if (!sign->has_sector) {
        return true;
    }
    if (how == ALOFT_SIGN_FRESH) {
        return aloft_message_set(error, "the file is signed already; --append adds a signature, "
                                        "--replace signs afresh");
    }
    if (how == ALOFT_SIGN_REPLACE) {
        memset(sector_of(sign), 0xFF, SECTOR);
        return true;
    }
    return may_append(sign, error);
}

static bool has_key(const struct aloft_sign *sign, const struct aloft_key *key)
{
    const struct aloft_sign_trust trust = {&key->digest, 1};
    struct aloft_sign_block blocks[ALOFT_SIGBLOCK_MAX];
    (void)aloft_sign_judge(sign, &trust, blocks);
    return any(blocks, ALOFT_SIGN_GOOD);
}

// Before anything is signed: is there room for this key?
static bool may_add(const struct aloft_sign *sign, const struct aloft_key *key,
                    struct aloft_message *error)
{
    if (aloft_sign_count(sign) == ALOFT_SIGBLOCK_MAX) {
        return aloft_message_set(error, "a file has at most %u signatures", ALOFT_SIGBLOCK_MAX);
    }
    return !has_key(sign, key) ||
           aloft_message_set(error, "the file is signed with this key already");
}

bool aloft_sign_attach(struct aloft_sign *sign, const struct aloft_key *key,
                       const uint8_t signature[ALOFT_KEYS_SIGNATURE], struct aloft_message *error)
{
    if (!may_add(sign, key, error)) {
        return false;
    }
    if (aloft_keys_verify(key->kind, key->part, signature, sign->digest) != ALOFT_OK) {
        return aloft_message_set(error,
                                 "the signature is not of this content by this key; sign the very "
                                 "32 bytes that --digest-out writes%s",
                                 key->kind == ALOFT_SIGBLOCK_RSA3072
                                     ? ", with PSS, SHA-256 and a salt of 32 bytes"
                                     : "");
    }
    aloft_sigblock_emit(sector_of(sign) + aloft_sign_count(sign) * ALOFT_SIGBLOCK_LEN, key->kind,
                        sign->digest, key->part, signature);
    sign->has_sector = true;
    return true;
}

bool aloft_sign_with(struct aloft_sign *sign, const struct aloft_key *key,
                     struct aloft_message *error)
{
    uint8_t signature[ALOFT_KEYS_SIGNATURE];
    if (!key->secret) {
        return aloft_message_set(error, "a public key cannot sign; give the private one");
    }
    return may_add(sign, key, error) && aloft_keys_sign(key, sign->digest, signature, error) &&
           aloft_sign_attach(sign, key, signature, error);
}
