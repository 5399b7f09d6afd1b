// What a device remembers of releases that it has come back from, and when it does not.
#include "aloft/update/failed.h"
#include "device_update.h"

static struct device device;
static struct aloft_failed failed;

// The head of the image in ota_0.
static const uint8_t *head(void)
{
    return device.ram.bytes + DEVICE_OTA_0;
}

static void with_record(uint32_t seq, uint32_t state, bool crc_ok)
{
    device_two_ota(&device);
    (void)device_put_app(&device, ALOFT_SLOT_FACTORY, "1");
    (void)device_put_app(&device, 0, "2");
    (void)device_put_app(&device, 1, "3");
    device_put_record(&device, 0, seq, state, crc_ok);
}

// The app in this slot starts, and an update begins.
static void start(int running, bool power_on)
{
    CHECK_EQ(device_started(&device, running, power_on), ALOFT_OK);
    CHECK_EQ(aloft_failed_read(&failed, &device.slots, false), ALOFT_OK);
}

// Otherwise it would be fetched and selected again at once, without end.
static void what_the_bootloader_could_not_start_is_remembered(void)
{
    static const uint8_t digest[ALOFT_SHA256_LEN] = {1};
    with_record(1, ALOFT_OTA_PENDING, true);
    start(ALOFT_SLOT_FACTORY, false);
    CHECK_EQ(failed.count, 1);
    CHECK_EQ(aloft_failed_judge_head(&failed, head()), ALOFT_ERR_TRIAL_FAILED);
    CHECK_EQ(aloft_failed_judge_head(&failed, head() + DEVICE_SLOT_STEP), ALOFT_OK);
    CHECK_EQ(aloft_failed_judge_digest(&failed, digest), ALOFT_OK);
}

static void what_runs_or_was_not_tried_is_not_remembered(void)
{
    static const uint32_t states[] = {ALOFT_OTA_NEW, ALOFT_OTA_VALID, ALOFT_OTA_UNDEFINED, 5};
    static const uint32_t ended[] = {ALOFT_OTA_PENDING, ALOFT_OTA_ABORTED, ALOFT_OTA_INVALID};
    for (uint32_t i = 0; i < 4; i++) {
        with_record(1, states[i], true);
        start(ALOFT_SLOT_FACTORY, false);
        CHECK_EQ(failed.count, 0);
        CHECK_EQ(device.ram.erases + device.ram.progs, 0);
    }
    for (uint32_t i = 0; i < 3; i++) {
        with_record(1, ended[i], true);
        start(0, false); // without a factory app the stock bootloader runs even what is refused
        CHECK_EQ(failed.count, 0);
        with_record(1, ended[i], false);
        start(ALOFT_SLOT_FACTORY, false);
        CHECK_EQ(failed.count, 0);
        CHECK_EQ(device.ram.erases + device.ram.progs, 0);
    }
}

// Under the stock bootloader such a release was fetched, installed and rolled back without end: it
// writes no notes.
static void what_the_stock_bootloader_has_rolled_back_is_remembered(void)
{
    static const uint32_t states[] = {ALOFT_OTA_ABORTED, ALOFT_OTA_INVALID};
    for (uint32_t i = 0; i < 2; i++) {
        with_record(1, states[i], true);
        start(ALOFT_SLOT_FACTORY, false);
        CHECK_EQ(failed.count, 1);
        CHECK_EQ(aloft_failed_judge_head(&failed, head()), ALOFT_ERR_TRIAL_FAILED);
        CHECK_EQ(aloft_failed_judge_head(&failed, head() + DEVICE_SLOT_STEP), ALOFT_OK);
    }
}

static void a_loss_of_power_excuses_a_release_once(void)
{
    with_record(1, ALOFT_OTA_ABORTED, true);
    start(ALOFT_SLOT_FACTORY, true);
    CHECK_EQ(failed.count, 0);
    start(ALOFT_SLOT_FACTORY, false); // the next start is not the trial's end
    CHECK_EQ(failed.count, 0);
}

