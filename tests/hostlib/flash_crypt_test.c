// Flash that encrypts does what the hardware does: the NOR model's encrypting mode, and the flash
// that encrypts in front of a plain model. Every test runs on both; the last one holds them against
// each other.
#include "check.h"
#include "hostlib/flash/nor.h"
#include "hostlib/flash/quick_cipher.h"

enum { SIZE = 2 * ALOFT_NOR_BLOCK, BLOCK = 16 };

// A chip, and what core would be given of it.
struct chip {
    struct aloft_nor nor;
    struct aloft_flash_crypt crypt;
    struct aloft_flash_view view; // that encrypts
    struct aloft_flash_view raw;
    uint8_t bytes[SIZE];
    struct aloft_nor_sector sectors[SIZE / ALOFT_NOR_SECTOR];
};

static struct chip chip;
static struct chip other;

static void make(struct chip *c, uint32_t unit, bool mode)
{
    const struct aloft_flash_cipher *cipher = aloft_quick_cipher(unit);
    memset(c->bytes, 0xFF, SIZE);
    memset(c->sectors, 0, sizeof c->sectors);
    aloft_nor_init(&c->nor, c->bytes, c->sectors, SIZE);
    if (mode) {
        cipher->decrypt(cipher->ctx, 0, c->bytes, SIZE); // erased, as text
        aloft_nor_encrypt(&c->nor, cipher);
        c->view = (struct aloft_flash_view){&c->nor.flash, 0, SIZE};
    } else {
        aloft_flash_crypt_init(&c->crypt, &c->nor.flash, cipher);
        c->view = (struct aloft_flash_view){&c->crypt.flash, 0, SIZE};
    }
    c->raw = (struct aloft_flash_view){c->view.flash->raw, 0, SIZE};
}

// Calls fn on every kind of chip, erased: units of 16 and 32, both implementations.
static void on_each(void (*fn)(uint32_t unit))
{
    for (uint32_t i = 0; i < 4; i++) {
        uint32_t unit = i / 2 == 0 ? 16 : 32;
        check_note("unit %ld, mode %ld", (long)unit, i % 2);
        make(&chip, unit, i % 2 != 0);
        fn(unit);
    }
}

static void fill(uint8_t *bytes, uint32_t len, uint32_t seed)
{
    for (uint32_t i = 0; i < len; i++) {
        bytes[i] = (uint8_t)((seed + i) * 2654435761u >> 13);
    }
}

static bool reads(uint32_t addr, const uint8_t *expected, uint32_t len)
{
    uint8_t bytes[512];
    return aloft_flash_read(&chip.view, addr, bytes, len) == ALOFT_OK &&
           memcmp(bytes, expected, len) == 0;
}

static void round_trip(uint32_t unit)
{
    uint8_t page[ALOFT_FLASH_PAGE];
    uint8_t cells[ALOFT_FLASH_PAGE];
    fill(page, sizeof page, 1);
    CHECK_EQ(chip.view.flash->geometry.write_unit, unit);
    CHECK_EQ(aloft_flash_prog(&chip.view, 0x1100, page, sizeof page), ALOFT_OK);
    CHECK_EQ(aloft_flash_prog(&chip.view, 0x1000, page, unit), ALOFT_OK);
    CHECK(reads(0x1100, page, sizeof page));
    CHECK(reads(0x1000, page, unit));
    for (uint32_t from = 0; from < sizeof page; from += 7) {
        for (uint32_t len = 1; len < sizeof page - from; len += 13) {
            CHECK(reads(0x1100 + from, page + from, len)); // any range, whole units or not
        }
    }
    // In the cells it is neither the text, nor the same at two addresses.
    CHECK_EQ(aloft_flash_read(&chip.raw, 0x1100, cells, sizeof cells), ALOFT_OK);
    CHECK(memcmp(cells, page, BLOCK) != 0);
    CHECK_EQ(aloft_flash_read(&chip.raw, 0x1000, cells + unit, unit), ALOFT_OK);
    CHECK(memcmp(cells, cells + unit, BLOCK) != 0);
}

static void what_was_programmed_is_read_and_the_cells_hold_something_else(void)
{
    on_each(round_trip);
}

