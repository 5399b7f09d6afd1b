// The checked view: nothing outside it is ever touched, whatever the arguments; and the RAM flash
// that the tests stand on keeps NOR's rules.
#include "aloft/flash.h"
#include "check.h"
#include "guard.h"
#include "ram_flash.h"

enum { CHIP = 0x40000 };

static uint8_t chip[CHIP];
static struct ram_flash ram;
static struct aloft_flash_view view; // 0x11000 bytes from 0x1F000

static void fresh(void)
{
    ram_flash_init(&ram, chip, CHIP);
    view = (struct aloft_flash_view){&ram.flash, 0x1F000, 0x11000};
}

static void flash_reads_what_was_programmed(void)
{
    static const uint8_t data[4] = {1, 2, 3, 4};
    uint8_t back[6];
    fresh();
    CHECK_EQ(aloft_flash_prog(&view, 0x101, data, sizeof data), ALOFT_OK);
    CHECK_BYTES(chip + 0x1F101, data, sizeof data);
    CHECK_EQ(aloft_flash_read(&view, 0x100, back, sizeof back), ALOFT_OK);
    CHECK_BYTES(back, "\xFF\x01\x02\x03\x04\xFF", 6);
    CHECK_EQ(ram.ops, 2);
}

static void flash_refuses_what_leaves_the_view_without_an_operation(void)
{
    static const uint32_t bad[][2] = {
        {0x11000, 1}, {0x10FFF, 2}, {0xFFFFFFFF, 1}, {0xFFFFFFFF, 0xFFFFFFFF},
        {1, 0x11000}, {0, 0x11001}, {0x11001, 0},    {0xFFFFFF00, 0x200},
    };
    uint8_t byte[2] = {0};
    fresh();
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        check_note("case %ld", (long)i, 0);
        CHECK_EQ(aloft_flash_read(&view, bad[i][0], byte, bad[i][1]), ALOFT_ERR_FLASH_RANGE);
        CHECK_EQ(aloft_flash_prog(&view, bad[i][0], byte, bad[i][1]), ALOFT_ERR_FLASH_RANGE);
        CHECK_EQ(aloft_flash_erase(&view, bad[i][0], bad[i][1]), ALOFT_ERR_FLASH_RANGE);
    }
    CHECK_EQ(aloft_flash_erase(&view, 0x11000, 0x1000), ALOFT_ERR_FLASH_RANGE);
    CHECK_EQ(ram.ops, 0);
}

static void flash_refuses_a_view_that_leaves_the_chip(void)
{
    static const uint32_t views[][2] = {
        {CHIP, 1}, {CHIP - 0x1000, 0x1001}, {0xFFFFF000, 0x2000}, {0, 0xFFFFFFFF}, {CHIP + 1, 0}};
    uint8_t byte = 0;
    fresh();
    for (size_t i = 0; i < sizeof views / sizeof views[0]; i++) {
        struct aloft_flash_view bad = {&ram.flash, views[i][0], views[i][1]};
        check_note("view %ld", (long)i, 0);
        CHECK_EQ(aloft_flash_read(&bad, 0, &byte, 1), ALOFT_ERR_FLASH_RANGE);
        CHECK_EQ(aloft_flash_prog(&bad, 0, &byte, 1), ALOFT_ERR_FLASH_RANGE);
        CHECK_EQ(aloft_flash_erase(&bad, 0, 0x1000), ALOFT_ERR_FLASH_RANGE);
    }
    CHECK_EQ(ram.ops, 0);
}

static void flash_reads_nothing_without_an_operation(void)
{
    fresh();
    CHECK_EQ(aloft_flash_read(&view, 0, NULL, 0), ALOFT_OK);
    CHECK_EQ(aloft_flash_read(&view, 0x11000, NULL, 0), ALOFT_OK);
    CHECK_EQ(ram.ops, 0);
}

static void flash_programs_inside_one_page_only(void)
{
    uint8_t page[ALOFT_FLASH_PAGE + 1] = {0};
    fresh();
    CHECK_EQ(aloft_flash_prog(&view, 0, page, 256), ALOFT_OK);
    CHECK_EQ(aloft_flash_prog(&view, 0x1FF, page, 1), ALOFT_OK);
    CHECK_EQ(aloft_flash_prog(&view, 0, page, 257), ALOFT_ERR_FLASH_RANGE);
    CHECK_EQ(aloft_flash_prog(&view, 0x1FF, page, 2), ALOFT_ERR_FLASH_RANGE);
    CHECK_EQ(aloft_flash_prog(&view, 1, page, 256), ALOFT_ERR_FLASH_RANGE);
    CHECK_EQ(aloft_flash_prog(&view, 0, page, 0), ALOFT_ERR_FLASH_RANGE);
    CHECK_EQ(ram.progs, 2);
}

static void flash_programs_whole_write_units_only(void)
{
    static const uint32_t units[] = {16, 32};
    uint8_t data[64] = {0};
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        uint32_t unit = units[i];
        fresh();
        ram.flash.geometry.write_unit = unit;
        CHECK_EQ(aloft_flash_prog(&view, unit, data, unit), ALOFT_OK);
        CHECK_EQ(aloft_flash_prog(&view, unit, data, 2 * unit), ALOFT_OK);
        CHECK_EQ(aloft_flash_prog(&view, unit / 2, data, unit), ALOFT_ERR_FLASH_RANGE);
        CHECK_EQ(aloft_flash_prog(&view, unit, data, unit - 1), ALOFT_ERR_FLASH_RANGE);
        CHECK_EQ(aloft_flash_prog(&view, unit, data, unit + 1), ALOFT_ERR_FLASH_RANGE);
        CHECK_EQ(ram.progs, 2);
    }
}

