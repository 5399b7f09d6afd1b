// The checkers of the simulator are only worth something if they see what is wrong. Each test
// breaks a sound device by hand, in the way that a bug of core or boot would, and lets the device
// go on. All of it runs on plain flash and on flash that encrypts.
#include "check.h"
#include "sim/checker.h"
#include "sim/faults.h"
#include "sim/world.h"

enum { STEPS_MAX = 200000, SECTOR = 0x1000 };

static struct sim_world world;
static struct sim_device *device;

// Has two OTA slots and no factory.
static uint32_t number;

// Its round is calm, and its first update is installed.
static void setup(void)
{
    struct sim_options options = {.seed = 4, .devices = 1, .updates = 1000, .only_device = number};
    CHECK(sim_world_open(&world, &options));
    device = &world.devices[0];
    world.shared.stop = false;
    while (world.shared.tally.outcomes[SIM_OUTCOME_UPDATED] == 0 && sim_world_step(&world)) {
    }
    CHECK_EQ((long long)world.shared.tally.violations, 0);
    memset(&device->faults, 0, sizeof device->faults);
    device->network.bad_weather = false;
    device->ghost.otadata_hurt = false;
    device->ghost.rot = 0;
}

static void done(void)
{
    sim_world_close(&world);
}

static bool found(const char *rule)
{
    const struct sim_tally *tally = &world.shared.tally;
    return tally->violations > 0 && strncmp(tally->shown[0].text, rule, strlen(rule)) == 0;
}

static void go_on_until(const char *rule)
{
    for (int i = 0; i < STEPS_MAX && world.shared.tally.violations == 0; i++) {
        (void)sim_world_step(&world);
    }
    CHECK(found(rule));
    if (!found(rule)) {
        printf("    expected %s, found \"%s\"\n", rule, world.shared.tally.shown[0].text);
    }
}

static int other_slot(void)
{
    return device->running == 0 ? 1 : 0;
}

static const struct sim_firmware *any_firmware(enum sim_firmware_kind kind)
{
    struct sim_random random = {1};
    const struct sim_catalogue *catalogue = &world.shared.catalogue;
    return &catalogue->firmware[sim_catalogue_draw(catalogue, &random, kind)];
}

static void put_image(int slot, const struct sim_firmware *firmware)
{
    uint32_t addr = sim_slot_addr(device, slot);
    uint8_t *to = device->bytes + addr;
    memset(to, 0xFF, device->layout->slot_len);
    aloft_nor_to_text(&device->nor, addr, device->layout->slot_len);
    memcpy(to, firmware->bytes, firmware->len);
}

// Both records anew: this one in sector 0, sector 1 empty.
static void put_record(uint32_t seq, uint32_t state)
{
    struct aloft_otadata record = {.seq = seq, .state = state};
    uint8_t *otadata = device->bytes + SIM_OTADATA;
    memset(otadata, 0xFF, ALOFT_OTADATA_LEN);
    aloft_nor_to_text(&device->nor, SIM_OTADATA, ALOFT_OTADATA_LEN);
    aloft_otadata_emit(&record, otadata);
}

static uint32_t seq_of(int slot)
{
    return 101u + (uint32_t)slot; // odd for slot 0: two slots
}

static void a_write_to_the_running_slot_is_seen(void)
{
    setup();
    device->mode = SIM_PULLING;
    sim_checker_before(device, sim_slot_addr(device, device->running), SECTOR);
    CHECK(found("C1"));
    done();
}

static void a_write_to_the_table_is_seen(void)
{
    setup();
    device->mode = SIM_PULLING;
    sim_checker_before(device, ALOFT_PTABLE_ADDR_DEFAULT, SECTOR);
    CHECK(found("C1"));
    done();
}

static void a_write_beyond_the_slot_is_seen(void)
{
    setup();
    device->mode = SIM_PULLING;
    sim_checker_before(device, sim_slot_addr(device, other_slot()) + device->layout->slot_len,
                       SECTOR);
    CHECK(found("C1"));
    done();
}

static void a_record_for_a_broken_image_is_seen(void)
{
    setup();
    device->bytes[sim_slot_addr(device, other_slot()) + 300] ^= 4;
    put_record(seq_of(other_slot()), ALOFT_OTA_NEW);
    sim_checker_after(device, SIM_OTADATA, 32, false);
    CHECK(found("C2"));
    done();
}

