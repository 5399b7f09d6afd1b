// The stage that decrypts, over mbedTLS: bytes of ESP-IDF's tool, cut, spoilt and gone on with in
// every way. What comes out is not looked at before finish, as in the engine.
#include "aloft/image.h"
#include "aloft/unwrap.h"
#include "aloft/update/resume.h"
#include "check.h"
#include "enc_vectors.h"
#include "guard.h"
#include "hostlib/crypto/mbed_decrypt.h"
#include "hostlib/crypto/pk.h"
#include "hostlib/image/encimg_make.h"
#include "ram_flash.h"
#include "split.h"
#include <mbedtls/gcm.h>
#include <mbedtls/rsa.h>

enum { PLAIN = 100, ROOM = 4096 };

static struct aloft_mbed_decrypt *key;
static struct aloft_unwrap unwrap;
static struct aloft_stage *stage;
static uint8_t plain[PLAIN];
static uint8_t out[ROOM];
static uint32_t made;
static uint32_t promised;

static void fresh(bool required)
{
    struct aloft_message error;
    for (uint32_t i = 0; i < sizeof plain; i++) {
        plain[i] = (uint8_t)(i * 7 + 3);
    }
    if (key == NULL) {
        key = aloft_mbed_decrypt_new("key", enc_key, sizeof enc_key - 1, &error);
    }
    if (stage != NULL) {
        stage->begin(stage, 0, 0); // as whoever comes next does
    }
    aloft_unwrap_init(&unwrap, aloft_mbed_decrypt_table(key), required);
    stage = &unwrap.stage;
    stage->begin(stage, promised, ROOM);
    memset(out, 0, sizeof out);
    made = 0;
}

static enum aloft_err take(void *ctx, const uint8_t *data, uint32_t len)
{
    CHECK(ctx == out);
    CHECK(made + len <= sizeof out);
    memcpy(out + made, data, len);
    made += len;
    return ALOFT_OK;
}

static enum aloft_err feed(const uint8_t *data, uint32_t len)
{
    uint32_t before = made;
    enum aloft_err err = stage->feed(stage, guard_after(data, len), len, take, out);
    CHECK(made - before <= len + ALOFT_STAGE_HELD);
    return err;
}

static enum aloft_err open_all(const uint8_t *data, uint32_t len)
{
    fresh(false);
    enum aloft_err err = feed(data, len);
    return err == ALOFT_OK ? stage->finish(stage) : err;
}

static void opens(void *ctx, struct split *split)
{
    (void)ctx;
    fresh(true);
    for (uint32_t n; (n = split_next(split)) > 0;) {
        CHECK_EQ(feed(enc_golden + split->off, n), ALOFT_OK);
    }
    CHECK_EQ(stage->finish(stage), ALOFT_OK);
    CHECK_EQ(made, sizeof plain);
    CHECK_BYTES(out, plain, sizeof plain);
}

static void what_their_tool_makes_opens_however_it_is_split(void)
{
    promised = 0;
    every_split(sizeof enc_golden, opens, NULL);
    promised = sizeof enc_golden;
    some_splits(sizeof enc_golden, 101, opens, NULL);
}

static enum aloft_err fault_of_byte(uint32_t at)
{
    return at == 0 ? ALOFT_OK // another first byte: a plain image, for the judge
           : at < 4 || (at >= 424 && at < 512) ? ALOFT_ERR_ENC_HEADER
           : at >= 404 && at < 408             ? ALOFT_ERR_ENC_LENGTH
                                               : ALOFT_ERR_ENC_TAG;
}

static void every_spoilt_byte_has_its_fault(void)
{
    promised = sizeof enc_golden;
    for (uint32_t at = 0; at < sizeof enc_golden; at++) {
        uint8_t spoilt[sizeof enc_golden];
        check_note("byte %ld", (long)at, 0);
        memcpy(spoilt, enc_golden, sizeof spoilt);
        spoilt[at] ^= (uint8_t)(1u << at % 8);
        CHECK_EQ(open_all(spoilt, sizeof spoilt), fault_of_byte(at));
    }
}

