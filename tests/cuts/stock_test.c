// The weak spots of the stock scheme (README.md lists them). Each test shows that a model of
// it falls there, and that ours, through the same cuts, does not.
#include "aloft/bootsel.h"
#include "aloft/format/otadata.h"
#include "app.h"
#include "named.h"
#include "shoot.h"
#include "stock.h"

static struct world world;
static uint8_t origin[WORLD_SIZE_MAX];
static struct stock stock;

static void fresh(const char *name)
{
    world_publish();
    world_begin(&world, named(name), origin, 1);
    stock = (struct stock){&world.nor, WORLD_OTADATA, named(name)->ota, false};
}

// What stock_boot chooses after an operation of the stock library was cut, in all ways.
struct outcomes {
    uint32_t slots; // bit slot + 1: chosen after some cut
    uint32_t cuts;
    bool sound_with_other_state; // a sound record has a state that was never written
};

typedef void operation(void);

static bool other_state(void)
{
    struct aloft_otadata record;
    bool found = false;
    for (uint32_t i = 0; i < 2; i++) {
        aloft_otadata_parse(world.bytes + WORLD_OTADATA + i * 0x1000, &record);
        found = found || (aloft_otadata_sound(&record) && record.state > ALOFT_OTA_ABORTED);
    }
    return found;
}

static struct outcomes cut_everywhere(const char *name, operation *run, uint32_t operations)
{
    struct outcomes out = {0};
    for (uint32_t at = 1; at <= operations; at++) {
        for (int kind = 0; kind < SHOOT_KINDS; kind++) {
            for (uint32_t seed = 1; seed <= 32; seed++) {
                fresh(name);
                world.nor.plan = shoot_cut(at, (enum shoot_kind)kind, seed);
                run();
                out.cuts += world.nor.dead;
                aloft_nor_power_on(&world.nor);
                out.sound_with_other_state = out.sound_with_other_state || other_state();
                out.slots |= 1u << (stock_boot(&stock) + 1);
            }
        }
    }
    return out;
}

// Every cut of the scenario, on our bootloader and library. Two cuts in a row are for cuts itself.
static void check_ours_holds(const char *name)
{
    struct shoot_result result = {0};
    struct shoot_plan plan = {
        .depth = 1, .every = 1, .sample = 1, .parts = 1, .rounds = 1, .seed = 1, .seeds = 8};
    shoot(named(name), &plan, &result);
    CHECK_EQ((long long)result.bad, 0);
    CHECK(result.pairs[0] > 0 && result.pairs[0] == result.expected[0]);
}

static void confirm(void)
{
    stock_confirm(&stock);
}

static void reject(void)
{
    stock_reject(&stock);
}

static void boot(void)
{
    (void)stock_boot(&stock);
}

static void set_boot_new(void)
{
    stock_set_boot(&stock, 1);
}

static void set_boot_factory(void)
{
    stock_set_boot(&stock, STOCK_FACTORY);
}

static uint32_t slot_bit(int slot)
{
    return 1u << (slot + 1);
}

// Confirming a confirmed app's record anew erases it first.
static void confirming_can_lose_the_running_app(void)
{
    struct outcomes out = cut_everywhere("set-boot-back", confirm, 2);
    CHECK_EQ(out.cuts, 2 * SHOOT_KINDS * 32);
    CHECK_EQ(out.slots, slot_bit(1) | slot_bit(0)); // ota_1 was confirmed; ota_0 is older
    check_ours_holds("confirm");
    check_ours_holds("confirm-no-factory");
    check_ours_holds("confirm-first-of-all");
}

// The PENDING mark of a first boot is a rewrite of the record that counts.
static void starting_a_trial_can_lose_the_update(void)
{
    fresh("first-trial-boot");
    world.nor.plan = shoot_cut(2, SHOOT_BEFORE, 1);
    boot();
    aloft_nor_power_on(&world.nor);
    struct aloft_otadata record;
    aloft_otadata_parse(world.bytes + WORLD_OTADATA + 0x1000, &record);
    CHECK_EQ(record.seq, 0xFFFFFFFF); // nothing tells that there was an update
    CHECK_EQ(stock_boot(&stock), 0);
    check_ours_holds("first-trial-boot");
    check_ours_holds("first-trial-boot-of-all");
    check_ours_holds("first-trial-boot-no-factory");
}

// So is the ABORTED mark, and the app's own INVALID: the memory of a failed app goes with it.
static void ending_a_trial_can_lose_what_failed(void)
{
    static operation *const marks[] = {boot, reject};
    for (uint32_t i = 0; i < 2; i++) {
        fresh("confirm"); // the record is PENDING
        world.nor.plan = shoot_cut(2, SHOOT_BEFORE, 1);
        marks[i]();
        aloft_nor_power_on(&world.nor);
        struct aloft_otadata record;
        aloft_otadata_parse(world.bytes + WORLD_OTADATA + 0x1000, &record);
        CHECK_EQ(record.seq, 0xFFFFFFFF);
    }
    check_ours_holds("rollback-by-crash");
    check_ours_holds("rollback-by-watchdog");
    check_ours_holds("rollback-by-app");
}

