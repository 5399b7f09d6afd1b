// Versions in the order that people mean, and who may say no to an update because of them.
#include "aloft/engine.h"
#include "aloft/intake.h"
#include "aloft/policy.h"
#include "check.h"
#include "device.h"
#include "guard.h"

// Each is older than all that follow it.
static const char *const rising[] = {
    "0",
    "0.0.1",
    "0.9",
    "1.0-alpha",
    "1.0-beta",
    "1.0-rc2",
    "v1.0-rc10",
    "1.0-rc10.1",
    "1.0",
    "v1.0-1-g3",
    "1.0-9-gabc",
    "V1.0-10-g0123abc",
    "1.0.1",
    "1.9",
    "1.10",
    "1.10.0.1",
    "2-rc",
    "2",
    "2024.01",
    "2024.12.1+ab",
    "4294967",
    "99999999999999999999999999",
    "100000000000000000000000000",
};
enum { RISING = sizeof rising / sizeof rising[0] };

static bool older(const char *offered, const char *current)
{
    // Each stands hard against the end of memory.
    char *a = (char *)guard_after(offered, strlen(offered) + 1);
    char *b = (char *)guard_before(current, strlen(current) + 1);
    bool result = aloft_policy_older(a, b);
    (void)guard_after(current, strlen(current) + 1);
    return result;
}

static void versions_rise_as_people_mean_it(void)
{
    for (int i = 0; i < RISING; i++) {
        for (int j = 0; j < RISING; j++) {
            check_note("rising %ld and %ld", i, j);
            CHECK_EQ(older(rising[i], rising[j]), i < j);
        }
    }
}

static void versions_that_are_written_differently_can_be_the_same(void)
{
    static const char *const same[][2] = {
        {"1.2", "1.2.0"},
        {"v1.2", "V1.2"},
        {"1.02", "1.2"},
        {"1.2+ab", "1.2+cd"},
        {"1.2-3-gabc", "1.2-3-gdef-dirty"},
        {"1.2-rc01", "1.2-rc1"},
        {"3f2a91c", "3f2a91c"},
        {"", ""},
    };
    for (uint32_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        check_note("pair %ld", (long)i, 0);
        CHECK(!older(same[i][0], same[i][1]));
        CHECK(!older(same[i][1], same[i][0]));
    }
}

static void what_has_no_order_is_older_than_any_version(void)
{
    static const char *const words[] = {"",     "v",  "nightly", "3f2a91c", "1.",
                                        "1..2", ".1", "1.x",     "-1"};
    for (uint32_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        check_note("word %ld", (long)i, 0);
        CHECK(older(words[i], "0.1"));
        CHECK(!older("0.1", words[i]));
    }
}

static struct aloft_image_facts facts(const char *project, const char *version)
{
    struct aloft_image_facts out = {.has_desc = version != NULL};
    if (version != NULL) {
        strncpy(out.project, project, ALOFT_IMAGE_TEXT);
        strncpy(out.version, version, ALOFT_IMAGE_TEXT);
    }
    return out;
}

static enum aloft_err judge(bool no_downgrade, bool same_project, struct aloft_image_facts current,
                            struct aloft_image_facts offered)
{
    struct aloft_policy policy = {.current = &current,
                                  .no_downgrade = no_downgrade,
                                  .same_project = same_project,
                                  .judge = aloft_policy_judge};
    return policy.judge(&policy, &offered);
}

