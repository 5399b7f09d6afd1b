// Four layouts of one block as rows of a table: where its fields lie, and what must be zero between
// them. Reading and writing both go by the row.
#include "aloft/format/sigblock.h"
#include "aloft/base/bytes.h"
#include "aloft/base/crc32.h"
#include "aloft/base/hash.h"
#include <string.h>

enum { RSA = 2, ECDSA = 3, HEAD = 4 };

struct layout {
    uint8_t version;
    uint8_t hash;  // third byte: 0 SHA-256, 1 SHA-384
    uint8_t curve; // first byte of an ECDSA key; 0: RSA, whose key has none
    uint8_t digest_len;
    uint16_t key_len;
    uint16_t signature_len;
};

static const struct layout layouts[] = {
    [ALOFT_SIGBLOCK_RSA3072] = {RSA, 0, 0, 32, 776, 384},
    [ALOFT_SIGBLOCK_P256] = {ECDSA, 0, 2, 32, 65, 64},
    [ALOFT_SIGBLOCK_P192] = {ECDSA, 0, 1, 32, 65, 64},
    [ALOFT_SIGBLOCK_P384] = {ECDSA, 1, 3, 48, 97, 96},
};
#define LAYOUTS (sizeof layouts / sizeof layouts[0])

static uint32_t signature_at(const struct layout *layout)
{
    return (uint32_t)HEAD + layout->digest_len + layout->key_len;
}

static bool fits(const struct layout *layout, const uint8_t *block)
{
    uint32_t end = signature_at(layout) + layout->signature_len;
    return block[0] == ALOFT_SIGBLOCK_MAGIC && block[1] == layout->version &&
           block[2] == layout->hash && block[3] == 0 &&
           (layout->curve == 0 || block[HEAD + layout->digest_len] == layout->curve) &&
           aloft_bytes_are(block + end, ALOFT_SIGBLOCK_CRC - end, 0) &&
           aloft_get_le32(block + ALOFT_SIGBLOCK_CRC) == aloft_crc32(0, block, ALOFT_SIGBLOCK_CRC);
}

enum aloft_sigblock_kind aloft_sigblock_read(struct aloft_sigblock *out, const uint8_t *block)
{
    memset(out, 0, sizeof *out);
    out->kind = aloft_bytes_are(block, ALOFT_SIGBLOCK_LEN, 0xFF) ? ALOFT_SIGBLOCK_BLANK
                                                                 : ALOFT_SIGBLOCK_DAMAGED;
    out->zero_after =
        aloft_bytes_are(block + ALOFT_SIGBLOCK_ZERO, ALOFT_SIGBLOCK_LEN - ALOFT_SIGBLOCK_ZERO, 0);
    for (uint32_t kind = ALOFT_SIGBLOCK_RSA3072; kind < LAYOUTS; kind++) {
        const struct layout *layout = &layouts[kind];
        if (fits(layout, block)) {
            out->kind = (enum aloft_sigblock_kind)kind;
            out->digest = block + HEAD;
            out->key = block + HEAD + layout->digest_len;
            out->key_len = layout->key_len;
            out->signature = block + signature_at(layout);
        }
    }
    return out->kind;
}

enum aloft_err aloft_sigblock_key_digest(const struct aloft_sigblock *block,
                                         const struct aloft_crypto *crypto,
                                         uint8_t out[ALOFT_SHA256_LEN])
{
    return aloft_hash_of(crypto, ALOFT_HASH_SHA256, block->key, block->key_len, out);
}

void aloft_sigblock_emit(uint8_t *block, enum aloft_sigblock_kind kind, const uint8_t *digest,
                         const uint8_t *key, const uint8_t *signature)
{
    const struct layout *layout = &layouts[kind];
    memset(block, 0, ALOFT_SIGBLOCK_LEN);
    block[0] = ALOFT_SIGBLOCK_MAGIC;
    block[1] = layout->version;
    block[2] = layout->hash;
    memcpy(block + HEAD, digest, layout->digest_len);
    memcpy(block + HEAD + layout->digest_len, key, layout->key_len);
    memcpy(block + signature_at(layout), signature, layout->signature_len);
    aloft_put_le32(block + ALOFT_SIGBLOCK_CRC, aloft_crc32(0, block, ALOFT_SIGBLOCK_CRC));
}
