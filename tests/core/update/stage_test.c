// Stages that expand and shrink, alone and in a row, through the engine: what arrives is the image,
// however the artifact is split, wherever power is cut, and however often a download goes on.
#include "aloft/engine.h"
#include "aloft/update/stage.h"
#include "check.h"
#include "device_update.h"
#include "split.h"
#include "test_stages.h"
#include "whole.h"

enum {
    SECTORS = 2,
    ARTIFACT_MAX = 4 * DEVICE_IMAGE_MAX,
    TWICE_MAX = 4096 + ALOFT_WRITER_BUFFER, // bytes of the image
};

static struct device device;
static struct aloft_engine engine;
static struct test_row row;
static struct aloft_artifact said;
static uint8_t image[DEVICE_IMAGE_MAX];
static uint32_t image_len;
static uint8_t artifact[ARTIFACT_MAX];
static uint32_t len;
static uint32_t kind;

static void fresh(uint32_t kind_of_row, uint32_t sectors)
{
    kind = kind_of_row;
    device_two_ota(&device);
    image_len = test_row_image(image, sizeof image, sectors);
    len = test_row_make(kind, image, image_len, artifact);
    said = (struct aloft_artifact){.len = len, .url_crc = 7, .tag_len = 3, .tag = "\"a\""};
}

static struct aloft_engine_config config(void)
{
    struct aloft_engine_config mine = device_config(&device, ALOFT_SLOT_FACTORY, len);
    mine.stage = test_row_init(&row, kind);
    mine.artifact = &said;
    return mine;
}

static void check_slot(void)
{
    CHECK_BYTES(device.ram.bytes + DEVICE_OTA_0, image, image_len);
}

static void begin(void)
{
    struct aloft_engine_config mine = config();
    CHECK_EQ(aloft_engine_begin(&engine, &mine), ALOFT_OK);
}

static void arrives(void *ctx, struct split *split)
{
    uint32_t rest;
    (void)ctx;
    device_two_ota(&device);
    rest = device_rest(&device, DEVICE_OTA_0, DEVICE_SLOT_LEN);
    begin();
    for (uint32_t n; (n = split_next(split)) > 0;) {
        CHECK_EQ(device_feed(&device, &engine, artifact + split->off, n), ALOFT_OK);
    }
    CHECK_EQ(device_finish(&device, &engine), ALOFT_OK);
    check_slot();
    CHECK_EQ(device_rest(&device, DEVICE_OTA_0, DEVICE_SLOT_LEN), rest);
}

static void no_split_changes_what_arrives(void)
{
    for (uint32_t i = 0; i < TEST_ROWS; i++) {
        fresh(i, SECTORS);
        some_splits(len, 487, arrives, NULL);
    }
}

// One byte of the artifact is 300 of the image: a few bytes fill the writer many times over.
static void an_artifact_that_comes_at_once_waits_in_the_stage(void)
{
    static uint8_t zeros[DEVICE_IMAGE_MAX];
    struct test_row alone;
    struct aloft_stages stages;
    uint8_t bytes[100];
    uint8_t out[64];
    uint32_t made;
    uint32_t all = 0;
    uint32_t n = test_puff_make(zeros, 20000, false, bytes);
    CHECK(n < 300 && n > 60);
    aloft_stages_begin(&stages, test_row_init(&alone, 0), n, sizeof zeros);
    n = n < TEST_STAGE_IN ? n : TEST_STAGE_IN;
    CHECK_EQ(aloft_stages_sink(&stages, bytes, n), ALOFT_OK);
    do {
        CHECK_EQ(aloft_stages_poll(&stages, out, sizeof out, &made), ALOFT_OK);
        CHECK(made <= sizeof out);
        all += made;
    } while (made > 0);
    CHECK(all >= 300 * (n - 16));
}

// Feeds from `off` on until all is fed or flash has changed so often. Returns how far it came.
static uint32_t download(uint32_t off, uint32_t changes)
{
    uint32_t limit = device_changes(&device) + changes;
    for (;;) {
        uint32_t used;
        enum aloft_step step = device_settle(&device, &engine, limit);
        CHECK(step != ALOFT_STEP_FAILED);
        if (step != ALOFT_STEP_DONE || off == len) {
            return off;
        }
        uint32_t n = len - off < 700 ? len - off : 700;
        CHECK_EQ(aloft_engine_feed(&engine, artifact + off, n, &used), ALOFT_OK);
        off += used;
    }
}

// After a reset nothing but flash is left. Returns where the download goes on.
static uint32_t come_back(void)
{
    struct aloft_artifact found;
    uint32_t hint = 0;
    uint32_t off = 0;
    memset(&engine, 0x5A, sizeof engine);
    memset(&row, 0x5A, sizeof row);
    struct aloft_engine_config mine = config();
    bool begun = aloft_engine_begun(&device.slots, ALOFT_SLOT_FACTORY, mine.stage, &found, &hint);
    CHECK_EQ(begun ? aloft_engine_resume(&engine, &mine, &off) : aloft_engine_begin(&engine, &mine),
             ALOFT_OK);
    CHECK_EQ(off, hint);
    return off;
}

