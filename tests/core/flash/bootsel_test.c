// The otadata writes: what they leave, in which order, and that a power cut at any operation leaves
// the old choice or the new one, never none.
#include "aloft/bootsel.h"
#include "check.h"
#include "device.h"

static struct device device;
static struct aloft_bootsel op;

static enum aloft_err run(void)
{
    enum aloft_step step;
    do {
        uint32_t before = device.ram.progs + device.ram.erases;
        step = aloft_bootsel_step(&op);
        CHECK(device.ram.progs + device.ram.erases - before <= 1);
    } while (step == ALOFT_STEP_AGAIN);
    return step == ALOFT_STEP_DONE ? ALOFT_OK : op.err;
}

static enum aloft_err set_boot(int slot, bool trial)
{
    aloft_bootsel_set_boot(&op, &device.slots, &device.rules, slot, trial);
    return run();
}

static void fresh(void)
{
    device_two_ota(&device);
    device_put_app(&device, ALOFT_SLOT_FACTORY, "f");
    device_put_app(&device, 0, "a");
    device_put_app(&device, 1, "b");
}

static void check_record(uint32_t index, uint32_t seq, uint32_t state)
{
    struct aloft_otadata records[2];
    CHECK_EQ(aloft_bootsel_read(&device.slots, records), ALOFT_OK);
    CHECK_EQ(aloft_otadata_sound(&records[index]), seq != 0xFFFFFFFFu);
    if (seq != 0xFFFFFFFFu) { // else it is erased, which reads as noise where flash encrypts
        CHECK_EQ(records[index].seq, seq);
        CHECK_EQ(records[index].state, state);
    }
}

static int selected(void)
{
    struct aloft_otadata records[2];
    CHECK_EQ(aloft_bootsel_read(&device.slots, records), ALOFT_OK);
    return aloft_bootsel_boot_slot(&device.slots, records);
}

// FORMATS b.4: the worked example.
static void set_boot_alternates_sectors_and_counts_up(void)
{
    static const struct {
        int slot;
        uint32_t seq[2];
    } steps[] = {{0, {1, 0xFFFFFFFF}}, {1, {1, 2}}, {0, {3, 2}}, {1, {3, 4}}, {1, {3, 4}}};
    fresh();
    for (uint32_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        check_note("step %ld", (long)i, 0);
        CHECK_EQ(set_boot(steps[i].slot, true), ALOFT_OK);
        check_record(0, steps[i].seq[0], ALOFT_OTA_NEW);
        check_record(1, steps[i].seq[1], ALOFT_OTA_NEW);
        CHECK_EQ(selected(), steps[i].slot);
    }
}

static void set_boot_writes_undefined_without_trials(void)
{
    fresh();
    CHECK_EQ(set_boot(0, false), ALOFT_OK);
    check_record(0, 1, ALOFT_OTA_UNDEFINED);
}

static void set_boot_to_factory_blanks_both_records(void)
{
    fresh();
    CHECK_EQ(set_boot(0, false), ALOFT_OK);
    CHECK_EQ(set_boot(1, false), ALOFT_OK);
    CHECK_EQ(set_boot(ALOFT_SLOT_FACTORY, true), ALOFT_OK);
    check_record(0, 0xFFFFFFFF, 0);
    check_record(1, 0xFFFFFFFF, 0);
    CHECK_EQ(selected(), ALOFT_SLOT_FACTORY);
}

static void set_boot_refuses_a_bad_image_and_leaves_otadata(void)
{
    fresh();
    CHECK_EQ(set_boot(0, false), ALOFT_OK);
    device.ram.bytes[DEVICE_OTA_0 + DEVICE_SLOT_STEP + 400] ^= 1;
    uint32_t writes = device.ram.progs + device.ram.erases;
    CHECK_EQ(set_boot(1, false), ALOFT_ERR_IMAGE_CHECKSUM);
    CHECK_EQ(device.ram.progs + device.ram.erases, writes);
    CHECK_EQ(selected(), 0);
}

