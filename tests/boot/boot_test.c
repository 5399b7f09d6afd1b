// Whole boots of a device in RAM: what is loaded, written and printed, and that what runs is
// exactly what was judged.
#include "aloft/base/bytes.h"
#include "check.h"
#include "device_boot.h"
#include "soft_crypto.h"
#include <stdarg.h>

static struct device device;
static struct aloft_boot boot;

// The board of these tests: records what was loaded and printed.
static struct {
    uint8_t loaded[DEVICE_IMAGE_MAX];
    uint32_t loaded_len;
    uint32_t unloads;
    char said[8192];
    uint32_t said_len;
} board;

__attribute__((format(printf, 4, 5))) static void say(void *ctx, char level, const char *tag,
                                                      const char *format, ...)
{
    va_list args;
    char *to = board.said + board.said_len;
    size_t room = sizeof board.said - board.said_len;
    (void)ctx;
    int n = snprintf(to, room, "%c %s: ", level, tag);
    va_start(args, format);
    n += vsnprintf(to + n, room - (size_t)n, format, args);
    va_end(args);
    board.said_len += (uint32_t)n;
    board.said[board.said_len++] = '\n';
    board.said[board.said_len] = 0;
}

static enum aloft_err load(void *ctx, const struct aloft_image *image, enum aloft_image_event event,
                           const uint8_t *data, uint32_t len)
{
    (void)ctx;
    if (event == ALOFT_IMAGE_DATA && image->facts.segment_addr == 0x3FFB0000) {
        memcpy(board.loaded + board.loaded_len, data, len);
        board.loaded_len += len;
    }
    return ALOFT_OK;
}

static void unload(void *ctx)
{
    (void)ctx;
    board.loaded_len = 0;
    board.unloads++;
}

// The slot that runs, or NONE.
static int run(bool trials)
{
    static struct aloft_boot_port port;
    memset(&board, 0, sizeof board);
    port = device_boot_port(&device);
    port.trials = trials;
    port.log = say;
    port.load = load;
    port.unload = unload;
    return device_boot(&device, &boot, &port);
}

static void fresh(void)
{
    device_two_ota(&device);
    device_put_app(&device, ALOFT_SLOT_FACTORY, "f");
    device_put_app(&device, 0, "a");
    device_put_app(&device, 1, "b");
}

static void check_runs(int slot, const char *version)
{
    CHECK_EQ(run(true), slot);
    CHECK_TEXT(boot.image.version, version);
}

static bool said(const char *text)
{
    return strstr(board.said, text) != NULL;
}

static void spoil(int slot)
{
    device.ram.bytes[aloft_slots_extent(&device.slots, slot).addr + 600] ^= 0x20;
}

static uint32_t state_of(uint32_t index)
{
    struct aloft_otadata records[2];
    CHECK_EQ(aloft_bootsel_read(&device.slots, records), ALOFT_OK);
    return records[index].state;
}

static void an_erased_otadata_boots_factory_and_writes_nothing(void)
{
    fresh();
    check_runs(ALOFT_SLOT_FACTORY, "f");
    CHECK(said(device_unit == 1 ? "Defaulting to factory image"
                                : "ota data partition invalid, falling back to factory"));
    CHECK(said("Loaded app from partition at offset 0x10000"));
    CHECK_EQ(device_changes(&device), 0);
}

static void the_console_shows_the_table_as_stock_does(void)
{
    fresh();
    check_runs(ALOFT_SLOT_FACTORY, "f");
    CHECK(said("I boot: Partition Table:\n"
               "I boot: ## Label            Usage          Type ST Offset   Length\n"
               "I boot:  0 nvs              WiFi data        01 02 00009000 00004000\n"
               "I boot:  1 otadata          OTA data         01 00 0000d000 00002000\n"
               "I boot:  2 factory          factory app      00 00 00010000 00010000\n"
               "I boot:  3 ota_0            OTA app          00 10 00020000 00018000\n"));
    CHECK(said("I boot: End of partition table\n"));
    CHECK(said("I esp_image: segment 0: paddr=00010020 vaddr=3f400020 size=00100h (   256) map\n"));
}

static void what_runs_is_what_was_judged(void)
{
    uint32_t len;
    fresh();
    const uint8_t *image = device_image("f", 600, &len);
    check_runs(ALOFT_SLOT_FACTORY, "f");
    CHECK_EQ(board.loaded_len, 600);
    CHECK_BYTES(board.loaded, image + 32 + 256 + 8, 600);
}

static void a_new_app_runs_on_trial_and_is_rolled_back_when_it_does_not_confirm(void)
{
    fresh();
    device_put_record(&device, 0, 1, ALOFT_OTA_VALID, true);
    device_put_record(&device, 1, 2, ALOFT_OTA_NEW, true);
    check_runs(1, "b");
    CHECK_EQ(state_of(1), ALOFT_OTA_PENDING);
    check_runs(0, "a"); // it did not confirm itself
    CHECK_EQ(state_of(1), ALOFT_OTA_ABORTED);
    check_runs(0, "a");
    CHECK_EQ(state_of(0), ALOFT_OTA_VALID);
}