static void a_cut_after_any_operation_costs_little_of_the_image(void)
{
    for (uint32_t i = 0; i < TEST_ROWS; i++) {
        uint32_t resumed = 0;
        uint32_t changes = 1;
        for (;; changes += whole_or(3)) {
            check_note("row %ld, cut after %ld operations", (long)i, (long)changes);
            fresh(i, SECTORS);
            begin();
            uint32_t fed = download(0, changes);
            uint32_t had = engine.image_len;
            if (fed == len && engine.phase != 0 &&
                device_settle(&device, &engine, UINT32_MAX) == ALOFT_STEP_DONE && changes > 200) {
                break;
            }
            uint32_t off = come_back();
            CHECK(off <= fed);
            CHECK(had - (off != 0 ? engine.image_len : 0) <= TWICE_MAX);
            resumed += off != 0;
            CHECK_EQ(download(off, UINT32_MAX / 2), len);
            CHECK_EQ(device_finish(&device, &engine), ALOFT_OK);
            check_slot();
        }
        CHECK(resumed > changes / whole_or(3) / 4);
    }
}

static void every_cut_may_follow_every_cut(void)
{
    for (uint32_t i = 0; i < TEST_ROWS; i++) {
        for (uint32_t first = 20; first < 60; first += 7) {
            for (uint32_t second = 1; second < 40; second += 3 * whole_or(3)) {
                check_note("row %ld, cut after %ld operations and again", (long)i, (long)first);
                fresh(i, SECTORS);
                begin();
                (void)download(0, first);
                (void)download(come_back(), second);
                CHECK_EQ(download(come_back(), UINT32_MAX / 2), len);
                CHECK_EQ(device_finish(&device, &engine), ALOFT_OK);
                check_slot();
            }
        }
    }
}

// Split and cut at once: a reset at each byte of the artifact.
static void a_reset_after_any_byte_loses_none(void)
{
    for (uint32_t i = 0; i < TEST_ROWS; i++) {
        for (uint32_t at = 1; at < len; at += 211 * whole_or(3)) {
            check_note("row %ld, reset after %ld bytes", (long)i, (long)at);
            fresh(i, SECTORS);
            begin();
            CHECK_EQ(device_feed(&device, &engine, artifact, at), ALOFT_OK);
            uint32_t off = come_back();
            CHECK_EQ(download(off, UINT32_MAX / 2), len);
            CHECK_EQ(device_finish(&device, &engine), ALOFT_OK);
            check_slot();
        }
    }
}

static void plain_images_pass_the_same_stages(void)
{
    for (uint32_t i = 0; i < TEST_ROWS; i++) {
        fresh(i, SECTORS);
        memcpy(artifact, image, image_len);
        len = image_len;
        said.len = len;
        begin();
        (void)download(0, 30);
        uint32_t off = come_back();
        CHECK_EQ(off % 4096, 0); // as long as nothing is active, an artifact is an image
        CHECK(off > 0);
        CHECK_EQ(download(off, UINT32_MAX / 2), len);
        CHECK_EQ(device_finish(&device, &engine), ALOFT_OK);
        check_slot();
    }
}

static void an_artifact_that_is_cut_short_is_refused(void)
{
    for (uint32_t i = 0; i < TEST_ROWS; i++) {
        for (uint32_t less = 1; less < 40; less++) {
            check_note("row %ld, %ld bytes less", (long)i, (long)less);
            fresh(i, 1);
            len -= less;
            begin();
            enum aloft_err err = device_feed(&device, &engine, artifact, len);
            err = err == ALOFT_OK ? device_finish(&device, &engine) : err;
            CHECK_EQ(err, ALOFT_ERR_IMAGE_TRUNCATED);
            CHECK(device.ram.bytes[DEVICE_OTA_0] != 0xE9);
        }
    }
}

// What comes out is longer than the slot: found as soon as the image says so, and before it runs
// over the slot's end in any case.
static void what_does_not_fit_its_slot_is_refused(void)
{
    for (uint32_t i = 0; i < TEST_ROWS; i++) {
        fresh(i, SECTORS);
        uint32_t rest = device_rest(&device, DEVICE_OTA_0, 0);
        image[0x19C + 4] = 0xFF; // the second segment's length: 0xFFxxxx bytes
        image[0x19C + 6] = 0xFF;
        len = test_row_make(i, image, image_len, artifact);
        begin();
        enum aloft_err err = device_feed(&device, &engine, artifact, len);
        err = err == ALOFT_OK ? device_finish(&device, &engine) : err;
        CHECK(err != ALOFT_OK);
        CHECK_EQ(device_rest(&device, DEVICE_OTA_0, 0) == rest, device.ram.erases == 0);
    }
}

// Firmware that is not the one that began: other stages, or none.
static void other_stages_do_not_go_on_with_it(void)
{
    for (uint32_t i = 0; i < TEST_ROWS; i++) {
        struct aloft_artifact found;
        struct test_row other;
        uint32_t off;
        check_note("row %ld", (long)i, 0);
        fresh(i, SECTORS);
        begin();
        (void)download(0, 40);
        CHECK(aloft_engine_begun(&device.slots, ALOFT_SLOT_FACTORY, test_row_init(&other, i),
                                 &found, &off));
        CHECK(!aloft_engine_begun(&device.slots, ALOFT_SLOT_FACTORY, NULL, &found, &off));
        uint32_t strange = i < 3 ? 3 : i < 5 ? 0 : i == 5 || i == 8 ? 6 : 5;
        CHECK(!aloft_engine_begun(&device.slots, ALOFT_SLOT_FACTORY, test_row_init(&other, strange),
                                  &found, &off));
    }
}

DEVICE_MAIN(TEST(no_split_changes_what_arrives),
            TEST(an_artifact_that_comes_at_once_waits_in_the_stage),
            TEST(a_cut_after_any_operation_costs_little_of_the_image),
            TEST(every_cut_may_follow_every_cut), TEST(a_reset_after_any_byte_loses_none),
            TEST(plain_images_pass_the_same_stages), TEST(an_artifact_that_is_cut_short_is_refused),
            TEST(what_does_not_fit_its_slot_is_refused), TEST(other_stages_do_not_go_on_with_it))