static void every_cut_has_its_fault(void)
{
    for (uint32_t len = 1; len < sizeof enc_golden; len++) {
        check_note("%ld bytes of it", (long)len, 0);
        promised = 0;
        CHECK_EQ(open_all(enc_golden, len), ALOFT_ERR_ENC_LENGTH);
        promised = len;
        CHECK_EQ(open_all(enc_golden, len), ALOFT_ERR_ENC_LENGTH);
        CHECK_EQ(made, 0); // found at the header
    }
}

static void what_follows_is_refused(void)
{
    uint8_t longer[sizeof enc_golden + 1] = {0};
    promised = 0;
    memcpy(longer, enc_golden, sizeof enc_golden);
    CHECK_EQ(open_all(longer, sizeof longer), ALOFT_ERR_ENC_LENGTH);
    fresh(false);
    CHECK_EQ(feed(enc_golden, sizeof enc_golden), ALOFT_OK);
    CHECK_EQ(feed(longer, 1), ALOFT_ERR_ENC_LENGTH);
    CHECK_EQ(stage->finish(stage), ALOFT_ERR_ENC_LENGTH);
}

static void a_plain_image_passes_unless_it_must_not(void)
{
    uint8_t image[300] = {0xE9};
    promised = sizeof image;
    CHECK_EQ(open_all(image, sizeof image), ALOFT_OK);
    CHECK_EQ(made, sizeof image);
    CHECK_BYTES(out, image, sizeof image);
    fresh(true);
    CHECK_EQ(feed(image, 1), ALOFT_ERR_ENC_REQUIRED);
    CHECK_EQ(made, 0);
}

static void without_a_key_it_is_refused_by_name(void)
{
    promised = 0;
    fresh(false);
    unwrap.decrypt = NULL;
    CHECK_EQ(feed(enc_golden, 1), ALOFT_ERR_ENC_NO_KEY);
    fresh(false);
    CHECK_EQ(feed(enc_golden_ecc, sizeof enc_golden_ecc), ALOFT_ERR_ENC_ECC);
}

static void an_image_longer_than_the_slot_is_refused_at_its_header(void)
{
    promised = 0;
    for (uint32_t room = PLAIN - 1; room <= PLAIN; room++) {
        fresh(false);
        unwrap.room = room;
        CHECK_EQ(feed(enc_golden, ALOFT_ENCIMG_HEADER),
                 room < PLAIN ? ALOFT_ERR_IMAGE_TOO_LARGE : ALOFT_OK);
    }
}

// One of ours, long enough to be gone on with.
static uint32_t make(uint8_t *artifact, uint8_t *image, uint32_t len)
{
    struct aloft_message error;
    mbedtls_pk_context pk;
    uint32_t seed = 99;
    for (uint32_t i = 0; i < len; i++) {
        image[i] = (uint8_t)split_random(&seed);
    }
    CHECK(aloft_pk_read_rsa3072(&pk, ALOFT_PK_PUBLIC, "key", enc_key, sizeof enc_key - 1, &error));
    CHECK(aloft_encimg_make(&pk, image, len, artifact));
    mbedtls_pk_free(&pk);
    return ALOFT_ENCIMG_HEADER + len;
}

// The end of an area of notes, on a chip.
static struct aloft_resume kept_notes(struct ram_flash *ram)
{
    static uint8_t bytes[0x1000];
    ram_flash_init(ram, bytes, sizeof bytes);
    return (struct aloft_resume){.view = {&ram->flash, 0, sizeof bytes},
                                 .area_len = sizeof bytes,
                                 .ahead = ALOFT_STAGE_AHEAD};
}

// A reset after `off` bytes of the image, and what the notes keep over it.
static enum aloft_err go_on(const uint8_t *artifact, uint32_t len, const uint8_t *image,
                            uint32_t off, uint32_t piece)
{
    struct ram_flash ram;
    struct aloft_resume notes = kept_notes(&ram);
    fresh(false);
    CHECK_EQ(feed(artifact, ALOFT_ENCIMG_HEADER + ALOFT_STAGE_HELD), ALOFT_OK);
    CHECK_EQ(stage->keep(stage, &notes, 0), ALOFT_OK);
    CHECK_EQ(stage->keep(stage, &notes, 1), ALOFT_OK);
    CHECK_EQ(ram.progs, 2);
    fresh(false);
    enum aloft_err err = stage->resume(stage, &notes);
    for (uint32_t at = 0; at < off && err == ALOFT_OK; at += piece) {
        uint32_t n = off - at < piece ? off - at : piece;
        err = stage->reread(stage, guard_after(image + at, n), n);
    }
    err = err == ALOFT_OK ? feed(artifact + ALOFT_STAGE_AHEAD + off, len - ALOFT_STAGE_AHEAD - off)
                          : err;
    return err == ALOFT_OK ? stage->finish(stage) : err;
}