static void set_boot_names_what_the_table_lacks(void)
{
    fresh();
    CHECK_EQ(set_boot(2, true), ALOFT_ERR_SLOT_UNKNOWN);
    CHECK_EQ(set_boot(ALOFT_SLOT_TEST, true), ALOFT_ERR_SLOT_UNKNOWN);
    device_init(&device, 2, false, true);
    CHECK_EQ(set_boot(ALOFT_SLOT_FACTORY, true), ALOFT_ERR_SLOT_UNKNOWN);
    device_init(&device, 2, true, false);
    CHECK_EQ(set_boot(0, true), ALOFT_ERR_NO_OTADATA);
    device_two_ota(&device);
    device.slots.otadata.len = 0x1000;
    CHECK_EQ(set_boot(0, true), ALOFT_ERR_OTADATA_SIZE);
}

static void set_boot_begins_again_when_numbers_are_used_up(void)
{
    fresh();
    device_put_record(&device, 0, 0xFFFFFFFE, ALOFT_OTA_VALID, true); // selects ota_1
    CHECK_EQ(selected(), 1);
    CHECK_EQ(set_boot(0, true), ALOFT_OK);
    check_record(1, 2, ALOFT_OTA_VALID); // what a failed trial goes back to, renumbered
    check_record(0, 3, ALOFT_OTA_NEW);
    CHECK_EQ(selected(), 0);
}

// An unconfirmed app once ran as confirmed: power was cut when all of a new record was
// programmed but its state, which no CRC covers and which then read UNDEFINED.
static void a_record_is_unsound_until_its_state_is_there(void)
{
    static const uint32_t units[] = {1, 16, 32};
    for (uint32_t i = 0; i < 3; i++) {
        check_note("write unit %ld", (long)units[i], 0);
        fresh();
        device.ram.flash.geometry.write_unit = units[i];
        aloft_bootsel_set_boot(&op, &device.slots, &device.rules, 0, true);
        for (uint32_t programs = 0; device.ram.progs == programs;) {
            (void)aloft_bootsel_step(&op); // up to the first program
        }
        struct aloft_otadata records[2];
        CHECK_EQ(aloft_bootsel_read(&device.slots, records), ALOFT_OK);
        CHECK_EQ(records[0].state, ALOFT_OTA_NEW);
        CHECK_EQ(aloft_otadata_sound(&records[0]), units[i] == 32);
        CHECK_EQ(run(), ALOFT_OK);
        check_record(0, 1, ALOFT_OTA_NEW);
    }
}

// A rewrite went without a note when 119 of them lay in the other sector, and a cut lost the
// record.
static void a_rewrite_always_finds_room_for_its_note(void)
{
    fresh();
    CHECK_EQ(set_boot(0, false), ALOFT_OK);
    CHECK_EQ(set_boot(1, false), ALOFT_OK);
    for (uint32_t i = 0; i < 200; i++) {
        CHECK_EQ(set_boot(1, i % 2 == 0), ALOFT_OK); // in place, each with two notes in sector 0
        check_record(0, 1, ALOFT_OTA_UNDEFINED);
        check_record(1, 2, i % 2 == 0 ? ALOFT_OTA_NEW : ALOFT_OTA_UNDEFINED);
    }
}

static void confirm_makes_the_active_record_valid(void)
{
    fresh();
    CHECK_EQ(set_boot(0, true), ALOFT_OK);
    aloft_bootsel_confirm(&op, &device.slots, 0);
    CHECK_EQ(run(), ALOFT_OK);
    check_record(0, 1, ALOFT_OTA_VALID);
}

static void confirm_writes_nothing_when_there_is_nothing_to_confirm(void)
{
    fresh();
    device_put_record(&device, 0, 1, ALOFT_OTA_VALID, true);
    aloft_bootsel_confirm(&op, &device.slots, 0);
    CHECK_EQ(run(), ALOFT_OK);
    aloft_bootsel_confirm(&op, &device.slots, ALOFT_SLOT_FACTORY);
    CHECK_EQ(run(), ALOFT_OK);
    CHECK_EQ(device.ram.progs + device.ram.erases, 0);
}

