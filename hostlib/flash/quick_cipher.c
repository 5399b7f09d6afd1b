// A Feistel network over two halves of 8 bytes, four rounds, keyed by the address. A round mixes a
// half by multiplications, which carry bits upwards, and shifts, which bring them back.
#include "hostlib/flash/quick_cipher.h"
#include <stdbool.h>
#include <string.h>

enum { BLOCK = 16, ROUNDS = 4 };

static uint64_t mix(uint64_t half, uint32_t addr, uint32_t round)
{
    uint64_t x = (half ^ ((uint64_t)addr << 8 | round)) * 0x9E3779B97F4A7C15u;
    x ^= x >> 32;
    x *= 0xD6E8FEB86659FD93u;
    return x ^ x >> 29;
}

static void rounds(uint32_t addr, uint8_t *block, bool backwards)
{
    uint64_t half[2];
    memcpy(half, block, sizeof half);
    for (uint32_t i = 0; i < ROUNDS; i++) {
        uint32_t round = backwards ? ROUNDS - 1 - i : i;
        half[round % 2] ^= mix(half[1 - round % 2], addr, round);
    }
    memcpy(block, half, sizeof half);
}

static void encrypt(void *ctx, uint32_t addr, uint8_t *bytes, uint32_t len)
{
    (void)ctx;
    for (uint32_t off = 0; off < len; off += BLOCK) {
        rounds(addr + off, bytes + off, false);
    }
}

static void decrypt(void *ctx, uint32_t addr, uint8_t *bytes, uint32_t len)
{
    (void)ctx;
    for (uint32_t off = 0; off < len; off += BLOCK) {
        rounds(addr + off, bytes + off, true);
    }
}

const struct aloft_flash_cipher *aloft_quick_cipher(uint32_t unit)
{
    static const struct aloft_flash_cipher of_16 = {NULL, 16, encrypt, decrypt};
    static const struct aloft_flash_cipher of_32 = {NULL, 32, encrypt, decrypt};
    ALOFT_ASSERT(unit == 16 || unit == 32);
    return unit == 16 ? &of_16 : &of_32;
}
