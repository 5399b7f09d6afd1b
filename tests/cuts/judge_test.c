// The judge itself on trial: on flashes that were broken by hand it must find what is broken, and
// on a good one nothing.
#include "named.h"
#include "shoot.h"
#include <mbedtls/sha256.h>

enum { RECORD_0 = WORLD_OTADATA, RECORD_1 = WORLD_OTADATA + 0x1000, STATE = 24 };

static struct world world;
static uint8_t origin[WORLD_SIZE_MAX];

// A device after this scenario, without any cut.
static void after(const char *name)
{
    world_publish();
    world_begin(&world, named(name), origin, 1);
    CHECK_EQ(world_run(&world), WORLD_FINISHED);
}

static uint8_t *slot(int place)
{
    return world.bytes + world.judge.start.slots[place].addr;
}

static enum judge_verdict flash(void)
{
    return judge_flash(&world.judge, world.bytes);
}

static enum judge_verdict end(void)
{
    return judge_end(&world.judge, world.bytes, world.scenario->wanted);
}

// What the judge says when the image in this place is loaded as the published one lies there.
static enum judge_verdict boots(int place, int version)
{
    const uint8_t *bytes = world.judge.artifacts[version].bytes;
    uint8_t payload[WORLD_PAYLOAD_MAX];
    uint32_t len = 0;
    uint32_t off = 24;
    for (int i = 0; i < bytes[1]; i++) {
        uint32_t part = bytes[off + 4] | (uint32_t)bytes[off + 5] << 8;
        memcpy(payload + len, bytes + off + 8, part);
        len += part;
        off += 8 + part;
    }
    return judge_boot(&world.judge, world.bytes, place, payload, len);
}

static void a_good_device_is_good(void)
{
    uint32_t count;
    const struct scenario *all = scenarios(&count);
    for (uint32_t i = 0; i < count; i++) {
        check_note("scenario %ld of %ld", (long)i, (long)count);
        after(all[i].name);
        CHECK_EQ(flash(), JUDGE_GOOD);
        CHECK_EQ(end(), JUDGE_GOOD);
    }
}

static void a_wrong_byte_in_the_running_image_is_found(void)
{
    after("set-boot-other");
    slot(1)[500] ^= 1;
    CHECK_EQ(flash(), JUDGE_LOST);
    after("set-boot-other");
    slot(1)[0] = 0xFF;
    CHECK_EQ(boots(1, V2), JUDGE_LOST);
}

static void two_damaged_slots_are_found(void)
{
    after("set-boot-back");
    slot(0)[300] ^= 0x80;
    slot(1)[300] ^= 0x80;
    CHECK_EQ(flash(), JUDGE_LOST);
}

static void a_record_for_an_empty_slot_is_found(void)
{
    after("update-three-slots"); // V3 in ota_0, seq 4
    CHECK_EQ(flash(), JUDGE_GOOD);
    memset(slot(1), 0xFF, WORLD_SLOT);
    memcpy(world.bytes + RECORD_1, "\x05\0\0\0", 4);
    memcpy(world.bytes + RECORD_1 + 28, "\xCD\x0F\x21\xC8", 4); // the CRC of seq 5
    CHECK_EQ(flash(), JUDGE_CHOICE);
}

static void read_only_bytes_are_watched(void)
{
    static const uint32_t addrs[] = {0x1000, 0x9000, 0xF800, 0x10000, 0x10300, 0x1FFFF};
    for (uint32_t i = 0; i < sizeof addrs / sizeof addrs[0]; i++) {
        check_note("at %lx", (long)addrs[i], 0);
        after("set-boot-other");
        world.bytes[addrs[i]] ^= 4;
        CHECK_EQ(flash(), JUDGE_FROZEN);
    }
    after("set-boot-other");
    world.bytes[0x8000] = 0;
    CHECK_EQ(flash(), JUDGE_TABLE);
    after("set-boot-other");
    world.bytes[0x8000 + 32 + 30] ^= 1; // still a table, but another one
    CHECK_EQ(flash(), JUDGE_FROZEN);
}

static void a_failed_app_that_comes_back_is_found(void)
{
    after("rollback-by-crash"); // V2 was ABORTED in record 1
    CHECK_EQ(world.bytes[RECORD_1 + STATE], 4);
    memset(world.bytes + RECORD_1 + STATE, 0xFF, 4);
    CHECK_EQ(end(), JUDGE_OUTCOME);
    CHECK_EQ(boots(1, V2), JUDGE_WRONG);
}

static void a_confirmed_app_that_is_forgotten_is_found(void)
{
    after("set-boot-other");
    memset(world.bytes + RECORD_1, 0xFF, 32);
    CHECK_EQ(end(), JUDGE_OUTCOME);
    CHECK_EQ(boots(0, V1), JUDGE_WRONG);
}

static void an_app_that_confirms_itself_silently_is_found(void)
{
    world_publish();
    world_begin(&world, named("first-trial-boot"), origin, 1);
    CHECK_EQ(boots(1, V2), JUDGE_TRIAL); // NEW, not PENDING: its trial would never end
    world.bytes[RECORD_1 + STATE] = 2;
    CHECK_EQ(boots(1, V2), JUDGE_TRIAL);
    world.bytes[RECORD_1 + STATE] = 1;
    CHECK_EQ(boots(1, V2), JUDGE_GOOD);
    CHECK_EQ(boots(1, V2), JUDGE_WRONG); // a second chance
}