static void confirm_refuses_a_slot_that_is_not_selected(void)
{
    fresh();
    device_put_record(&device, 0, 1, ALOFT_OTA_NEW, true);
    aloft_bootsel_confirm(&op, &device.slots, 1);
    CHECK_EQ(run(), ALOFT_ERR_NOT_SELECTED);
    CHECK_EQ(device.ram.progs + device.ram.erases, 0);
}

static void reject_goes_back_only_to_what_is_good(void)
{
    fresh();
    device_put_record(&device, 0, 1, ALOFT_OTA_VALID, true);
    device_put_record(&device, 1, 2, ALOFT_OTA_PENDING, true);
    aloft_bootsel_reject(&op, &device.slots, &device.rules, 1);
    CHECK_EQ(run(), ALOFT_OK);
    check_record(1, 2, ALOFT_OTA_INVALID);
    CHECK_EQ(selected(), 0);

    fresh(); // the other slot is corrupt, factory is good
    device_put_record(&device, 0, 1, ALOFT_OTA_VALID, true);
    device_put_record(&device, 1, 2, ALOFT_OTA_PENDING, true);
    device.ram.bytes[DEVICE_OTA_0 + 300] ^= 4;
    aloft_bootsel_reject(&op, &device.slots, &device.rules, 1);
    CHECK_EQ(run(), ALOFT_OK);
    check_record(1, 2, ALOFT_OTA_INVALID);

    fresh(); // both are corrupt: the bad app is still better than none
    device_put_record(&device, 0, 1, ALOFT_OTA_VALID, true);
    device_put_record(&device, 1, 2, ALOFT_OTA_PENDING, true);
    device.ram.bytes[DEVICE_OTA_0 + 300] ^= 4;
    device.ram.bytes[DEVICE_FACTORY + 300] ^= 4;
    aloft_bootsel_reject(&op, &device.slots, &device.rules, 1);
    CHECK_EQ(run(), ALOFT_ERR_NO_ROLLBACK);
    check_record(1, 2, ALOFT_OTA_PENDING);
}

// With erased otadata the factory app was told that it is not selected, though nothing else is.
static void reject_of_an_app_that_boots_without_a_record_has_nowhere_to_go(void)
{
    fresh();
    aloft_bootsel_reject(&op, &device.slots, &device.rules, ALOFT_SLOT_FACTORY);
    CHECK_EQ(run(), ALOFT_ERR_NO_ROLLBACK);
    aloft_bootsel_reject(&op, &device.slots, &device.rules, 0); // runs, and factory is selected
    CHECK_EQ(run(), ALOFT_ERR_NOT_SELECTED);
    device_put_record(&device, 0, 1, ALOFT_OTA_VALID, true);
    aloft_bootsel_reject(&op, &device.slots, &device.rules, ALOFT_SLOT_FACTORY); // a fallback
    CHECK_EQ(run(), ALOFT_ERR_NOT_SELECTED);
    CHECK_EQ(device.ram.progs + device.ram.erases, 0);
}

static void state_is_that_of_the_sound_record_that_names_the_slot(void)
{
    struct aloft_otadata records[2];
    uint32_t state = 77;
    fresh();
    device_put_record(&device, 0, 3, ALOFT_OTA_ABORTED, true);
    device_put_record(&device, 1, 2, ALOFT_OTA_VALID, false);
    CHECK_EQ(aloft_bootsel_read(&device.slots, records), ALOFT_OK);
    CHECK(aloft_bootsel_state(&device.slots, records, 0, &state));
    CHECK_EQ(state, ALOFT_OTA_ABORTED);
    CHECK(!aloft_bootsel_state(&device.slots, records, 1, &state));
    CHECK(!aloft_bootsel_state(&device.slots, records, ALOFT_SLOT_FACTORY, &state));
}