static void selecting_a_broken_image_is_seen(void)
{
    setup();
    device->bytes[sim_slot_addr(device, other_slot()) + 300] ^= 4;
    sim_checker_selecting(device, other_slot());
    CHECK(found("C2"));
    done();
}

static void running_a_broken_image_is_seen(void)
{
    setup();
    device->bytes[sim_slot_addr(device, device->running) + 300] ^= 4;
    CHECK_EQ(sim_checker_run(device, device->running), SIM_FIRMWARE_NONE);
    CHECK(found("C3"));
    done();
}

static void a_lost_confirmed_version_is_seen(void)
{
    setup();
    put_image(other_slot(), any_firmware(SIM_FINE));
    put_record(seq_of(other_slot()), ALOFT_OTA_VALID);
    sim_device_cut(device);
    go_on_until("C3");
    done();
}

static void a_trial_that_never_ends_is_seen(void)
{
    setup();
    int slot = other_slot();
    put_image(slot, any_firmware(SIM_CRASHES));
    sim_checker_selecting(device, slot);
    sim_checker_selected(device);
    put_record(seq_of(slot), ALOFT_OTA_UNDEFINED); // where NEW belongs
    sim_device_cut(device);
    go_on_until("C4");
    done();
}

static void a_trial_that_never_begins_is_seen(void)
{
    setup();
    sim_checker_selecting(device, other_slot());
    sim_checker_selected(device); // and nothing was written
    sim_device_cut(device);
    go_on_until("C4");
    done();
}

static void a_brick_is_seen(void)
{
    setup();
    device->bytes[ALOFT_PTABLE_ADDR_DEFAULT] = 0; // no rot was told to the checker
    sim_device_cut(device);
    go_on_until("C5");
    done();
}

static void losing_all_images_is_seen(void)
{
    setup();
    for (int slot = 0; slot < 2; slot++) {
        device->bytes[sim_slot_addr(device, slot) + 300] ^= 4;
    }
    sim_device_cut(device);
    go_on_until("C5");
    done();
}

static void an_update_that_never_comes_is_seen(void)
{
    setup();
    while (!device->round.calm && sim_world_step(&world)) {
    }
    device->round.wanted = (int)(any_firmware(SIM_FINE) - world.shared.catalogue.firmware);
    device->network.wanted = (int)(any_firmware(SIM_BAD_DIGEST) - world.shared.catalogue.firmware);
    go_on_until("C6");
    done();
}

static void a_write_to_a_slot_without_an_update_is_seen(void)
{
    setup();
    device->mode = SIM_ONLINE;
    sim_checker_before(device, sim_slot_addr(device, other_slot()), SECTOR);
    CHECK(found("C1: wrote a slot while no update"));
    done();
}

static void a_write_to_what_a_trial_goes_back_to_is_seen(void)
{
    setup();
    device->mode = SIM_PULLING;
    device->ghost.trial = SIM_TRIAL_RAN;
    device->ghost.base_slot = other_slot();
    sim_checker_before(device, sim_slot_addr(device, other_slot()), SECTOR);
    CHECK(found("C1: wrote what the trial goes back to"));
    done();
}

static void otadata_that_is_written_before_an_image_is_whole_is_seen(void)
{
    setup();
    device->mode = SIM_PULLING;
    device->verified = false;
    sim_checker_pulling(device);
    sim_checker_before(device, SIM_OTADATA, 32);
    CHECK(found("C2: an update writes otadata before its image is whole"));
    done();
}

// A fallback may select itself, and nothing else.
static void an_update_that_names_its_slot_too_early_is_seen(void)
{
    for (int fallback = 1; fallback >= 0; fallback--) {
        setup();
        int slot = fallback ? device->running : other_slot();
        put_image(other_slot(), any_firmware(SIM_FINE));
        put_record(seq_of(other_slot()) - 2, ALOFT_OTA_VALID);
        device->mode = SIM_PULLING;
        device->verified = false;
        sim_checker_pulling(device);
        sim_checker_before(device, SIM_OTADATA, 32);
        CHECK_EQ((long long)world.shared.tally.violations, 0);
        put_record(seq_of(slot), ALOFT_OTA_VALID);
        sim_checker_after(device, SIM_OTADATA, 32, false);
        CHECK(fallback != 0 || found("C2: names a slot before the update is whole"));
        CHECK_EQ((long long)world.shared.tally.violations, fallback ? 0 : 1);
        done();
    }
}

