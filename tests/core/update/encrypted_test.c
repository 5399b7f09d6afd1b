// Encrypted images through the engine: nothing that is not as it was encrypted ever becomes
// bootable, and a download goes on after a reset at any operation of flash. Each RSA operation
// takes its time, so chips that encrypt see a share of the spoilt bytes and cuts.
#include "aloft/engine.h"
#include "aloft/unwrap.h"
#include "check.h"
#include "device_update.h"
#include "enc_vectors.h"
#include "hostlib/crypto/decrypt_key.h"
#include "hostlib/crypto/pk.h"
#include "hostlib/image/encimg_make.h"
#include "split.h"
#include "whole.h"

enum {
    ROOM = DEVICE_IMAGE_MAX + ALOFT_ENCIMG_HEADER,
    TWICE_MAX = 4096 + ALOFT_WRITER_BUFFER + 2 * ALOFT_STAGE_PIECE,
    FIRST_MAX = TWICE_MAX + ALOFT_ENCIMG_HEADER,
};

static struct device device;
static struct aloft_engine engine;
static struct aloft_unwrap unwrap;
static struct aloft_artifact said;
static const uint8_t *image;
static uint32_t image_len;
static uint8_t artifact[ROOM];
static uint32_t len;

static const struct aloft_decrypt *key(void)
{
    static struct aloft_mbed_decrypt *made; // the ciphers, kept until the program ends
    struct aloft_message error;
    if (made == NULL) {
        made = aloft_decrypt_key_read("key", enc_key, sizeof enc_key - 1, &error);
    }
    return aloft_mbed_decrypt_table(made);
}

static void encrypt(uint32_t extra)
{
    struct aloft_message error;
    mbedtls_pk_context pk;
    image = device_image("1", extra, &image_len);
    CHECK(aloft_pk_read_rsa3072(&pk, ALOFT_PK_PUBLIC, "key", enc_key, sizeof enc_key - 1, &error));
    CHECK(aloft_encimg_make(&pk, image, image_len, artifact));
    mbedtls_pk_free(&pk);
    len = image_len + ALOFT_ENCIMG_HEADER;
    said = (struct aloft_artifact){.len = len, .url_crc = 7, .tag_len = 3, .tag = "\"a\""};
}

// After a reset: nothing is left but flash.
static void power_up(bool required)
{
    if (unwrap.stage.ops != NULL) {
        unwrap.stage.ops->begin(&unwrap.stage, 0, 0); // of the port: its memory
    }
    memset(&engine, 0x5A, sizeof engine);
    aloft_unwrap_init(&unwrap, key(), required);
}

static struct aloft_engine_config config(void)
{
    struct aloft_engine_config mine = device_config(&device, ALOFT_SLOT_FACTORY, len);
    mine.stage = &unwrap.stage;
    mine.artifact = &said;
    return mine;
}

static enum aloft_err update(const uint8_t *bytes, uint32_t n)
{
    struct aloft_engine_config mine = config();
    mine.len = n;
    power_up(false);
    return device_receive(&device, &engine, &mine, bytes, n);
}

// An erased byte of a chip that encrypts may read as E9.
static bool bootable(void)
{
    return device.ram.bytes[DEVICE_OTA_0] == 0xE9 &&
           !ram_flash_is_erased(&device.ram, DEVICE_OTA_0, 1);
}

static void it_arrives_as_it_was_encrypted(void)
{
    for (uint32_t extra = 0; extra < 0x5000; extra += 1236) {
        check_note("extra %ld", (long)extra, 0);
        device_two_ota(&device);
        encrypt(extra);
        CHECK_EQ(update(artifact, len), ALOFT_OK);
        CHECK_BYTES(device.ram.bytes + DEVICE_OTA_0, image, image_len);
        CHECK(bootable());
    }
}