static void after_a_reset_it_goes_on_at_any_block(void)
{
    static uint8_t image[1000];
    static uint8_t artifact[sizeof image + ALOFT_ENCIMG_HEADER];
    uint32_t len = make(artifact, image, sizeof image);
    promised = len;
    for (uint32_t off = 16; off < sizeof image; off += 16) {
        check_note("from byte %ld of the image, piece %ld", (long)off, (long)off % 48 + 16);
        CHECK_EQ(go_on(artifact, len, image, off, off % 48 + 16), ALOFT_OK);
        CHECK_EQ(made, sizeof image - off);
        CHECK_BYTES(out, image + off, made);
    }
}

static void a_plain_download_goes_on_as_one_unless_it_must_not(void)
{
    struct ram_flash ram;
    struct aloft_resume notes = kept_notes(&ram);
    uint8_t image[32] = {ALOFT_ENCIMG_FIRST}; // not a first byte any more
    promised = 0;
    notes.ahead = 0;
    fresh(false);
    CHECK_EQ(stage->resume(stage, &notes), ALOFT_OK);
    CHECK_EQ(stage->reread(stage, image, sizeof image), ALOFT_OK);
    CHECK_EQ(feed(image, sizeof image), ALOFT_OK);
    CHECK_EQ(made, sizeof image);
    CHECK_EQ(stage->finish(stage), ALOFT_OK);
    fresh(true);
    CHECK_EQ(stage->resume(stage, &notes), ALOFT_ERR_ENC_REQUIRED);
}

// The judge's word counts within the head, and only there.
static enum aloft_err refuse_at(void *ctx, const uint8_t *data, uint32_t len)
{
    uint32_t at = *(uint32_t *)ctx;
    CHECK(made + len <= ALOFT_IMAGE_HEAD_LEN || made >= ALOFT_IMAGE_HEAD_LEN);
    (void)take(out, data, len);
    return at < made ? ALOFT_ERR_IMAGE_CHIP : ALOFT_OK;
}

static void faults_count_within_the_head_alone(void)
{
    static uint8_t image[1000];
    static uint8_t artifact[sizeof image + ALOFT_ENCIMG_HEADER];
    uint32_t len = make(artifact, image, sizeof image);
    promised = len;
    for (uint32_t at = 280; at < 300; at++) {
        check_note("fault of byte %ld", (long)at, 0);
        fresh(false);
        CHECK_EQ(stage->feed(stage, artifact, len, refuse_at, &at),
                 at < ALOFT_IMAGE_HEAD_LEN ? ALOFT_ERR_IMAGE_CHIP : ALOFT_OK);
    }
}

static void what_was_changed_in_flash_meanwhile_is_found(void)
{
    static uint8_t image[700];
    static uint8_t artifact[sizeof image + ALOFT_ENCIMG_HEADER];
    uint32_t len = make(artifact, image, sizeof image);
    promised = len;
    for (uint32_t at = 0; at < 512; at += 31) {
        check_note("byte %ld", (long)at, 0);
        image[at] ^= 1;
        CHECK_EQ(go_on(artifact, len, image, 512, 256), ALOFT_ERR_ENC_TAG);
        image[at] ^= 1;
    }
    CHECK_EQ(go_on(artifact, len, image, 512, 256), ALOFT_OK);
    // Notes that speak of more than there is.
    static const uint8_t more[1024];
    CHECK_EQ(go_on(artifact, len, more, sizeof more, sizeof more), ALOFT_ERR_ENC_LENGTH);
}

