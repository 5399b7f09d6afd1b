// The NOR model. All randomness comes from seeds, so a run can be repeated exactly. Weak bits need
// no memory of their own: which bits of a weak sector are weak follows from the sector's seed and
// the address, and only bits that are stored as one can read as zero. So programming makes a weak
// bit a firm zero, and erasing the sector makes all of it firm.
#include "hostlib/flash/nor.h"
#include <string.h>

// A well-mixed value of x (the finalizer of MurmurHash3).
static uint32_t mix32(uint32_t x)
{
    x ^= x >> 16;
    x *= 0x85EBCA6Bu;
    x ^= x >> 13;
    x *= 0xC2B2AE35u;
    return x ^ x >> 16;
}

static uint32_t draw(uint32_t *state)
{
    *state += 0x9E3779B9u;
    return mix32(*state);
}

// The weak bits of a byte: one in eight, in a sector with this seed.
static uint8_t weak_bits(uint32_t seed, uint32_t addr)
{
    uint32_t x = mix32(seed ^ addr * 0x9E3779B1u);
    return (uint8_t)(x & x >> 8 & x >> 16);
}

static void read_weak(struct aloft_nor *nor, uint32_t addr, uint8_t *buf, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++) {
        uint32_t seed = nor->sectors[(addr + i) / ALOFT_NOR_SECTOR].weak;
        if (seed != 0) {
            buf[i] &= (uint8_t) ~(weak_bits(seed, addr + i) & draw(&nor->noise));
        }
    }
}

static bool inside(const struct aloft_nor *nor, uint32_t addr, uint32_t len)
{
    uint32_t size = nor->flash.geometry.size;
    return len <= size && addr <= size - len;
}

static enum aloft_err nor_read(void *ctx, uint32_t addr, void *buf, uint32_t len)
{
    struct aloft_nor *nor = ctx;
    if (nor->dead || !inside(nor, addr, len)) {
        return ALOFT_ERR_FLASH_READ;
    }
    memcpy(buf, nor->bytes + addr, len);
    read_weak(nor, addr, buf, len);
    nor->reads++;
    nor->read_bytes += len;
    return ALOFT_OK;
}

static void prog_bytes(struct aloft_nor *nor, uint32_t addr, const uint8_t *data, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++) {
        nor->bytes[addr + i] &= data[i];
    }
}

static void erase_bytes(struct aloft_nor *nor, uint32_t addr, uint32_t len)
{
    memset(nor->bytes + addr, 0xFF, len);
    for (uint32_t at = addr; at < addr + len; at += ALOFT_NOR_SECTOR) {
        nor->sectors[at / ALOFT_NOR_SECTOR].weak = 0;
        nor->sectors[at / ALOFT_NOR_SECTOR].erases++;
    }
}

enum aloft_nor_cut aloft_nor_count(struct aloft_nor *nor)
{
    const struct aloft_nor_plan *plan = &nor->plan;
    nor->operations++;
    nor->dead = plan->cut != ALOFT_NOR_CUT_NONE && nor->operations == plan->cut_at;
    return nor->dead ? plan->cut : ALOFT_NOR_CUT_NONE;
}

// The fault that the plan has for the operation that begins now.
enum fate { HAPPENS, FAILS, NEVER_BEGINS, TEARS, IS_THE_LAST };

static enum fate begin(struct aloft_nor *nor, uint32_t busy_us)
{
    enum aloft_nor_cut cut = aloft_nor_count(nor);
    if (cut == ALOFT_NOR_CUT_BEFORE) {
        return NEVER_BEGINS;
    }
    nor->busy_us = busy_us;
    nor->busy_total_us += busy_us;
    if (cut != ALOFT_NOR_CUT_NONE) {
        return cut == ALOFT_NOR_CUT_TORN ? TEARS : IS_THE_LAST;
    }
    return nor->operations == nor->plan.fail_at ? FAILS : HAPPENS;
}

static enum aloft_err nor_prog(void *ctx, uint32_t addr, const void *data, uint32_t len)
{
    struct aloft_nor *nor = ctx;
    bool one_page = len > 0 && addr % ALOFT_FLASH_PAGE + len <= ALOFT_FLASH_PAGE;
    if (nor->dead || !inside(nor, addr, len) || !one_page) {
        return ALOFT_ERR_FLASH_PROG;
    }
    enum fate fate = begin(nor, aloft_nor_prog_us(len));
    if (fate == HAPPENS || fate == IS_THE_LAST) {
        prog_bytes(nor, addr, data, len);
        nor->programs++;
    } else if (fate == TEARS) {
        aloft_nor_tear_prog(nor, addr, data, len, nor->plan.seed);
    }
    return fate == HAPPENS ? ALOFT_OK : ALOFT_ERR_FLASH_PROG;
}