static void flash_erases_one_aligned_sector_or_block(void)
{
    fresh();
    memset(chip, 0, CHIP);
    CHECK_EQ(aloft_flash_erase(&view, 0, 0x1000), ALOFT_OK);
    // The block starts at 0x20000 of the chip, which is 0x1000 of the view: the chip's count
    // decides.
    CHECK_EQ(aloft_flash_erase(&view, 0x1000, 0x10000), ALOFT_OK);
    CHECK_EQ(ram.erases, 2);
    CHECK_EQ(chip[0x1EFFF], 0);
    CHECK_EQ(chip[0x1F000], 0xFF);
    CHECK_EQ(chip[0x2FFFF], 0xFF);
    CHECK_EQ(chip[0x30000], 0);
    CHECK_EQ(aloft_flash_erase(&view, 0, 0x10000), ALOFT_ERR_FLASH_RANGE);
    CHECK_EQ(aloft_flash_erase(&view, 0x800, 0x1000), ALOFT_ERR_FLASH_RANGE);
    CHECK_EQ(aloft_flash_erase(&view, 0, 0x2000), ALOFT_ERR_FLASH_RANGE);
    CHECK_EQ(aloft_flash_erase(&view, 0, 0), ALOFT_ERR_FLASH_RANGE);
    CHECK_EQ(ram.erases, 2);
}

static void flash_compares_at_every_length_and_finds_every_difference(void)
{
    uint8_t data[200];
    fresh();
    memset(data, 0xFF, sizeof data);
    for (uint32_t i = 0; i < sizeof data; i++) {
        chip[0x1F000 + i] = data[i] = (uint8_t)(i + 1);
    }
    for (uint32_t len = 0; len <= sizeof data; len++) {
        const uint8_t *copy = guard_after(data, len);
        check_note("length %ld", (long)len, 0);
        CHECK_EQ(aloft_flash_compare(&view, 0, copy, len), ALOFT_OK);
    }
    for (uint32_t at = 0; at < sizeof data; at++) {
        data[at] ^= 0x10;
        check_note("difference at %ld", (long)at, 0);
        CHECK_EQ(aloft_flash_compare(&view, 0, data, sizeof data), ALOFT_ERR_FLASH_VERIFY);
        data[at] ^= 0x10;
    }
    CHECK_EQ(aloft_flash_compare(&view, 0x10FFF, data, 2), ALOFT_ERR_FLASH_RANGE);
    CHECK_EQ(aloft_flash_compare(&view, 0xFFFFFFFF, data, 2), ALOFT_ERR_FLASH_RANGE);
}

static void flash_passes_on_the_fault_of_the_chip(void)
{
    uint8_t data[100] = {0};
    fresh();
    ram.fail_op = 1;
    CHECK_EQ(aloft_flash_read(&view, 0, data, 1), ALOFT_ERR_FLASH_READ);
    ram.fail_op = 2;
    CHECK_EQ(aloft_flash_prog(&view, 0, data, 1), ALOFT_ERR_FLASH_PROG);
    CHECK_EQ(chip[0x1F000], 0xFF);
    ram.fail_op = 3;
    CHECK_EQ(aloft_flash_erase(&view, 0, 0x1000), ALOFT_ERR_FLASH_ERASE);
    memset(chip + 0x1F000, 0, sizeof data);
    ram.fail_op = 5; // the second piece of the comparison
    CHECK_EQ(aloft_flash_compare(&view, 0, data, sizeof data), ALOFT_ERR_FLASH_READ);
    CHECK_EQ(aloft_flash_read(&view, 0, data, 1), ALOFT_OK);
}

static void flash_can_only_clear_bits_until_it_is_erased(void)
{
    uint8_t byte = 0x0F;
    fresh();
    CHECK_EQ(aloft_flash_prog(&view, 0, &byte, 1), ALOFT_OK);
    byte = 0xF1;
    CHECK_EQ(aloft_flash_prog(&view, 0, &byte, 1), ALOFT_OK);
    CHECK_EQ(chip[0x1F000], 0x01);
    CHECK_EQ(aloft_flash_erase(&view, 0, 0x1000), ALOFT_OK);
    CHECK_EQ(chip[0x1F000], 0xFF);
}

CHECK_MAIN(TEST(flash_reads_what_was_programmed),
           TEST(flash_refuses_what_leaves_the_view_without_an_operation),
           TEST(flash_refuses_a_view_that_leaves_the_chip),
           TEST(flash_reads_nothing_without_an_operation),
           TEST(flash_programs_inside_one_page_only), TEST(flash_programs_whole_write_units_only),
           TEST(flash_erases_one_aligned_sector_or_block),
           TEST(flash_compares_at_every_length_and_finds_every_difference),
           TEST(flash_passes_on_the_fault_of_the_chip),
           TEST(flash_can_only_clear_bits_until_it_is_erased))
