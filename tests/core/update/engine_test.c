// The update engine, and its writer, on a NOR chip in RAM: what it refuses and when, what it writes
// and in which order, and that no split of the input and no cut makes a difference.
#include "aloft/bootsel.h"
#include "aloft/engine.h"
#include "check.h"
#include "device.h"
#include "soft_crypto.h"
#include "split.h"

static struct device device;
static struct aloft_engine engine;
static bool falls_back; // the running app is selected first, and the records are read in between

static enum aloft_err settle(void)
{
    enum aloft_step step;
    do {
        uint32_t changes = device.ram.progs + device.ram.erases;
        uint32_t reads = device.ram.reads;
        step = aloft_engine_step(&engine);
        changes = device.ram.progs + device.ram.erases - changes;
        CHECK(changes <= 1);
        CHECK(changes == 0 || device.ram.reads == reads || falls_back);
    } while (step == ALOFT_STEP_AGAIN);
    return step == ALOFT_STEP_DONE ? ALOFT_OK : engine.err;
}

static enum aloft_err feed(const uint8_t *data, uint32_t len)
{
    while (len > 0) {
        uint32_t used;
        enum aloft_err err = aloft_engine_feed(&engine, data, len, &used);
        if (err != ALOFT_OK) {
            return err;
        }
        data += used;
        len -= used;
        err = settle();
        if (err != ALOFT_OK) {
            return err;
        }
    }
    return ALOFT_OK;
}

static enum aloft_err begin(int running, uint32_t len)
{
    struct aloft_engine_config config = {
        .slots = &device.slots,
        .rules = &device.rules,
        .running = running,
        .target = ALOFT_SLOT_NONE,
        .len = len,
    };
    return aloft_engine_begin(&engine, &config);
}

static enum aloft_err finish(void)
{
    enum aloft_err err = aloft_engine_finish(&engine);
    return err == ALOFT_OK ? settle() : err;
}

static enum aloft_err update(const uint8_t *image, uint32_t len, uint32_t said)
{
    enum aloft_err err = begin(ALOFT_SLOT_FACTORY, said);
    if (err == ALOFT_OK) {
        err = feed(image, len);
    }
    return err == ALOFT_OK ? finish() : err;
}

static bool slot_holds_an_image(void)
{
    return device.ram.bytes[DEVICE_OTA_0] == 0xE9;
}

static uint32_t copy_image(uint8_t *bytes, uint32_t extra)
{
    uint32_t len;
    const uint8_t *image = device_image("1", extra, &len);
    memcpy(bytes, image, len);
    return len;
}

static void an_image_arrives_whole_whether_its_length_is_known_or_not(void)
{
    for (uint32_t known = 0; known < 2; known++) {
        for (uint32_t extra = 0; extra < 0x5000; extra += 1236) {
            uint32_t len;
            check_note("known %ld, extra %ld", (long)known, (long)extra);
            device_two_ota(&device);
            const uint8_t *image = device_image("1", extra, &len);
            CHECK_EQ(update(image, len, known ? len : 0), ALOFT_OK);
            CHECK_BYTES(device.ram.bytes + DEVICE_OTA_0, image, len);
        }
    }
}

struct arrival {
    const uint8_t *image;
    uint32_t len;
};

static void arrives(void *ctx, struct split *split)
{
    const struct arrival *arrival = ctx;
    device_two_ota(&device);
    CHECK_EQ(begin(ALOFT_SLOT_FACTORY, 0), ALOFT_OK);
    for (uint32_t n; (n = split_next(split)) > 0;) {
        CHECK_EQ(feed(arrival->image + split->off, n), ALOFT_OK);
    }
    CHECK_EQ(finish(), ALOFT_OK);
    CHECK_BYTES(device.ram.bytes + DEVICE_OTA_0, arrival->image, arrival->len);
}

static void no_split_changes_what_is_written(void)
{
    struct arrival arrival;
    arrival.image = device_image("1", 700, &arrival.len);
    some_splits(arrival.len, 3, arrives, &arrival);
}

