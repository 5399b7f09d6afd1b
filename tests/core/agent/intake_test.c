// The intake's turn and its invariants, without any way in front: who may write and when, what the
// owner takes from a server and what not, and what a cut leaves.
#include "aloft/intake.h"
#include "aloft/verify.h"
#include "check.h"
#include "device.h"
#include "hash_ledger.h"

static struct device device;
static struct aloft_intake intake;
static const struct aloft_flash_ops *ram_ops;
static long power_for; // flash changes until power fails; negative: it does not fail
static bool cut;
static int selected; // slot that an event told of

static const int a;
static const int b;

static void hear(void *ctx, const struct aloft_event *event)
{
    (void)ctx;
    selected = event->kind == ALOFT_EVENT_SELECTED ? (int)event->value : selected;
}

enum fate { HAPPENS, TEARS, NEVER };

// Of the change in which power fails, the first half happens.
static enum fate fate(void)
{
    enum fate fate = power_for != 0 ? HAPPENS : cut ? NEVER : TEARS;
    cut = fate != HAPPENS;
    power_for -= fate == HAPPENS;
    return fate;
}

static enum aloft_err read_flash(void *ctx, uint32_t addr, void *buf, uint32_t len)
{
    return ram_ops->read(ctx, addr, buf, len);
}

static enum aloft_err prog_flash(void *ctx, uint32_t addr, const void *data, uint32_t len)
{
    enum fate it = fate();
    if (it == TEARS) {
        ram_flash_tear_prog(&device.ram, addr, data, len);
    }
    return it == HAPPENS ? ram_ops->prog(ctx, addr, data, len) : ALOFT_ERR_FLASH_PROG;
}

static enum aloft_err erase_flash(void *ctx, uint32_t addr, uint32_t len)
{
    enum fate it = fate();
    if (it == TEARS) {
        ram_flash_tear_erase(&device.ram, addr, len);
    }
    return it == HAPPENS ? ram_ops->erase(ctx, addr, len) : ALOFT_ERR_FLASH_ERASE;
}

static void power_up(long changes)
{
    static const struct aloft_flash_ops ops = {read_flash, prog_flash, erase_flash};
    const struct aloft_intake_config config = {.slots = &device.slots,
                                               .rules = &device.rules,
                                               .events = {hear, NULL},
                                               .running = ALOFT_SLOT_FACTORY,
                                               .trial = true};
    if (device.ram.flash.ops != &ops) {
        ram_ops = device.ram.flash.ops;
        device.ram.flash.ops = &ops;
    }
    power_for = changes;
    cut = false;
    selected = ALOFT_SLOT_NONE;
    hash_ledger_forget();
    aloft_intake_init(&intake, &config);
}

static void setup(void)
{
    device_two_ota(&device);
    power_up(-1);
}

static enum aloft_err settle(void)
{
    enum aloft_step step;
    do {
        uint32_t changes = device.ram.progs + device.ram.erases;
        step = aloft_intake_step(&intake);
        CHECK(device.ram.progs + device.ram.erases - changes <= 1);
    } while (step == ALOFT_STEP_AGAIN && !cut);
    return step == ALOFT_STEP_FAILED ? intake.err : ALOFT_OK;
}

static enum aloft_err feed(const void *who, const uint8_t *data, uint32_t len)
{
    enum aloft_err err = ALOFT_OK;
    for (uint32_t used; len > 0 && err == ALOFT_OK && !cut; data += used, len -= used) {
        err = aloft_intake_feed(&intake, who, data, len, &used);
        err = err == ALOFT_OK ? settle() : err;
    }
    return err;
}

static enum aloft_err begin(const void *who, uint32_t len)
{
    return aloft_intake_begin(&intake, who, len, NULL);
}

// As the owner, or as a server, which takes no turn.
static enum aloft_err bring(const void *who, bool owner, const uint8_t *image, uint32_t len)
{
    if (owner) {
        CHECK(aloft_intake_take(&intake, who));
    }
    enum aloft_err err = begin(who, len);
    err = err == ALOFT_OK ? feed(who, image, len) : err;
    err = err == ALOFT_OK && !cut ? aloft_intake_finish(&intake, who) : err;
    return err == ALOFT_OK && !cut ? settle() : err;
}

static int boots(void)
{
    struct aloft_otadata records[2];
    CHECK_EQ(aloft_bootsel_read(&device.slots, records), ALOFT_OK);
    return aloft_bootsel_boot_slot(&device.slots, records);
}