static void arrives(void *ctx, struct split *split)
{
    struct aloft_engine_config mine = config();
    (void)ctx;
    device_two_ota(&device);
    power_up(true);
    CHECK_EQ(aloft_engine_begin(&engine, &mine), ALOFT_OK);
    for (uint32_t n; (n = split_next(split)) > 0;) {
        CHECK_EQ(device_feed(&device, &engine, artifact + split->off, n), ALOFT_OK);
    }
    CHECK_EQ(device_finish(&device, &engine), ALOFT_OK);
    CHECK_BYTES(device.ram.bytes + DEVICE_OTA_0, image, image_len);
}

static void no_split_changes_what_is_written(void)
{
    encrypt(700);
    some_splits(len, 13 * device_stride(16), arrives, NULL);
}

// The one exception is the first byte where plain images are accepted, too: with E9 there it is
// one.
static void no_spoilt_byte_becomes_bootable(void)
{
    uint8_t spoilt[0x1000];
    encrypt(64);
    CHECK(len <= sizeof spoilt);
    for (uint32_t at = 0; at < len; at += whole_or(5) * device_stride(19)) {
        check_note("byte %ld", (long)at, 0);
        memcpy(spoilt, artifact, len);
        spoilt[at] ^= (uint8_t)(1u << at % 8);
        device_two_ota(&device);
        enum aloft_err err = update(spoilt, len);
        CHECK(err != ALOFT_OK);
        CHECK(!bootable());
        bool behind_the_head = at >= ALOFT_ENCIMG_HEADER + ALOFT_IMAGE_HEAD_LEN;
        bool of_the_tag = at >= 408 && at < 424;
        CHECK(err == ALOFT_ERR_ENC_TAG || !(behind_the_head || of_the_tag));
        CHECK(err == ALOFT_ERR_ENC_TAG || device.ram.erases == 0);
    }
}

static void no_cut_becomes_bootable(void)
{
    encrypt(64);
    for (uint32_t n = 1; n < len; n += whole_or(5) * device_stride(19)) {
        check_note("%ld bytes", (long)n, 0);
        device_two_ota(&device);
        CHECK_EQ(update(artifact, n), ALOFT_ERR_ENC_LENGTH);
        CHECK_EQ(device.ram.erases, 0); // known at the header
        struct aloft_engine_config mine = config();
        mine.len = 0;
        power_up(false);
        CHECK_EQ(aloft_engine_begin(&engine, &mine), ALOFT_OK);
        CHECK_EQ(device_feed(&device, &engine, artifact, n), ALOFT_OK);
        CHECK_EQ(device_finish(&device, &engine), ALOFT_ERR_ENC_LENGTH);
        CHECK(!bootable());
    }
}

static void each_refusal_has_its_name(void)
{
    uint8_t other[ROOM];
    encrypt(64);
    memcpy(other, artifact, len);
    // Of another image: the key does not fit. With this IV and these bytes what comes out is always
    // the same; with those of encrypt, which are random, one run in 256 begins with E9 by chance.
    memcpy(other + 4, enc_golden + 4, 400);
    memcpy(other + ALOFT_ENCIMG_HEADER, enc_golden + ALOFT_ENCIMG_HEADER, 16);
    device_two_ota(&device);
    enum aloft_err err = update(other, len);
    CHECK_EQ(err, ALOFT_ERR_ENC_KEY);
    CHECK_EQ(device.ram.erases, 0);
    memcpy(other, enc_golden_ecc, sizeof enc_golden_ecc);
    CHECK_EQ(update(other, len), ALOFT_ERR_ENC_ECC);
    struct aloft_engine_config mine = config();
    mine.len = image_len;
    power_up(true);
    CHECK_EQ(aloft_engine_begin(&engine, &mine), ALOFT_OK);
    CHECK_EQ(device_feed(&device, &engine, image, image_len), ALOFT_ERR_ENC_REQUIRED);
    power_up(false);
    unwrap.decrypt = NULL;
    mine.len = len;
    CHECK_EQ(aloft_engine_begin(&engine, &mine), ALOFT_OK);
    CHECK_EQ(device_feed(&device, &engine, artifact, len), ALOFT_ERR_ENC_NO_KEY);
    mine.stage = NULL;
    CHECK_EQ(aloft_engine_begin(&engine, &mine), ALOFT_OK);
    CHECK_EQ(device_feed(&device, &engine, artifact, len), ALOFT_ERR_IMAGE_MAGIC);
    CHECK_EQ(update(image, image_len), ALOFT_OK); // a plain one, through the stage
    CHECK(bootable());
}

