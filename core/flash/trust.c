// Three places for blocks are judged one after the other in the caller's scratch. The verdict on a
// block is a rung of a ladder, from blank to good. The verdict on the sector is the highest rung,
// or the lowest when all of its blocks must be good.
#include "aloft/trust.h"
#include "aloft/base/bytes.h"
#include <string.h>

enum rung { NONE, DAMAGED, CURVE, UNKNOWN, REVOKED, OTHER_CONTENT, FORGED, GOOD, RUNGS };

static const int16_t faults[RUNGS] = {
    [NONE] = ALOFT_ERR_SIGNATURE_MISSING,    [DAMAGED] = ALOFT_ERR_SIGNATURE_BLOCK,
    [CURVE] = ALOFT_ERR_SIGNATURE_CURVE,     [UNKNOWN] = ALOFT_ERR_SIGNATURE_KEY,
    [REVOKED] = ALOFT_ERR_SIGNATURE_OLD_KEY, [OTHER_CONTENT] = ALOFT_ERR_SIGNATURE_IMAGE,
    [FORGED] = ALOFT_ERR_SIGNATURE_BAD,      [GOOD] = ALOFT_OK,
};

enum { BLOCKS_LEN = ALOFT_SIGBLOCK_MAX * ALOFT_SIGBLOCK_LEN, CURVE_LEN = 1 };

// Is the key trusted? GOOD, REVOKED or UNKNOWN in *rung.
static enum aloft_err find_key(const struct aloft_trust *trust, const struct aloft_crypto *crypto,
                               const struct aloft_sigblock *block, enum rung *rung)
{
    uint8_t digest[ALOFT_SHA256_LEN];
    enum aloft_err err = aloft_sigblock_key_digest(block, crypto, digest);
    *rung = UNKNOWN;
    for (uint32_t i = 0; i < trust->count && i < ALOFT_TRUST_KEYS; i++) {
        if (memcmp(digest, trust->key[i], sizeof digest) == 0 && *rung != GOOD) {
            *rung = (trust->revoked >> i & 1) != 0 ? REVOKED : GOOD;
        }
    }
    return err;
}

// The verdict on a block. The cheap checks come first; only a block that passes them is verified.
static enum aloft_err climb(const struct aloft_trust *trust, const struct aloft_crypto *crypto,
                            const struct aloft_sigblock *block, const uint8_t *content,
                            enum rung *rung)
{
    bool rsa = block->kind == ALOFT_SIGBLOCK_RSA3072;
    *rung = DAMAGED;
    if (block->kind == ALOFT_SIGBLOCK_DAMAGED) {
        return ALOFT_OK;
    }
    *rung = CURVE;
    if (!rsa && block->kind != ALOFT_SIGBLOCK_P256) {
        return ALOFT_OK;
    }
    *rung = OTHER_CONTENT;
    if (memcmp(block->digest, content, ALOFT_SHA256_LEN) != 0) {
        return ALOFT_OK;
    }
    enum aloft_err err = find_key(trust, crypto, block, rung);
    if (err != ALOFT_OK || *rung != GOOD) {
        return err;
    }
    if (crypto->verify == NULL) {
        return ALOFT_ERR_CRYPTO;
    }
    err = crypto->verify(rsa ? ALOFT_SIGNATURE_RSA3072_PSS : ALOFT_SIGNATURE_P256,
                         rsa ? block->key : block->key + CURVE_LEN, block->signature, content);
    if (err == ALOFT_ERR_SIGNATURE_BAD) {
        *rung = FORGED;
        return ALOFT_OK;
    }
    return err;
}

// Reads the block in this place, through the scratch. BLANK past the end of the view.
static enum aloft_err read_block(const struct aloft_trust *trust,
                                 const struct aloft_flash_view *view, uint32_t off,
                                 struct aloft_sigblock *block)
{
    enum aloft_err err = aloft_flash_read(view, off, trust->block, ALOFT_SIGBLOCK_LEN);
    (void)aloft_sigblock_read(block, trust->block);
    return err;
}