static void a_head_before_its_image_is_seen(void)
{
    setup();
    device->mode = SIM_PULLING;
    put_image(other_slot(), any_firmware(SIM_FINE));
    device->bytes[sim_slot_addr(device, other_slot()) + 300] ^= 4;
    sim_checker_after(device, sim_slot_addr(device, other_slot()), 16, false);
    CHECK(found("C2: gives its head to what is not a whole image"));
    done();
}

static void selecting_without_a_write_is_seen(void)
{
    setup();
    sim_checker_selected(device);
    CHECK(found("C2: selected without writing otadata"));
    done();
}

// One flipped bit of a state had made ABORTED of the same slot NEW, so nothing was left to write,
// and the checker called it C2.
static void a_record_that_rot_made_right_needs_no_write(void)
{
    setup();
    put_image(other_slot(), any_firmware(SIM_FINE));
    device->ghost.otadata_hurt = true;
    device->work.update.intake.target = other_slot();
    sim_checker_selected(device);
    CHECK(!found("C2"));
    CHECK_EQ(device->ghost.trial, SIM_TRIAL_SELECTED);
    CHECK_EQ(device->ghost.trial_slot, other_slot());
    done();
}

static void a_failed_release_that_is_selected_again_is_seen(void)
{
    setup();
    const struct sim_firmware *bad = any_firmware(SIM_CRASHES);
    put_image(other_slot(), bad);
    device->ghost.failed_firmware = (int)(bad - world.shared.catalogue.firmware);
    device->ghost.failed_by_itself = true;
    sim_checker_selecting(device, other_slot());
    CHECK(found("C4: selects a release that failed its trial"));
    done();
}

// Unless another was selected in between.
static void a_failed_release_may_come_after_another(void)
{
    setup();
    const struct sim_firmware *bad = any_firmware(SIM_CRASHES);
    device->ghost.failed_firmware = (int)(bad - world.shared.catalogue.firmware);
    device->ghost.failed_by_itself = true;
    put_image(other_slot(), any_firmware(SIM_FINE));
    sim_checker_selecting(device, other_slot());
    put_image(other_slot(), bad);
    sim_checker_selecting(device, other_slot());
    CHECK_EQ((long long)world.shared.tally.violations, 0);
    done();
}

static void an_update_that_settles_on_trial_is_seen(void)
{
    setup();
    device->ghost.trial = SIM_TRIAL_RAN;
    sim_checker_settled(device);
    CHECK(found("C6: settled while on trial"));
    done();
}

static void another_part_than_the_one_asked_for_is_seen(void)
{
    setup();
    device->network.fault = SIM_FAULT_NET_BAD_RANGE;
    device->network.fired = false; // not this answer
    sim_checker_goes_on(device);
    CHECK_EQ((long long)world.shared.tally.violations, 0);
    device->network.fired = true;
    sim_checker_goes_on(device);
    CHECK(found("C7: goes on with another part"));
    done();
}

// A checker that took a record of noise for a blank one would miss the next violation.
static void erased_records_promise_the_first_slot_and_torn_ones_nothing(void)
{
    for (int torn = 0; torn < 2; torn++) {
        setup();
        uint8_t *otadata = device->bytes + SIM_OTADATA;
        memset(otadata, 0xFF, ALOFT_OTADATA_LEN);
        otadata[1] = torn ? 0xF0 : 0xFF;
        aloft_nor_to_text(&device->nor, SIM_OTADATA, ALOFT_OTADATA_LEN);
        device->running = 0;
        device->mode = SIM_PULLING;
        device->verified = false;
        sim_checker_pulling(device);
        sim_checker_before(device, SIM_OTADATA, 32);
        CHECK_EQ((long long)world.shared.tally.violations, torn ? 0 : 1);
        done();
    }
}

