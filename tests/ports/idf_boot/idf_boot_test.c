// ESP-IDF's bootloader with our boot choice (ports/esp-idf/bootloader), on a fake of the functions
// that it calls. What boot/ chooses is compared with stock in tests/boot; here: that the override
// does what boot/ does, and what it adds.
#include "aloft/base/bytes.h"
#include "device_boot.h"
#include "fake_idf.h"

static struct device device;
static uint8_t before[DEVICE_SIZE];
static uint8_t direct[DEVICE_SIZE];

static void fresh(void)
{
    device_two_ota(&device);
    device_put_app(&device, ALOFT_SLOT_FACTORY, "f");
    device_put_app(&device, 0, "a");
    device_put_app(&device, 1, "b");
    memset(&fake, 0, sizeof fake);
    fake.device = &device;
}

static uint32_t address(int slot)
{
    return aloft_slots_extent(&device.slots, slot).addr;
}

static void check_starts(int slot)
{
    fake_boot();
    CHECK_EQ(fake.started, address(slot));
    CHECK_EQ(fake.resets, 0);
}

static bool said(const char *text)
{
    return strstr(fake.said, text) != NULL;
}

static uint32_t state_of(uint32_t index)
{
    struct aloft_otadata records[2];
    CHECK_EQ(aloft_bootsel_read(&device.slots, records), ALOFT_OK);
    return records[index].state;
}

static uint32_t rnd(uint32_t *state)
{
    uint32_t x = *state += 0x9E3779B9u;
    x = (x ^ x >> 16) * 0x85EBCA6Bu;
    x = (x ^ x >> 13) * 0xC2B2AE35u;
    return x ^ x >> 16;
}

// A chip as a few boots, updates and cuts may leave it.
static void random_chip(uint32_t *seed)
{
    static const uint32_t states[] = {0, 1, 2, 3, 4, 0xFFFFFFFF, 5};
    fresh();
    for (uint32_t i = 0; i < 2; i++) {
        if (rnd(seed) % 4 != 0) {
            device_put_record(&device, i, rnd(seed) % 6, states[rnd(seed) % 7], rnd(seed) % 8 != 0);
        }
    }
    for (int slot = ALOFT_SLOT_FACTORY; slot < 2; slot++) {
        device.ram.bytes[address(slot) + 300] ^= rnd(seed) % 3 == 0;
    }
    fake.reason = rnd(seed) % 2 != 0 ? RESET_REASON_CORE_SW : RESET_REASON_CHIP_POWER_ON;
}

static void the_override_boots_what_boot_chooses_and_writes_the_same(void)
{
    static struct aloft_boot boot;
    uint32_t seed = 15;
    for (uint32_t n = 0; n < 1000 / device_stride(10); n++) {
        random_chip(&seed);
        struct aloft_boot_port port = device_boot_port(&device);
        port.power_on = fake.reason == RESET_REASON_CHIP_POWER_ON;
        memcpy(before, device.ram.bytes, sizeof before);
        int slot = device_boot(&device, &boot, &port);
        memcpy(direct, device.ram.bytes, sizeof direct);
        memcpy(device.ram.bytes, before, sizeof before);

        check_note("chip %ld", (long)n, 0);
        fake_boot();
        CHECK_EQ(fake.started, slot == ALOFT_SLOT_NONE ? 0 : address(slot));
        CHECK_EQ(fake.resets, slot == ALOFT_SLOT_NONE);
        CHECK_EQ(memcmp(device.ram.bytes, direct, sizeof direct), 0);
    }
}

static void an_app_is_read_once_and_started(void)
{
    fresh();
    device_put_record(&device, 0, 1, ALOFT_OTA_VALID, true);
    check_starts(0);
    CHECK_EQ(fake.loads, 1);
    CHECK(fake.feeds > 0);
    CHECK_EQ(fake.changes, 0);
}

static void lines_are_those_of_esp_idf(void)
{
    fresh();
    device_put_record(&device, 0, 1, ALOFT_OTA_VALID, true);
    device.ram.bytes[address(0) + 300] ^= 1;
    check_starts(ALOFT_SLOT_FACTORY);
    CHECK(
        said("<i>I (42) boot:  2 factory          factory app      00 00 00010000 00010000</>\n"));
    CHECK(said("<e>E (42) boot: OTA app partition slot 0 is not bootable</>\n"));
    CHECK(!said("is refused")); // the stock loader has said why
    CHECK(!said(" D ("));
}

