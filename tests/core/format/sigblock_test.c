// Blocks as espsecure writes them are read, written the same, and verified; anything else is no
// block. Each block stands hard against the end of memory.
#include "aloft/base/crc32.h"
#include "aloft/format/sigblock.h"
#include "check.h"
#include "guard.h"
#include "hostlib/crypto/mbed_crypto.h"
#include "signed_blocks.h"

enum { CONTENT = 4096 };

struct vector {
    enum aloft_sigblock_kind kind;
    const uint8_t *start;
    uint32_t len;
    uint32_t crc;
    const uint8_t *key_digest;
    uint32_t key_len;
};

static const struct vector vectors[] = {
    {ALOFT_SIGBLOCK_RSA3072, espsecure_rsa3072, sizeof espsecure_rsa3072, ESPSECURE_RSA3072_CRC,
     espsecure_rsa3072_key_digest, 776},
    {ALOFT_SIGBLOCK_P256, espsecure_p256, sizeof espsecure_p256, ESPSECURE_P256_CRC,
     espsecure_p256_key_digest, 65},
    {ALOFT_SIGBLOCK_P192, espsecure_p192, sizeof espsecure_p192, ESPSECURE_P192_CRC,
     espsecure_p192_key_digest, 65},
};
enum { VECTORS = sizeof vectors / sizeof vectors[0], TAKEN = 2 }; // the first two verify

static uint8_t *block_of(const struct vector *vector)
{
    uint8_t block[ALOFT_SIGBLOCK_LEN];
    espsecure_block(block, vector->start, vector->len, vector->crc);
    return guard_after(block, sizeof block);
}

static void content_digest(uint8_t out[ALOFT_SHA256_LEN])
{
    struct aloft_hash hash;
    CHECK_EQ(aloft_mbed_crypto.hash_init(&hash, ALOFT_HASH_SHA256), ALOFT_OK);
    for (uint32_t i = 0; i < CONTENT; i++) {
        uint8_t byte = (uint8_t)(i * 7 + i / 256);
        CHECK_EQ(aloft_mbed_crypto.hash_feed(&hash, &byte, 1), ALOFT_OK);
    }
    CHECK_EQ(aloft_mbed_crypto.hash_finish(&hash, out), ALOFT_OK);
}

static void blocks_of_espsecure_are_read_and_their_keys_have_its_digests(void)
{
    uint8_t digest[ALOFT_SHA256_LEN];
    uint8_t key_digest[ALOFT_SHA256_LEN];
    content_digest(digest);
    for (int i = 0; i < VECTORS; i++) {
        struct aloft_sigblock block;
        check_note("vector %ld", i, 0);
        CHECK_EQ(aloft_sigblock_read(&block, block_of(&vectors[i])), vectors[i].kind);
        CHECK_EQ(block.kind, vectors[i].kind);
        CHECK_EQ(block.key_len, vectors[i].key_len);
        CHECK(block.zero_after);
        CHECK_BYTES(block.digest, digest, sizeof digest);
        CHECK_EQ(aloft_sigblock_key_digest(&block, &aloft_mbed_crypto, key_digest), ALOFT_OK);
        CHECK_BYTES(key_digest, vectors[i].key_digest, sizeof key_digest);
    }
}

static void what_is_emitted_is_what_espsecure_writes(void)
{
    for (int i = 0; i < TAKEN; i++) {
        struct aloft_sigblock block;
        uint8_t again[ALOFT_SIGBLOCK_LEN];
        const uint8_t *bytes = block_of(&vectors[i]);
        (void)aloft_sigblock_read(&block, bytes);
        aloft_sigblock_emit(again, block.kind, block.digest, block.key, block.signature);
        CHECK_BYTES(again, bytes, sizeof again);
    }
}