static bool fits(const struct aloft_flash_view *view, uint32_t sector)
{
    return sector <= view->len && view->len - sector >= ALOFT_SIGBLOCK_SECTOR;
}

// Is the rest of the sector, behind the places of the blocks, blank?
static enum aloft_err check_rest(const struct aloft_trust *trust,
                                 const struct aloft_flash_view *view, uint32_t sector)
{
    uint32_t len = ALOFT_SIGBLOCK_SECTOR - BLOCKS_LEN;
    enum aloft_err err = aloft_flash_read(view, sector + BLOCKS_LEN, trust->block, len);
    if (err == ALOFT_OK && !aloft_bytes_are(trust->block, len, 0xFF)) {
        err = ALOFT_ERR_SIGNATURE_SECTOR;
    }
    return err;
}

enum aloft_err aloft_trust_judge(const struct aloft_trust *trust, const struct aloft_crypto *crypto,
                                 const struct aloft_flash_view *view, uint32_t sector,
                                 const uint8_t digest[ALOFT_SHA256_LEN])
{
    enum rung best = NONE;
    enum rung worst = GOOD; // of the whole ones
    if (!fits(view, sector)) {
        return ALOFT_ERR_SIGNATURE_MISSING;
    }
    enum aloft_err rest = check_rest(trust, view, sector);
    enum aloft_err err = rest == ALOFT_ERR_SIGNATURE_SECTOR ? ALOFT_OK : rest;
    bool none = true; // nothing in the sector has the shape of a block
    for (uint32_t at = 0; at < BLOCKS_LEN && err == ALOFT_OK; at += ALOFT_SIGBLOCK_LEN) {
        struct aloft_sigblock block;
        enum rung rung = GOOD;
        err = read_block(trust, view, sector + at, &block);
        if (err != ALOFT_OK || block.kind == ALOFT_SIGBLOCK_BLANK) {
            continue;
        }
        none = none && block.kind == ALOFT_SIGBLOCK_DAMAGED && !block.zero_after;
        rest = block.zero_after ? rest : ALOFT_ERR_SIGNATURE_SECTOR;
        // One good block is enough; of the others, only the shape.
        if (rest == ALOFT_OK && (best != GOOD || trust->all)) {
            err = climb(trust, crypto, &block, digest, &rung);
        }
        best = rung > best ? rung : best;
        worst = rung > DAMAGED && rung < worst ? rung : worst;
    }
    if (err != ALOFT_OK || rest != ALOFT_OK) {
        return err != ALOFT_OK ? err : none ? ALOFT_ERR_SIGNATURE_MISSING : rest;
    }
    return (enum aloft_err)faults[trust->all && best == GOOD ? worst : best];
}

enum aloft_err aloft_trust_of_app(struct aloft_trust *trust, const struct aloft_crypto *crypto,
                                  const struct aloft_flash_view *view, uint32_t image_len)
{
    uint32_t sector = aloft_align_up(image_len, ALOFT_SIGBLOCK_SECTOR);
    trust->count = 0;
    trust->revoked = 0;
    trust->all = true;
    trust->judge = aloft_trust_judge;
    if (!fits(view, sector)) {
        return ALOFT_ERR_SIGNATURE_MISSING;
    }
    for (uint32_t at = 0; at < BLOCKS_LEN; at += ALOFT_SIGBLOCK_LEN) {
        struct aloft_sigblock block;
        enum aloft_err err = read_block(trust, view, sector + at, &block);
        if (err == ALOFT_OK &&
            (block.kind == ALOFT_SIGBLOCK_RSA3072 || block.kind == ALOFT_SIGBLOCK_P256)) {
            err = aloft_sigblock_key_digest(&block, crypto, trust->key[trust->count++]);
        }
        if (err != ALOFT_OK) {
            trust->count = 0;
            return err;
        }
    }
    return trust->count != 0 ? ALOFT_OK : ALOFT_ERR_SIGNATURE_MISSING;
}
