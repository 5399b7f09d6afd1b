// The NOR model keeps the rules of a chip, and its faults are the ones that were asked for.
#include "check.h"
#include "hostlib/flash/nor.h"

enum { SIZE = 4 * ALOFT_NOR_BLOCK };

static uint8_t bytes[SIZE];
static uint8_t before[SIZE];
static uint8_t noise_a[ALOFT_NOR_SECTOR];
static uint8_t noise_b[ALOFT_NOR_SECTOR];
static struct aloft_nor_sector sectors[SIZE / ALOFT_NOR_SECTOR];
static struct aloft_nor nor;
static struct aloft_flash_view view;

// A chip full of a pattern that has ones and zeros in every byte.
static void fresh(void)
{
    for (uint32_t i = 0; i < SIZE; i++) {
        bytes[i] = (uint8_t)(0x5A ^ (i * 7 & 0x3C));
    }
    memcpy(before, bytes, SIZE);
    memset(sectors, 0, sizeof sectors);
    aloft_nor_init(&nor, bytes, sectors, SIZE);
    view = (struct aloft_flash_view){&nor.flash, 0, SIZE};
}

static void plan(enum aloft_nor_cut cut, uint32_t at, enum aloft_nor_mix mix, uint32_t seed)
{
    fresh();
    nor.plan = (struct aloft_nor_plan){.cut = cut, .cut_at = at, .mix = mix, .seed = seed};
}

// True when only [addr, addr + len) differs from the pattern.
static bool only_changed(uint32_t addr, uint32_t len)
{
    return memcmp(bytes, before, addr) == 0 &&
           memcmp(bytes + addr + len, before + addr + len, SIZE - addr - len) == 0;
}

static bool all_ff(const uint8_t *p, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (p[i] != 0xFF) {
            return false;
        }
    }
    return true;
}

static void erase_sets_a_sector_or_a_block_and_nothing_else(void)
{
    fresh();
    CHECK_EQ(aloft_flash_erase(&view, 0x3000, ALOFT_NOR_SECTOR), ALOFT_OK);
    CHECK(all_ff(bytes + 0x3000, ALOFT_NOR_SECTOR));
    CHECK(only_changed(0x3000, ALOFT_NOR_SECTOR));
    fresh();
    CHECK_EQ(aloft_flash_erase(&view, ALOFT_NOR_BLOCK, ALOFT_NOR_BLOCK), ALOFT_OK);
    CHECK(all_ff(bytes + ALOFT_NOR_BLOCK, ALOFT_NOR_BLOCK));
    CHECK(only_changed(ALOFT_NOR_BLOCK, ALOFT_NOR_BLOCK));
}

static void programs_only_clear_bits(void)
{
    const uint8_t data[3] = {0x0F, 0xFF, 0x00};
    fresh();
    CHECK_EQ(aloft_flash_prog(&view, 5, data, sizeof data), ALOFT_OK);
    CHECK_EQ(bytes[5], before[5] & 0x0F);
    CHECK_EQ(bytes[6], before[6]);
    CHECK_EQ(bytes[7], 0);
    CHECK(only_changed(5, sizeof data));
}

static void what_no_chip_can_do_is_refused_and_changes_nothing(void)
{
    const uint8_t data[2] = {0, 0};
    const struct aloft_flash_ops *ops;
    uint8_t byte;
    fresh();
    ops = nor.flash.ops;
    CHECK_EQ(ops->prog(&nor, 255, data, 2), ALOFT_ERR_FLASH_PROG); // crosses a page
    CHECK_EQ(ops->prog(&nor, SIZE - 1, data, 2), ALOFT_ERR_FLASH_PROG);
    CHECK_EQ(ops->prog(&nor, 0, data, 0), ALOFT_ERR_FLASH_PROG);
    CHECK_EQ(ops->erase(&nor, 0x800, ALOFT_NOR_SECTOR), ALOFT_ERR_FLASH_ERASE);
    CHECK_EQ(ops->erase(&nor, 0x1000, ALOFT_NOR_BLOCK), ALOFT_ERR_FLASH_ERASE);
    CHECK_EQ(ops->erase(&nor, 0, 0x2000), ALOFT_ERR_FLASH_ERASE);
    CHECK_EQ(ops->erase(&nor, SIZE, ALOFT_NOR_SECTOR), ALOFT_ERR_FLASH_ERASE);
    CHECK_EQ(ops->read(&nor, SIZE, &byte, 1), ALOFT_ERR_FLASH_READ);
    CHECK_EQ(ops->read(&nor, UINT32_MAX, &byte, 1), ALOFT_ERR_FLASH_READ);
    CHECK_EQ(nor.operations, 0);
    CHECK(only_changed(0, 0));
}