static void flash_that_encrypts_holds_no_text(void)
{
    setup();
    const struct aloft_flash *flash = &device->flash;
    uint32_t addr = sim_slot_addr(device, device->running);
    uint32_t unit = device->layout->write_unit;
    uint8_t text[32] = {0};
    CHECK_EQ(flash->ops->read(flash->ctx, addr, text, sizeof text), ALOFT_OK);
    CHECK_EQ(text[0], 0xE9);
    CHECK_EQ(flash->geometry.write_unit, unit);
    CHECK_EQ(flash->raw != NULL, unit != 1);
    if (flash->raw != NULL) {
        uint8_t cells[32] = {0};
        CHECK_EQ(flash->raw->ops->read(flash->raw->ctx, addr, cells, sizeof cells), ALOFT_OK);
        CHECK(memcmp(cells, text, sizeof cells) != 0);
        // Where nothing was written, only the plain view reads FF: NVS.
        CHECK_EQ(flash->raw->ops->read(flash->raw->ctx, 0x9000, cells, sizeof cells), ALOFT_OK);
        CHECK_EQ(cells[0] & cells[15] & cells[31], 0xFF);
        CHECK_EQ(flash->ops->read(flash->ctx, 0x9000, text, sizeof text), ALOFT_OK);
        CHECK(memcmp(cells, text, sizeof cells) != 0);
        CHECK_EQ(flash->raw->geometry.write_unit, 1);
        CHECK(flash->ops->prog(flash->ctx, 0x9000, text, unit / 2) != ALOFT_OK);
    }
    done();
}

static void a_write_through_the_plain_flash_is_seen(void)
{
    setup();
    const struct aloft_flash *raw = device->flash.raw;
    if (raw != NULL) {
        CHECK_EQ(raw->ops->prog(raw->ctx, 0x9001, "a", 1), ALOFT_OK);
        CHECK(found("C1"));
    }
    done();
}

static void a_stuck_bit_is_one_of_the_cells(void)
{
    setup();
    uint32_t addr = sim_slot_addr(device, other_slot());
    uint32_t spoiled = 0;
    put_image(other_slot(), any_firmware(SIM_FINE));
    device->faults.stuck = true;
    device->faults.stuck_addr = addr;
    device->faults.stuck_mask = 0xFF;
    sim_faults_stick(device, addr, 16);
    for (uint32_t i = 0; i < 32; i++) {
        spoiled += device->bytes[addr + i] != any_firmware(SIM_FINE)->bytes[i];
    }
    CHECK(device->nor.cipher == NULL ? spoiled == 1 : spoiled > 8);
    done();
}

int main(void)
{
    static const struct check_test tests[] = {
        TEST(erased_records_promise_the_first_slot_and_torn_ones_nothing),
        TEST(flash_that_encrypts_holds_no_text),
        TEST(a_write_through_the_plain_flash_is_seen),
        TEST(a_stuck_bit_is_one_of_the_cells),
        TEST(a_write_to_the_running_slot_is_seen),
        TEST(a_write_to_the_table_is_seen),
        TEST(a_write_beyond_the_slot_is_seen),
        TEST(a_record_for_a_broken_image_is_seen),
        TEST(selecting_a_broken_image_is_seen),
        TEST(running_a_broken_image_is_seen),
        TEST(a_lost_confirmed_version_is_seen),
        TEST(a_trial_that_never_ends_is_seen),
        TEST(a_trial_that_never_begins_is_seen),
        TEST(a_brick_is_seen),
        TEST(losing_all_images_is_seen),
        TEST(an_update_that_never_comes_is_seen),
        TEST(a_write_to_a_slot_without_an_update_is_seen),
        TEST(a_write_to_what_a_trial_goes_back_to_is_seen),
        TEST(otadata_that_is_written_before_an_image_is_whole_is_seen),
        TEST(an_update_that_names_its_slot_too_early_is_seen),
        TEST(a_head_before_its_image_is_seen),
        TEST(selecting_without_a_write_is_seen),
        TEST(a_record_that_rot_made_right_needs_no_write),
        TEST(a_failed_release_that_is_selected_again_is_seen),
        TEST(a_failed_release_may_come_after_another),
        TEST(an_update_that_settles_on_trial_is_seen),
        TEST(another_part_than_the_one_asked_for_is_seen)};
    int status = 0;
    for (number = 1; number <= 5; number += 4) {
        printf("device %u:\n", (unsigned)number);
        status |= check_run(tests, sizeof tests / sizeof tests[0]);
    }
    return status;
}