// Whatever it is, it is no app. ESP-IDF refuses it only when it overlaps the bootloader.
static void an_image_that_maps_nothing_is_not_started(void)
{
    uint32_t len;
    fresh();
    const uint8_t *bytes = device_bootloader(&len);
    device_put(&device, address(0), bytes, len);
    device_put_record(&device, 0, 1, ALOFT_OTA_VALID, true);
    check_starts(ALOFT_SLOT_FACTORY);
    CHECK(said("refused: -54") || said("refused: -148")); // it has no security version, too
}

static void a_chip_that_cannot_boot_says_so_and_resets_after_a_while(void)
{
    fresh();
    for (int slot = ALOFT_SLOT_FACTORY; slot < 2; slot++) {
        device.ram.bytes[address(slot)] = 0;
    }
    fake_boot();
    CHECK_EQ(fake.started, 0);
    CHECK_EQ(fake.resets, 1);
    CHECK(fake.waited_us >= 1000000);
    CHECK(said("No bootable app partitions in the partition table"));
    CHECK_EQ(fake.changes, 0);
}

static void a_trial_is_blamed_unless_power_was_off(void)
{
    static const soc_reset_reason_t reasons[] = {RESET_REASON_CORE_SW, RESET_REASON_CHIP_POWER_ON,
                                                 RESET_REASON_SYS_BROWN_OUT,
                                                 RESET_REASON_CORE_EFUSE_CRC};
    for (uint32_t n = 0; n < sizeof reasons / sizeof reasons[0]; n++) {
        uint8_t ids[2][ALOFT_NOTE_ID];
        uint32_t count;
        uint32_t cut;
        fresh();
        device_put_record(&device, 0, 1, ALOFT_OTA_VALID, true);
        device_put_record(&device, 1, 2, ALOFT_OTA_NEW, true);
        check_starts(1);
        CHECK_EQ(state_of(1), ALOFT_OTA_PENDING);
        fake.reason = reasons[n];
        check_starts(0);
        CHECK_EQ(state_of(1), ALOFT_OTA_ABORTED);
        check_note("reason %ld", (long)reasons[n], 0);
        CHECK_EQ(aloft_bootsel_failed(&device.slots, ids, &count, &cut), ALOFT_OK);
        CHECK_EQ(count, reasons[n] == RESET_REASON_CORE_SW);
    }
}

// The stock bootloader erases a record and writes it again: a cut between the two loses it.
static void a_cut_at_any_change_of_a_boot_loses_no_record(void)
{
    uint32_t cuts = 0;
    do {
        fresh();
        device_put_record(&device, 0, 1, ALOFT_OTA_VALID, true);
        device_put_record(&device, 1, 2, ALOFT_OTA_PENDING, true);
        fake.cut = ++cuts;
        fake_boot();
        fake.cut = 0;
        check_note("cut %ld", (long)cuts, 0);
        check_starts(0);
        CHECK_EQ(state_of(0), ALOFT_OTA_VALID);
        CHECK_EQ(state_of(1), ALOFT_OTA_ABORTED);
    } while (fake.changes != 0 && cuts < 50); // the last boot had nothing left to change
    CHECK(cuts > 5);
}

static void otadata_that_cannot_be_written_does_not_stop_the_boot(void)
{
    fresh();
    device_put_record(&device, 0, 1, ALOFT_OTA_NEW, true);
    fake.flash_is_worn = true;
    check_starts(0);
    CHECK(said("otadata cannot be written: -"));
}

#ifdef FAKE_ALL_OPTIONS
// Gives the app in the slot this security version.
static void secure(int slot, uint8_t version)
{
    static uint8_t bytes[2048];
    struct make_image make;
    make_image_begin(&make, bytes, sizeof bytes);
    make_image_app(&make, "s", "test", 256);
    make_image_secure(&make, version);
    device_put(&device, address(slot), bytes, make_image_end(&make));
}

