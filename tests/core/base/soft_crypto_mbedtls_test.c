// Our own hashes against mbedTLS: every length up to five blocks, and long random ones in random
// pieces.
#include "check.h"
#include "soft_crypto.h"
#include "split.h"
#include <mbedtls/md5.h>
#include <mbedtls/sha256.h>

enum { LEN_MAX = 20000 };

static uint8_t data[LEN_MAX];

static void fill(uint32_t seed)
{
    for (uint32_t i = 0; i < LEN_MAX; i++) {
        data[i] = (uint8_t)split_random(&seed);
    }
}

static void ours(enum aloft_hash_alg alg, struct split *split, uint8_t *out)
{
    struct aloft_hash state;
    aloft_soft_crypto.hash_init(&state, alg);
    for (uint32_t n; (n = split_next(split)) > 0;) {
        aloft_soft_crypto.hash_feed(&state, data + split->off, n);
    }
    aloft_soft_crypto.hash_finish(&state, out);
}

static void compare(struct split split)
{
    uint8_t mine[ALOFT_SHA256_LEN];
    uint8_t theirs[ALOFT_SHA256_LEN];
    struct split again = split;
    ours(ALOFT_HASH_SHA256, &split, mine);
    CHECK_EQ(mbedtls_sha256_ret(data, split.len, theirs, 0), 0);
    CHECK_BYTES(mine, theirs, ALOFT_SHA256_LEN);
    ours(ALOFT_HASH_MD5, &again, mine);
    CHECK_EQ(mbedtls_md5_ret(data, again.len, theirs), 0);
    CHECK_BYTES(mine, theirs, ALOFT_MD5_LEN);
}

static void soft_crypto_agrees_with_mbedtls_at_every_length_round_a_block(void)
{
    fill(1);
    for (uint32_t len = 0; len <= 320; len++) {
        check_note("length %ld", (long)len, 0);
        compare((struct split){.kind = SPLIT_IN_TWO, .len = len, .at = len / 3});
    }
}

static void soft_crypto_agrees_with_mbedtls_on_random_input_in_random_pieces(void)
{
    for (uint32_t seed = 1; seed <= 300; seed++) {
        uint32_t state = seed * 2654435761u;
        uint32_t len = split_random(&state) % LEN_MAX;
        check_note("seed %ld, length %ld", (long)seed, (long)len);
        fill(seed);
        compare((struct split){.kind = SPLIT_RANDOM, .len = len, .seed = state});
    }
}

CHECK_MAIN(TEST(soft_crypto_agrees_with_mbedtls_at_every_length_round_a_block),
           TEST(soft_crypto_agrees_with_mbedtls_on_random_input_in_random_pieces))
