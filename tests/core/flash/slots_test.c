// Roles out of a table in flash, at any table offset, and the tables that an update must refuse.
#include "aloft/base/bytes.h"
#include "aloft/slots.h"
#include "check.h"
#include "ram_flash.h"
#include "soft_crypto.h"

enum { CHIP = 0x40000, ROWS_MAX = 20 };

// A small chip: slots are 64 KiB, so that the whole layout fits in a device's RAM.
static uint8_t chip[CHIP];
static struct ram_flash ram;
static struct aloft_slots slots;

static const struct aloft_partition layout[] = {
    {1, 2, 0x9000, 0x4000, 0, "nvs"},        {1, 0, 0xD000, 0x2000, 0, "otadata"},
    {1, 1, 0xF000, 0x1000, 0, "phy_init"},   {0, 0, 0x10000, 0x10000, 0, "factory"},
    {0, 0x10, 0x20000, 0x10000, 0, "ota_0"}, {0, 0x11, 0x30000, 0x10000, 0, "ota_1"},
};

enum { NVS, OTADATA, PHY, FACTORY, SLOT_0, SLOT_1, LAYOUT_ROWS };

static struct aloft_partition rows[ROWS_MAX];
static uint32_t row_count;

static void start_from_layout(void)
{
    memcpy(rows, layout, sizeof layout);
    row_count = LAYOUT_ROWS;
}

static void add_row(struct aloft_partition row)
{
    rows[row_count++] = row;
}

static void drop_row(uint32_t index)
{
    row_count--;
    memmove(&rows[index], &rows[index + 1], (row_count - index) * sizeof rows[0]);
}

static enum aloft_err load_at(uint32_t ptable_addr)
{
    ram_flash_init(&ram, chip, CHIP);
    CHECK_EQ(aloft_ptable_emit_all(rows, row_count, &aloft_soft_crypto, chip + ptable_addr),
             ALOFT_OK);
    return aloft_slots_load(&slots, &ram.flash, &aloft_soft_crypto, ptable_addr);
}

// Loads and checks; both verdicts in one, as a caller that wants to write sees them.
static enum aloft_err verdict(void)
{
    enum aloft_err err = load_at(0x8000);
    return err != ALOFT_OK ? err : aloft_slots_check(&slots, &aloft_soft_crypto);
}

static void slots_load_finds_the_roles(void)
{
    start_from_layout();
    CHECK_EQ(load_at(0x8000), ALOFT_OK);
    CHECK_EQ(slots.factory.addr, 0x10000);
    CHECK_EQ(slots.otadata.addr, 0xD000);
    CHECK_EQ(slots.otadata.len, ALOFT_OTADATA_LEN);
    CHECK_EQ(slots.ota_count, 2);
    CHECK_EQ(slots.ota[0].addr, 0x20000);
    CHECK_EQ(slots.ota[1].addr, 0x30000);
    CHECK_EQ(slots.ota[1].len, 0x10000);
    CHECK_EQ(slots.ota[2].len, 0);
    CHECK_EQ(slots.test.len, 0);
    CHECK_EQ(aloft_slots_check(&slots, &aloft_soft_crypto), ALOFT_OK);
    CHECK_EQ(ram.progs + ram.erases, 0);
}

static void slots_load_reads_a_table_at_any_offset(void)
{
    start_from_layout();
    rows[NVS].addr = 0x4000; // make room above
    CHECK_EQ(load_at(0xC000), ALOFT_OK);
    CHECK_EQ(slots.ota_count, 2);
    CHECK_EQ(aloft_slots_check(&slots, &aloft_soft_crypto), ALOFT_OK);
    CHECK_EQ(aloft_slots_load(&slots, &ram.flash, &aloft_soft_crypto, 0x8000),
             ALOFT_ERR_PTABLE_EMPTY);
}

static void slots_load_refuses_a_table_that_leaves_the_chip(void)
{
    ram_flash_init(&ram, chip, CHIP);
    CHECK_EQ(aloft_slots_load(&slots, &ram.flash, &aloft_soft_crypto, CHIP - 0x400),
             ALOFT_ERR_FLASH_RANGE);
    CHECK_EQ(aloft_slots_load(&slots, &ram.flash, &aloft_soft_crypto, 0xFFFFF000),
             ALOFT_ERR_FLASH_RANGE);
}

static void slots_load_passes_on_the_faults_of_table_and_chip(void)
{
    start_from_layout();
    CHECK_EQ(load_at(0x8000), ALOFT_OK);
    uint32_t reads = ram.reads;
    for (uint32_t op = 1; op <= reads; op++) {
        ram.ops = 0;
        ram.fail_op = op;
        check_note("read %ld fails", (long)op, 0);
        CHECK_EQ(aloft_slots_load(&slots, &ram.flash, &aloft_soft_crypto, 0x8000),
                 ALOFT_ERR_FLASH_READ);
    }
    ram.fail_op = 0;
    chip[0x8000 + LAYOUT_ROWS * 32 + 20] ^= 1;
    CHECK_EQ(aloft_slots_load(&slots, &ram.flash, &aloft_soft_crypto, 0x8000),
             ALOFT_ERR_PTABLE_MD5);
}