static void other_bytes_than_those_in_flash_are_found(void)
{
    after("set-boot-other");
    CHECK_EQ(boots(1, V3), JUDGE_BYTES);
    CHECK_EQ(boots(1, V2), JUDGE_GOOD);
    CHECK_EQ(judge_boot(&world.judge, world.bytes, JUDGE_NOWHERE, NULL, 0), JUDGE_NOTHING);
}

// Whole by itself, with a digest that fits, but not a published image.
static void an_image_from_nowhere_is_found(void)
{
    uint32_t len;
    after("set-boot-other");
    len = world.judge.artifacts[V2].len;
    slot(1)[60] ^= 1; // the version's text; two bytes, so that the checksum stays
    slot(1)[61] ^= 1;
    CHECK_EQ(flash(), JUDGE_LOST);
    CHECK_EQ(mbedtls_sha256_ret(slot(1), len - 32, slot(1) + len - 32, 0), 0);
    struct judge_facts facts;
    judge_read(&world.judge, world.bytes, &facts);
    CHECK_EQ(facts.slots[1].version, JUDGE_UNKNOWN);
    CHECK_EQ(flash(), JUDGE_LOST);
}

static void a_note_that_waits_is_found(void)
{
    after("set-boot-other"); // its last rewrite: note and answer in sector 0
    uint8_t *note = world.bytes + RECORD_0 + 256;
    while (note[32] != 0xFF) {
        note += 32;
    }
    memset(note, 0xFF, 32);
    CHECK_EQ(end(), JUDGE_NOTE);
}

static bool checkpoints_are_so(void)
{
    struct judge_facts facts;
    judge_read(&world.judge, world.bytes, &facts);
    return facts.progress;
}

static void checkpoints_that_are_untrue_are_found(void)
{
    after("resume-of-three-notes"); // HUGE in ota_1, checkpoints up to 12,288
    CHECK(checkpoints_are_so());
    slot(1)[10000] ^= 1;
    CHECK(!checkpoints_are_so());
    slot(1)[10000] ^= 1;
    slot(1)[5] ^= 1; // the first bytes come last
    CHECK(checkpoints_are_so());
    slot(1)[WORLD_SLOT - 0x1000 + 16 + 5] ^= 1; // the opening record is torn: none
    slot(1)[10000] ^= 1;
    CHECK(checkpoints_are_so());
}

static void a_download_that_starts_too_far_back_is_found(void)
{
    uint8_t first = 0xFF;
    CHECK_EQ(judge_goes_on(&first, 8000, 3904, 4096), JUDGE_GOOD);
    CHECK_EQ(judge_goes_on(&first, 8000, 3903, 4096), JUDGE_WASTED);
    CHECK_EQ(judge_goes_on(&first, 8000, 0, 4096), JUDGE_WASTED);
    first = 0xE9;
    CHECK_EQ(judge_goes_on(&first, 8000, 0, 4096), JUDGE_GOOD);
}

static void what_runs_when_the_selected_image_has_rotted_is_known(void)
{
    static const char *const names[] = {"rotten-then-update", "rotten-and-the-other-refused",
                                        "rotten-upper-slot", "rotten-both-records-factory-runs"};
    world_publish();
    for (uint32_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        world_begin(&world, named(names[i]), origin, 1);
        CHECK_EQ(world.judge.settled, V1);
        CHECK_EQ(flash(), JUDGE_GOOD); // the choice is bad, but was so
    }
    after("rotten-then-update"); // V3 in ota_0, seq 5
    slot(0)[600] ^= 1;
    slot(1)[600] ^= 1;
    memcpy(slot(1), world.judge.artifacts[V3].bytes, world.judge.artifacts[V3].len);
    CHECK_EQ(flash(), JUDGE_CHOICE);
}

// The reader judges otadata as FORMATS.md tells it, whatever core thinks.
static void the_reader_knows_a_sound_record(void)
{
    struct judge_facts facts;
    world_publish();
    world_begin(&world, named("damage-seq-0-both"), origin, 1);
    judge_read(&world.judge, world.bytes, &facts);
    CHECK(!facts.records[0].sound);
    CHECK_EQ(facts.selected, JUDGE_FACTORY);
    world_begin(&world, named("damage-bad-crc-second"), origin, 1);
    judge_read(&world.judge, world.bytes, &facts);
    CHECK(facts.records[0].sound);
    CHECK(!facts.records[1].sound);
    CHECK_EQ(facts.selected, 0);
    world_begin(&world, named("set-boot-back"), origin, 1);
    judge_read(&world.judge, world.bytes, &facts);
    CHECK_EQ(facts.selected, 1);
}

CHECK_MAIN(TEST(a_good_device_is_good), TEST(a_wrong_byte_in_the_running_image_is_found),
           TEST(two_damaged_slots_are_found), TEST(a_record_for_an_empty_slot_is_found),
           TEST(read_only_bytes_are_watched), TEST(a_failed_app_that_comes_back_is_found),
           TEST(a_confirmed_app_that_is_forgotten_is_found),
           TEST(an_app_that_confirms_itself_silently_is_found),
           TEST(other_bytes_than_those_in_flash_are_found), TEST(an_image_from_nowhere_is_found),
           TEST(a_note_that_waits_is_found), TEST(checkpoints_that_are_untrue_are_found),
           TEST(a_download_that_starts_too_far_back_is_found),
           TEST(what_runs_when_the_selected_image_has_rotted_is_known),
           TEST(the_reader_knows_a_sound_record))