static void a_policy_refuses_what_it_says_and_no_more(void)
{
    struct aloft_image_facts now = facts("lamp", "2.0");
    CHECK_EQ(judge(false, false, now, facts("door", "1.0")), ALOFT_OK);
    CHECK_EQ(judge(false, false, now, facts("", NULL)), ALOFT_OK);
    CHECK_EQ(judge(true, false, now, facts("door", "2.1")), ALOFT_OK);
    CHECK_EQ(judge(true, false, now, facts("lamp", "2.0")), ALOFT_OK);
    CHECK_EQ(judge(true, false, now, facts("lamp", "1.9")), ALOFT_ERR_IMAGE_OLDER);
    CHECK_EQ(judge(true, false, now, facts("", NULL)), ALOFT_ERR_IMAGE_OLDER);
    CHECK_EQ(judge(false, true, now, facts("lamp", "1.9")), ALOFT_OK);
    CHECK_EQ(judge(false, true, now, facts("lamps", "3")), ALOFT_ERR_IMAGE_PROJECT);
    CHECK_EQ(judge(false, true, now, facts("", NULL)), ALOFT_ERR_IMAGE_PROJECT);
    CHECK_EQ(judge(true, true, now, facts("door", "1.0")), ALOFT_ERR_IMAGE_PROJECT);
    CHECK_EQ(judge(true, true, facts("", NULL), facts("", NULL)), ALOFT_OK);
    // No descriptor is not the same as one with empty texts.
    CHECK_EQ(judge(false, true, facts("", ""), facts("", NULL)), ALOFT_ERR_IMAGE_PROJECT);
    CHECK_EQ(judge(true, false, facts("", ""), facts("", NULL)), ALOFT_ERR_IMAGE_OLDER);
    CHECK_EQ(judge(true, true, facts("", ""), facts("", "")), ALOFT_OK);
    struct aloft_policy nobody = {.no_downgrade = true, .same_project = true};
    CHECK_EQ(aloft_policy_judge(&nobody, &now), ALOFT_OK);
}

// The engine asks before it erases; without a policy every version is taken, as before.
static void the_engine_keeps_to_the_policy_of_the_owner(void)
{
    static struct device device;
    static struct aloft_engine engine;
    static const struct {
        const char *version;
        bool lifted;
        enum aloft_err err;
    } cases[] = {{"1.9", false, ALOFT_ERR_IMAGE_OLDER},
                 {"1.9", true, ALOFT_OK},
                 {"2.0", false, ALOFT_OK},
                 {"2.1", false, ALOFT_OK}};
    struct aloft_image_facts now = facts("test", "2.0");
    struct aloft_policy policy = {&now, true, true, aloft_policy_judge};
    for (uint32_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct aloft_engine_config config = {.slots = &device.slots,
                                             .rules = &device.rules,
                                             .policy = cases[i].lifted ? NULL : &policy,
                                             .running = ALOFT_SLOT_FACTORY,
                                             .target = ALOFT_SLOT_NONE};
        uint32_t len;
        uint32_t used;
        check_note("case %ld", (long)i, 0);
        device_two_ota(&device);
        const uint8_t *image = device_image(cases[i].version, 600, &len);
        CHECK_EQ(aloft_engine_begin(&engine, &config), ALOFT_OK);
        CHECK_EQ(aloft_engine_feed(&engine, image, ALOFT_IMAGE_HEAD_LEN + 1, &used), cases[i].err);
        CHECK_EQ(device.ram.erases, 0);
        CHECK_EQ(aloft_engine_step(&engine) == ALOFT_STEP_FAILED, cases[i].err != ALOFT_OK);
    }
}

// Push and page bring their bytes here.
static void what_comes_by_the_intake_meets_the_same_policy(void)
{
    static struct device device;
    static struct aloft_intake intake;
    struct aloft_image_facts now = facts("test", "2.0");
    struct aloft_policy policy = {&now, true, true, aloft_policy_judge};
    uint32_t len;
    uint32_t used;
    device_two_ota(&device);
    const struct aloft_intake_config config = {.slots = &device.slots,
                                               .rules = &device.rules,
                                               .policy = &policy,
                                               .running = ALOFT_SLOT_FACTORY};
    const uint8_t *image = device_image("1.9", 600, &len);
    aloft_intake_init(&intake, &config);
    CHECK(aloft_intake_take(&intake, &device));
    CHECK_EQ(aloft_intake_begin(&intake, &device, len, NULL), ALOFT_OK);
    CHECK_EQ(aloft_intake_feed(&intake, &device, image, ALOFT_IMAGE_HEAD_LEN + 1, &used),
             ALOFT_ERR_IMAGE_OLDER);
    CHECK_EQ(device.ram.erases, 0);
}

DEVICE_MAIN(TEST(versions_rise_as_people_mean_it),
            TEST(versions_that_are_written_differently_can_be_the_same),
            TEST(what_has_no_order_is_older_than_any_version),
            TEST(a_policy_refuses_what_it_says_and_no_more),
            TEST(the_engine_keeps_to_the_policy_of_the_owner),
            TEST(what_comes_by_the_intake_meets_the_same_policy))
