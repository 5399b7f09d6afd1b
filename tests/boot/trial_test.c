// Trials from the update to the verdict, on one device: engine, otadata and bootloader together.
#include "check.h"
#include "device_boot.h"

static struct device device;
static struct aloft_boot boot;

static int reset_after(bool power_on)
{
    static struct aloft_boot_port port;
    port = device_boot_port(&device);
    port.power_on = power_on;
    int slot = device_boot(&device, &boot, &port);
    (void)device_started(&device, slot, power_on); // power may go
    return slot;
}

static int reset(void)
{
    return reset_after(false);
}

static bool just_started; // and it is for a server

static enum aloft_err update_to(int running, const char *version)
{
    static struct aloft_engine engine;
    uint32_t len;
    const uint8_t *image = device_image(version, 600, &len);
    struct aloft_engine_config config = device_config(&device, running, len);
    config.just_started = just_started;
    enum aloft_err err = device_receive(&device, &engine, &config, image, len);
    return err == ALOFT_OK ? device_select(&device, engine.target) : err;
}

static void fresh(void)
{
    just_started = false;
    device_two_ota(&device);
    device_put_app(&device, ALOFT_SLOT_FACTORY, "f");
    CHECK_EQ(reset(), ALOFT_SLOT_FACTORY);
}

static void a_release_that_failed_its_trial_is_not_installed_again(void)
{
    fresh();
    CHECK_EQ(update_to(ALOFT_SLOT_FACTORY, "bad"), ALOFT_OK);
    CHECK_EQ(reset(), 0);                  // on trial
    CHECK_EQ(reset(), ALOFT_SLOT_FACTORY); // it did not confirm itself
    uint32_t writes = device.ram.erases;
    CHECK_EQ(update_to(ALOFT_SLOT_FACTORY, "bad"), ALOFT_ERR_TRIAL_FAILED);
    CHECK_EQ(device.ram.erases, writes); // refused by its head, before anything was erased
    CHECK_EQ(reset(), ALOFT_SLOT_FACTORY);
    CHECK_EQ(update_to(ALOFT_SLOT_FACTORY, "bad"), ALOFT_ERR_TRIAL_FAILED);
}

static void another_release_is_installed_and_clears_the_memory(void)
{
    fresh();
    CHECK_EQ(update_to(ALOFT_SLOT_FACTORY, "bad"), ALOFT_OK);
    CHECK_EQ(reset(), 0);
    CHECK_EQ(reset(), ALOFT_SLOT_FACTORY);
    CHECK_EQ(update_to(ALOFT_SLOT_FACTORY, "good"), ALOFT_OK);
    CHECK_EQ(reset(), 0);
    CHECK_EQ(device_confirm(&device, 0), ALOFT_OK);
    CHECK_EQ(reset(), 0);
    CHECK_EQ(update_to(0, "bad"), ALOFT_OK); // the server insists: it may be tried again
    CHECK_EQ(reset(), 1);
    CHECK_EQ(reset(), 0);
    CHECK_EQ(update_to(0, "bad"), ALOFT_ERR_TRIAL_FAILED);
}

// Without a descriptor heads may be equal by chance, so only the digest decides.
static void an_image_without_descriptor_is_remembered_by_its_digest(void)
{
    static uint8_t bytes[2][2048];
    uint32_t len[2];
    for (uint32_t i = 0; i < 2; i++) {
        struct make_image make;
        make_image_begin(&make, bytes[i], sizeof bytes[i]);
        make_image_segment(&make, 0x3F400020, NULL, 512 + 4 * i);
        make_image_segment(&make, 0x3FFB4000, NULL, 64);
        len[i] = make_image_end(&make);
    }
    fresh();
    CHECK_EQ(device_update(&device, ALOFT_SLOT_FACTORY, bytes[0], len[0]), ALOFT_OK);
    CHECK_EQ(reset(), 0);
    CHECK_EQ(reset(), ALOFT_SLOT_FACTORY);
    CHECK_EQ(device_update(&device, ALOFT_SLOT_FACTORY, bytes[0], len[0]), ALOFT_ERR_TRIAL_FAILED);
    CHECK(device.ram.bytes[DEVICE_OTA_0] != 0xE9);
    CHECK_EQ(device_update(&device, ALOFT_SLOT_FACTORY, bytes[1], len[1]), ALOFT_OK);
}