// A block erase only where it pays and fits; sectors elsewhere. A download without a length, as a
// server sends it in chunks, was erased sector by sector: 45 ms for each 4 KiB.
// And the sector where checkpoints of another download may be.
static void erases_blocks_where_they_pay(void)
{
    enum { CHECKPOINTS = 1 };
    uint32_t len;
    device_two_ota(&device);
    const uint8_t *image = device_image("1", 0x6000, &len);
    CHECK_EQ(update(image, len, len), ALOFT_OK);
    CHECK_EQ(device.ram.erases, 1 + CHECKPOINTS);
    device_two_ota(&device);
    CHECK_EQ(update(image, len, 0), ALOFT_OK);
    CHECK_EQ(device.ram.erases, 1 + CHECKPOINTS);
    device_two_ota(&device);
    image = device_image("1", 0x2000, &len);
    CHECK_EQ(update(image, len, len), ALOFT_OK); // three sectors are faster than a block
    CHECK_EQ(device.ram.erases, 3 + CHECKPOINTS);
}

static void half_an_image_never_looks_like_one(void)
{
    uint32_t len;
    device_two_ota(&device);
    const uint8_t *image = device_image("1", 3000, &len);
    CHECK_EQ(begin(ALOFT_SLOT_FACTORY, len), ALOFT_OK);
    CHECK_EQ(feed(image, len), ALOFT_OK);
    CHECK_EQ(aloft_engine_finish(&engine), ALOFT_OK);
    uint32_t last = 0;
    for (uint32_t i = 0; aloft_engine_step(&engine) == ALOFT_STEP_AGAIN; i++) {
        if (slot_holds_an_image() && last == 0) {
            last = device.ram.progs;
            CHECK_BYTES(device.ram.bytes + DEVICE_OTA_0, image, len);
        }
    }
    CHECK(slot_holds_an_image());
    CHECK_EQ(device.ram.progs, last);
}

static void nothing_but_the_target_slot_is_touched(void)
{
    uint32_t len;
    device_two_ota(&device);
    device_put_app(&device, 0, "old");
    device_put_app(&device, ALOFT_SLOT_FACTORY, "f");
    const uint8_t *image = device_image("2", 5000, &len);
    uint32_t slot_1 = DEVICE_OTA_0 + DEVICE_SLOT_STEP;
    uint32_t rest = device_rest(&device, slot_1, DEVICE_SLOT_LEN);
    CHECK_EQ(begin(0, len), ALOFT_OK);
    CHECK_EQ(feed(image, len), ALOFT_OK);
    CHECK_EQ(finish(), ALOFT_OK);
    CHECK_EQ(device_rest(&device, slot_1, DEVICE_SLOT_LEN), rest);
    CHECK_BYTES(device.ram.bytes + slot_1, image, len);
}

static void check_refused_untouched(const uint8_t *bytes, uint32_t len, enum aloft_err err)
{
    device_two_ota(&device);
    CHECK_EQ(update(bytes, len, len), err);
    CHECK_EQ(device.ram.progs + device.ram.erases, 0);
}

static void a_wrong_file_is_refused_before_anything_is_erased(void)
{
    static const char page[] = "<html><body>Please log in to the guest network</body></html>";
    static uint8_t bad[0x1000];
    uint32_t len;
    check_refused_untouched((const uint8_t *)page, sizeof page, ALOFT_ERR_IMAGE_MAGIC);
    len = copy_image(bad, 64);
    bad[MAKE_IMAGE_CHIP] = 5;
    check_refused_untouched(bad, len, ALOFT_ERR_IMAGE_CHIP);
    bad[MAKE_IMAGE_CHIP] = 0;
    bad[1] = 17;
    check_refused_untouched(bad, len, ALOFT_ERR_IMAGE_SEGMENTS);
    bad[1] = 2;
    bad[30] = 0x10; // length of the first segment, beyond the slot
    check_refused_untouched(bad, len, ALOFT_ERR_IMAGE_TOO_LARGE);
    struct make_image boot;
    make_image_begin(&boot, bad, sizeof bad);
    make_image_segment(&boot, 0x40078000, NULL, 600);
    check_refused_untouched(bad, make_image_end(&boot), ALOFT_ERR_IMAGE_NOT_APP);
    check_refused_untouched(bad, 0, ALOFT_ERR_IMAGE_EMPTY);
    check_refused_untouched(device_image("1", 64, &len), 200, ALOFT_ERR_IMAGE_TRUNCATED);
}

