// The boot decision against a second implementation of ESP-IDF's rules, written from the
// description of bootloader_utility_get_selected_boot_partition step by step and not from our code,
// over every combination of states, CRCs, sequence order, layout and trials.
#include "boot/choose.h"
#include "check.h"

enum { STATES = 7, SEQS = 5 };

static const uint32_t states[STATES] = {
    ALOFT_OTA_NEW,     ALOFT_OTA_PENDING,   ALOFT_OTA_VALID, ALOFT_OTA_INVALID,
    ALOFT_OTA_ABORTED, ALOFT_OTA_UNDEFINED, 0x1234,
};

// Blank, and numbers whose order and slots differ.
static const uint32_t seqs[SEQS] = {0xFFFFFFFF, 1, 2, 3, 4};

struct stock {
    int index;
    bool aborted[2];
    int pending;
    bool initial_contents;
};

static bool stock_invalid(const struct aloft_otadata *e)
{
    return e->seq == 0xFFFFFFFFu || e->state == ALOFT_OTA_INVALID || e->state == ALOFT_OTA_ABORTED;
}

static bool stock_crc(const struct aloft_otadata *e)
{
    return e->crc == aloft_otadata_crc(e->seq);
}

// "both valid -> larger ota_seq (tie -> index 0); one valid -> it; none -> -1"
static int stock_active(const struct aloft_otadata e[2])
{
    bool valid[2];
    for (int i = 0; i < 2; i++) {
        valid[i] = !stock_invalid(&e[i]) && stock_crc(&e[i]);
    }
    if (valid[0] && valid[1]) {
        return e[0].seq >= e[1].seq ? 0 : 1;
    }
    return valid[0] ? 0 : valid[1] ? 1 : -1;
}

static struct stock stock_choose(const struct aloft_boot_facts *facts)
{
    struct stock out = {.index = ALOFT_SLOT_FACTORY, .pending = -1};
    struct aloft_otadata e[2] = {facts->records[0], facts->records[1]};
    if (!facts->has_otadata) {
        return out;
    }
    for (int i = 0; i < 2 && facts->trials; i++) {
        if (e[i].state == ALOFT_OTA_PENDING) {
            out.aborted[i] = true;
            e[i].state = ALOFT_OTA_ABORTED;
        }
    }
    bool both_invalid = stock_invalid(&e[0]) && stock_invalid(&e[1]);
    if (both_invalid || facts->ota_count == 0) {
        if (!facts->has_factory) {
            bool empty[2];
            for (int i = 0; i < 2; i++) {
                empty[i] = e[i].seq == 0xFFFFFFFFu || !stock_crc(&e[i]);
            }
            out.index = 0;
            out.initial_contents = empty[0] && empty[1];
        }
        return out;
    }
    int active = stock_active(e);
    if (active >= 0) {
        out.index = (int)((e[active].seq - 1) % facts->ota_count);
        if (facts->trials && e[active].state == ALOFT_OTA_NEW) {
            out.pending = active;
        }
    }
    return out;
}

static struct aloft_otadata record(uint32_t seq, uint32_t state, bool crc_ok)
{
    uint32_t crc = aloft_otadata_crc(seq);
    if (seq == 0xFFFFFFFF) {
        crc = 0xFFFFFFFF; // an erased sector, as a writer leaves it
        state = 0xFFFFFFFF;
    }
    return (struct aloft_otadata){seq, state, crc_ok ? crc : crc ^ 1};
}

// Two things in these combinations are never left by a writer, and we treat them differently from
// stock: a PENDING record with a bad CRC, which stock marks ABORTED by its state alone, and a state
// value that does not exist.
static bool differs_on_purpose(const struct aloft_boot_facts *facts)
{
    for (int i = 0; i < 2; i++) {
        const struct aloft_otadata *e = &facts->records[i];
        bool known = e->state <= ALOFT_OTA_ABORTED || e->state == ALOFT_OTA_UNDEFINED;
        if (!known || (facts->trials && e->state == ALOFT_OTA_PENDING && !stock_crc(e))) {
            return true;
        }
    }
    return false;
}

static int compared;

static void compare(const struct aloft_boot_facts *facts)
{
    struct aloft_boot_plan plan = aloft_boot_choose(facts);
    struct stock stock = stock_choose(facts);
    if (differs_on_purpose(facts)) {
        return;
    }
    // Without factory and without any OTA slot there is nothing to choose; stock says 0, we say -1.
    if (facts->ota_count > 0 || facts->has_factory) {
        CHECK_EQ(plan.first, stock.index);
    }
    for (int i = 0; i < 2; i++) {
        CHECK_EQ(plan.save[i], stock.aborted[i] || stock.pending == i);
        CHECK_EQ(plan.records[i].state, stock.aborted[i]     ? ALOFT_OTA_ABORTED
                                        : stock.pending == i ? ALOFT_OTA_PENDING
                                                             : facts->records[i].state);
    }
    if (facts->ota_count > 0) {
        CHECK_EQ(plan.set_actual, stock.initial_contents);
    }
    compared++;
}