static void erased(uint32_t unit)
{
    uint8_t a[32];
    uint8_t b[32];
    uint8_t cells[32];
    (void)unit;
    CHECK_EQ(aloft_flash_erase(&chip.view, 0x2000, ALOFT_NOR_SECTOR), ALOFT_OK);
    for (uint32_t at = 0x2000; at < 0x3000; at += 32) {
        CHECK_EQ(aloft_flash_read(&chip.view, at, a, 32), ALOFT_OK);
        CHECK_EQ(aloft_flash_read(&chip.view, at, b, 32), ALOFT_OK);
        CHECK(memcmp(a, b, 32) == 0); // noise, but always the same
        CHECK_EQ(aloft_flash_read(&chip.view, at + 32, b, 32), ALOFT_OK);
        CHECK(memcmp(a, b, BLOCK) != 0 && memcmp(a, a + BLOCK, BLOCK) != 0);
        CHECK_EQ(aloft_flash_read(&chip.raw, at, cells, 32), ALOFT_OK);
        memset(b, 0xFF, 32);
        CHECK_BYTES(cells, b, 32);
        CHECK(memcmp(a, b, BLOCK) != 0 && memcmp(a + BLOCK, b, BLOCK) != 0);
    }
}

static void erased_cells_read_as_noise_that_depends_on_the_address(void)
{
    on_each(erased);
}

static void too_little(uint32_t unit)
{
    const struct aloft_flash_ops *ops = chip.view.flash->ops;
    void *ctx = chip.view.flash->ctx;
    uint8_t bytes[64] = {0};
    uint8_t before[64];
    CHECK_EQ(aloft_flash_read(&chip.view, 0, before, sizeof before), ALOFT_OK);
    CHECK_EQ(ops->prog(ctx, 0, bytes, unit - 1), ALOFT_ERR_FLASH_PROG);
    CHECK_EQ(ops->prog(ctx, 0, bytes, unit + 1), ALOFT_ERR_FLASH_PROG);
    CHECK_EQ(ops->prog(ctx, 0, bytes, 1), ALOFT_ERR_FLASH_PROG);
    CHECK_EQ(ops->prog(ctx, unit / 2, bytes, unit), ALOFT_ERR_FLASH_PROG);
    CHECK_EQ(ops->prog(ctx, 1, bytes, unit), ALOFT_ERR_FLASH_PROG);
    CHECK(reads(0, before, sizeof before));
    CHECK_EQ(chip.nor.operations, 0);
}

static void programs_of_less_than_a_unit_are_refused_and_change_nothing(void)
{
    on_each(too_little);
}

static void twice(uint32_t unit)
{
    uint8_t first[64];
    uint8_t second[64];
    uint8_t now[64];
    uint8_t anded[64];
    fill(first, sizeof first, 1);
    fill(second, sizeof second, 9);
    CHECK_EQ(aloft_flash_prog(&chip.view, 0, first, sizeof first), ALOFT_OK);
    CHECK_EQ(aloft_flash_prog(&chip.view, unit, second, unit), ALOFT_OK);
    CHECK_EQ(aloft_flash_read(&chip.view, 0, now, sizeof now), ALOFT_OK);
    for (uint32_t i = 0; i < sizeof now; i++) {
        anded[i] = first[i] & second[i % unit];
    }
    CHECK_BYTES(now, first, unit);
    for (uint32_t at = unit; at < 2 * unit; at += BLOCK) {
        CHECK(memcmp(now + at, first + at, BLOCK) != 0);
        CHECK(memcmp(now + at, second + at - unit, BLOCK) != 0);
        CHECK(memcmp(now + at, anded + at, BLOCK) != 0);
    }
    // Not even zeros over it are zeros then.
    memset(second, 0, sizeof second);
    CHECK_EQ(aloft_flash_prog(&chip.view, 0, second, unit), ALOFT_OK);
    CHECK(!reads(0, second, unit));
    // The same text again is the same cells.
    CHECK_EQ(aloft_flash_erase(&chip.view, 0, ALOFT_NOR_SECTOR), ALOFT_OK);
    CHECK_EQ(aloft_flash_prog(&chip.view, 0, first, unit), ALOFT_OK);
    CHECK_EQ(aloft_flash_prog(&chip.view, 0, first, unit), ALOFT_OK);
    CHECK(reads(0, first, unit));
}