static enum aloft_err stop_at_third(void *ctx, const struct aloft_partition *partition)
{
    int *seen = ctx;
    (void)partition; // only the count matters
    return ++*seen == 3 ? ALOFT_ERR_SLOT_UNKNOWN : ALOFT_OK;
}

static void slots_walk_stops_when_it_is_told(void)
{
    int seen = 0;
    start_from_layout();
    CHECK_EQ(load_at(0x8000), ALOFT_OK);
    CHECK_EQ(aloft_slots_walk(&ram.flash, &aloft_soft_crypto, 0x8000, stop_at_third, &seen),
             ALOFT_ERR_SLOT_UNKNOWN);
    CHECK_EQ(seen, 3);
}

static void slots_find_names_the_slot_that_starts_there(void)
{
    start_from_layout();
    CHECK_EQ(load_at(0x8000), ALOFT_OK);
    CHECK_EQ(aloft_slots_find(&slots, 0x10000), ALOFT_SLOT_FACTORY);
    CHECK_EQ(aloft_slots_find(&slots, 0x20000), 0);
    CHECK_EQ(aloft_slots_find(&slots, 0x30000), 1);
    CHECK_EQ(aloft_slots_find(&slots, 0x20001), ALOFT_SLOT_NONE);
    CHECK_EQ(aloft_slots_find(&slots, 0xD000), ALOFT_SLOT_NONE);
    CHECK_EQ(aloft_slots_find(&slots, 0), ALOFT_SLOT_NONE); // absent slots have address 0
}

static void slots_extent_of_what_is_not_there_is_empty(void)
{
    static const int absent[] = {ALOFT_SLOT_TEST, ALOFT_SLOT_NONE, 2, 15, 16, 1000, -3};
    start_from_layout();
    CHECK_EQ(load_at(0x8000), ALOFT_OK);
    for (size_t i = 0; i < sizeof absent / sizeof absent[0]; i++) {
        CHECK_EQ(aloft_slots_extent(&slots, absent[i]).len, 0);
    }
    CHECK_EQ(aloft_slots_extent(&slots, ALOFT_SLOT_FACTORY).addr, 0x10000);
    struct aloft_flash_view view = aloft_slots_view(&slots, aloft_slots_extent(&slots, 1));
    CHECK(view.flash == &ram.flash);
    CHECK_EQ(view.addr, 0x30000);
    CHECK_EQ(view.len, 0x10000);
}