// A power cut during the trial is not the release's fault: it goes back, and may be tried again.
// Found by the power-cut proof, whose updates could not be completed any more.
static void a_trial_that_a_power_cut_ended_is_not_remembered(void)
{
    fresh();
    CHECK_EQ(update_to(ALOFT_SLOT_FACTORY, "good"), ALOFT_OK);
    CHECK_EQ(reset(), 0);
    CHECK_EQ(reset_after(true), ALOFT_SLOT_FACTORY);
    CHECK_EQ(update_to(ALOFT_SLOT_FACTORY, "good"), ALOFT_OK);
    CHECK_EQ(reset(), 0);
    CHECK_EQ(reset(), ALOFT_SLOT_FACTORY); // this time it crashed
    CHECK_EQ(update_to(ALOFT_SLOT_FACTORY, "good"), ALOFT_ERR_TRIAL_FAILED);
}

// A release whose start makes the supply voltage drop was rolled back, then fetched and installed
// again at once, without end: a loss of power never counted against it.
static void a_release_that_power_ended_twice_waits(void)
{
    fresh();
    just_started = true;
    for (uint32_t i = 0; i < ALOFT_BOOTSEL_CUTS; i++) {
        CHECK_EQ(update_to(ALOFT_SLOT_FACTORY, "heavy"), ALOFT_OK);
        CHECK_EQ(reset(), 0);
        CHECK_EQ(reset_after(true), ALOFT_SLOT_FACTORY);
    }
    uint32_t writes = device.ram.erases;
    CHECK_EQ(update_to(ALOFT_SLOT_FACTORY, "heavy"), ALOFT_ERR_TRIAL_POWER);
    CHECK_EQ(device.ram.erases, writes); // refused by its head, before anything was erased
    CHECK_EQ(reset_after(true), ALOFT_SLOT_FACTORY);
    CHECK_EQ(update_to(ALOFT_SLOT_FACTORY, "heavy"), ALOFT_ERR_TRIAL_POWER);
    just_started = false; // the device runs for a while, or its owner brings the release
    CHECK_EQ(update_to(ALOFT_SLOT_FACTORY, "heavy"), ALOFT_OK);
    CHECK_EQ(reset(), 0);
    CHECK_EQ(reset_after(true), ALOFT_SLOT_FACTORY);
    just_started = true;
    CHECK_EQ(update_to(ALOFT_SLOT_FACTORY, "heavy"), ALOFT_ERR_TRIAL_POWER);
    CHECK_EQ(update_to(ALOFT_SLOT_FACTORY, "light"), ALOFT_OK); // another one need not wait
    CHECK_EQ(reset(), 0);
    CHECK_EQ(reset_after(true), ALOFT_SLOT_FACTORY);
    CHECK_EQ(update_to(ALOFT_SLOT_FACTORY, "light"), ALOFT_OK);
    CHECK_EQ(reset(), 0);
    CHECK_EQ(reset(), ALOFT_SLOT_FACTORY); // a crash is the release's own fault
    just_started = false;
    CHECK_EQ(update_to(ALOFT_SLOT_FACTORY, "light"), ALOFT_ERR_TRIAL_FAILED);
}

// Power that goes away in the middle of a change of flash.
static struct {
    const struct aloft_flash_ops *below;
    uint32_t changes;
    uint32_t cut_at; // this change is torn and no later one happens; 0: no cut
} power;

static bool survives(void)
{
    power.changes++;
    return power.cut_at == 0 || power.changes < power.cut_at;
}

static enum aloft_err read_powered(void *ctx, uint32_t addr, void *buf, uint32_t len)
{
    return power.below->read(ctx, addr, buf, len);
}

static enum aloft_err prog_powered(void *ctx, uint32_t addr, const void *data, uint32_t len)
{
    if (survives()) {
        return power.below->prog(ctx, addr, data, len);
    }
    if (power.changes == power.cut_at) {
        ram_flash_tear_prog(&device.ram, addr, data, len);
    }
    return ALOFT_ERR_FLASH_PROG;
}

static enum aloft_err erase_powered(void *ctx, uint32_t addr, uint32_t len)
{
    if (survives()) {
        return power.below->erase(ctx, addr, len);
    }
    if (power.changes == power.cut_at) {
        ram_flash_tear_erase(&device.ram, addr, len);
    }
    return ALOFT_ERR_FLASH_ERASE;
}

static bool dead(void)
{
    return power.cut_at != 0 && power.changes >= power.cut_at;
}