static void it_counts_operations_wear_and_time(void)
{
    const uint8_t data[4] = {0};
    uint8_t read[16];
    fresh();
    (void)aloft_flash_erase(&view, 0x2000, ALOFT_NOR_SECTOR);
    CHECK_EQ(nor.busy_us, 45000);
    (void)aloft_flash_erase(&view, 0, ALOFT_NOR_BLOCK);
    CHECK_EQ(nor.busy_us, 150000);
    (void)aloft_flash_prog(&view, 0, data, sizeof data);
    CHECK_EQ(nor.busy_us, 400);
    (void)aloft_flash_read(&view, 0, read, sizeof read);
    CHECK_EQ(nor.operations, 3);
    CHECK_EQ((long long)nor.erases, 2);
    CHECK_EQ((long long)nor.programs, 1);
    CHECK_EQ((long long)nor.reads, 1);
    CHECK_EQ((long long)nor.read_bytes, 16);
    CHECK_EQ((long long)nor.busy_total_us, 195400);
    CHECK_EQ(sectors[0].erases, 1);
    CHECK_EQ(sectors[2].erases, 2);
    CHECK_EQ(sectors[16].erases, 0);
}

static void a_cut_before_changes_nothing_and_a_cut_after_lets_it_happen(void)
{
    plan(ALOFT_NOR_CUT_BEFORE, 1, ALOFT_NOR_MIX_ANY, 1);
    CHECK_EQ(aloft_flash_erase(&view, 0, ALOFT_NOR_SECTOR), ALOFT_ERR_FLASH_ERASE);
    CHECK(nor.dead);
    CHECK(only_changed(0, 0));
    plan(ALOFT_NOR_CUT_AFTER, 1, ALOFT_NOR_MIX_ANY, 1);
    CHECK_EQ(aloft_flash_erase(&view, 0, ALOFT_NOR_SECTOR), ALOFT_ERR_FLASH_ERASE);
    CHECK(nor.dead);
    CHECK(all_ff(bytes, ALOFT_NOR_SECTOR));
}

static void after_a_cut_the_flash_is_dead_until_power_comes_back(void)
{
    uint8_t byte = 0;
    plan(ALOFT_NOR_CUT_BEFORE, 2, ALOFT_NOR_MIX_ANY, 1);
    CHECK_EQ(aloft_flash_prog(&view, 0, &byte, 1), ALOFT_OK);
    CHECK_EQ(aloft_flash_prog(&view, 1, &byte, 1), ALOFT_ERR_FLASH_PROG);
    CHECK_EQ(aloft_flash_prog(&view, 2, &byte, 1), ALOFT_ERR_FLASH_PROG);
    CHECK_EQ(aloft_flash_erase(&view, 0, ALOFT_NOR_SECTOR), ALOFT_ERR_FLASH_ERASE);
    CHECK_EQ(aloft_flash_read(&view, 0, &byte, 1), ALOFT_ERR_FLASH_READ);
    CHECK(only_changed(0, 1));
    aloft_nor_power_on(&nor);
    CHECK_EQ(nor.operations, 0);
    CHECK_EQ(aloft_flash_prog(&view, 2, &byte, 1), ALOFT_OK);
    CHECK_EQ(aloft_flash_prog(&view, 3, &byte, 1), ALOFT_OK); // the plan is gone, too
}

