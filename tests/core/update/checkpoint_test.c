// Going on after a reset: power goes away after every single flash operation of a download, and the
// next boot goes on from the checkpoints, feeds little more than a sector twice, and ends with the
// same image.
#include "aloft/base/bytes.h"
#include "aloft/base/crc32.h"
#include "aloft/engine.h"
#include "check.h"
#include "device.h"

enum { EXTRA = 0x6000, TWICE_MAX = 4096 + ALOFT_WRITER_BUFFER };

static struct device device;
static struct aloft_engine engine;
static struct aloft_artifact artifact;
static const uint8_t *image;
static uint32_t image_len;

static struct aloft_engine_config config(void)
{
    return (struct aloft_engine_config){
        .slots = &device.slots,
        .rules = &device.rules,
        .running = ALOFT_SLOT_FACTORY,
        .target = ALOFT_SLOT_NONE,
        .len = image_len,
        .artifact = &artifact,
    };
}

static void fresh(uint32_t extra, const char *tag)
{
    device_two_ota(&device);
    image = device_image("1", extra, &image_len);
    memset(&artifact, 0, sizeof artifact);
    artifact.len = image_len;
    artifact.url_crc = 7;
    artifact.tag_len = (uint8_t)strlen(tag);
    memcpy(artifact.tag, tag, strlen(tag));
}

// Feeds from `off` on until the image ends or `ops` programs and erases were made. Returns how many
// bytes the engine has taken.
static uint32_t download(uint32_t off, uint32_t ops)
{
    uint32_t limit = device.ram.progs + device.ram.erases + ops;
    for (;;) {
        uint32_t used = 0;
        enum aloft_step step = ALOFT_STEP_AGAIN;
        while (step == ALOFT_STEP_AGAIN && device.ram.progs + device.ram.erases < limit) {
            step = aloft_engine_step(&engine);
        }
        CHECK(step != ALOFT_STEP_FAILED);
        if (step != ALOFT_STEP_DONE || off == image_len) {
            return off;
        }
        uint32_t n = image_len - off < 1000 ? image_len - off : 1000;
        CHECK_EQ(aloft_engine_feed(&engine, image + off, n, &used), ALOFT_OK);
        off += used;
    }
}

static void finish(void)
{
    CHECK_EQ(aloft_engine_finish(&engine), ALOFT_OK);
    enum aloft_step step;
    do {
        step = aloft_engine_step(&engine);
    } while (step == ALOFT_STEP_AGAIN);
    CHECK_EQ(step, ALOFT_STEP_DONE);
    CHECK_BYTES(device.ram.bytes + DEVICE_OTA_0, image, image_len);
}

static void start(void)
{
    struct aloft_engine_config fresh_config = config();
    CHECK_EQ(aloft_engine_begin(&engine, &fresh_config), ALOFT_OK);
}

// Comes back after a reset: from the checkpoints when there are any.
static uint32_t come_back(void)
{
    struct aloft_engine_config again;
    uint32_t off = 0;
    uint32_t hint = 0;
    memset(&engine, 0xA5, sizeof engine); // RAM is gone
    memset(&artifact, 0, sizeof artifact);
    bool begun = aloft_engine_begun(&device.slots, ALOFT_SLOT_FACTORY, NULL, &artifact, &hint);
    if (!begun) {
        artifact.len = image_len;
        artifact.tag_len = 3;
        memcpy(artifact.tag, "\"a\"", 3);
    }
    again = config();
    CHECK_EQ(aloft_engine_resume(&engine, &again, &off), ALOFT_OK);
    CHECK_EQ(off, begun ? hint : 0);
    return off;
}