static void a_revision_that_does_not_fit_is_refused_before_anything_is_erased(void)
{
    static uint8_t bad[0x1000];
    uint32_t len;
    len = copy_image(bad, 64);
    bad[MAKE_IMAGE_MIN_REVISION] = 200;
    device_two_ota(&device);
    device.rules.chip_revision = 199;
    CHECK_EQ(update(bad, len, len), ALOFT_ERR_IMAGE_REVISION);
    CHECK_EQ(device.ram.progs + device.ram.erases, 0);
}

static void what_is_longer_than_the_slot_is_refused_at_begin(void)
{
    device_two_ota(&device);
    CHECK_EQ(begin(ALOFT_SLOT_FACTORY, DEVICE_SLOT_LEN + 1), ALOFT_ERR_IMAGE_TOO_LARGE);
    CHECK_EQ(begin(ALOFT_SLOT_FACTORY, DEVICE_SLOT_LEN), ALOFT_OK);
}

static void the_same_version_is_refused_before_anything_is_erased(void)
{
    struct aloft_image_facts current = {.has_desc = true, .version = "1.0", .project = "test"};
    struct aloft_engine_config config = {
        .slots = &device.slots,
        .rules = &device.rules,
        .current = &current,
        .running = ALOFT_SLOT_FACTORY,
        .target = ALOFT_SLOT_NONE,
    };
    uint32_t len;
    const uint8_t *image = device_image("1.0", 3000, &len);
    device_two_ota(&device);
    CHECK_EQ(aloft_engine_begin(&engine, &config), ALOFT_OK);
    CHECK_EQ(feed(image, len), ALOFT_ERR_SAME_VERSION);
    CHECK_EQ(device.ram.progs + device.ram.erases, 0);
    image = device_image("1.0.1", 3000, &len);
    CHECK_EQ(aloft_engine_begin(&engine, &config), ALOFT_OK);
    CHECK_EQ(feed(image, len), ALOFT_OK);
}

static void a_truncated_image_is_refused_at_every_length(void)
{
    uint32_t len;
    const uint8_t *image = device_image("1", 100, &len);
    for (uint32_t n = 1; n < len; n++) {
        check_note("%ld of %ld bytes", (long)n, (long)len);
        device_two_ota(&device);
        CHECK_EQ(update(image, n, 0), ALOFT_ERR_IMAGE_TRUNCATED);
        CHECK(!slot_holds_an_image());
        device_two_ota(&device);
        CHECK_EQ(update(image, n, len), ALOFT_ERR_HTTP_SHORT);
        CHECK(!slot_holds_an_image());
    }
}

static void something_appended_is_refused_but_padding_is_not(void)
{
    static uint8_t bytes[DEVICE_IMAGE_MAX];
    uint32_t len;
    memset(bytes, 0xFF, sizeof bytes);
    len = copy_image(bytes, 100);
    device_two_ota(&device);
    CHECK_EQ(update(bytes, len + 4096, 0), ALOFT_OK);
    bytes[len + 4000] = 0;
    device_two_ota(&device);
    CHECK_EQ(update(bytes, len + 4096, 0), ALOFT_ERR_IMAGE_TRAILING);
    CHECK(!slot_holds_an_image());
}

