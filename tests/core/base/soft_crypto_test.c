// Our own hashes against the vectors of their standards, on every kind of machine. The comparison
// with another implementation is soft_crypto_mbedtls_test.c.
#include "check.h"
#include "guard.h"
#include "soft_crypto.h"
#include "split.h"

struct vector {
    const char *text;
    uint8_t sha256[ALOFT_SHA256_LEN];
    uint8_t md5[ALOFT_MD5_LEN];
};

// The second is 56 bytes: the shortest whose padding needs a block of its own.
static const struct vector vectors[] = {
    {"abc",
     {0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40,
      0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17,
      0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad},
     {0x90, 0x01, 0x50, 0x98, 0x3c, 0xd2, 0x4f, 0xb0, 0xd6, 0x96, 0x3f, 0x7d, 0x28, 0xe1, 0x7f,
      0x72}},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     {0x24, 0x8d, 0x6a, 0x61, 0xd2, 0x06, 0x38, 0xb8, 0xe5, 0xc0, 0x26,
      0x93, 0x0c, 0x3e, 0x60, 0x39, 0xa3, 0x3c, 0xe4, 0x59, 0x64, 0xff,
      0x21, 0x67, 0xf6, 0xec, 0xed, 0xd4, 0x19, 0xdb, 0x06, 0xc1},
     {0x82, 0x15, 0xef, 0x07, 0x96, 0xa2, 0x0b, 0xca, 0xaa, 0xe1, 0x16, 0xd3, 0x87, 0x6c, 0x66,
      0x4a}},
};

static void hash(enum aloft_hash_alg alg, const void *data, size_t len, uint8_t *out)
{
    struct aloft_hash state;
    CHECK_EQ(aloft_soft_crypto.hash_init(&state, alg), ALOFT_OK);
    CHECK_EQ(aloft_soft_crypto.hash_feed(&state, data, len), ALOFT_OK);
    CHECK_EQ(aloft_soft_crypto.hash_finish(&state, out), ALOFT_OK);
}

static void soft_crypto_agrees_with_the_vectors_of_the_standards(void)
{
    uint8_t out[ALOFT_SHA256_LEN];
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        size_t len = strlen(vectors[i].text);
        hash(ALOFT_HASH_SHA256, vectors[i].text, len, out);
        CHECK_BYTES(out, vectors[i].sha256, ALOFT_SHA256_LEN);
        hash(ALOFT_HASH_MD5, vectors[i].text, len, out);
        CHECK_BYTES(out, vectors[i].md5, ALOFT_MD5_LEN);
    }
}

static void soft_crypto_hashes_nothing_to_the_known_values(void)
{
    static const uint8_t sha256_start[4] = {0xe3, 0xb0, 0xc4, 0x42};
    static const uint8_t md5_start[4] = {0xd4, 0x1d, 0x8c, 0xd9};
    uint8_t out[ALOFT_SHA256_LEN];
    hash(ALOFT_HASH_SHA256, "", 0, out);
    CHECK_BYTES(out, sha256_start, sizeof sha256_start);
    hash(ALOFT_HASH_MD5, "", 0, out);
    CHECK_BYTES(out, md5_start, sizeof md5_start);
}

struct whole {
    const uint8_t *data;
    uint8_t digest[2][ALOFT_SHA256_LEN];
};

static void hash_in_pieces(void *ctx, struct split *split)
{
    const struct whole *whole = ctx;
    struct aloft_hash state[2];
    uint8_t out[ALOFT_SHA256_LEN];
    aloft_soft_crypto.hash_init(&state[0], ALOFT_HASH_SHA256);
    aloft_soft_crypto.hash_init(&state[1], ALOFT_HASH_MD5);
    for (uint32_t n; (n = split_next(split)) > 0;) {
        const uint8_t *piece = guard_after(whole->data + split->off, n);
        aloft_soft_crypto.hash_feed(&state[0], piece, n);
        aloft_soft_crypto.hash_feed(&state[1], piece, n);
    }
    aloft_soft_crypto.hash_finish(&state[0], out);
    CHECK_BYTES(out, whole->digest[0], ALOFT_SHA256_LEN);
    aloft_soft_crypto.hash_finish(&state[1], out);
    CHECK_BYTES(out, whole->digest[1], ALOFT_MD5_LEN);
}

static void soft_crypto_does_not_depend_on_splits(void)
{
    uint8_t data[200];
    struct whole whole = {.data = data};
    for (uint32_t i = 0; i < sizeof data; i++) {
        data[i] = (uint8_t)(i * 11 + 3);
    }
    hash(ALOFT_HASH_SHA256, data, sizeof data, whole.digest[0]);
    hash(ALOFT_HASH_MD5, data, sizeof data, whole.digest[1]);
    every_split(sizeof data, hash_in_pieces, &whole);
}

static void soft_crypto_refuses_a_hash_that_it_does_not_know(void)
{
    struct aloft_hash state;
    CHECK_EQ(aloft_soft_crypto.hash_init(&state, (enum aloft_hash_alg)7), ALOFT_ERR_CRYPTO);
}

CHECK_MAIN(TEST(soft_crypto_agrees_with_the_vectors_of_the_standards),
           TEST(soft_crypto_hashes_nothing_to_the_known_values),
           TEST(soft_crypto_does_not_depend_on_splits),
           TEST(soft_crypto_refuses_a_hash_that_it_does_not_know))