static void a_cut_after_every_operation_costs_little_more_than_a_sector(void)
{
    uint32_t ops = 0;
    uint32_t resumed = 0;
    for (bool complete = false; !complete; ops++) {
        check_note("cut after operation %ld", (long)ops, 0);
        fresh(EXTRA, "\"a\"");
        start();
        uint32_t fed = download(0, ops);
        complete = fed == image_len && aloft_engine_step(&engine) == ALOFT_STEP_DONE;
        uint32_t off = come_back();
        CHECK(fed - off <= TWICE_MAX);
        resumed += off != 0;
        CHECK_EQ(download(off, 100000), image_len);
        finish();
    }
    CHECK(ops > 100);
    CHECK(resumed > ops / 2);
}

static void three_cuts_in_a_row_are_survived(void)
{
    fresh(EXTRA, "\"a\"");
    start();
    uint32_t off = 0;
    for (uint32_t i = 0; i < 3; i++) {
        uint32_t fed = download(off, 33);
        off = come_back();
        CHECK(off > 0 && fed - off <= TWICE_MAX);
    }
    CHECK_EQ(download(off, 100000), image_len);
    finish();
}

static void the_tag_comes_back_whole(void)
{
    static char tag[ALOFT_RESUME_TAG_MAX + 1];
    for (uint32_t len = 2; len <= ALOFT_RESUME_TAG_MAX; len++) {
        struct aloft_artifact found;
        uint32_t off;
        memset(tag, 0, sizeof tag);
        for (uint32_t i = 0; i < len; i++) {
            tag[i] = (char)('!' + i % 90);
        }
        check_note("tag of %ld bytes", (long)len, 0);
        fresh(EXTRA, tag);
        start();
        (void)download(0, 40); // only as far as the first checkpoint
        CHECK(aloft_engine_begun(&device.slots, ALOFT_SLOT_FACTORY, NULL, &found, &off));
        CHECK_EQ(found.tag_len, len);
        CHECK_EQ(found.len, image_len);
        CHECK_EQ(found.url_crc, 7);
        CHECK_BYTES(found.tag, tag, len);
    }
}

static void without_a_tag_or_a_length_nothing_is_resumed(void)
{
    struct aloft_artifact found;
    uint32_t off;
    fresh(EXTRA, "");
    start();
    (void)download(0, 60);
    CHECK(!aloft_engine_begun(&device.slots, ALOFT_SLOT_FACTORY, NULL, &found, &off));
    fresh(EXTRA, "\"a\"");
    artifact.len = 0;
    start();
    (void)download(0, 60);
    CHECK(!aloft_engine_begun(&device.slots, ALOFT_SLOT_FACTORY, NULL, &found, &off));
}

static void a_complete_image_is_not_resumed(void)
{
    struct aloft_artifact found;
    uint32_t off;
    fresh(EXTRA, "\"a\"");
    start();
    CHECK_EQ(download(0, 100000), image_len);
    finish();
    CHECK(!aloft_engine_begun(&device.slots, ALOFT_SLOT_FACTORY, NULL, &found, &off));
}

// The slot was damaged in the meantime: that is found out, if not on rereading then at the end, and
// nothing of it is ever taken for an image.
static void what_a_checkpoint_promises_is_never_trusted(void)
{
    uint32_t head = device_unit > 16 ? device_unit : 16; // is kept back, so nothing is there yet
    for (uint32_t at = 0; at < 0x3000; at += 97) {
        struct aloft_engine_config again;
        uint32_t off = 0;
        check_note("damage at %ld", (long)at, 0);
        fresh(EXTRA, "\"a\"");
        start();
        (void)download(0, 70);
        again = config();
        device.ram.bytes[DEVICE_OTA_0 + head + at] &= 0x5A;
        bool changed = device.ram.bytes[DEVICE_OTA_0 + head + at] != image[head + at];
        CHECK_EQ(aloft_engine_resume(&engine, &again, &off), ALOFT_OK);
        enum aloft_step step = ALOFT_STEP_AGAIN;
        uint32_t from = off;
        while (step != ALOFT_STEP_FAILED && from < image_len) {
            uint32_t used;
            while ((step = aloft_engine_step(&engine)) == ALOFT_STEP_AGAIN) {
            }
            (void)aloft_engine_feed(&engine, image + from, image_len - from, &used);
            from += used;
        }
        (void)aloft_engine_finish(&engine);
        while ((step = aloft_engine_step(&engine)) == ALOFT_STEP_AGAIN) {
        }
        bool good = memcmp(device.ram.bytes + DEVICE_OTA_0, image, image_len) == 0;
        CHECK(good || changed);
        CHECK_EQ(step, good ? ALOFT_STEP_DONE : ALOFT_STEP_FAILED);
        CHECK(good || ram_flash_is_erased(&device.ram, DEVICE_OTA_0, 1));
    }
}