static void a_torn_program_leaves_a_prefix_and_part_of_one_byte(void)
{
    uint8_t data[ALOFT_FLASH_PAGE];
    bool cut_inside_a_byte = false;
    for (uint32_t i = 0; i < sizeof data; i++) {
        data[i] = (uint8_t)(i * 37);
    }
    for (uint32_t seed = 0; seed < 200; seed++) {
        uint32_t at = 0;
        plan(ALOFT_NOR_CUT_TORN, 1, ALOFT_NOR_MIX_ANY, seed);
        check_note("seed %ld", (long)seed, 0);
        CHECK_EQ(aloft_flash_prog(&view, 0x1100, data, sizeof data), ALOFT_ERR_FLASH_PROG);
        while (at < sizeof data && bytes[0x1100 + at] == (before[0x1100 + at] & data[at])) {
            at++;
        }
        if (at < sizeof data) {
            uint8_t now = bytes[0x1100 + at];
            uint8_t old = before[0x1100 + at];
            CHECK((now & ~old) == 0);                          // no bit was set
            CHECK((now & data[at] & old) == (data[at] & old)); // no bit too many was cleared
            cut_inside_a_byte |= now != old;
            CHECK(only_changed(0x1100, at + 1));
        }
    }
    CHECK(cut_inside_a_byte);
}

// Where the power went in a program can be chosen: by byte, or one word that came too late.
static void a_torn_program_stops_where_it_is_told_to(void)
{
    static const uint8_t zeros[32];
    static const struct {
        enum aloft_nor_torn torn;
        uint32_t whole;
    } cases[] = {{ALOFT_NOR_TORN_FIRST, 0}, {ALOFT_NOR_TORN_MIDDLE, 16}, {ALOFT_NOR_TORN_LAST, 31}};
    for (uint32_t i = 0; i < 3; i++) {
        plan(ALOFT_NOR_CUT_TORN, 1, ALOFT_NOR_MIX_ANY, 3);
        nor.plan.torn = cases[i].torn;
        CHECK_EQ(aloft_flash_prog(&view, 0x100, zeros, sizeof zeros), ALOFT_ERR_FLASH_PROG);
        CHECK_BYTES(bytes + 0x100, zeros, cases[i].whole);
        CHECK(only_changed(0x100, cases[i].whole + 1));
    }
    for (uint32_t seed = 0; seed < 64; seed++) {
        uint32_t words = 0;
        plan(ALOFT_NOR_CUT_TORN, 1, ALOFT_NOR_MIX_ANY, seed);
        nor.plan.torn = ALOFT_NOR_TORN_HOLE;
        CHECK_EQ(aloft_flash_prog(&view, 0x100, zeros, sizeof zeros), ALOFT_ERR_FLASH_PROG);
        for (uint32_t at = 0x100; at < 0x120; at += 4) {
            words += memcmp(bytes + at, zeros, 4) != 0;
        }
        CHECK(words <= 1);
        CHECK(only_changed(0x100, sizeof zeros));
    }
}

static void a_torn_erase_stays_inside_its_range_and_is_repeatable(void)
{
    static const enum aloft_nor_mix mixes[] = {ALOFT_NOR_MIX_ANY, ALOFT_NOR_MIX_OLD,
                                               ALOFT_NOR_MIX_HALF, ALOFT_NOR_MIX_BLANK,
                                               ALOFT_NOR_MIX_PREFIX};
    static uint8_t first[SIZE];
    for (uint32_t i = 0; i < 5; i++) {
        plan(ALOFT_NOR_CUT_TORN, 1, mixes[i], 99);
        CHECK_EQ(aloft_flash_erase(&view, ALOFT_NOR_BLOCK, ALOFT_NOR_BLOCK), ALOFT_ERR_FLASH_ERASE);
        CHECK(only_changed(ALOFT_NOR_BLOCK, ALOFT_NOR_BLOCK));
        memcpy(first, bytes, SIZE);
        plan(ALOFT_NOR_CUT_TORN, 1, mixes[i], 99);
        CHECK_EQ(aloft_flash_erase(&view, ALOFT_NOR_BLOCK, ALOFT_NOR_BLOCK), ALOFT_ERR_FLASH_ERASE);
        CHECK_BYTES(bytes, first, SIZE);
    }
}