static void a_second_program_of_a_unit_leaves_noise(void)
{
    on_each(twice);
}

static void torn(uint32_t unit)
{
    uint8_t page[ALOFT_FLASH_PAGE];
    uint8_t blank[ALOFT_FLASH_PAGE];
    uint8_t now[ALOFT_FLASH_PAGE];
    uint32_t spoilt = 0;
    fill(page, sizeof page, 3);
    for (uint32_t seed = 0; seed < 200; seed++) {
        aloft_nor_power_on(&chip.nor);
        CHECK_EQ(aloft_flash_erase(&chip.view, 0, ALOFT_NOR_SECTOR), ALOFT_OK);
        CHECK_EQ(aloft_flash_read(&chip.view, 0, blank, sizeof blank), ALOFT_OK);
        chip.nor.plan =
            (struct aloft_nor_plan){.cut = ALOFT_NOR_CUT_TORN, .cut_at = 2, .seed = seed};
        CHECK_EQ(aloft_flash_prog(&chip.view, 0, page, sizeof page), ALOFT_ERR_FLASH_PROG);
        aloft_nor_power_on(&chip.nor);
        CHECK_EQ(aloft_flash_read(&chip.view, 0, now, sizeof now), ALOFT_OK);
        uint32_t at = 0;
        while (at < sizeof now && memcmp(now + at, page + at, BLOCK) == 0) {
            at += BLOCK;
        }
        if (at < sizeof now && memcmp(now + at, blank + at, BLOCK) != 0) {
            spoilt++; // neither the text nor what erased cells read as
            at += BLOCK;
        }
        CHECK(memcmp(now + at, blank + at, sizeof now - at) == 0);
    }
    CHECK(spoilt > 100);
    (void)unit;
}

static void a_torn_program_leaves_text_then_noise_then_what_is_erased(void)
{
    on_each(torn);
}

static void plain_bits(uint32_t unit)
{
    static const uint8_t steps[] = {0xFE, 0xFC, 0xF8, 0x00};
    uint8_t text[2 * 32];
    uint8_t byte;
    fill(text, sizeof text, 4);
    CHECK_EQ(aloft_flash_prog(&chip.view, 0x1000, text, unit), ALOFT_OK);
    for (uint32_t i = 0; i < sizeof steps; i++) {
        CHECK_EQ(aloft_flash_prog(&chip.raw, 0x1000 + unit + 5, &steps[i], 1), ALOFT_OK);
        CHECK_EQ(aloft_flash_read(&chip.raw, 0x1000 + unit + 5, &byte, 1), ALOFT_OK);
        CHECK_EQ(byte, steps[i]);
    }
    CHECK_EQ(aloft_flash_read(&chip.raw, 0x1000 + unit + 6, &byte, 1), ALOFT_OK);
    CHECK_EQ(byte, 0xFF);
    CHECK_EQ(chip.raw.flash->geometry.write_unit, 1);
    CHECK(chip.raw.flash->raw == NULL);
    CHECK(reads(0x1000, text, unit));
}

static void a_plain_partition_keeps_the_rules_of_plain_flash(void)
{
    on_each(plain_bits);
}

static void weak(uint32_t unit)
{
    uint8_t a[512];
    uint8_t b[512];
    (void)unit;
    chip.nor.plan = (struct aloft_nor_plan){
        .cut = ALOFT_NOR_CUT_TORN, .cut_at = 1, .mix = ALOFT_NOR_MIX_BLANK, .seed = 7};
    (void)aloft_flash_erase(&chip.view, 0, ALOFT_NOR_SECTOR); // cut, as planned
    aloft_nor_power_on(&chip.nor);
    CHECK_EQ(aloft_flash_read(&chip.view, 0, a, sizeof a), ALOFT_OK);
    CHECK_EQ(aloft_flash_read(&chip.view, 0, b, sizeof b), ALOFT_OK);
    CHECK(memcmp(a, b, sizeof a) != 0);
    CHECK_EQ(aloft_flash_erase(&chip.view, 0, ALOFT_NOR_SECTOR), ALOFT_OK);
    CHECK_EQ(aloft_flash_read(&chip.view, 0, a, sizeof a), ALOFT_OK);
    CHECK(reads(0, a, sizeof a));
}

static void weak_cells_read_differently_until_they_are_erased(void)
{
    on_each(weak);
}

