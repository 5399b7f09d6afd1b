// Both hashes take 64-byte blocks and end in the same way: 80, zeros, the length in bits. They
// differ in the compression function and in byte order, so one feed and one finish serve both.
// Source: FIPS 180-4 (SHA-256), RFC 1321 (MD5).
#include "soft_crypto.h"
#include "aloft/base/bytes.h"
#include <string.h>

enum { BLOCK = 64, LENGTH_AT = 56 };

struct soft_hash {
    enum aloft_hash_alg alg;
    uint32_t state[8]; // MD5 uses the first four
    uint64_t len;      // bytes fed
    uint8_t block[BLOCK];
};

_Static_assert(sizeof(struct soft_hash) <= sizeof(struct aloft_hash), "fits the caller's memory");

static const uint32_t sha256_round[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static const uint32_t md5_round[64] = {
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
    0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
    0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
    0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
};

static uint32_t rotl(uint32_t value, unsigned bits)
{
    return value << bits | value >> (32 - bits);
}

static uint32_t rotr(uint32_t value, unsigned bits)
{
    return rotl(value, 32 - bits);
}

static uint32_t get_be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void put_be32(uint8_t *p, uint32_t value)
{
    p[0] = (uint8_t)(value >> 24);
    p[1] = (uint8_t)(value >> 16);
    p[2] = (uint8_t)(value >> 8);
    p[3] = (uint8_t)value;
}

// The message schedule keeps only the last 16 words: word i replaces word i - 16.
static uint32_t sha256_word(uint32_t w[16], unsigned i)
{
    if (i >= 16) {
        uint32_t a = w[(i - 15) % 16];
        uint32_t b = w[(i - 2) % 16];
        w[i % 16] += (rotr(a, 7) ^ rotr(a, 18) ^ a >> 3) + w[(i - 7) % 16] +
                     (rotr(b, 17) ^ rotr(b, 19) ^ b >> 10);
    }
    return w[i % 16];
}

static void sha256_block(uint32_t state[8], const uint8_t block[BLOCK])
{
    uint32_t w[16];
    uint32_t s[8];
    memcpy(s, state, sizeof s);
    for (unsigned i = 0; i < 16; i++) {
        w[i] = get_be32(block + (size_t)4 * i);
    }
    for (unsigned i = 0; i < 64; i++) {
        uint32_t choose = (s[4] & s[5]) ^ (~s[4] & s[6]);
        uint32_t major = (s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]);
        uint32_t t1 = s[7] + (rotr(s[4], 6) ^ rotr(s[4], 11) ^ rotr(s[4], 25)) + choose +
                      sha256_round[i] + sha256_word(w, i);
        uint32_t t2 = (rotr(s[0], 2) ^ rotr(s[0], 13) ^ rotr(s[0], 22)) + major;
        memmove(s + 1, s, 7 * sizeof s[0]);
        s[4] += t1;
        s[0] = t1 + t2;
    }
    for (unsigned i = 0; i < 8; i++) {
        state[i] += s[i];
    }
}

// One of MD5's four round functions, and which word of the block the step uses.
static uint32_t md5_mix(const uint32_t s[4], unsigned i, unsigned *word)
{
    switch (i / 16) {
    case 0:
        *word = i;
        return (s[1] & s[2]) | (~s[1] & s[3]);
    case 1:
        *word = (5 * i + 1) % 16;
        return (s[1] & s[3]) | (s[2] & ~s[3]);
    case 2:
        *word = (3 * i + 5) % 16;
        return s[1] ^ s[2] ^ s[3];
    default:
        *word = 7 * i % 16;
        return s[2] ^ (s[1] | ~s[3]);
    }
}

