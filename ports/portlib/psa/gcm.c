// Blocks are two numbers, the first byte the highest, which makes bit 0 of a block (x^0) the
// highest bit of the first number, and a multiplication by x a shift to the right. GHASH takes four
// bits at a time (Shoup's table), as mbedTLS's own does.
#include "ports/portlib/psa/gcm.h"
#include <string.h>

enum { BATCH = 8 }; // blocks of key stream that are made at once

#define REDUCE 0xE100000000000000u // 1 + x + x^2 + x^7, in this order of bits

static void to_block(const uint64_t in[2], uint8_t out[ALOFT_AES_BLOCK])
{
    for (int i = 0; i < (int)ALOFT_AES_BLOCK; i++) {
        out[i] = (uint8_t)(in[i / 8] >> (56 - 8 * (i % 8)));
    }
}

static void from_block(const uint8_t in[ALOFT_AES_BLOCK], uint64_t out[2])
{
    out[0] = out[1] = 0;
    for (int i = 0; i < (int)ALOFT_AES_BLOCK; i++) {
        out[i / 8] = out[i / 8] << 8 | in[i];
    }
}

static void times_x(uint64_t v[2])
{
    uint64_t out = v[1] & 1;
    v[1] = v[1] >> 1 | v[0] << 63;
    v[0] = v[0] >> 1 ^ (out != 0 ? REDUCE : 0);
}

// table[n] is H times the polynomial of the bits of n, of which 8 is x^0 and 1 is x^3.
static void fill_table(struct aloft_gcm *gcm, const uint8_t h[ALOFT_AES_BLOCK])
{
    uint64_t v[2];
    from_block(h, v);
    memset(gcm->table, 0, sizeof gcm->table);
    for (int bit = 8; bit > 0; bit /= 2) {
        memcpy(gcm->table[bit], v, sizeof v);
        times_x(v);
    }
    for (int n = 3; n < 16; n++) {
        int low = n & -n; // n is this bit and the others
        gcm->table[n][0] = gcm->table[low][0] ^ gcm->table[n ^ low][0];
        gcm->table[n][1] = gcm->table[low][1] ^ gcm->table[n ^ low][1];
    }
}

// What four bits that are shifted out come back as: each is REDUCE, shifted as often as it was.
static const uint16_t reduced[16] = {0x0000, 0x1C20, 0x3840, 0x2460, 0x7080, 0x6CA0,
                                     0x48C0, 0x54E0, 0xE100, 0xFD20, 0xD940, 0xC560,
                                     0x9180, 0x8DA0, 0xA9C0, 0xB5E0};

// hash = (hash + block) times H, from the highest power down.
static void hash_block(struct aloft_gcm *gcm, const uint64_t block[2])
{
    const uint64_t x[2] = {gcm->hash[0] ^ block[0], gcm->hash[1] ^ block[1]};
    uint64_t z[2] = {0, 0};
    for (int i = 31; i >= 0; i--) {
        const uint64_t *add = gcm->table[x[i / 16] >> (60 - 4 * (i % 16)) & 0xF];
        uint64_t out = (uint64_t)reduced[z[1] & 0xF] << 48;
        z[1] = (z[1] >> 4 | z[0] << 60) ^ add[1];
        z[0] = (z[0] >> 4 ^ out) ^ add[0];
    }
    memcpy(gcm->hash, z, sizeof z);
}

static void hash_bytes(struct aloft_gcm *gcm, const uint8_t *data, uint32_t len)
{
    for (uint32_t off = 0; off < len; off += ALOFT_AES_BLOCK) {
        uint32_t n = len - off < ALOFT_AES_BLOCK ? len - off : ALOFT_AES_BLOCK;
        uint8_t bytes[ALOFT_AES_BLOCK] = {0}; // the last one is filled up
        uint64_t block[2];
        memcpy(bytes, data + off, n);
        from_block(bytes, block);
        hash_block(gcm, block);
    }
}

bool aloft_gcm_begin(struct aloft_gcm *gcm, const uint8_t key[ALOFT_AES_KEY],
                     const uint8_t iv[ALOFT_AES_BLOCK])
{
    static const uint8_t zeros[ALOFT_AES_BLOCK];
    const uint64_t iv_len[2] = {0, 8 * ALOFT_AES_BLOCK};
    uint8_t h[ALOFT_AES_BLOCK];
    memset(gcm, 0, sizeof *gcm);
    bool good = aloft_aes_begin(&gcm->aes, key) && aloft_aes_blocks(&gcm->aes, zeros, 1, h);
    if (good) {
        fill_table(gcm, h);
        hash_bytes(gcm, iv, ALOFT_AES_BLOCK);
        hash_block(gcm, iv_len);
        to_block(gcm->hash, gcm->first);
        gcm->counter = (uint32_t)gcm->hash[1] + 1;
        memset(gcm->hash, 0, sizeof gcm->hash);
    }
    aloft_wipe(h, sizeof h);
    return good;
}

void aloft_gcm_end(struct aloft_gcm *gcm)
{
    aloft_aes_end(&gcm->aes);
    aloft_wipe(gcm, sizeof *gcm);
}

static bool key_stream(struct aloft_gcm *gcm, uint32_t blocks, uint8_t *out)
{
    uint8_t counters[BATCH * ALOFT_AES_BLOCK];
    for (uint32_t i = 0; i < blocks; i++) {
        uint64_t block[2];
        from_block(gcm->first, block);
        // The last 32 bits alone count, and begin again at 0.
        block[1] = (block[1] & ~(uint64_t)UINT32_MAX) | gcm->counter++;
        to_block(block, counters + i * ALOFT_AES_BLOCK);
    }
    return aloft_aes_blocks(&gcm->aes, counters, blocks, out);
}

bool aloft_gcm_feed(struct aloft_gcm *gcm, const uint8_t *data, uint32_t len, uint8_t *out)
{
    uint8_t stream[BATCH * ALOFT_AES_BLOCK];
    bool good = true;
    for (uint32_t off = 0; off < len && good; off += sizeof stream) {
        uint32_t n = len - off < sizeof stream ? len - off : (uint32_t)sizeof stream;
        good = key_stream(gcm, (n + ALOFT_AES_BLOCK - 1) / ALOFT_AES_BLOCK, stream);
        hash_bytes(gcm, data + off, n);
        for (uint32_t i = 0; i < n && good; i++) {
            out[off + i] = data[off + i] ^ stream[i];
        }
    }
    gcm->fed += len;
    aloft_wipe(stream, sizeof stream);
    return good;
}

void aloft_gcm_save(const struct aloft_gcm *gcm, uint8_t state[ALOFT_AES_BLOCK])
{
    to_block(gcm->hash, state);
}

void aloft_gcm_load(struct aloft_gcm *gcm, uint32_t off, const uint8_t state[ALOFT_AES_BLOCK])
{
    from_block(state, gcm->hash);
    gcm->counter += off / ALOFT_AES_BLOCK;
    gcm->fed = off;
}

bool aloft_gcm_tag(struct aloft_gcm *gcm, uint8_t tag[ALOFT_AES_BLOCK])
{
    const uint64_t lens[2] = {0, 8 * gcm->fed};
    uint8_t hash[ALOFT_AES_BLOCK];
    bool good = aloft_aes_blocks(&gcm->aes, gcm->first, 1, tag);
    hash_block(gcm, lens);
    to_block(gcm->hash, hash);
    for (uint32_t i = 0; i < ALOFT_AES_BLOCK; i++) {
        tag[i] ^= hash[i];
    }
    return good;
}