// Older firmware wrote notes of another format there. They do not count as checkpoints, the
// download starts from its first byte, and nothing of them is left.
static void notes_of_older_firmware_are_dropped(void)
{
    static const uint8_t magics[][2] = {{'R', 'S'}, {'S', 'S'}};
    for (uint32_t kind = 0; kind < 2; kind++) {
        struct aloft_artifact found;
        uint8_t unit[16] = {0};
        uint8_t number[4] = {0};
        uint32_t off;
        fresh(EXTRA, "\"a\"");
        start();
        (void)download(0, 40); // a part of the image is there, as it was with the old ones
        uint8_t *area = device.ram.bytes + DEVICE_OTA_0 + DEVICE_SLOT_LEN - 0x1000;
        ram_flash_put_erased(&device.ram, DEVICE_OTA_0 + DEVICE_SLOT_LEN - 0x1000, 0x1000);
        aloft_put_le32(unit, image_len);
        aloft_put_le32(unit + 4, 7);
        memcpy(unit + 8, magics[kind], 2);
        unit[10] = 3;
        unit[11] = 16;
        aloft_put_le32(unit + 12, aloft_crc32(aloft_crc32(0, unit, 12), number, 4));
        memcpy(area, unit, sizeof unit);
        CHECK(!aloft_engine_begun(&device.slots, ALOFT_SLOT_FACTORY, NULL, &found, &off));
        CHECK_EQ(come_back(), 0);
        CHECK_EQ(download(0, 100000), image_len);
        finish();
        CHECK(memcmp(area, unit, sizeof unit) != 0);
    }
}

// In the table itself, whose MD5 row goes.
static void shorten_ota_0(uint32_t len)
{
    uint8_t *table = device.ram.bytes + ALOFT_PTABLE_ADDR_DEFAULT;
    aloft_put_le32(table + 3 * ALOFT_PTABLE_ROW + 8, len);
    memset(table + 5 * ALOFT_PTABLE_ROW, 0xFF, ALOFT_PTABLE_ROW);
    CHECK_EQ(aloft_slots_load(&device.slots, &device.ram.flash, device.rules.crypto,
                              ALOFT_PTABLE_ADDR_DEFAULT),
             ALOFT_OK);
    CHECK_EQ(device.slots.ota[0].len, len);
}

static void checkpoints_never_touch_the_image_or_what_lies_outside_the_slot(void)
{
    for (uint32_t extra = 0x7000; extra < 0x7C00; extra += 0x100) {
        uint32_t rest;
        fresh(extra, "\"a\"");
        shorten_ota_0(0x8000); // hardly larger than the image
        rest = device_rest(&device, DEVICE_OTA_0, 0x8000);
        start();
        CHECK_EQ(download(0, 100000), image_len);
        finish();
        CHECK_EQ(device_rest(&device, DEVICE_OTA_0, 0x8000), rest);
    }
}

DEVICE_MAIN(TEST(a_cut_after_every_operation_costs_little_more_than_a_sector),
            TEST(three_cuts_in_a_row_are_survived), TEST(the_tag_comes_back_whole),
            TEST(without_a_tag_or_a_length_nothing_is_resumed),
            TEST(a_complete_image_is_not_resumed),
            TEST(what_a_checkpoint_promises_is_never_trusted),
            TEST(notes_of_older_firmware_are_dropped),
            TEST(checkpoints_never_touch_the_image_or_what_lies_outside_the_slot))