// A device whose power fails each time that the release has started, and also at change `cut` of
// all. Ends when the release must wait; returns how often it had run by then.
static uint32_t live_with_heavy_release(uint32_t cut)
{
    static const struct aloft_flash_ops ops = {read_powered, prog_powered, erase_powered};
    uint32_t ran = 0;
    fresh();
    power.below = device.ram.flash.ops;
    power.changes = 0;
    power.cut_at = cut;
    device.ram.flash.ops = &ops;
    just_started = true;
    for (uint32_t starts = 0; starts < 16; starts++) {
        int slot = reset_after(true);
        if (!dead() && slot == 0) {
            ran++;
        } else if (!dead()) {
            CHECK_EQ(slot, ALOFT_SLOT_FACTORY);
            enum aloft_err err = update_to(ALOFT_SLOT_FACTORY, "heavy");
            if (!dead() && err == ALOFT_ERR_TRIAL_POWER) {
                return ran;
            }
            CHECK(dead() || err == ALOFT_OK);
        }
        power.cut_at = dead() ? 0 : power.cut_at;
    }
    CHECK(false); // the release never had to wait
    return ran;
}

// The count of failed starts lies in notes, each whole or not at all. A cut between the note that a
// trial begins and its start counts as one, so one start may be enough; none is lost.
static void a_cut_loses_no_trial_that_power_ended(void)
{
    CHECK_EQ(live_with_heavy_release(0), ALOFT_BOOTSEL_CUTS);
    uint32_t all = power.changes;
    CHECK(all > 30);
    for (uint32_t cut = 1; cut <= all; cut++) {
        check_note("cut at change %ld", (long)cut, 0);
        uint32_t ran = live_with_heavy_release(cut);
        CHECK(ran == ALOFT_BOOTSEL_CUTS || ran == ALOFT_BOOTSEL_CUTS - 1);
        just_started = false;
        CHECK_EQ(update_to(ALOFT_SLOT_FACTORY, "heavy"), ALOFT_OK);
        CHECK_EQ(reset(), 0);
    }
}

static void a_confirmed_release_is_not_remembered_as_failed(void)
{
    fresh();
    CHECK_EQ(update_to(ALOFT_SLOT_FACTORY, "good"), ALOFT_OK);
    CHECK_EQ(reset(), 0);
    CHECK_EQ(device_confirm(&device, 0), ALOFT_OK);
    CHECK_EQ(reset(), 0);
    CHECK_EQ(update_to(0, "good"), ALOFT_OK); // the same once more, into the other slot
    CHECK_EQ(reset(), 1);
}

// FORMATS b.6: the stock scheme loses the record when power goes between erase and program. Ours
// does not, at any step of any rewrite in place.
static void a_cut_during_confirm_never_loses_the_app(void)
{
    for (uint32_t steps = 0; steps < 14; steps++) {
        static struct aloft_bootsel op;
        check_note("cut after step %ld", (long)steps, 0);
        fresh();
        CHECK_EQ(update_to(ALOFT_SLOT_FACTORY, "new"), ALOFT_OK);
        CHECK_EQ(reset(), 0);
        aloft_bootsel_confirm(&op, &device.slots, 0);
        enum aloft_step step = ALOFT_STEP_AGAIN;
        for (uint32_t i = 0; i < steps && step == ALOFT_STEP_AGAIN; i++) {
            step = aloft_bootsel_step(&op);
        }
        struct aloft_note note;
        bool begun = aloft_note_parse(device.ram.bytes + DEVICE_OTADATA + ALOFT_OTADATA_SECTOR +
                                          ALOFT_NOTE_OFF + 2 * ALOFT_NOTE_LEN,
                                      &note);
        int slot = reset();
        CHECK_EQ(slot,
                 begun ? 0 : ALOFT_SLOT_FACTORY); // intent noted: confirmed; else trial failed
    }
}

DEVICE_MAIN(TEST(a_release_that_failed_its_trial_is_not_installed_again),
            TEST(another_release_is_installed_and_clears_the_memory),
            TEST(an_image_without_descriptor_is_remembered_by_its_digest),
            TEST(a_trial_that_a_power_cut_ended_is_not_remembered),
            TEST(a_release_that_power_ended_twice_waits),
            TEST(a_cut_loses_no_trial_that_power_ended),
            TEST(a_confirmed_release_is_not_remembered_as_failed),
            TEST(a_cut_during_confirm_never_loses_the_app))