// A fuzzer gave slot 0 two records, the older VALID and the active one PENDING. The state was read
// from the older, so an update was let through while the running app was on trial.
static void state_of_two_records_is_that_of_the_active_one(void)
{
    struct aloft_otadata records[2];
    for (uint32_t active = 0; active < 2; active++) {
        uint32_t state = 77;
        fresh();
        device_put_record(&device, active, 3, ALOFT_OTA_PENDING, true);
        device_put_record(&device, 1 - active, 1, ALOFT_OTA_VALID, true);
        CHECK_EQ(aloft_bootsel_read(&device.slots, records), ALOFT_OK);
        CHECK(aloft_bootsel_state(&device.slots, records, 0, &state));
        CHECK_EQ(state, ALOFT_OTA_PENDING);
    }
}

// Power goes away between any two flash operations of set_boot: the old slot or the new one.
static void set_boot_cut_between_operations_leaves_old_or_new(void)
{
    static const int targets[] = {0, 1, ALOFT_SLOT_FACTORY};
    for (uint32_t t = 0; t < 3; t++) {
        for (uint32_t steps = 0; steps < 16; steps++) {
            check_note("target %ld, cut after step %ld", targets[t], (long)steps);
            fresh();
            device_put_record(&device, 0, 3, ALOFT_OTA_VALID, true); // ota_0
            device_put_record(&device, 1, 2, ALOFT_OTA_VALID, true);
            if (targets[t] == 0) {
                device_put_record(&device, 1, 4, ALOFT_OTA_VALID, true); // ota_1 is old
            }
            int old = selected();
            aloft_bootsel_set_boot(&op, &device.slots, &device.rules, targets[t], true);
            for (uint32_t i = 0; i < steps; i++) {
                (void)aloft_bootsel_step(&op); // the cut is what matters
            }
            CHECK(selected() == old || selected() == targets[t]);
        }
        CHECK_EQ(selected(), targets[t]);
    }
}

static void every_failing_operation_is_reported(void)
{
    fresh();
    CHECK_EQ(set_boot(0, true), ALOFT_OK);
    uint32_t total = device.ram.ops;
    for (uint32_t n = 1; n <= total; n++) {
        check_note("operation %ld of %ld", (long)n, (long)total);
        fresh();
        device.ram.fail_op = n;
        enum aloft_err err = set_boot(0, true);
        CHECK(err == ALOFT_ERR_FLASH_READ || err == ALOFT_ERR_FLASH_PROG ||
              err == ALOFT_ERR_FLASH_ERASE);
    }
}

// Simulator: a rewrite was noted and failed, the next note was torn, and the note that should have
// closed the first was programmed over its rest and lost. So each boot carried out the first one
// again, and took away the record of every update to the same image.
static void a_note_is_closed_behind_a_torn_one(void)
{
    uint8_t torn[4] = {1, 2, 3, 4};
    fresh();
    device_put_record(&device, 0, 1, ALOFT_OTA_VALID, true);
    device_put_record(&device, 1, 2, ALOFT_OTA_PENDING, true);
    aloft_bootsel_mark(&op, &device.slots, 1, &(struct aloft_otadata){2, ALOFT_OTA_ABORTED, 0},
                       false);
    while (device.ram.progs == 0) { // up to the note, and no more
        CHECK_EQ(aloft_bootsel_step(&op), ALOFT_STEP_AGAIN);
    }
    device_put(&device, DEVICE_OTADATA + ALOFT_NOTE_OFF + ALOFT_NOTE_LEN, torn, sizeof torn);
    aloft_bootsel_repair(&op, &device.slots);
    CHECK_EQ(run(), ALOFT_OK);
    check_record(1, 2, ALOFT_OTA_ABORTED);
    CHECK_EQ(set_boot(1, true), ALOFT_OK);
    aloft_bootsel_repair(&op, &device.slots);
    CHECK_EQ(run(), ALOFT_OK);
    check_record(1, 4, ALOFT_OTA_NEW); // not 2: what is noted of that is not of this one
}