static void a_first_update_that_fails_its_trial_goes_back_to_factory(void)
{
    fresh();
    device_put_record(&device, 0, 1, ALOFT_OTA_NEW, true);
    check_runs(0, "a");
    check_runs(ALOFT_SLOT_FACTORY, "f");
    CHECK_EQ(state_of(0), ALOFT_OTA_ABORTED);
}

// A crash loop that the simulator found: ota_1, which otadata trusts, had rotted; factory ran and
// put an update into ota_0, which crashed; and after its trial was over, the bootloader fell back
// from the rotten ota_1 to ota_0 again, and for ever, with a good factory app behind it.
static void an_app_that_failed_its_trial_is_the_last_to_fall_back_to(void)
{
    fresh();
    device_put_record(&device, 0, 3, ALOFT_OTA_NEW, true); // ota_0
    device_put_record(&device, 1, 2, ALOFT_OTA_VALID, true);
    spoil(1);
    check_runs(0, "a");
    check_runs(ALOFT_SLOT_FACTORY, "f"); // the trial has failed
    check_runs(ALOFT_SLOT_FACTORY, "f");
    spoil(ALOFT_SLOT_FACTORY);
    check_runs(0, "a"); // no better app is left
}

// A crash loop that the simulator found: power tore the new record so that all of it was programmed
// but its state, which no CRC covers. It counted as confirmed, and its app, which crashed, was not
// on trial.
static void a_record_whose_state_was_torn_does_not_count(void)
{
    fresh();
    device_put_record(&device, 0, 1, ALOFT_OTA_VALID, true);
    device_put_record(&device, 1, 2, 0x66BED7CC, true);
    check_runs(0, "a");
}

static void without_trials_nothing_is_marked(void)
{
    fresh();
    device_put_record(&device, 0, 1, ALOFT_OTA_NEW, true);
    CHECK_EQ(run(false), 0);
    CHECK_EQ(state_of(0), ALOFT_OTA_NEW);
    CHECK_EQ(device_changes(&device), 0);
}

static void a_corrupt_app_is_passed_over_and_otadata_left_as_it_is(void)
{
    fresh();
    device_put_record(&device, 0, 1, ALOFT_OTA_VALID, true);
    device_put_record(&device, 1, 2, ALOFT_OTA_VALID, true);
    spoil(1);
    check_runs(0, "a");
    CHECK(said("image at 0x40000 is refused: IMAGE_CHECKSUM"));
    CHECK(said("OTA app partition slot 1 is not bootable"));
    spoil(0);
    check_runs(ALOFT_SLOT_FACTORY, "f");
    CHECK_EQ(device_changes(&device), 0);
    CHECK(board.unloads >= 2);
}

// All pairs of states, CRCs and orders, with each goodness of three images: what boots is always a
// good image, and the one that the plan puts first among the good.
static void every_combination_of_records_and_images_boots_the_first_good_candidate(void)
{
    for (uint32_t i = 0; i < 6 * 2 * 2 * 8; i++) {
        uint32_t state = i % 6;
        uint32_t goodness = i / 24;
        fresh();
        check_note("combination %ld", (long)i, 0);
        device_put_record(&device, 0, 1 + (i / 12 % 2) * 2, state < 5 ? state : ALOFT_OTA_UNDEFINED,
                          i / 6 % 2 == 0);
        device_put_record(&device, 1, 2, ALOFT_OTA_VALID, true);
        for (int slot = -1; slot < 2; slot++) {
            if ((goodness >> (slot + 1) & 1) == 0) {
                spoil(slot);
            }
        }
        int runs = run(true);
        CHECK_EQ(runs == ALOFT_SLOT_NONE, goodness == 0);
        for (uint32_t n = 0; runs != ALOFT_SLOT_NONE; n++) {
            int slot = aloft_boot_candidate(&boot.plan, 2, n);
            if (slot == ALOFT_SLOT_TEST) { // the table has no such slot
                continue;
            }
            if (slot == runs) {
                CHECK(goodness >> (slot + 1) & 1);
                break;
            }
            CHECK((goodness >> (slot + 1) & 1) == 0);
        }
    }
}

static void with_nothing_bootable_it_says_so(void)
{
    device_two_ota(&device);
    CHECK_EQ(run(true), ALOFT_SLOT_NONE);
    CHECK(said("No bootable app partitions in the partition table"));
    CHECK_EQ(boot.err, ALOFT_ERR_IMAGE_MAGIC);
    // The reason printed is that of a slot that holds an image, wherever the empty slots are.
    for (int slot = -1; slot < 2; slot++) {
        device_two_ota(&device);
        device_put_app(&device, slot, "x");
        spoil(slot);
        CHECK_EQ(run(true), ALOFT_SLOT_NONE);
        CHECK_EQ(boot.err, ALOFT_ERR_IMAGE_CHECKSUM);
        CHECK(said("is refused: IMAGE_CHECKSUM"));
        CHECK(said("is refused: IMAGE_MAGIC"));
    }
    memset(device.ram.bytes, 0xFF, DEVICE_SIZE);
    CHECK_EQ(run(true), ALOFT_SLOT_NONE);
    CHECK(said("load partition table error! PTABLE_EMPTY"));
    CHECK_EQ(boot.err, ALOFT_ERR_PTABLE_EMPTY);
}