static void slots_next_goes_round_the_ring_and_never_to_the_running_slot(void)
{
    static const struct {
        uint32_t count;
        int running, next;
    } cases[] = {
        {2, ALOFT_SLOT_FACTORY, 0},
        {2, ALOFT_SLOT_TEST, 0},
        {2, 0, 1},
        {2, 1, 0},
        {1, ALOFT_SLOT_FACTORY, 0},
        {1, 0, ALOFT_SLOT_NONE},
        {3, 2, 0},
        {3, 0, 1},
        {16, 15, 0},
        {16, 7, 8},
        {2, ALOFT_SLOT_NONE, 0},
        {0, ALOFT_SLOT_FACTORY, ALOFT_SLOT_NONE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        memset(&slots, 0, sizeof slots);
        slots.ota_count = cases[i].count;
        for (uint32_t slot = 0; slot < cases[i].count; slot++) {
            slots.ota[slot] = (struct aloft_extent){0x10000 * (slot + 1), 0x10000};
        }
        check_note("%ld slots, %ld runs", (long)cases[i].count, cases[i].running);
        CHECK_EQ(aloft_slots_next(&slots, cases[i].running), cases[i].next);
    }
}

static void slots_check_names_what_a_table_lacks(void)
{
    start_from_layout();
    row_count = SLOT_0;
    CHECK_EQ(verdict(), ALOFT_ERR_NO_OTA_SLOT);
    start_from_layout();
    drop_row(OTADATA);
    CHECK_EQ(verdict(), ALOFT_ERR_NO_OTADATA);
    start_from_layout();
    rows[OTADATA].len = 0x1000;
    CHECK_EQ(verdict(), ALOFT_ERR_OTADATA_SIZE);
    start_from_layout();
    drop_row(FACTORY); // not needed
    CHECK_EQ(verdict(), ALOFT_OK);
}

static void slots_check_refuses_gaps_and_doubles_in_the_numbers(void)
{
    start_from_layout();
    rows[SLOT_1].subtype = 0x12;
    CHECK_EQ(verdict(), ALOFT_ERR_PTABLE_GAP);
    start_from_layout();
    rows[SLOT_0].subtype = 0x11;
    CHECK_EQ(verdict(), ALOFT_ERR_PTABLE_GAP);
    start_from_layout();
    drop_row(SLOT_0);
    CHECK_EQ(verdict(), ALOFT_ERR_PTABLE_GAP);
    start_from_layout();
    rows[SLOT_1].len = 0;
    CHECK_EQ(verdict(), ALOFT_ERR_PTABLE_GAP);
    // More rows than numbers, all ota_0: refused, and nothing is indexed beyond its end.
    row_count = 0;
    add_row(layout[OTADATA]);
    while (row_count < ROWS_MAX) {
        add_row(layout[SLOT_0]);
    }
    CHECK_EQ(verdict(), ALOFT_ERR_PTABLE_GAP);
    CHECK_EQ(slots.ota_count, ALOFT_OTADATA_SLOTS_MAX);
}

static void slots_check_refuses_misaligned_apps_and_otadata(void)
{
    start_from_layout();
    rows[SLOT_1].addr = 0x31000;
    rows[SLOT_1].len = 0xF000;
    CHECK_EQ(verdict(), ALOFT_ERR_PTABLE_ALIGN);
    start_from_layout();
    rows[SLOT_1].len = 0xF800;
    CHECK_EQ(verdict(), ALOFT_ERR_PTABLE_ALIGN);
    start_from_layout();
    rows[NVS].len = 0x3800;
    rows[OTADATA].addr = 0xC800;
    CHECK_EQ(verdict(), ALOFT_ERR_PTABLE_ALIGN);
}

static void slots_check_refuses_whatever_overlaps_a_slot_otadata_or_the_table(void)
{
    static const struct aloft_partition intruders[] = {
        {1, 2, 0x2F000, 0x1000, 0, "in_ota_0"},  {1, 2, 0x1F000, 0x1000, 0, "in_factory"},
        {1, 2, 0xE000, 0x1000, 0, "in_otadata"}, {1, 2, 0x8000, 0x1000, 0, "table"},
        {1, 2, 0x7000, 0x1001, 0, "into_table"}, {0, 0x20, 0x10000, 0x20000, 0, "test"},
        {0x40, 0, 0x3F000, 0x1000, 0, "custom"}, {1, 2, 0x9000, 0x8000, 0, "across"},
    };
    for (size_t i = 0; i < sizeof intruders / sizeof intruders[0]; i++) {
        start_from_layout();
        add_row(intruders[i]);
        check_note("intruder %ld", (long)i, 0);
        CHECK_EQ(verdict(), ALOFT_ERR_PTABLE_OVERLAP);
    }
}

static void slots_check_refuses_two_roles_on_exactly_the_same_place(void)
{
    start_from_layout();
    rows[FACTORY].addr = rows[SLOT_0].addr;
    CHECK_EQ(verdict(), ALOFT_ERR_PTABLE_OVERLAP);
    start_from_layout();
    rows[SLOT_1].addr = rows[SLOT_0].addr;
    CHECK_EQ(verdict(), ALOFT_ERR_PTABLE_OVERLAP);
    start_from_layout();
    rows[NVS].addr = rows[OTADATA].addr;
    rows[NVS].len = rows[OTADATA].len;
    CHECK_EQ(verdict(), ALOFT_ERR_PTABLE_OVERLAP);
}

static void slots_check_allows_rows_that_describe_bootloader_and_table(void)
{
    start_from_layout();
    add_row((struct aloft_partition){2, 0, 0x1000, 0x7000, 0, "bootloader"});
    add_row((struct aloft_partition){3, 0, 0x8000, 0x1000, 0, "partition_table"});
    CHECK_EQ(verdict(), ALOFT_OK);
}

static void slot_names_are_those_of_the_tables(void)
{
    static const struct {
        int slot;
        const char *name;
    } cases[] = {{ALOFT_SLOT_FACTORY, "factory"},
                 {ALOFT_SLOT_TEST, "test"},
                 {ALOFT_SLOT_NONE, "none"},
                 {0, "ota_0"},
                 {9, "ota_9"},
                 {10, "ota_10"},
                 {15, "ota_15"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[ALOFT_SLOT_NAME];
        aloft_slot_name(cases[i].slot, text);
        CHECK_TEXT(text, cases[i].name);
    }
}

CHECK_MAIN(TEST(slots_load_finds_the_roles), TEST(slots_load_reads_a_table_at_any_offset),
           TEST(slots_load_refuses_a_table_that_leaves_the_chip),
           TEST(slots_load_passes_on_the_faults_of_table_and_chip),
           TEST(slots_walk_stops_when_it_is_told),
           TEST(slots_find_names_the_slot_that_starts_there),
           TEST(slots_extent_of_what_is_not_there_is_empty),
           TEST(slots_next_goes_round_the_ring_and_never_to_the_running_slot),
           TEST(slots_check_names_what_a_table_lacks),
           TEST(slots_check_refuses_gaps_and_doubles_in_the_numbers),
           TEST(slots_check_refuses_misaligned_apps_and_otadata),
           TEST(slots_check_refuses_whatever_overlaps_a_slot_otadata_or_the_table),
           TEST(slots_check_refuses_two_roles_on_exactly_the_same_place),
           TEST(slots_check_allows_rows_that_describe_bootloader_and_table),
           TEST(slot_names_are_those_of_the_tables))