// The state is outside the CRC, so a torn write can leave any. UNDEFINED counts as confirmed.
static void a_torn_record_can_be_sound_with_another_state(void)
{
    struct outcomes out = cut_everywhere("set-boot-other", set_boot_new, 2);
    CHECK(out.sound_with_other_state);
    check_ours_holds("set-boot-other");
    check_ours_holds("update-from-ota-0");
}

static void seq_0_with_an_erased_crc_counts(void)
{
    fresh("damage-seq-0-both");
    CHECK_EQ(stock_boot(&stock), 1); // (0 - 1) % 2: a slot out of nothing
    check_ours_holds("damage-seq-0-both");
    check_ours_holds("damage-seq-0-both-no-factory");
}

static void numbers_overflow(void)
{
    struct aloft_otadata records[2];
    fresh("set-boot-numbers-used-up");
    stock_set_boot(&stock, 0);
    for (uint32_t i = 0; i < 2; i++) {
        aloft_otadata_parse(world.bytes + WORLD_OTADATA + i * 0x1000, &records[i]);
    }
    CHECK(stock_boot(&stock) != 0); // what was chosen does not boot
    check_ours_holds("set-boot-numbers-used-up");
    check_ours_holds("update-numbers-used-up");
}

// Both sectors are erased in a fixed order: when the first one counts, an older app comes up.
static void going_back_to_factory_can_end_at_an_old_app(void)
{
    struct outcomes out = cut_everywhere("first-trial-boot-no-factory", set_boot_factory, 2);
    CHECK((out.slots & slot_bit(1)) != 0); // neither ota_0, which counted, nor factory
    check_ours_holds("set-boot-factory");
    check_ours_holds("set-boot-factory-one-record");
    check_ours_holds("set-boot-factory-and-back");
}

// The PENDING mark looks at the state alone: garbage makes the stock bootloader erase and write.
static void garbage_that_looks_pending_is_rewritten(void)
{
    fresh("damage-bad-crc-first");
    world.bytes[WORLD_OTADATA + 24] = ALOFT_OTA_PENDING;
    uint32_t before = world.nor.operations;
    CHECK_EQ(stock_boot(&stock), 1);
    CHECK_EQ(world.nor.operations - before, 2);

    static const struct scenario quiet = {.name = "quiet",
                                          .ota = 2,
                                          .factory = true,
                                          .images = {V1, V2, 0, 0, BIG},
                                          .records = {{1, ALOFT_OTA_PENDING}, {2, ALOFT_OTA_VALID}},
                                          .damage = BAD_CRC,
                                          .damaged = 1,
                                          .wanted = V2};
    world_begin(&world, &quiet, origin, 1);
    CHECK_EQ(world_run(&world), WORLD_FINISHED);
    CHECK_EQ(world.nor.operations, 0);
}

// Where only the bootloader is stock, our library leaves nothing that theirs would not: after any
// cut stock chooses the old slot or the new one.
static void under_the_stock_bootloader_our_library_is_no_worse(void)
{
    static const struct {
        const char *name;
        operation *theirs;
        int verb; // 0 set_boot, 1 confirm, 2 reject
        uint32_t operations;
    } cases[] = {{"set-boot-other", set_boot_new, 0, 8},
                 {"set-boot-back", confirm, 1, 0}, // already VALID: ours writes nothing
                 {"confirm", confirm, 1, 12},
                 {"rollback-by-app", reject, 2, 12}};
    for (uint32_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        struct outcomes theirs = cut_everywhere(cases[c].name, cases[c].theirs, 2);
        uint32_t ours = 0;
        for (uint32_t i = 0; i < cases[c].operations * SHOOT_KINDS; i++) {
            struct aloft_bootsel op;
            fresh(cases[c].name);
            world.nor.plan = shoot_cut(i / SHOOT_KINDS + 1, (enum shoot_kind)(i % SHOOT_KINDS), i);
            if (cases[c].verb == 0) {
                aloft_bootsel_set_boot(&op, &world.slots, &world.rules, 1, true);
            } else if (cases[c].verb == 1) {
                aloft_bootsel_confirm(&op, &world.slots, 1);
            } else {
                aloft_bootsel_reject(&op, &world.slots, &world.rules, 1);
            }
            while (aloft_bootsel_step(&op) == ALOFT_STEP_AGAIN) {
            }
            aloft_nor_power_on(&world.nor);
            ours |= slot_bit(stock_boot(&stock));
        }
        check_note("case %ld, ours %lx", (long)c, (long)ours);
        CHECK_EQ(ours & ~theirs.slots, 0);
    }
}

CHECK_MAIN(TEST(confirming_can_lose_the_running_app), TEST(starting_a_trial_can_lose_the_update),
           TEST(ending_a_trial_can_lose_what_failed),
           TEST(a_torn_record_can_be_sound_with_another_state),
           TEST(seq_0_with_an_erased_crc_counts), TEST(numbers_overflow),
           TEST(going_back_to_factory_can_end_at_an_old_app),
           TEST(garbage_that_looks_pending_is_rewritten),
           TEST(under_the_stock_bootloader_our_library_is_no_worse))