// Exhaustive: no single bit of a small image may flip unnoticed.
static void every_flipped_bit_is_caught(void)
{
    static uint8_t bytes[0x1000];
    uint32_t len;
    len = copy_image(bytes, 24);
    device_two_ota(&device);
    for (uint32_t bit = 0; bit < len * 8; bit++) {
        check_note("bit %ld of byte %ld", (long)(bit % 8), (long)(bit / 8));
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CHECK(update(bytes, len, len) != ALOFT_OK);
        CHECK(!slot_holds_an_image());
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    CHECK_EQ(update(bytes, len, len), ALOFT_OK);
}

// The bytes that were fed are good, but a cell did not take one of them.
static void a_bit_that_flash_did_not_take_is_caught(void)
{
    uint32_t len;
    const uint8_t *image = device_image("1", 3000, &len);
    device_two_ota(&device);
    CHECK_EQ(begin(ALOFT_SLOT_FACTORY, len), ALOFT_OK);
    CHECK_EQ(feed(image, len), ALOFT_OK);
    device.ram.bytes[DEVICE_OTA_0 + 1000] ^= 0x10; // rots after its read-back
    CHECK(finish() != ALOFT_OK);
    CHECK(!slot_holds_an_image());
}

static void every_failing_operation_is_reported_and_leaves_no_image(void)
{
    uint32_t len;
    const uint8_t *image = device_image("1", 2000, &len);
    device_two_ota(&device);
    CHECK_EQ(update(image, len, len), ALOFT_OK);
    uint32_t total = device.ram.ops;
    uint32_t looks = 0; // reads of notes of an older download: unreadable ones count as absent
    for (uint32_t n = 1; n <= total; n++) {
        check_note("operation %ld of %ld", (long)n, (long)total);
        device_two_ota(&device);
        device.ram.fail_op = n;
        enum aloft_err err = update(image, len, len);
        if (err == ALOFT_OK && looks < 2) {
            looks++;
            continue;
        }
        CHECK(err == ALOFT_ERR_FLASH_READ || err == ALOFT_ERR_FLASH_PROG ||
              err == ALOFT_ERR_FLASH_ERASE);
        CHECK(!slot_holds_an_image() || n >= total); // the last operation reads the head back
    }
}

static void an_unfit_device_is_named_at_begin(void)
{
    device_init(&device, 0, true, true);
    CHECK_EQ(begin(ALOFT_SLOT_FACTORY, 0), ALOFT_ERR_NO_OTA_SLOT);
    device_init(&device, 1, true, true);
    CHECK_EQ(begin(0, 0), ALOFT_ERR_NO_OTA_SLOT); // the only OTA slot is the running one
    device_init(&device, 2, true, false);
    CHECK_EQ(begin(ALOFT_SLOT_FACTORY, 0), ALOFT_ERR_NO_OTADATA);
    device_two_ota(&device);
    device.slots.otadata.len = 0x1000;
    CHECK_EQ(begin(ALOFT_SLOT_FACTORY, 0), ALOFT_ERR_OTADATA_SIZE);
    device_two_ota(&device);
    device.ram.bytes[0x8000] = 0; // the table has rotted since it was read
    CHECK_EQ(begin(ALOFT_SLOT_FACTORY, 0), ALOFT_ERR_PTABLE_MAGIC);
}

static void the_running_slot_is_refused(void)
{
    struct aloft_engine_config config = {
        .slots = &device.slots, .rules = &device.rules, .running = 1, .target = 1};
    device_two_ota(&device);
    CHECK_EQ(aloft_engine_begin(&engine, &config), ALOFT_ERR_SLOT_RUNNING);
    config.target = ALOFT_SLOT_FACTORY;
    CHECK_EQ(aloft_engine_begin(&engine, &config), ALOFT_ERR_SLOT_UNKNOWN);
}

static void an_app_on_trial_may_not_overwrite_what_it_rolls_back_to(void)
{
    device_two_ota(&device);
    device_put_record(&device, 0, 1, ALOFT_OTA_PENDING, true);
    CHECK_EQ(begin(0, 0), ALOFT_ERR_ON_TRIAL);
    device_put_record(&device, 0, 1, ALOFT_OTA_VALID, true);
    CHECK_EQ(begin(0, 0), ALOFT_OK);
}

// The simulator found a device that never updated again: its selected image had rotted, so another
// app ran, and a flipped bit in that one's record said NEW. Such an app cannot confirm itself.
static void an_app_that_is_not_selected_is_not_on_trial(void)
{
    device_two_ota(&device);
    device_put_record(&device, 0, 3, ALOFT_OTA_NEW, true);
    device_put_record(&device, 1, 4, ALOFT_OTA_VALID, true);
    CHECK_EQ(begin(0, 0), ALOFT_OK);
    CHECK_EQ(begin(1, 0), ALOFT_OK);
}

// A fallback runs: what otadata selects, ota_0, has rotted.
static void fall_back(int running, uint32_t other_seq, uint32_t other_state)
{
    falls_back = true;
    device_two_ota(&device);
    device_put_app(&device, running, "old");
    device_put_record(&device, 0, 101, ALOFT_OTA_VALID, true);
    if (other_seq != 0) {
        device_put_record(&device, 1, other_seq, other_state, true);
    }
}

static int selected(uint32_t *state)
{
    struct aloft_otadata records[2];
    CHECK_EQ(aloft_bootsel_read(&device.slots, records), ALOFT_OK);
    int active = aloft_otadata_active(records);
    *state = active < 0 ? ALOFT_OTA_UNDEFINED : records[active].state;
    return aloft_bootsel_boot_slot(&device.slots, records);
}

// Steps, and looks after every one: while anything of ota_0 is erased or new, otadata selects what
// runs.
static enum aloft_step step_and_look(int running)
{
    enum aloft_step step;
    do {
        uint32_t state;
        device_put(&device, DEVICE_OTA_0 + 4000, "old", 3); // gone once it is erased
        step = aloft_engine_step(&engine);
        bool erased = memcmp(device.ram.bytes + DEVICE_OTA_0 + 4000, "old", 3) != 0;
        CHECK(!(erased || slot_holds_an_image()) || selected(&state) == running);
    } while (step == ALOFT_STEP_AGAIN);
    return step;
}

static void update_fallback(int running)
{
    uint32_t len;
    const uint8_t *image = device_image("new", 700, &len);
    CHECK_EQ(begin(running, len), ALOFT_OK);
    for (uint32_t off = 0, used; off < len; off += used) {
        CHECK_EQ(aloft_engine_feed(&engine, image + off, len - off, &used), ALOFT_OK);
        CHECK_EQ(step_and_look(running), ALOFT_STEP_DONE);
    }
    CHECK_EQ(aloft_engine_finish(&engine), ALOFT_OK);
    CHECK_EQ(step_and_look(running), ALOFT_STEP_DONE);
    CHECK_BYTES(device.ram.bytes + DEVICE_OTA_0, image, len);
}

// The selected image had rotted, a fallback ran, and its update went over the slot that the old
// record still selected: power lost after the new image's first bytes, and it ran as confirmed.
static void a_fallback_is_selected_before_the_selected_slot_is_written_over(void)
{
    uint32_t state;
    for (int running = ALOFT_SLOT_FACTORY; running <= 1; running += 2) {
        check_note("slot %ld runs", (long)running, 0);
        fall_back(running, 0, 0);
        update_fallback(running);
        CHECK_EQ(selected(&state), running);
        CHECK_EQ(state, running < 0 ? ALOFT_OTA_UNDEFINED : ALOFT_OTA_VALID); // no record: factory
    }
    fall_back(1, 2, ALOFT_OTA_VALID);
    update_fallback(1);
}

// It is on trial then, and must confirm itself before the next update, which it can do now.
static void a_fallback_that_was_never_confirmed_is_selected_on_trial(void)
{
    uint32_t len;
    uint32_t state;
    fall_back(1, 2, ALOFT_OTA_NEW);
    const uint8_t *image = device_image("new", 700, &len);
    CHECK_EQ(begin(1, len), ALOFT_OK);
    CHECK_EQ(feed(image, len), ALOFT_ERR_ON_TRIAL);
    CHECK_EQ(selected(&state), 1);
    CHECK_EQ(state, ALOFT_OTA_NEW);
    CHECK(ram_flash_is_erased(&device.ram, DEVICE_OTA_0, DEVICE_SLOT_LEN));
    CHECK_EQ(begin(1, len), ALOFT_ERR_ON_TRIAL);
    struct aloft_bootsel confirm;
    aloft_bootsel_confirm(&confirm, &device.slots, 1);
    while (aloft_bootsel_step(&confirm) == ALOFT_STEP_AGAIN) {
    }
    update_fallback(1);
}

// The simulator found an app on trial whose record had been lost when it was marked PENDING, by an
// erase that failed. It could not confirm itself, and its update selected it as if it had.
static void a_trial_whose_record_was_lost_is_on_trial(void)
{
    uint32_t len;
    uint32_t state;
    struct aloft_bootsel mark;
    struct aloft_otadata pending = {.seq = 102, .state = ALOFT_OTA_PENDING};
    fall_back(1, 102, ALOFT_OTA_NEW);
    aloft_bootsel_mark(&mark, &device.slots, 1, &pending, false);
    while (selected(&state) == 1) {
        CHECK_EQ(aloft_bootsel_step(&mark), ALOFT_STEP_AGAIN); // note, check, void
    }
    CHECK_EQ(selected(&state), 0);
    const uint8_t *image = device_image("new", 700, &len);
    CHECK_EQ(begin(1, len), ALOFT_OK);
    CHECK_EQ(feed(image, len), ALOFT_ERR_ON_TRIAL);
    CHECK_EQ(selected(&state), 1);
    CHECK_EQ(state, ALOFT_OTA_PENDING);
}

static void a_fallback_that_cannot_be_selected_is_written_over_only_when_it_is_rotten_too(void)
{
    uint32_t state;
    fall_back(1, 0, 0);
    device.ram.bytes[DEVICE_OTA_0 + DEVICE_SLOT_STEP + 40] ^= 1;
    uint32_t len;
    const uint8_t *image = device_image("new", 700, &len);
    CHECK_EQ(begin(1, len), ALOFT_OK);
    CHECK_EQ(feed(image, len), ALOFT_OK);
    CHECK_EQ(finish(), ALOFT_OK);
    CHECK_EQ(selected(&state), 0);
    // When otadata does not take the record, the other slot stays as it is.
    fall_back(1, 0, 0);
    image = device_image("new", 700, &len);
    CHECK_EQ(begin(1, len), ALOFT_OK);
    uint32_t used;
    CHECK_EQ(aloft_engine_feed(&engine, image, len, &used), ALOFT_OK);
    while (device.ram.progs + device.ram.erases == 0) {
        CHECK_EQ(aloft_engine_step(&engine), ALOFT_STEP_AGAIN);
    }
    device.ram.fail_op = device.ram.ops + 1;
    CHECK_EQ(settle(), ALOFT_ERR_FLASH_PROG);
    CHECK(ram_flash_is_erased(&device.ram, DEVICE_OTA_0, DEVICE_SLOT_LEN));
}

static void calls_out_of_order_are_refused(void)
{
    falls_back = false;
    uint32_t len;
    uint32_t used;
    const uint8_t *image = device_image("1", 100, &len);
    device_two_ota(&device);
    CHECK_EQ(update(image, len, len), ALOFT_OK);
    CHECK_EQ(aloft_engine_feed(&engine, image, 1, &used), ALOFT_ERR_STATE);
    CHECK_EQ(aloft_engine_finish(&engine), ALOFT_ERR_STATE);
    CHECK_EQ(begin(ALOFT_SLOT_FACTORY, len), ALOFT_OK);
    CHECK_EQ(feed(image, 300), ALOFT_OK);
    aloft_engine_abort(&engine);
    CHECK_EQ(aloft_engine_step(&engine), ALOFT_STEP_FAILED);
    CHECK(!slot_holds_an_image());
}

DEVICE_MAIN(TEST(an_image_arrives_whole_whether_its_length_is_known_or_not),
            TEST(no_split_changes_what_is_written), TEST(erases_blocks_where_they_pay),
            TEST(half_an_image_never_looks_like_one), TEST(nothing_but_the_target_slot_is_touched),
            TEST(a_wrong_file_is_refused_before_anything_is_erased),
            TEST(a_revision_that_does_not_fit_is_refused_before_anything_is_erased),
            TEST(what_is_longer_than_the_slot_is_refused_at_begin),
            TEST(the_same_version_is_refused_before_anything_is_erased),
            TEST(a_truncated_image_is_refused_at_every_length),
            TEST(something_appended_is_refused_but_padding_is_not),
            TEST(every_flipped_bit_is_caught), TEST(a_bit_that_flash_did_not_take_is_caught),
            TEST(every_failing_operation_is_reported_and_leaves_no_image),
            TEST(an_unfit_device_is_named_at_begin), TEST(the_running_slot_is_refused),
            TEST(an_app_on_trial_may_not_overwrite_what_it_rolls_back_to),
            TEST(an_app_that_is_not_selected_is_not_on_trial),
            TEST(a_fallback_is_selected_before_the_selected_slot_is_written_over),
            TEST(a_fallback_that_was_never_confirmed_is_selected_on_trial),
            TEST(a_trial_whose_record_was_lost_is_on_trial),
            TEST(a_fallback_that_cannot_be_selected_is_written_over_only_when_it_is_rotten_too),
            TEST(calls_out_of_order_are_refused))