static bool slot_0_is_good(void)
{
    struct aloft_flash_view view = aloft_slots_slot_view(&device.slots, 0);
    struct aloft_verify verify;
    enum aloft_step step;
    aloft_verify_init(&verify, &view, &device.rules);
    do {
        step = aloft_verify_step(&verify);
    } while (step == ALOFT_STEP_AGAIN);
    return step == ALOFT_STEP_DONE;
}

static void an_image_is_taken_in_and_selected(void)
{
    for (uint32_t how = 0; how < 4; how++) { // with length, by the owner
        uint32_t len;
        setup();
        const uint8_t *image = device_image("2", 3000, &len);
        CHECK((how & 2) == 0 || aloft_intake_take(&intake, &a));
        CHECK_EQ(begin(&a, how & 1 ? len : 0), ALOFT_OK);
        CHECK_EQ(feed(&a, image, len), ALOFT_OK);
        CHECK_EQ(boots(), ALOFT_SLOT_FACTORY);
        CHECK_EQ(aloft_intake_finish(&intake, &a), ALOFT_OK);
        CHECK_EQ(settle(), ALOFT_OK);
        CHECK_EQ(boots(), 0);
        CHECK_EQ(selected, 0);
        CHECK_BYTES(device.ram.bytes + DEVICE_OTA_0, image, len);
        CHECK(!aloft_intake_take(&intake, &b)); // nothing but a restart follows
        aloft_intake_release(&intake, &a);
        CHECK_EQ(boots(), 0);
    }
}

static void one_way_has_the_turn_until_it_gives_it_back(void) // I1
{
    setup();
    CHECK(aloft_intake_take(&intake, &a));
    CHECK(aloft_intake_take(&intake, &a));
    CHECK(!aloft_intake_take(&intake, &b));
    aloft_intake_release(&intake, &b); // not its own
    CHECK(!aloft_intake_take(&intake, &b));
    aloft_intake_release(&intake, &a);
    CHECK(aloft_intake_take(&intake, &b));
}

static void an_image_is_fed_only_by_the_way_that_began_it(void) // I1
{
    uint32_t len;
    uint32_t used = 1;
    setup();
    const uint8_t *image = device_image("2", 3000, &len);
    CHECK(aloft_intake_take(&intake, &a));
    CHECK_EQ(begin(&b, len), ALOFT_ERR_NET_BUSY);
    CHECK_EQ(aloft_intake_feed(&intake, &a, image, len, &used), ALOFT_ERR_NET_BUSY); // not begun
    CHECK_EQ(used, 0);
    CHECK_EQ(begin(&a, len), ALOFT_OK);
    CHECK_EQ(aloft_intake_feed(&intake, &b, image, len, &used), ALOFT_ERR_NET_BUSY);
    CHECK_EQ(used, 0);
    CHECK_EQ(aloft_intake_room(&intake, &b), 0);
    CHECK_EQ(aloft_intake_finish(&intake, &b), ALOFT_ERR_NET_BUSY);
    CHECK_EQ(settle(), ALOFT_OK);
    CHECK_EQ(device.ram.progs + device.ram.erases, 0);

    CHECK_EQ(feed(&a, image, len), ALOFT_OK); // the holder was not disturbed
    CHECK_EQ(aloft_intake_finish(&intake, &a), ALOFT_OK);
    CHECK_EQ(settle(), ALOFT_OK);
    CHECK_EQ(boots(), 0);
}

// A server that sends a head and then nothing more must not keep anybody from the device; one whose
// image is under way keeps other servers away, until its sender gives up.
static void a_servers_turn_begins_with_an_accepted_head(void) // I2
{
    uint32_t len;
    uint32_t used;
    setup();
    const uint8_t *image = device_image("2", 3000, &len);
    CHECK_EQ(begin(&a, len), ALOFT_OK);
    CHECK_EQ(feed(&a, image, ALOFT_IMAGE_HEAD_LEN - 1), ALOFT_OK);
    CHECK(intake.holder == NULL);
    CHECK_EQ(device.ram.progs + device.ram.erases, 0);
    CHECK_EQ(begin(&b, len), ALOFT_OK); // another server comes further
    CHECK_EQ(aloft_intake_feed(&intake, &a, image, 1, &used), ALOFT_ERR_NET_BUSY);
    CHECK_EQ(feed(&b, image, ALOFT_IMAGE_HEAD_LEN), ALOFT_OK);
    CHECK(intake.holder == &b);
    CHECK(device.ram.erases > 0);
    CHECK_EQ(begin(&a, len), ALOFT_ERR_NET_BUSY);
    aloft_intake_release(&intake, &b);
    CHECK_EQ(bring(&a, false, image, len), ALOFT_OK);
    CHECK_EQ(boots(), 0);
}