static void a_half_erased_sector_has_old_bits_and_new_ones(void)
{
    plan(ALOFT_NOR_CUT_TORN, 1, ALOFT_NOR_MIX_HALF, 5);
    (void)aloft_flash_erase(&view, 0, ALOFT_NOR_SECTOR); // cut, as planned
    CHECK(!all_ff(bytes, ALOFT_NOR_SECTOR));
    CHECK(memcmp(bytes, before, ALOFT_NOR_SECTOR) != 0);
}

static void a_weak_sector_can_look_blank_and_reads_differently_until_it_is_erased(void)
{
    plan(ALOFT_NOR_CUT_TORN, 1, ALOFT_NOR_MIX_BLANK, 7);
    (void)aloft_flash_erase(&view, 0, ALOFT_NOR_SECTOR); // cut, as planned
    aloft_nor_power_on(&nor);
    CHECK(all_ff(bytes, ALOFT_NOR_SECTOR)); // as stored
    CHECK_EQ(aloft_flash_read(&view, 0, noise_a, sizeof noise_a), ALOFT_OK);
    CHECK_EQ(aloft_flash_read(&view, 0, noise_b, sizeof noise_b), ALOFT_OK);
    CHECK(memcmp(noise_a, noise_b, sizeof noise_a) != 0);
    CHECK_EQ(aloft_flash_erase(&view, 0, ALOFT_NOR_SECTOR), ALOFT_OK);
    CHECK_EQ(aloft_flash_read(&view, 0, noise_a, sizeof noise_a), ALOFT_OK);
    CHECK(all_ff(noise_a, sizeof noise_a));
}

static void programming_makes_weak_bits_firm_zeros(void)
{
    static const uint8_t zeros[ALOFT_FLASH_PAGE];
    plan(ALOFT_NOR_CUT_TORN, 1, ALOFT_NOR_MIX_OLD, 7);
    (void)aloft_flash_erase(&view, 0, ALOFT_NOR_SECTOR); // cut, as planned
    aloft_nor_power_on(&nor);
    CHECK_EQ(aloft_flash_prog(&view, 0, zeros, sizeof zeros), ALOFT_OK);
    for (int i = 0; i < 20; i++) {
        CHECK_EQ(aloft_flash_read(&view, 0, noise_a, sizeof zeros), ALOFT_OK);
        CHECK_BYTES(noise_a, zeros, sizeof zeros);
    }
}

static void a_planned_fault_fails_one_operation_and_changes_nothing(void)
{
    const uint8_t zero = 0;
    fresh();
    nor.plan.fail_at = 2;
    CHECK_EQ(aloft_flash_prog(&view, 0, &zero, 1), ALOFT_OK);
    CHECK_EQ(aloft_flash_prog(&view, 1, &zero, 1), ALOFT_ERR_FLASH_PROG);
    CHECK(only_changed(0, 1));
    CHECK_EQ(aloft_flash_prog(&view, 1, &zero, 1), ALOFT_OK);
    CHECK(!nor.dead);
}

static void a_flipped_bit_is_one_bit(void)
{
    fresh();
    aloft_nor_flip(&nor, 8 * 100 + 3);
    CHECK_EQ(bytes[100] ^ before[100], 1 << 3);
    CHECK(only_changed(100, 1));
}

CHECK_MAIN(TEST(erase_sets_a_sector_or_a_block_and_nothing_else), TEST(programs_only_clear_bits),
           TEST(what_no_chip_can_do_is_refused_and_changes_nothing),
           TEST(it_counts_operations_wear_and_time),
           TEST(a_cut_before_changes_nothing_and_a_cut_after_lets_it_happen),
           TEST(after_a_cut_the_flash_is_dead_until_power_comes_back),
           TEST(a_torn_program_leaves_a_prefix_and_part_of_one_byte),
           TEST(a_torn_program_stops_where_it_is_told_to),
           TEST(a_torn_erase_stays_inside_its_range_and_is_repeatable),
           TEST(a_half_erased_sector_has_old_bits_and_new_ones),
           TEST(a_weak_sector_can_look_blank_and_reads_differently_until_it_is_erased),
           TEST(programming_makes_weak_bits_firm_zeros),
           TEST(a_planned_fault_fails_one_operation_and_changes_nothing),
           TEST(a_flipped_bit_is_one_bit))