static void one_wrong_bit_anywhere_under_the_crc_is_refused(void)
{
    for (int i = 0; i < VECTORS; i++) {
        uint8_t *bytes = block_of(&vectors[i]);
        for (uint32_t bit = 0; bit < 1200 * 8; bit++) {
            struct aloft_sigblock block;
            bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
            check_note("vector %ld, bit %ld", i, (long)bit);
            CHECK_EQ(aloft_sigblock_read(&block, bytes), ALOFT_SIGBLOCK_DAMAGED);
            bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        for (uint32_t at = 1200; at < ALOFT_SIGBLOCK_LEN; at++) {
            struct aloft_sigblock block;
            bytes[at] = 1;
            CHECK_EQ(aloft_sigblock_read(&block, bytes), vectors[i].kind);
            CHECK(!block.zero_after);
            bytes[at] = 0;
        }
    }
}

static void unused_bytes_under_a_fitting_crc_must_be_zero(void)
{
    static const uint32_t ends[VECTORS] = {1196, 165, 165}; // RSA uses all behind its head
    for (int i = 0; i < VECTORS; i++) {
        uint8_t *bytes = block_of(&vectors[i]);
        for (uint32_t at = 2; at < 1196; at = at == 3 ? ends[i] : at + 1) {
            struct aloft_sigblock block;
            bytes[at] = 1;
            check_note("vector %ld, byte %ld", i, (long)at);
            aloft_put_le32(bytes + 1196, aloft_crc32(0, bytes, 1196));
            CHECK_EQ(aloft_sigblock_read(&block, bytes), ALOFT_SIGBLOCK_DAMAGED);
            bytes[at] = 0;
        }
    }
}

static void ff_is_blank(void)
{
    uint8_t bytes[ALOFT_SIGBLOCK_LEN];
    struct aloft_sigblock block;
    memset(bytes, 0xFF, sizeof bytes);
    CHECK_EQ(aloft_sigblock_read(&block, bytes), ALOFT_SIGBLOCK_BLANK);
    memset(bytes, 0, sizeof bytes);
    CHECK_EQ(aloft_sigblock_read(&block, bytes), ALOFT_SIGBLOCK_DAMAGED);
}

static void signatures_of_espsecure_are_good_and_no_others(void)
{
    static const enum aloft_signature_alg algs[TAKEN] = {ALOFT_SIGNATURE_RSA3072_PSS,
                                                         ALOFT_SIGNATURE_P256};
    static const uint32_t lens[TAKEN] = {384, 64};
    for (int i = 0; i < TAKEN; i++) {
        struct aloft_sigblock block;
        uint8_t digest[ALOFT_SHA256_LEN];
        uint8_t *bytes = block_of(&vectors[i]);
        (void)aloft_sigblock_read(&block, bytes);
        // An ECDSA key begins with its curve.
        const uint8_t *key = block.key + (i == 1 ? 1 : 0);
        memcpy(digest, block.digest, sizeof digest);
        check_note("vector %ld", i, 0);
        CHECK_EQ(aloft_mbed_signed_crypto.verify(algs[i], key, block.signature, digest), ALOFT_OK);
        digest[31] ^= 1;
        CHECK_EQ(aloft_mbed_signed_crypto.verify(algs[i], key, block.signature, digest),
                 ALOFT_ERR_SIGNATURE_BAD);
        digest[31] ^= 1;
        for (uint32_t at = 0; at < lens[i]; at++) {
            uint8_t *byte = bytes + (block.signature - bytes) + at;
            *byte ^= 0x10;
            CHECK_EQ(aloft_mbed_signed_crypto.verify(algs[i], key, block.signature, digest),
                     ALOFT_ERR_SIGNATURE_BAD);
            *byte ^= 0x10;
        }
        for (uint32_t at = 0; at < lens[i]; at++) {
            uint8_t *byte = bytes + (key - bytes) + at;
            *byte ^= 0x10;
            CHECK_EQ(aloft_mbed_signed_crypto.verify(algs[i], key, block.signature, digest),
                     ALOFT_ERR_SIGNATURE_BAD);
            *byte ^= 0x10;
        }
    }
}

CHECK_MAIN(TEST(blocks_of_espsecure_are_read_and_their_keys_have_its_digests),
           TEST(what_is_emitted_is_what_espsecure_writes),
           TEST(one_wrong_bit_anywhere_under_the_crc_is_refused),
           TEST(unused_bytes_under_a_fitting_crc_must_be_zero), TEST(ff_is_blank),
           TEST(signatures_of_espsecure_are_good_and_no_others))