// Encrypted is not the same as good: what the tag vouches for is judged as any image.
static void a_bad_image_stays_bad_when_it_is_encrypted(void)
{
    static uint8_t bad[DEVICE_IMAGE_MAX];
    struct aloft_message error;
    mbedtls_pk_context pk;
    CHECK(aloft_pk_read_rsa3072(&pk, ALOFT_PK_PUBLIC, "key", enc_key, sizeof enc_key - 1, &error));
    for (uint32_t kind = 0; kind < 3; kind++) {
        static const enum aloft_err want[] = {ALOFT_ERR_IMAGE_CHECKSUM, ALOFT_ERR_IMAGE_HASH,
                                              ALOFT_ERR_IMAGE_TRUNCATED};
        encrypt(640);
        memcpy(bad, image, image_len);
        bad[400] ^= kind == 0;
        bad[image_len - 1] ^= kind == 1;
        uint32_t n = image_len - (kind == 2 ? 16 : 0);
        CHECK(aloft_encimg_make(&pk, bad, n, artifact));
        device_two_ota(&device);
        CHECK_EQ(update(artifact, n + ALOFT_ENCIMG_HEADER), want[kind]);
        CHECK(!bootable());
    }
    mbedtls_pk_free(&pk);
}

// Feeds from `off` on until all is fed or flash has changed so often.
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
        CHECK_EQ(aloft_engine_feed(&engine, artifact + off, len - off, &used), ALOFT_OK);
        off += used;
    }
}

// Starts again after a reset. Returns where the download goes on.
static uint32_t come_back(bool *resumed)
{
    struct aloft_engine_config mine = config();
    struct aloft_artifact found;
    uint32_t hint = 0;
    uint32_t off = 0;
    *resumed = aloft_engine_begun(&device.slots, ALOFT_SLOT_FACTORY, &unwrap.stage, &found, &hint);
    CHECK(!*resumed || (found.len == len && found.tag_len == 3));
    CHECK_EQ(*resumed ? aloft_engine_resume(&engine, &mine, &off)
                      : aloft_engine_begin(&engine, &mine),
             ALOFT_OK);
    CHECK_EQ(off, hint);
    return off;
}

static void a_reset_after_any_operation_costs_little_more_than_a_sector(void)
{
    encrypt(0x3000);
    for (uint32_t changes = 1;; changes += device_stride(7)) {
        struct aloft_engine_config mine = config();
        bool resumed;
        check_note("reset after %ld operations", (long)changes, 0);
        device_two_ota(&device);
        power_up(true);
        CHECK_EQ(aloft_engine_begin(&engine, &mine), ALOFT_OK);
        uint32_t fed = download(0, changes);
        if (fed == len) {
            break;
        }
        power_up(true);
        uint32_t off = come_back(&resumed);
        CHECK(fed - off <= (off != 0 ? TWICE_MAX : FIRST_MAX));
        CHECK(off == 0 || off > ALOFT_ENCIMG_HEADER);
        CHECK_EQ(download(off, UINT32_MAX / 2), len);
        CHECK_EQ(device_finish(&device, &engine), ALOFT_OK);
        CHECK_BYTES(device.ram.bytes + DEVICE_OTA_0, image, image_len);
    }
}