// Devices in the field: the bytes of a note as a build of November 2026 left them, which are those
// that are written today.
static void notes_of_older_builds_are_understood_and_still_written(void)
{
    static const uint8_t before[ALOFT_NOTE_LEN] = {0x41, 0x4E, 0x4F, 0x54, 0x01, 0x01, 0x00, 0x00,
                                                   0x02, 0x00, 0x00, 0x00, 0x04, 0x00, 0x00, 0x00,
                                                   0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08,
                                                   0x09, 0x0A, 0x0B, 0x0C, 0xFB, 0x9F, 0x56, 0x8C};
    uint8_t now[ALOFT_NOTE_LEN];
    struct aloft_note note;
    CHECK(aloft_note_parse(before, &note));
    CHECK_EQ(note.kind, ALOFT_NOTE_INTENT | ALOFT_NOTE_BLAMELESS);
    CHECK_EQ(note.seq, 2);
    CHECK_EQ(note.state, ALOFT_OTA_ABORTED);
    CHECK_EQ(note.id[11], 12);
    aloft_note_emit(&note, now);
    CHECK_BYTES(now, before, sizeof now);
}

// What a list is, in letters: v(oid) e(rase) p(rogram) c(heck), the sector, and of it the r(ecord),
// its (sta)t(e) or (se)q half, the f(irst note), the s(ector), the notes i(ntent) and d(one).
static const char *list_text(void)
{
    static char text[128];
    char *to = text;
    const struct aloft_bootsel_list *list = &op.work.list;
    for (uint32_t i = 0; i < list->count; i++) {
        const struct aloft_bootsel_op *item = &list->ops[i];
        *to++ = "vepc"[item->what];
        *to++ = (char)('0' + item->sector);
        *to++ = item->note == ALOFT_NOTE_INTENT     ? 'i'
                : item->note == ALOFT_NOTE_DONE     ? 'd'
                : item->len == ALOFT_OTADATA_SECTOR ? 's'
                : item->off >= ALOFT_NOTE_OFF       ? 'f'
                : item->off == 16                   ? 't'
                : item->len == 16                   ? 'q'
                                                    : 'r';
        *to++ = ' ';
    }
    *to = 0;
    return text;
}

static void put_notes(uint32_t sector, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct aloft_note note = {.kind = 1 + i % 2, .seq = 2, .state = ALOFT_OTA_VALID};
        uint8_t bytes[ALOFT_NOTE_LEN];
        aloft_note_emit(&note, bytes);
        device_put(&device,
                   DEVICE_OTADATA + sector * ALOFT_OTADATA_SECTOR + ALOFT_NOTE_OFF +
                       i * ALOFT_NOTE_LEN,
                   bytes, sizeof bytes);
    }
}