static void md5_block(uint32_t state[8], const uint8_t block[BLOCK])
{
    static const uint8_t shift[4][4] = {
        {7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};
    uint32_t s[4];
    memcpy(s, state, sizeof s);
    for (unsigned i = 0; i < 64; i++) {
        unsigned word = 0;
        uint32_t sum = s[0] + md5_mix(s, i, &word) + md5_round[i];
        sum += aloft_get_le32(block + (size_t)4 * word);
        s[0] = s[3];
        s[3] = s[2];
        s[2] = s[1];
        s[1] += rotl(sum, shift[i / 16][i % 4]);
    }
    for (unsigned i = 0; i < 4; i++) {
        state[i] += s[i];
    }
}

static void compress(struct soft_hash *soft)
{
    if (soft->alg == ALOFT_HASH_SHA256) {
        sha256_block(soft->state, soft->block);
    } else {
        md5_block(soft->state, soft->block);
    }
}

// The caller's memory is copied in and out whole, because its type is not ours to alias.
static struct soft_hash load(const struct aloft_hash *hash)
{
    struct soft_hash soft;
    memcpy(&soft, hash->opaque, sizeof soft);
    return soft;
}

static void store(struct aloft_hash *hash, const struct soft_hash *soft)
{
    memcpy(hash->opaque, soft, sizeof *soft);
}

static enum aloft_err hash_init(struct aloft_hash *hash, enum aloft_hash_alg alg)
{
    static const uint32_t sha256_start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                             0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    static const uint32_t md5_start[8] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
    struct soft_hash soft = {.alg = alg};
    memset(hash, 0, sizeof *hash);
    if (alg != ALOFT_HASH_SHA256 && alg != ALOFT_HASH_MD5) {
        return ALOFT_ERR_CRYPTO;
    }
    memcpy(soft.state, alg == ALOFT_HASH_SHA256 ? sha256_start : md5_start, sizeof soft.state);
    store(hash, &soft);
    return ALOFT_OK;
}

static void feed(struct soft_hash *soft, const uint8_t *data, size_t len)
{
    while (len > 0) {
        size_t at = (size_t)(soft->len % BLOCK);
        size_t n = BLOCK - at < len ? BLOCK - at : len;
        memcpy(soft->block + at, data, n);
        soft->len += n;
        data += n;
        len -= n;
        if (soft->len % BLOCK == 0) {
            compress(soft);
        }
    }
}

static enum aloft_err hash_feed(struct aloft_hash *hash, const void *data, size_t len)
{
    struct soft_hash soft = load(hash);
    feed(&soft, data, len);
    store(hash, &soft);
    return ALOFT_OK;
}

static void hash_drop(struct aloft_hash *hash)
{
    memset(hash, 0, sizeof *hash);
}

static enum aloft_err hash_clone(struct aloft_hash *hash, const struct aloft_hash *from)
{
    memcpy(hash, from, sizeof *hash); // these bytes are all of it
    return ALOFT_OK;
}

static enum aloft_err hash_finish(struct aloft_hash *hash, uint8_t *out)
{
    static const uint8_t padding[BLOCK] = {0x80};
    struct soft_hash soft = load(hash);
    uint32_t low = (uint32_t)(soft.len << 3);
    uint32_t high = (uint32_t)(soft.len >> 29);
    size_t at = (size_t)(soft.len % BLOCK);
    feed(&soft, padding, at < LENGTH_AT ? LENGTH_AT - at : BLOCK + LENGTH_AT - at);
    if (soft.alg == ALOFT_HASH_SHA256) {
        put_be32(soft.block + LENGTH_AT, high);
        put_be32(soft.block + LENGTH_AT + 4, low);
    } else {
        aloft_put_le32(soft.block + LENGTH_AT, low);
        aloft_put_le32(soft.block + LENGTH_AT + 4, high);
    }
    compress(&soft);
    for (size_t i = 0; i < (soft.alg == ALOFT_HASH_SHA256 ? 8 : 4); i++) {
        if (soft.alg == ALOFT_HASH_SHA256) {
            put_be32(out + 4 * i, soft.state[i]);
        } else {
            aloft_put_le32(out + 4 * i, soft.state[i]);
        }
    }
    hash_drop(hash);
    return ALOFT_OK;
}

const struct aloft_crypto aloft_soft_crypto = {.hash_init = hash_init,
                                               .hash_feed = hash_feed,
                                               .hash_finish = hash_finish,
                                               .hash_drop = hash_drop,
                                               .hash_clone = hash_clone};