static void begin_and_reset(bool required)
{
    struct aloft_engine_config mine = config();
    device_two_ota(&device);
    power_up(false);
    CHECK_EQ(aloft_engine_begin(&engine, &mine), ALOFT_OK);
    (void)download(0, 40);
    power_up(required);
}

static void the_rest_of_another_artifact_is_not_accepted(void)
{
    bool resumed;
    encrypt(0x3000);
    for (uint32_t at = ALOFT_ENCIMG_HEADER; at < len; at += 997) {
        check_note("byte %ld", (long)at, 0);
        begin_and_reset(true);
        uint32_t off = come_back(&resumed);
        CHECK(resumed);
        CHECK_EQ(device_settle(&device, &engine, UINT32_MAX), ALOFT_STEP_DONE);
        artifact[at] ^= 1; // on the server, or by a man in the middle
        enum aloft_err err = device_feed(&device, &engine, artifact + off, len - off);
        err = err == ALOFT_OK ? device_finish(&device, &engine) : err;
        CHECK_EQ(err, at < off ? ALOFT_OK : ALOFT_ERR_ENC_TAG);
        CHECK_EQ(bootable(), at < off);
        artifact[at] ^= 1;
    }
}

static void what_changed_in_the_slot_meanwhile_is_not_accepted(void)
{
    bool resumed;
    encrypt(0x3000);
    for (uint32_t at = 300; at < 0x1000; at += 499) {
        check_note("byte %ld", (long)at, 0);
        begin_and_reset(true);
        device.ram.bytes[DEVICE_OTA_0 + at] ^= 1;
        uint32_t off = come_back(&resumed);
        CHECK(resumed && off > at);
        (void)download(off, UINT32_MAX / 2);
        CHECK_EQ(device_finish(&device, &engine), ALOFT_ERR_IMAGE_CHECKSUM);
        CHECK(!bootable());
    }
}

static void firmware_without_the_stage_does_not_go_on(void)
{
    struct aloft_engine_config mine = config();
    struct aloft_artifact found;
    uint32_t off;
    encrypt(0x3000);
    begin_and_reset(false);
    mine = config();
    mine.stage = NULL;
    CHECK(!aloft_engine_begun(&device.slots, ALOFT_SLOT_FACTORY, NULL, &found, &off));
    CHECK_EQ(aloft_engine_resume(&engine, &mine, &off), ALOFT_OK);
    CHECK_EQ(off, 0); // begun anew
}

// Begun as a plain image by firmware that took one; now it must be encrypted.
static void a_plain_download_does_not_go_on_where_it_is_forbidden(void)
{
    bool resumed;
    encrypt(0x3000);
    len = image_len;
    said.len = len;
    memcpy(artifact, image, len);
    begin_and_reset(false);
    CHECK_EQ(download(come_back(&resumed), UINT32_MAX / 2), len);
    CHECK(resumed);
    CHECK_EQ(device_finish(&device, &engine), ALOFT_OK);
    begin_and_reset(true);
    struct aloft_engine_config mine = config();
    uint32_t off;
    CHECK_EQ(aloft_engine_resume(&engine, &mine, &off), ALOFT_ERR_ENC_REQUIRED);
}

DEVICE_MAIN(TEST(it_arrives_as_it_was_encrypted), TEST(no_split_changes_what_is_written),
            TEST(no_spoilt_byte_becomes_bootable), TEST(no_cut_becomes_bootable),
            TEST(each_refusal_has_its_name), TEST(a_bad_image_stays_bad_when_it_is_encrypted),
            TEST(a_reset_after_any_operation_costs_little_more_than_a_sector),
            TEST(the_rest_of_another_artifact_is_not_accepted),
            TEST(what_changed_in_the_slot_meanwhile_is_not_accepted),
            TEST(firmware_without_the_stage_does_not_go_on),
            TEST(a_plain_download_does_not_go_on_where_it_is_forbidden))