// i runs over seq x state x crc of one record.
static struct aloft_otadata nth_record(int i)
{
    return record(seqs[i % SEQS], states[i / SEQS % STATES], i / SEQS / STATES == 0);
}

static void every_pair_of_records_is_chosen_from_as_stock_does(void)
{
    enum { RECORDS = SEQS * STATES * 2 };
    for (int first = 0; first < RECORDS; first++) {
        for (int second = 0; second < RECORDS; second++) {
            for (uint32_t layout = 0; layout < 16; layout++) {
                struct aloft_boot_facts facts = {
                    .has_otadata = true,
                    .trials = layout & 1,
                    .has_factory = layout & 2,
                    .ota_count = layout >> 2,
                    .records = {nth_record(first), nth_record(second)},
                };
                check_note("records %ld and %ld", first, second);
                compare(&facts);
            }
        }
    }
    CHECK(compared > 45000);
}

static void without_otadata_factory_is_first(void)
{
    struct aloft_boot_facts facts = {.has_factory = true, .ota_count = 2, .trials = true};
    CHECK_EQ(aloft_boot_choose(&facts).first, ALOFT_SLOT_FACTORY);
    CHECK_EQ(aloft_boot_choose(&facts).reason, ALOFT_BOOT_NO_OTADATA);
}

// Where we differ: docs/SPEC.md, "Boot choice". Stock accepts seq 0 with an erased CRC as a record.
static void a_torn_record_with_seq_0_does_not_count(void)
{
    struct aloft_boot_facts facts = {
        .has_otadata = true,
        .has_factory = true,
        .ota_count = 2,
        .records = {{0, ALOFT_OTA_UNDEFINED, 0xFFFFFFFF}, record(0xFFFFFFFF, 0, true)},
    };
    CHECK_EQ(aloft_otadata_crc(0), 0xFFFFFFFF);
    CHECK_EQ(aloft_boot_choose(&facts).first, ALOFT_SLOT_FACTORY);
    CHECK_EQ(stock_choose(&facts).index, 1);
}

static void a_pending_mark_without_a_crc_is_left_alone(void)
{
    struct aloft_boot_facts facts = {
        .has_otadata = true,
        .has_factory = true,
        .ota_count = 2,
        .trials = true,
        .records = {record(1, ALOFT_OTA_PENDING, false), record(2, ALOFT_OTA_VALID, true)},
    };
    struct aloft_boot_plan plan = aloft_boot_choose(&facts);
    CHECK_EQ(plan.save[0], false);
    CHECK_EQ(plan.first, 1);
}

static void check_order(int first, uint32_t ota_count, const int *expected)
{
    struct aloft_boot_plan plan = {.first = first};
    for (uint32_t n = 0;; n++) {
        CHECK_EQ(aloft_boot_candidate(&plan, ota_count, n), expected[n]);
        if (expected[n] == ALOFT_SLOT_NONE) {
            return;
        }
    }
}

// FORMATS b.3 step 5: downward, factory, upward, test.
static void candidates_follow_in_the_order_of_stock(void)
{
    check_order(2, 4, (const int[]){2, 1, 0, -1, 3, -2, -99});
    check_order(0, 2, (const int[]){0, -1, 1, -2, -99});
    check_order(-1, 3, (const int[]){-1, 0, 1, 2, -2, -99});
    check_order(-1, 0, (const int[]){-1, -2, -99});
    check_order(15, 16,
                (const int[]){15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, -1, -2, -99});
}

static void candidates_that_a_record_refuses_come_last(void)
{
    static const int expected[] = {1, ALOFT_SLOT_FACTORY, ALOFT_SLOT_TEST, 0, ALOFT_SLOT_NONE};
    struct aloft_boot_facts facts = {
        .has_otadata = true,
        .has_factory = true,
        .ota_count = 2,
        .trials = true,
        .records = {record(3, ALOFT_OTA_PENDING, true), record(2, ALOFT_OTA_VALID, true)},
    };
    struct aloft_boot_plan plan = aloft_boot_choose(&facts);
    for (uint32_t n = 0; n < sizeof expected / sizeof expected[0]; n++) {
        CHECK_EQ(aloft_boot_candidate(&plan, 2, n), expected[n]);
    }
}

CHECK_MAIN(TEST(every_pair_of_records_is_chosen_from_as_stock_does),
           TEST(without_otadata_factory_is_first), TEST(a_torn_record_with_seq_0_does_not_count),
           TEST(a_pending_mark_without_a_crc_is_left_alone),
           TEST(candidates_follow_in_the_order_of_stock),
           TEST(candidates_that_a_record_refuses_come_last))