static void without_factory_the_first_boot_writes_the_actual_record(void)
{
    device_init(&device, 2, false, true);
    device_put_app(&device, 0, "a");
    if (device_unit > 1) { // a chip that encrypts is shipped with two records that say FF
        uint8_t blank[ALOFT_OTADATA_RECORD];
        memset(blank, 0xFF, sizeof blank);
        device_put(&device, DEVICE_OTADATA, blank, sizeof blank);
        device_put(&device, DEVICE_OTADATA + ALOFT_OTADATA_SECTOR, blank, sizeof blank);
    }
    check_runs(0, "a");
    CHECK(said("No factory image, trying OTA 0"));
    CHECK(said("Set actual ota_seq=1 in otadata[0]"));
    CHECK_EQ(state_of(0), ALOFT_OTA_VALID);
}

static void two_bad_records_fall_back_and_say_so(void)
{
    fresh();
    device_put_record(&device, 0, 1, ALOFT_OTA_VALID, false);
    device_put_record(&device, 1, 2, ALOFT_OTA_VALID, false);
    check_runs(ALOFT_SLOT_FACTORY, "f");
    CHECK(said("ota data partition invalid, falling back to factory"));
}

static void a_short_otadata_does_not_stop_the_boot(void)
{
    fresh();
    aloft_put_le32(device.ram.bytes + 0x8000 + 32 + 8, 0x1000); // its length in the table
    memset(device.ram.bytes + 0x8000 + 5 * 32, 0xFF, 32);       // the MD5 row is gone
    check_runs(ALOFT_SLOT_FACTORY, "f");
    CHECK(said("ota data partition unusable"));
}

// A fuzzed table put otadata over ota_0. Ending a failed trial then erased the first sector of the
// app that was about to boot. Such otadata is treated as absent, and nothing is written.
static void otadata_that_lies_over_something_else_is_never_written(void)
{
    static const uint32_t places[] = {DEVICE_OTA_0, DEVICE_FACTORY + 0xF000, 0x8000, 0x7000};
    for (uint32_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        fresh();
        check_note("otadata at %lx", (long)places[i], 0);
        aloft_put_le32(device.ram.bytes + 0x8000 + 32 + 4, places[i]); // its row in the table
        memset(device.ram.bytes + 0x8000 + 5 * 32, 0xFF, 32);          // the MD5 row is gone
        if (places[i] == DEVICE_OTA_0) { // in a record's place, the app has a pending trial
            struct aloft_otadata record = {.seq = 2, .state = ALOFT_OTA_PENDING};
            aloft_otadata_emit(&record, device.ram.bytes + places[i] + ALOFT_OTADATA_SECTOR);
        }
        check_runs(ALOFT_SLOT_FACTORY, "f");
        CHECK(said("ota data partition unusable"));
        CHECK_EQ(device_changes(&device), 0);
    }
}

static void otadata_that_cannot_be_written_does_not_stop_the_boot(void)
{
    fresh();
    device_put_record(&device, 0, 1, ALOFT_OTA_NEW, true);
    check_runs(0, "a");
    uint32_t total = device.ram.ops;
    for (uint32_t n = 1; n < total; n++) {
        fresh();
        device_put_record(&device, 0, 1, ALOFT_OTA_NEW, true);
        device.ram.fail_op = n;
        check_note("operation %ld of %ld fails", (long)n, (long)total);
        (void)run(true); // a failed table read ends the boot; every other failure is survived
        CHECK(said("load partition table error!") || boot.slot != ALOFT_SLOT_NONE);
    }
}

DEVICE_MAIN(TEST(an_erased_otadata_boots_factory_and_writes_nothing),
            TEST(the_console_shows_the_table_as_stock_does), TEST(what_runs_is_what_was_judged),
            TEST(a_new_app_runs_on_trial_and_is_rolled_back_when_it_does_not_confirm),
            TEST(a_first_update_that_fails_its_trial_goes_back_to_factory),
            TEST(an_app_that_failed_its_trial_is_the_last_to_fall_back_to),
            TEST(a_record_whose_state_was_torn_does_not_count),
            TEST(without_trials_nothing_is_marked),
            TEST(a_corrupt_app_is_passed_over_and_otadata_left_as_it_is),
            TEST(every_combination_of_records_and_images_boots_the_first_good_candidate),
            TEST(with_nothing_bootable_it_says_so),
            TEST(without_factory_the_first_boot_writes_the_actual_record),
            TEST(two_bad_records_fall_back_and_say_so),
            TEST(a_short_otadata_does_not_stop_the_boot),
            TEST(otadata_that_lies_over_something_else_is_never_written),
            TEST(otadata_that_cannot_be_written_does_not_stop_the_boot))