static void an_app_below_the_eFuses_version_never_runs(void)
{
    fresh();
    secure(ALOFT_SLOT_FACTORY, 3);
    secure(0, 3);
    secure(1, 2);
    fake.secure_version = 3;
    device_put_record(&device, 0, 1, ALOFT_OTA_VALID, true);
    device_put_record(&device, 1, 2, ALOFT_OTA_NEW, true);
    check_starts(0);
    CHECK(said("refused: -148"));
    CHECK_EQ(fake.loads, 1); // the old one was not even loaded
}

static void only_a_confirmed_app_raises_the_version(void)
{
    fresh();
    secure(0, 1);
    secure(1, 2);
    fake.secure_version = 1;
    device_put_record(&device, 0, 1, ALOFT_OTA_VALID, true);
    device_put_record(&device, 1, 2, ALOFT_OTA_NEW, true);
    check_starts(1);
    CHECK_EQ(fake.secure_version, 1); // on trial: the way back is open
    CHECK_EQ(device_confirm(&device, 1), ALOFT_OK);
    check_starts(1);
    CHECK_EQ(fake.secure_version, 2);
}

// Another slot than the confirmed one runs: its version is not what was confirmed.
static void a_fallback_does_not_raise_the_version(void)
{
    fresh();
    secure(0, 5);
    secure(1, 2);
    device.ram.bytes[address(1) + 200] ^= 1;
    device_put_record(&device, 0, 1, ALOFT_OTA_VALID, true);
    device_put_record(&device, 1, 2, ALOFT_OTA_VALID, true);
    check_starts(0);
    CHECK_EQ(fake.secure_version, 0);
}

static void the_factory_button_erases_otadata_before_a_trial_begins(void)
{
    fresh();
    secure(ALOFT_SLOT_FACTORY, 0);
    device_put_record(&device, 1, 2, ALOFT_OTA_NEW, true);
    fake.held = CONFIG_BOOTLOADER_NUM_PIN_FACTORY_RESET;
    check_starts(ALOFT_SLOT_FACTORY);
    CHECK(fake.factory_reset);
    CHECK_EQ(fake.changes, 2);
}

static void the_test_button_leaves_otadata_alone(void)
{
    fresh();
    device_put_record(&device, 1, 2, ALOFT_OTA_NEW, true);
    device.slots.test = device.slots.factory;
    fake.held = CONFIG_BOOTLOADER_NUM_PIN_APP_TEST;
    check_starts(ALOFT_SLOT_FACTORY);
    CHECK_EQ(fake.changes, 0);
    CHECK_EQ(state_of(1), ALOFT_OTA_NEW);

    device.slots.test.addr = 0;
    fake_boot();
    CHECK_EQ(fake.started, 0);
    CHECK(said("Test firmware is not found"));
}

static void buttons_are_not_asked_after_deep_sleep(void)
{
    fresh();
    fake.reason = RESET_REASON_CORE_DEEP_SLEEP;
    fake.held = CONFIG_BOOTLOADER_NUM_PIN_FACTORY_RESET;
    fake_boot();
    CHECK(said("Fast booting"));
    CHECK(!fake.factory_reset);
}

#define OF_OPTIONS                                                                                 \
    , TEST(an_app_below_the_eFuses_version_never_runs),                                            \
        TEST(only_a_confirmed_app_raises_the_version),                                             \
        TEST(a_fallback_does_not_raise_the_version),                                               \
        TEST(the_factory_button_erases_otadata_before_a_trial_begins),                             \
        TEST(the_test_button_leaves_otadata_alone), TEST(buttons_are_not_asked_after_deep_sleep)
#else
#define OF_OPTIONS
#endif

DEVICE_MAIN(TEST(the_override_boots_what_boot_chooses_and_writes_the_same),
            TEST(an_app_is_read_once_and_started), TEST(lines_are_those_of_esp_idf),
            TEST(an_image_that_maps_nothing_is_not_started),
            TEST(a_chip_that_cannot_boot_says_so_and_resets_after_a_while),
            TEST(a_trial_is_blamed_unless_power_was_off),
            TEST(a_cut_at_any_change_of_a_boot_loses_no_record),
            TEST(otadata_that_cannot_be_written_does_not_stop_the_boot) OF_OPTIONS)