// The owner's turn ends a server's image at any byte, and the server's next byte is refused.
static void the_owner_takes_the_turn_from_a_server(void) // I4
{
    for (uint32_t off = 0;; off += 100) {
        uint32_t len;
        uint32_t used;
        setup();
        const uint8_t *image = device_image("2", 3000, &len);
        off = off < len ? off : len;
        CHECK_EQ(begin(&a, len), ALOFT_OK);
        CHECK_EQ(feed(&a, image, off), ALOFT_OK);
        CHECK(aloft_intake_is_free(&intake, &b));
        CHECK(aloft_intake_take(&intake, &b));
        CHECK_EQ(aloft_intake_feed(&intake, &a, image, 1, &used), ALOFT_ERR_NET_BUSY);
        CHECK_EQ(begin(&a, len), ALOFT_ERR_NET_BUSY);
        aloft_intake_release(&intake, &a); // as its way does
        CHECK(intake.holder == &b);
        CHECK(ram_flash_is_erased(&device.ram, DEVICE_OTA_0, 1));
        CHECK_EQ(bring(&b, true, image, len), ALOFT_OK);
        CHECK_EQ(boots(), 0);
        if (off == len) {
            break;
        }
    }
}

// Once it is whole it is selected within a few steps: then the owner waits for these.
static void a_whole_image_is_selected_whoever_comes(void) // I4
{
    uint32_t len;
    uint32_t taken = 0;
    enum aloft_step step;
    setup();
    const uint8_t *image = device_image("2", 3000, &len);
    CHECK_EQ(begin(&a, len), ALOFT_OK);
    CHECK_EQ(feed(&a, image, len), ALOFT_OK);
    CHECK_EQ(aloft_intake_finish(&intake, &a), ALOFT_OK);
    do {
        CHECK_EQ(aloft_intake_is_free(&intake, &b), !intake.whole);
        taken += intake.whole && aloft_intake_take(&intake, &b);
        step = aloft_intake_step(&intake);
    } while (step == ALOFT_STEP_AGAIN);
    CHECK_EQ(step, ALOFT_STEP_DONE);
    CHECK_EQ(taken, 0);
    CHECK_EQ(boots(), 0);
}

// A push whose MD5 does not fit is not finished (push.h, P5).
static void without_finish_no_image_begins_in_flash(void) // I3
{
    uint32_t len;
    setup();
    const uint8_t *image = device_image("2", 3000, &len);
    CHECK_EQ(begin(&a, len), ALOFT_OK);
    CHECK_EQ(feed(&a, image, len), ALOFT_OK);
    CHECK(device.ram.progs > 0); // it got that far
    CHECK_EQ(settle(), ALOFT_OK);
    CHECK(ram_flash_is_erased(&device.ram, DEVICE_OTA_0, 1));
    CHECK_EQ(boots(), ALOFT_SLOT_FACTORY);
}

static void an_image_that_is_given_up_never_boots(void)
{
    uint32_t len;
    setup();
    const uint8_t *image = device_image("2", 3000, &len);
    for (uint32_t off = 0; off <= len; off += 500) {
        CHECK(aloft_intake_take(&intake, &a));
        CHECK_EQ(begin(&a, len), ALOFT_OK);
        CHECK_EQ(feed(&a, image, off), ALOFT_OK);
        aloft_intake_release(&intake, &a);
        uint32_t changes = device.ram.progs + device.ram.erases;
        CHECK_EQ(settle(), ALOFT_OK); // nothing is left to do
        CHECK_EQ(device.ram.progs + device.ram.erases, changes);
        CHECK(ram_flash_is_erased(&device.ram, DEVICE_OTA_0, 1));
        CHECK_EQ(boots(), ALOFT_SLOT_FACTORY);
    }
    CHECK_EQ(bring(&b, true, image, len), ALOFT_OK);
}

