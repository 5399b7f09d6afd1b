// The commands without any way in front: what each does to otadata, who has the turn while it does
// and until the restart, and that each tells its end. What a cut of power leaves is in
// bootsel_test.c, as each is one write of bootsel at most.
#include "aloft/control.h"
#include "check.h"
#include "device.h"

enum { TOLD_MAX = 256 };

static struct device device;
static struct aloft_intake intake;
static struct aloft_control control;
static struct aloft_control_hooks hooks;
static char told[TOLD_MAX];
static uint32_t checked;

static void check_now(void *ctx)
{
    (void)ctx;
    checked++;
}

static void tell(void *ctx, enum aloft_command command, int slot, enum aloft_err err)
{
    char *to = told + strlen(told);
    bool slotted = command == ALOFT_COMMAND_BOOT || command == ALOFT_COMMAND_FACTORY;
    (void)ctx;
    snprintf(to, TOLD_MAX - (size_t)(to - told), "%s %d %s; ", aloft_control_name(command),
             slotted ? slot : 0, aloft_err_name(err));
}

// Factory and ota_0 (on trial, and running) hold an app, ota_1 holds none.
static void setup(void)
{
    device_two_ota(&device);
    (void)device_put_app(&device, ALOFT_SLOT_FACTORY, "1");
    (void)device_put_app(&device, 0, "2");
    device_put_record(&device, 0, 1, ALOFT_OTA_PENDING, true);
    hooks = (struct aloft_control_hooks){check_now, tell, NULL};
    const struct aloft_intake_config in = {.slots = &device.slots, .rules = &device.rules};
    aloft_intake_init(&intake, &in);
    const struct aloft_control_config config = {.slots = &device.slots,
                                                .rules = &device.rules,
                                                .intake = &intake,
                                                .hooks = hooks,
                                                .running = 0,
                                                .trial = true};
    aloft_control_init(&control, &config);
    told[0] = 0;
    checked = 0;
}

static enum aloft_step finish(void)
{
    enum aloft_step step;
    do {
        uint32_t changes = device.ram.progs + device.ram.erases;
        step = aloft_control_step(&control);
        CHECK(device.ram.progs + device.ram.erases - changes <= 1);
    } while (step == ALOFT_STEP_AGAIN);
    return step;
}

static enum aloft_err run(enum aloft_command command, int slot)
{
    enum aloft_err err = aloft_control_begin(&control, command, slot);
    if (err == ALOFT_OK) {
        enum aloft_step step = finish();
        CHECK_EQ(step, control.err == ALOFT_OK ? ALOFT_STEP_DONE : ALOFT_STEP_FAILED);
        err = control.err;
    }
    return err;
}

static int selected(uint32_t *state)
{
    struct aloft_otadata records[2];
    CHECK_EQ(aloft_bootsel_read(&device.slots, records), ALOFT_OK);
    int slot = aloft_bootsel_boot_slot(&device.slots, records);
    *state = 0;
    (void)aloft_bootsel_state(&device.slots, records, slot, state);
    return slot;
}