// The manual's table (bootsel.h): a list is made before the first change, and is all that is done.
static void each_call_is_the_list_that_the_manual_shows(void)
{
    enum { SET, CONFIRM, REPAIR };
    static const struct {
        uint32_t seq[2];
        uint32_t state[2];
        uint32_t notes; // in sector 0
        int call;
        int slot;
        uint32_t unit;
        const char *list;
    } cases[] = {
        {{0, 0}, {0, 0}, 0, SET, 0, 1, "e0s p0t p0q c0r "},
        {{1, 2}, {2, 2}, 0, SET, 0, 1, "v0r e0s p0t p0q c0r "},
        {{1, 2}, {2, 2}, 0, SET, 0, 16, "v0r e0s p0t p0q c0r "},
        {{1, 2}, {2, 2}, 2, SET, 0, 32, "v0r v0f e0s p0r c0r "},
        {{1, 2}, {2, 2}, 0, SET, ALOFT_SLOT_FACTORY, 1, "v0r e0s v1r e1s "},
        {{1, 2}, {2, 2}, 0, SET, 1, 1, "p0i c0i v1r e1s p1t p1q c1r p0d c0d "},
        {{1, 2}, {2, 1}, 4, CONFIRM, 1, 1, "p0i c0i v1r e1s p1t p1q c1r p0d c0d "},
        {{0, 2}, {0, 1}, 0, CONFIRM, 1, 1, "e0s p0i c0i v1r e1s p1t p1q c1r p0d c0d "},
        {{1, 2}, {2, 2}, 0, CONFIRM, 1, 1, ""},
        {{1, 2},
         {2, 1},
         105,
         CONFIRM,
         1,
         1,
         "p1i c1i v0r v0f e0s p0t p0q c0r p1d c1d p0i c0i v1r v1f e1s p1t p1q c1r p0d c0d "},
        {{0xFFFFFFFE, 0xFFFFFFFD},
         {2, 2},
         0,
         SET,
         0,
         1,
         "v1r e1s p1t p1q c1r v0r e0s p0t p0q c0r "},
        {{1, 2}, {2, 2}, 3, REPAIR, 0, 1, "p0d c0d "},
        {{1, 2}, {2, 2}, 2, REPAIR, 0, 1, ""},
        {{1, 2}, {2, 2}, 119, REPAIR, 0, 1, "p0d c0d "},
    };
    for (uint32_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        check_note("case %ld", (long)i, 0);
        fresh();
        device.ram.flash.geometry.write_unit = cases[i].unit;
        for (uint32_t r = 0; r < 2; r++) {
            if (cases[i].seq[r] != 0) {
                device_put_record(&device, r, cases[i].seq[r], cases[i].state[r], true);
            }
        }
        put_notes(0, cases[i].notes);
        if (cases[i].call == SET) {
            aloft_bootsel_set_boot(&op, &device.slots, &device.rules, cases[i].slot, true);
        } else if (cases[i].call == CONFIRM) {
            aloft_bootsel_confirm(&op, &device.slots, cases[i].slot);
        } else {
            aloft_bootsel_repair(&op, &device.slots);
        }
        while (cases[i].call == SET && !op.judged) {
            CHECK_EQ(aloft_bootsel_step(&op), ALOFT_STEP_AGAIN);
        }
        (void)aloft_bootsel_step(&op); // the list is made, and nothing else
        CHECK_TEXT(list_text(), cases[i].list);
        CHECK_EQ(device.ram.progs + device.ram.erases, 0);
        uint32_t changes = 0;
        for (uint32_t n = 0; n < op.work.list.count; n++) {
            changes += op.work.list.ops[n].what != ALOFT_BOOTSEL_CHECK;
        }
        CHECK_EQ(run(), ALOFT_OK);
        CHECK_EQ(device.ram.progs + device.ram.erases, changes);
    }
}

DEVICE_MAIN(
    TEST(each_call_is_the_list_that_the_manual_shows),
    TEST(notes_of_older_builds_are_understood_and_still_written),
    TEST(set_boot_alternates_sectors_and_counts_up), TEST(set_boot_writes_undefined_without_trials),
    TEST(set_boot_to_factory_blanks_both_records),
    TEST(set_boot_refuses_a_bad_image_and_leaves_otadata),
    TEST(set_boot_names_what_the_table_lacks), TEST(set_boot_begins_again_when_numbers_are_used_up),
    TEST(a_record_is_unsound_until_its_state_is_there),
    TEST(a_rewrite_always_finds_room_for_its_note), TEST(confirm_makes_the_active_record_valid),
    TEST(confirm_writes_nothing_when_there_is_nothing_to_confirm),
    TEST(confirm_refuses_a_slot_that_is_not_selected), TEST(reject_goes_back_only_to_what_is_good),
    TEST(reject_of_an_app_that_boots_without_a_record_has_nowhere_to_go),
    TEST(state_is_that_of_the_sound_record_that_names_the_slot),
    TEST(state_of_two_records_is_that_of_the_active_one),
    TEST(set_boot_cut_between_operations_leaves_old_or_new),
    TEST(a_note_is_closed_behind_a_torn_one), TEST(every_failing_operation_is_reported))