// One random operation on both chips, with the same cut, then power again.
static void strike(uint32_t x, uint32_t unit)
{
    uint8_t page[ALOFT_FLASH_PAGE];
    struct aloft_nor_plan plan = {.cut = (enum aloft_nor_cut)(x % 4),
                                  .cut_at = 1,
                                  .fail_at = x >> 2 & 1,
                                  .mix = (enum aloft_nor_mix)(x >> 3 & 3),
                                  .torn = (enum aloft_nor_torn)((x >> 5) % 5),
                                  .seed = x};
    uint32_t addr = (x >> 8) % (SIZE / ALOFT_FLASH_PAGE) * ALOFT_FLASH_PAGE;
    uint32_t off = (x >> 20) % (ALOFT_FLASH_PAGE / unit) * unit;
    uint32_t sector = addr / ALOFT_NOR_SECTOR * ALOFT_NOR_SECTOR;
    bool raw = (x >> 27) % 4 == 0;
    fill(page, sizeof page, x);
    for (int i = 0; i < 2; i++) {
        struct chip *c = i == 0 ? &chip : &other;
        struct aloft_flash_view *view = raw ? &c->raw : &c->view;
        c->nor.plan = plan;
        if (x >> 29 == 0) {
            (void)aloft_flash_erase(view, sector, ALOFT_NOR_SECTOR);
        } else {
            (void)aloft_flash_prog(view, addr + off, page + off, ALOFT_FLASH_PAGE - off);
        }
        aloft_nor_power_on(&c->nor);
    }
}

static void both_models_behave_the_same(void)
{
    static uint8_t a[ALOFT_NOR_SECTOR];
    static uint8_t b[ALOFT_NOR_SECTOR];
    for (uint32_t unit = 16; unit <= 32; unit *= 2) {
        uint32_t x = unit;
        make(&chip, unit, false);
        make(&other, unit, true);
        for (uint32_t round = 0; round < 3000; round++) {
            x = x * 1664525u + 1013904223u;
            strike(x ^ x >> 15, unit);
        }
        for (uint32_t at = 0; at < SIZE; at += ALOFT_NOR_SECTOR) {
            check_note("unit %ld, sector at %ld", (long)unit, (long)at);
            chip.nor.noise = other.nor.noise; // weak bits are drawn at each read
            CHECK_EQ(aloft_flash_read(&chip.view, at, a, sizeof a), ALOFT_OK);
            CHECK_EQ(aloft_flash_read(&other.view, at, b, sizeof b), ALOFT_OK);
            CHECK_BYTES(a, b, sizeof a);
            CHECK_EQ(chip.nor.sectors[at / ALOFT_NOR_SECTOR].weak != 0,
                     other.nor.sectors[at / ALOFT_NOR_SECTOR].weak != 0);
        }
        CHECK_EQ((long long)chip.nor.programs, (long long)other.nor.programs);
    }
}

static void a_moved_chip_shares_nothing_with_the_first(void)
{
    uint8_t text[32];
    fill(text, sizeof text, 1);
    make(&chip, 32, true);
    other = chip;
    aloft_nor_moved(&other.nor, other.bytes, other.sectors);
    struct aloft_flash_view view = {&other.nor.flash, 0, SIZE};
    CHECK_EQ(aloft_flash_prog(&view, 0, text, sizeof text), ALOFT_OK);
    CHECK_BYTES(other.bytes, text, sizeof text);
    CHECK(memcmp(chip.bytes, text, sizeof text) != 0);
    CHECK(other.nor.flash.raw == &other.nor.raw && other.nor.raw.ctx == &other.nor);
}

CHECK_MAIN(TEST(what_was_programmed_is_read_and_the_cells_hold_something_else),
           TEST(erased_cells_read_as_noise_that_depends_on_the_address),
           TEST(programs_of_less_than_a_unit_are_refused_and_change_nothing),
           TEST(a_second_program_of_a_unit_leaves_noise),
           TEST(a_torn_program_leaves_text_then_noise_then_what_is_erased),
           TEST(a_plain_partition_keeps_the_rules_of_plain_flash),
           TEST(weak_cells_read_differently_until_they_are_erased),
           TEST(both_models_behave_the_same), TEST(a_moved_chip_shares_nothing_with_the_first))