static enum aloft_err nor_erase(void *ctx, uint32_t addr, uint32_t len)
{
    struct aloft_nor *nor = ctx;
    bool one_unit = (len == ALOFT_NOR_SECTOR || len == ALOFT_NOR_BLOCK) && addr % len == 0;
    if (nor->dead || !one_unit || !inside(nor, addr, len)) {
        return ALOFT_ERR_FLASH_ERASE;
    }
    enum fate fate = begin(nor, aloft_nor_erase_us(len));
    if (fate == HAPPENS || fate == IS_THE_LAST) {
        erase_bytes(nor, addr, len);
        nor->erases++;
    } else if (fate == TEARS) {
        aloft_nor_tear_erase(nor, addr, len, nor->plan.mix, nor->plan.seed);
    }
    return fate == HAPPENS ? ALOFT_OK : ALOFT_ERR_FLASH_ERASE;
}

void aloft_nor_init(struct aloft_nor *nor, uint8_t *bytes, struct aloft_nor_sector *sectors,
                    uint32_t size)
{
    static const struct aloft_flash_ops ops = {nor_read, nor_prog, nor_erase};
    ALOFT_ASSERT(size > 0 && size % ALOFT_NOR_BLOCK == 0);
    memset(nor, 0, sizeof *nor);
    nor->bytes = bytes;
    nor->sectors = sectors;
    nor->flash =
        (struct aloft_flash){&ops, nor, {size, ALOFT_NOR_SECTOR, ALOFT_NOR_BLOCK, 1}, NULL};
}

void aloft_nor_power_on(struct aloft_nor *nor)
{
    nor->dead = false;
    nor->operations = 0;
    memset(&nor->plan, 0, sizeof nor->plan);
}

uint32_t aloft_nor_prog_us(uint32_t len)
{
    (void)len; // a short program takes hardly less than a page
    return ALOFT_NOR_PAGE_PROG_US;
}

uint32_t aloft_nor_erase_us(uint32_t len)
{
    return len == ALOFT_NOR_BLOCK ? ALOFT_NOR_BLOCK_ERASE_US : ALOFT_NOR_SECTOR_ERASE_US;
}

// Programs one byte in part: some of the bits that were to be cleared are.
static void tear_byte(struct aloft_nor *nor, uint32_t addr, uint8_t data, uint32_t *seed)
{
    uint8_t part = (uint8_t)(data | draw(seed));
    prog_bytes(nor, addr, &part, 1);
}

void aloft_nor_tear_prog(struct aloft_nor *nor, uint32_t addr, const uint8_t *data, uint32_t len,
                         uint32_t seed)
{
    uint32_t chosen = draw(&seed);
    uint32_t whole = chosen % len; // bytes that are complete
    switch (nor->plan.torn) {
    case ALOFT_NOR_TORN_ANY:
        break;
    case ALOFT_NOR_TORN_FIRST:
        whole = 0;
        break;
    case ALOFT_NOR_TORN_MIDDLE:
        whole = len / 2;
        break;
    case ALOFT_NOR_TORN_LAST:
        whole = len - 1;
        break;
    case ALOFT_NOR_TORN_HOLE:
        whole = chosen % ((len + 3) / 4) * 4;
        for (uint32_t i = whole + 1; i < whole + 4 && i < len; i++) {
            tear_byte(nor, addr + i, data[i], &seed);
        }
        if (whole + 4 < len) {
            prog_bytes(nor, addr + whole + 4, data + whole + 4, len - whole - 4);
        }
        break;
    }
    prog_bytes(nor, addr, data, whole);
    tear_byte(nor, addr + whole, data[whole], &seed);
}

// Sets bits of the range: each with a chance of `chance` in 256.
static void set_some(struct aloft_nor *nor, uint32_t addr, uint32_t len, uint32_t chance,
                     uint32_t *seed)
{
    if (chance == 0) {
        return;
    }
    if (chance >= 256) {
        memset(nor->bytes + addr, 0xFF, len);
        return;
    }
    for (uint32_t i = 0; i < len * 8; i++) {
        if ((draw(seed) & 0xFF) < chance) {
            nor->bytes[addr + i / 8] |= (uint8_t)(1u << i % 8);
        }
    }
}

static void weaken(struct aloft_nor *nor, uint32_t addr, uint32_t len, uint32_t *seed)
{
    for (uint32_t at = addr; at < addr + len; at += ALOFT_NOR_SECTOR) {
        nor->sectors[at / ALOFT_NOR_SECTOR].weak = draw(seed) | 1;
    }
}

void aloft_nor_tear_erase(struct aloft_nor *nor, uint32_t addr, uint32_t len,
                          enum aloft_nor_mix mix, uint32_t seed)
{
    if (mix == ALOFT_NOR_MIX_ANY) {
        static const enum aloft_nor_mix mixes[] = {ALOFT_NOR_MIX_OLD, ALOFT_NOR_MIX_HALF,
                                                   ALOFT_NOR_MIX_BLANK, ALOFT_NOR_MIX_PREFIX};
        mix = mixes[draw(&seed) % 4];
    }
    if (mix == ALOFT_NOR_MIX_PREFIX) {
        memset(nor->bytes + addr, 0xFF, draw(&seed) % len);
        return;
    }
    uint32_t chance = mix == ALOFT_NOR_MIX_HALF ? 128 : mix == ALOFT_NOR_MIX_BLANK ? 256 : 0;
    set_some(nor, addr, len, chance, &seed);
    weaken(nor, addr, len, &seed);
}

void aloft_nor_flip(struct aloft_nor *nor, uint64_t bit)
{
    nor->bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
}