// The record stays when another image is in its slot and was never selected. That image is not the
// one that has failed.
static void what_lies_in_the_slot_later_is_not_what_has_failed(void)
{
    uint8_t old[ALOFT_IMAGE_HEAD_LEN];
    with_record(1, ALOFT_OTA_ABORTED, true);
    start(ALOFT_SLOT_FACTORY, false);
    memcpy(old, head(), sizeof old);
    (void)device_put_app(&device, 0, "4");
    start(ALOFT_SLOT_FACTORY, false);
    CHECK_EQ(failed.count, 1);
    CHECK_EQ(aloft_failed_judge_head(&failed, head()), ALOFT_OK);
    CHECK_EQ(aloft_failed_judge_head(&failed, old), ALOFT_ERR_TRIAL_FAILED);
}

static void both_slots_may_have_failed(void)
{
    with_record(1, ALOFT_OTA_INVALID, true);
    device_put_record(&device, 1, 2, ALOFT_OTA_ABORTED, true);
    start(ALOFT_SLOT_FACTORY, false);
    CHECK_EQ(failed.count, 2);
    CHECK_EQ(aloft_failed_judge_head(&failed, head()), ALOFT_ERR_TRIAL_FAILED);
    CHECK_EQ(aloft_failed_judge_head(&failed, head() + DEVICE_SLOT_STEP), ALOFT_ERR_TRIAL_FAILED);
    start(0, false);
    CHECK_EQ(failed.count, 2); // what is noted stays
}

static void starting_again_writes_nothing(void)
{
    with_record(1, ALOFT_OTA_ABORTED, true);
    start(ALOFT_SLOT_FACTORY, false);
    uint32_t changes = device_changes(&device);
    CHECK(changes > 0);
    for (uint32_t i = 0; i < 200; i++) {
        start(ALOFT_SLOT_FACTORY, i % 2 != 0);
    }
    CHECK_EQ(device_changes(&device), changes);
}

// A sector full of notes that holds a record which counts is not erased for one more.
static void without_room_for_a_note_the_record_that_counts_stays(void)
{
    uint8_t bytes[ALOFT_NOTE_LEN];
    const struct aloft_note note = {ALOFT_NOTE_DONE, 9, ALOFT_OTA_VALID, {0}};
    with_record(2, ALOFT_OTA_ABORTED, true);
    device_put_record(&device, 1, 1, ALOFT_OTA_VALID, true);
    aloft_note_emit(&note, bytes);
    for (uint32_t i = 0; i < ALOFT_NOTE_COUNT; i++) {
        device_put(&device,
                   DEVICE_OTADATA + ALOFT_OTADATA_SECTOR + ALOFT_NOTE_OFF + i * ALOFT_NOTE_LEN,
                   bytes, sizeof bytes);
    }
    start(0, false);
    CHECK_EQ(device.ram.erases + device.ram.progs, 0);
}

static void the_list_has_an_end(void)
{
    with_record(1, ALOFT_OTA_ABORTED, true);
    start(ALOFT_SLOT_FACTORY, false);
    for (int i = 0; i < 9; i++) {
        struct aloft_flash_view view = aloft_slots_slot_view(&device.slots, 1);
        aloft_failed_add(&failed, &view);
    }
    CHECK_EQ(failed.count, ALOFT_FAILED_MAX);
    CHECK_EQ(aloft_failed_judge_head(&failed, head()), ALOFT_ERR_TRIAL_FAILED);
    CHECK_EQ(aloft_failed_judge_head(&failed, head() + DEVICE_SLOT_STEP), ALOFT_ERR_TRIAL_FAILED);
}

DEVICE_MAIN(TEST(what_the_bootloader_could_not_start_is_remembered),
            TEST(what_runs_or_was_not_tried_is_not_remembered),
            TEST(what_the_stock_bootloader_has_rolled_back_is_remembered),
            TEST(a_loss_of_power_excuses_a_release_once),
            TEST(what_lies_in_the_slot_later_is_not_what_has_failed),
            TEST(both_slots_may_have_failed), TEST(starting_again_writes_nothing),
            TEST(without_room_for_a_note_the_record_that_counts_stays), TEST(the_list_has_an_end))
