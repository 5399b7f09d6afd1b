// What a device remembers of releases that it has come back from, and when it does not.
#include "aloft/update/failed.h"
#include "device.h"

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

// Otherwise it would be fetched and selected again at once, without end.
static void what_the_bootloader_could_not_start_is_remembered(void)
{
    static const uint8_t digest[ALOFT_SHA256_LEN] = {1};
    with_record(1, ALOFT_OTA_PENDING, true);
    CHECK_EQ(aloft_failed_read(&failed, &device.slots, ALOFT_SLOT_FACTORY, false), ALOFT_OK);
    CHECK_EQ(failed.count, 1);
    CHECK_EQ(aloft_failed_judge_head(&failed, head()), ALOFT_ERR_TRIAL_FAILED);
    CHECK_EQ(aloft_failed_judge_head(&failed, head() + DEVICE_SLOT_STEP), ALOFT_OK);
    CHECK_EQ(aloft_failed_judge_digest(&failed, digest), ALOFT_OK);
}

static void what_runs_on_trial_or_was_not_tried_is_not_remembered(void)
{
    static const uint32_t states[] = {ALOFT_OTA_NEW, ALOFT_OTA_VALID, ALOFT_OTA_UNDEFINED};
    with_record(1, ALOFT_OTA_PENDING, true);
    CHECK_EQ(aloft_failed_read(&failed, &device.slots, 0, false), ALOFT_OK);
    CHECK_EQ(failed.count, 0);
    CHECK_EQ(aloft_failed_judge_head(&failed, head()), ALOFT_OK);
    for (uint32_t i = 0; i < 3; i++) {
        with_record(1, states[i], true);
        CHECK_EQ(aloft_failed_read(&failed, &device.slots, ALOFT_SLOT_FACTORY, false), ALOFT_OK);
        CHECK_EQ(failed.count, 0);
    }
    with_record(1, ALOFT_OTA_PENDING, false);
    CHECK_EQ(aloft_failed_read(&failed, &device.slots, ALOFT_SLOT_FACTORY, false), ALOFT_OK);
    CHECK_EQ(failed.count, 0);
}

static void the_list_has_an_end(void)
{
    with_record(1, ALOFT_OTA_PENDING, true);
    CHECK_EQ(aloft_failed_read(&failed, &device.slots, ALOFT_SLOT_FACTORY, false), ALOFT_OK);
    for (int i = 0; i < 9; i++) {
        struct aloft_flash_view view = aloft_slots_slot_view(&device.slots, 1);
        aloft_failed_add(&failed, &view);
    }
    CHECK_EQ(failed.count, ALOFT_FAILED_MAX);
    CHECK_EQ(aloft_failed_judge_head(&failed, head()), ALOFT_ERR_TRIAL_FAILED);
    CHECK_EQ(aloft_failed_judge_head(&failed, head() + DEVICE_SLOT_STEP), ALOFT_ERR_TRIAL_FAILED);
}

DEVICE_MAIN(TEST(what_the_bootloader_could_not_start_is_remembered),
            TEST(what_runs_on_trial_or_was_not_tried_is_not_remembered), TEST(the_list_has_an_end))