// The image once more, under a key that somebody guesses: body and tag fit it.
static void seal(uint8_t artifact[sizeof enc_golden], const uint8_t guess[32])
{
    mbedtls_gcm_context gcm;
    mbedtls_gcm_init(&gcm);
    CHECK_EQ(mbedtls_gcm_setkey(&gcm, MBEDTLS_CIPHER_ID_AES, guess, 256), 0);
    CHECK_EQ(mbedtls_gcm_crypt_and_tag(&gcm, MBEDTLS_GCM_ENCRYPT, PLAIN, artifact + 388, 16, NULL,
                                       0, plain, artifact + ALOFT_ENCIMG_HEADER, 16,
                                       artifact + 408),
             0);
    mbedtls_gcm_free(&gcm);
}

// Wrong padding, a key that is too short, and a block for another key: one fault, at one moment,
// and the same bytes come out each time that it is tried.
static void what_an_rsa_block_holds_cannot_be_told(void)
{
    struct aloft_message error;
    mbedtls_pk_context pk;
    promised = 0;
    CHECK(aloft_pk_read_rsa3072(&pk, ALOFT_PK_PUBLIC, "key", enc_key, sizeof enc_key - 1, &error));
    for (uint32_t kind = 0; kind < 3; kind++) {
        uint8_t spoilt[sizeof enc_golden];
        uint8_t first[PLAIN];
        uint8_t secret[33] = {1, 2, 3};
        memcpy(spoilt, enc_golden, sizeof spoilt);
        check_note("kind %ld", (long)kind, 0);
        if (kind == 0) {
            spoilt[200] ^= 4; // no padding at all
        } else {
            CHECK_EQ(mbedtls_rsa_pkcs1_encrypt(mbedtls_pk_rsa(pk), aloft_pk_random, NULL,
                                               MBEDTLS_RSA_PUBLIC, kind == 1 ? 31 : 33, secret,
                                               spoilt + 4),
                     0);
        }
        CHECK_EQ(open_all(spoilt, sizeof spoilt), ALOFT_ERR_ENC_TAG);
        CHECK_EQ(made, PLAIN);
        memcpy(first, out, sizeof first);
        CHECK_EQ(open_all(spoilt, sizeof spoilt), ALOFT_ERR_ENC_TAG);
        CHECK_BYTES(out, first, sizeof first);
        // Nor is the key that stands in one that can be guessed: such an image would open when the
        // block is wrong, and not when it is right.
        seal(spoilt, (const uint8_t[32]){0});
        CHECK_EQ(open_all(spoilt, sizeof spoilt), ALOFT_ERR_ENC_TAG);
        seal(spoilt, secret);
        CHECK_EQ(open_all(spoilt, sizeof spoilt), ALOFT_ERR_ENC_TAG);
    }
    mbedtls_pk_free(&pk);
}

static void nothing_stays_of_one_image_for_the_next(void)
{
    uint8_t image[40] = {0xE9};
    promised = 0;
    fresh(false);
    CHECK_EQ(feed(enc_golden, 600), ALOFT_OK);
    stage->begin(stage, 0, ROOM);
    made = 0;
    CHECK_EQ(feed(enc_golden, sizeof enc_golden), ALOFT_OK);
    CHECK_EQ(stage->finish(stage), ALOFT_OK);
    CHECK_BYTES(out, plain, sizeof plain);
    stage->begin(stage, 0, ROOM);
    made = 0;
    CHECK_EQ(feed(image, sizeof image), ALOFT_OK);
    CHECK_EQ(made, sizeof image);
    aloft_mbed_decrypt_free(key);
    key = NULL;
}

CHECK_MAIN(TEST(what_their_tool_makes_opens_however_it_is_split),
           TEST(every_spoilt_byte_has_its_fault), TEST(every_cut_has_its_fault),
           TEST(what_follows_is_refused), TEST(a_plain_image_passes_unless_it_must_not),
           TEST(without_a_key_it_is_refused_by_name),
           TEST(an_image_longer_than_the_slot_is_refused_at_its_header),
           TEST(after_a_reset_it_goes_on_at_any_block),
           TEST(a_plain_download_goes_on_as_one_unless_it_must_not),
           TEST(faults_count_within_the_head_alone),
           TEST(what_was_changed_in_flash_meanwhile_is_found),
           TEST(what_an_rsa_block_holds_cannot_be_told),
           TEST(nothing_stays_of_one_image_for_the_next))