static void control_writes_what_each_command_says(void)
{
    static const struct {
        enum aloft_command command;
        int slot; // that is asked for
        int boots;
        uint32_t state;
        bool restart;
        const char *told;
    } cases[] = {
        {ALOFT_COMMAND_CONFIRM, 0, 0, ALOFT_OTA_VALID, false, "confirm 0 OK; "},
        {ALOFT_COMMAND_ROLLBACK, 0, ALOFT_SLOT_FACTORY, 0, true, "rollback 0 OK; "},
        {ALOFT_COMMAND_FACTORY, 0, ALOFT_SLOT_FACTORY, 0, true, "factory -1 OK; "},
        {ALOFT_COMMAND_BOOT, ALOFT_SLOT_FACTORY, ALOFT_SLOT_FACTORY, 0, true, "boot -1 OK; "},
        {ALOFT_COMMAND_BOOT, 0, 0, ALOFT_OTA_NEW, true, "boot 0 OK; "},
        {ALOFT_COMMAND_RESTART, 0, 0, ALOFT_OTA_PENDING, true, "restart 0 OK; "},
        {ALOFT_COMMAND_CHECK, 0, 0, ALOFT_OTA_PENDING, false, "check 0 OK; "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint32_t state;
        int other;
        check_note("case %ld", (long)i, 0);
        setup();
        CHECK_EQ(run(cases[i].command, cases[i].slot), ALOFT_OK);
        CHECK_EQ(selected(&state), cases[i].boots);
        CHECK_EQ(state, cases[i].state);
        CHECK_EQ(control.restart, cases[i].restart);
        CHECK_TEXT(told, cases[i].told);
        CHECK_EQ(checked, cases[i].command == ALOFT_COMMAND_CHECK);
        // Until the restart no update may begin, as the restart would cut it off.
        CHECK_EQ(aloft_intake_take(&intake, &other), !cases[i].restart);
    }
    check_state.note = NULL;
}

// Keeps C1.
static void control_selects_nothing_that_would_not_boot(void)
{
    static const int slots[] = {1, 2, ALOFT_SLOT_TEST, ALOFT_SLOT_NONE};
    uint32_t state;
    int other;
    setup();
    for (size_t i = 0; i < sizeof slots / sizeof slots[0]; i++) {
        CHECK(run(ALOFT_COMMAND_BOOT, slots[i]) != ALOFT_OK);
        CHECK(!control.restart);
    }
    CHECK_TEXT(told, "boot 1 IMAGE_MAGIC; boot 2 SLOT_UNKNOWN; boot -2 SLOT_UNKNOWN; "
                     "boot -99 SLOT_UNKNOWN; ");
    uint8_t byte = 0;
    device_put(&device, DEVICE_FACTORY + 400, &byte, 1); // rotten behind its head
    CHECK(run(ALOFT_COMMAND_FACTORY, 0) != ALOFT_OK);
    CHECK_EQ(selected(&state), 0);
    CHECK_EQ(state, ALOFT_OTA_PENDING);
    CHECK_EQ(device.ram.erases + device.ram.progs, 0);
    CHECK(aloft_intake_take(&intake, &other)); // the turn is free again
}

// Keeps C2.
static void control_waits_for_its_turn_and_runs_one_command_at_a_time(void)
{
    int other;
    setup();
    CHECK(aloft_intake_take(&intake, &other));
    CHECK_EQ(run(ALOFT_COMMAND_RESTART, 0), ALOFT_ERR_NET_BUSY);
    CHECK_EQ(run(ALOFT_COMMAND_CHECK, 0), ALOFT_OK); // it only records the request
    aloft_intake_release(&intake, &other);
    CHECK_TEXT(told, "restart 0 NET_BUSY; check 0 OK; ");

    told[0] = 0;
    CHECK_EQ(aloft_control_begin(&control, ALOFT_COMMAND_CONFIRM, 0), ALOFT_OK);
    CHECK_EQ(aloft_control_begin(&control, ALOFT_COMMAND_ROLLBACK, 0), ALOFT_ERR_NET_BUSY);
    CHECK(!aloft_intake_take(&intake, &other));
    CHECK_EQ(finish(), ALOFT_STEP_DONE);
    CHECK_TEXT(told, "confirm 0 OK; ");
}

static void control_without_a_checker_or_a_listener_works(void)
{
    setup();
    control.config.hooks = (struct aloft_control_hooks){.check = NULL};
    CHECK_EQ(run(ALOFT_COMMAND_CHECK, 0), ALOFT_ERR_CONTROL_COMMAND);
    control.config.intake = NULL;
    CHECK_EQ(run(ALOFT_COMMAND_CONFIRM, 0), ALOFT_OK);
}

static void control_finds_commands_and_slots_by_their_whole_names(void)
{
    enum aloft_command command;
    int slot;
    for (int i = 0; i < ALOFT_COMMAND_COUNT; i++) {
        const char *name = aloft_control_name((enum aloft_command)i);
        CHECK(aloft_control_find(name, (uint32_t)strlen(name), &command) && (int)command == i);
        CHECK(!aloft_control_find(name, (uint32_t)strlen(name) - 1, &command));
    }
    CHECK(aloft_control_slot("ota_15", 6, &slot) && slot == 15);
    CHECK(aloft_control_slot("ota_15", 5, &slot) && slot == 1);
    CHECK(aloft_control_slot("factory", 7, &slot) && slot == ALOFT_SLOT_FACTORY);
    CHECK(!aloft_control_slot("ota_16", 6, &slot) && !aloft_control_slot("", 0, &slot));
}

static void control_tells_what_an_image_says_of_itself(void)
{
    struct aloft_image_facts facts;
    setup();
    CHECK(aloft_control_image(&device.slots, 0, &facts));
    CHECK_TEXT(facts.version, "2");
    CHECK(!aloft_control_image(&device.slots, 1, &facts)); // erased
    CHECK(!aloft_control_image(&device.slots, 2, &facts)); // not in the table
}

DEVICE_MAIN(TEST(control_writes_what_each_command_says),
            TEST(control_selects_nothing_that_would_not_boot),
            TEST(control_waits_for_its_turn_and_runs_one_command_at_a_time),
            TEST(control_without_a_checker_or_a_listener_works),
            TEST(control_finds_commands_and_slots_by_their_whole_names),
            TEST(control_tells_what_an_image_says_of_itself))