// A port whose hashes hold a lock or a slot had lost one with each update that was given up.
static void what_is_given_up_at_any_step_holds_no_hash(void)
{
    bool done = false;
    for (long steps = 0; !done; steps++) {
        uint32_t len;
        setup();
        const uint8_t *image = device_image("2", 3000, &len);
        check_note("given up after %ld steps", steps, 0);
        CHECK(aloft_intake_take(&intake, &a));
        CHECK_EQ(begin(&a, len), ALOFT_OK);
        CHECK_EQ(feed(&a, image, len), ALOFT_OK);
        CHECK_EQ(aloft_intake_finish(&intake, &a), ALOFT_OK);
        for (long i = 0; i < steps && !done; i++) {
            done = aloft_intake_step(&intake) == ALOFT_STEP_DONE;
        }
        aloft_intake_release(&intake, &a);
        CHECK_EQ(hash_ledger_live(), 0);
        CHECK(steps < 1000);
        done = done || steps == 1000;
    }
    CHECK_EQ(boots(), 0);
}

static void whichever_hash_fails_none_is_held(void)
{
    enum aloft_err err = ALOFT_ERR_CRYPTO;
    for (long call = 0; err != ALOFT_OK && call < 5000; call += call < 100 ? 1 : 7) {
        uint32_t len;
        setup();
        const uint8_t *image = device_image("2", 600, &len);
        check_note("call %ld fails", call, 0);
        hash_ledger_fail_after(call);
        err = bring(&a, true, image, len);
        hash_ledger_fail_after(-1);
        CHECK(err == ALOFT_OK || err == ALOFT_ERR_CRYPTO);
        CHECK_EQ(boots(), err == ALOFT_OK ? 0 : ALOFT_SLOT_FACTORY);
        CHECK_EQ(hash_ledger_live(), 0);
    }
    CHECK_EQ(err, ALOFT_OK);
}

static void short_and_wrong_images_are_named(void)
{
    uint32_t len;
    setup();
    const uint8_t *image = device_image("2", 3000, &len);
    CHECK(aloft_intake_take(&intake, &a));
    CHECK_EQ(begin(&a, DEVICE_SLOT_LEN + 1), ALOFT_ERR_IMAGE_TOO_LARGE);
    CHECK_EQ(begin(&a, len), ALOFT_OK);
    CHECK_EQ(feed(&a, image, len - 16), ALOFT_OK);
    CHECK(aloft_intake_finish(&intake, &a) != ALOFT_OK);
    CHECK_EQ(boots(), ALOFT_SLOT_FACTORY);
    CHECK_EQ(begin(&a, len), ALOFT_OK);
    CHECK_EQ(feed(&a, (const uint8_t *)"<html>", 6), ALOFT_ERR_IMAGE_MAGIC);
    CHECK_EQ(bring(&a, true, image, len), ALOFT_OK);
}

static void a_cut_at_any_change_leaves_what_boots(void)
{
    for (long changes = 0;; changes++) {
        uint32_t len;
        const uint8_t *image = device_image("2", 3000, &len);
        device_two_ota(&device);
        uint32_t rest = device_rest(&device, DEVICE_OTA_0, DEVICE_SLOT_LEN);
        power_up(changes);
        check_note("cut after %ld", changes, 0);
        enum aloft_err err = bring(&a, true, image, len);
        bool was_cut = cut;
        power_up(-1);
        CHECK(boots() == ALOFT_SLOT_FACTORY || (boots() == 0 && slot_0_is_good()));
        CHECK_EQ(device_rest(&device, DEVICE_OTA_0, DEVICE_SLOT_LEN), rest);
        if (!was_cut) {
            CHECK_EQ(err, ALOFT_OK);
            CHECK(changes > 15);
            break;
        }
        if (boots() == ALOFT_SLOT_FACTORY) {
            CHECK_EQ(bring(&a, true, image, len), ALOFT_OK);
            CHECK_EQ(boots(), 0);
        }
    }
}

DEVICE_MAIN(
    TEST(an_image_is_taken_in_and_selected), TEST(one_way_has_the_turn_until_it_gives_it_back),
    TEST(an_image_is_fed_only_by_the_way_that_began_it),
    TEST(a_servers_turn_begins_with_an_accepted_head), TEST(the_owner_takes_the_turn_from_a_server),
    TEST(a_whole_image_is_selected_whoever_comes), TEST(without_finish_no_image_begins_in_flash),
    TEST(an_image_that_is_given_up_never_boots), TEST(what_is_given_up_at_any_step_holds_no_hash),
    TEST(whichever_hash_fails_none_is_held), TEST(short_and_wrong_images_are_named),
    TEST(a_cut_at_any_change_leaves_what_boots))
