// The stage that decrypts, over mbedTLS: bytes of ESP-IDF's tool, cut, spoilt and gone on with in
// every way. What comes out is not looked at before finish, as in the engine.
#include "aloft/image.h"
#include "aloft/unwrap.h"
#include "check.h"
#include "enc_vectors.h"
#include "guard.h"
#include "hostlib/crypto/decrypt_key.h"
#include "hostlib/crypto/pk.h"
#include "hostlib/image/encimg_make.h"
#include "split.h"
#include <mbedtls/gcm.h>
#include <mbedtls/rsa.h>

enum { PLAIN = 100, ROOM = 4096 };

static struct aloft_mbed_decrypt *key;
static struct aloft_unwrap unwrap;
static struct aloft_stages stages; // the row with this one in it
static uint8_t plain[PLAIN];
static uint8_t out[ROOM];
static uint32_t made;
static uint32_t promised;

static void begin(uint32_t room)
{
    aloft_stages_begin(&stages, &unwrap.stage, promised, room);
    memset(out, 0, sizeof out);
    made = 0;
}

static void fresh(bool required)
{
    struct aloft_message error;
    for (uint32_t i = 0; i < sizeof plain; i++) {
        plain[i] = (uint8_t)(i * 7 + 3);
    }
    if (key == NULL) {
        key = aloft_decrypt_key_read("key", enc_key, sizeof enc_key - 1, &error);
    }
    if (unwrap.stage.ops != NULL) {
        begin(0); // as the next download does
    }
    aloft_unwrap_init(&unwrap, aloft_mbed_decrypt_table(key), required);
    begin(ROOM);
}

// Polls all that there is, by a budget that changes. Never more comes out than that.
static enum aloft_err drain(uint32_t budget)
{
    static const uint8_t blank[256];
    uint32_t n = 1;
    enum aloft_err err = ALOFT_OK;
    while (err == ALOFT_OK && n > 0) {
        uint32_t cap = 16 + budget % 200;
        uint8_t *piece = guard_after(blank, cap);
        err = aloft_stages_poll(&stages, piece, cap, &n);
        CHECK(n <= cap && n <= sizeof out - made);
        memcpy(out + made, piece, n);
        made += n;
    }
    return err;
}

static enum aloft_err feed(const uint8_t *data, uint32_t len)
{
    enum aloft_err err = ALOFT_OK;
    while (len > 0 && err == ALOFT_OK) {
        uint32_t room = aloft_stages_room(&stages);
        uint32_t n = len < room ? len : room;
        CHECK(room >= ALOFT_STAGE_PIECE);
        err = aloft_stages_sink(&stages, guard_after(data, n), n);
        err = err == ALOFT_OK ? drain(len) : err;
        data += n;
        len -= n;
    }
    return err;
}

static enum aloft_err finish(void)
{
    aloft_stages_end(&stages);
    enum aloft_err err = drain(made);
    CHECK_EQ(aloft_stages_done(&stages), err == ALOFT_OK);
    return err;
}

static enum aloft_err open_all(const uint8_t *data, uint32_t len)
{
    fresh(false);
    enum aloft_err err = feed(data, len);
    return err == ALOFT_OK ? finish() : err;
}

static void opens(void *ctx, struct split *split)
{
    (void)ctx;
    fresh(true);
    for (uint32_t n; (n = split_next(split)) > 0;) {
        CHECK_EQ(feed(enc_golden + split->off, n), ALOFT_OK);
    }
    CHECK_EQ(finish(), ALOFT_OK);
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
    CHECK_EQ(finish(), ALOFT_ERR_ENC_LENGTH);
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
        begin(room);
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

// A reset after `off` bytes of the image. What is kept over it is the header and the answer to the
// question where to go on: at which byte of the artifact, with which state.
static enum aloft_err go_on(const uint8_t *artifact, uint32_t len, uint32_t off)
{
    struct aloft_restart restart;
    uint8_t kept[ALOFT_ENCIMG_HEADER];
    fresh(false);
    CHECK_EQ(feed(artifact, ALOFT_ENCIMG_HEADER + off), ALOFT_OK);
    CHECK_EQ(made, off);
    CHECK(aloft_stages_ask(&stages, off, &restart));
    CHECK_EQ(restart.artifact, ALOFT_ENCIMG_HEADER + off);
    CHECK_EQ(unwrap.stage.kept_len, sizeof kept);
    memcpy(kept, unwrap.stage.kept, sizeof kept);
    fresh(false);
    memcpy(unwrap.stage.kept, kept, sizeof kept);
    enum aloft_err err = aloft_stages_resume(&stages, &restart);
    err = err == ALOFT_OK ? feed(artifact + restart.artifact, len - restart.artifact) : err;
    return err == ALOFT_OK ? finish() : err;
}

static void after_a_reset_it_goes_on_at_any_block(void)
{
    static uint8_t image[1000];
    static uint8_t artifact[sizeof image + ALOFT_ENCIMG_HEADER];
    uint32_t len = make(artifact, image, sizeof image);
    promised = len;
    for (uint32_t off = 16; off < sizeof image; off += 16) {
        check_note("from byte %ld of the image", (long)off, 0);
        CHECK_EQ(go_on(artifact, len, off), ALOFT_OK);
        CHECK_EQ(made, sizeof image - off);
        CHECK_BYTES(out, image + off, made);
    }
}

static void the_tag_is_over_what_came_before_a_reset_too(void)
{
    static uint8_t image[700];
    static uint8_t artifact[sizeof image + ALOFT_ENCIMG_HEADER];
    uint32_t len = make(artifact, image, sizeof image);
    promised = len;
    for (uint32_t at = 0; at < sizeof image; at += 31) {
        check_note("byte %ld", (long)at, 0);
        artifact[ALOFT_ENCIMG_HEADER + at] ^= 1;
        CHECK_EQ(go_on(artifact, len, 512), ALOFT_ERR_ENC_TAG);
        artifact[ALOFT_ENCIMG_HEADER + at] ^= 1;
    }
    CHECK_EQ(go_on(artifact, len, 512), ALOFT_OK);
}

// A state that is of another place, or of another artifact.
static void a_wrong_state_is_found_by_the_tag(void)
{
    static uint8_t image[700];
    static uint8_t artifact[sizeof image + ALOFT_ENCIMG_HEADER];
    struct aloft_restart restart;
    uint32_t len = make(artifact, image, sizeof image);
    promised = len;
    fresh(false);
    CHECK_EQ(feed(artifact, ALOFT_ENCIMG_HEADER + 512), ALOFT_OK);
    CHECK(aloft_stages_ask(&stages, 512, &restart));
    restart.points[0].state[7] ^= 1;
    begin(ROOM);
    CHECK_EQ(aloft_stages_resume(&stages, &restart), ALOFT_OK); // the header is still there
    CHECK_EQ(feed(artifact + restart.artifact, len - restart.artifact), ALOFT_OK);
    CHECK_EQ(finish(), ALOFT_ERR_ENC_TAG);
    // And places where no block begins.
    for (uint32_t kind = 0; kind < 3; kind++) {
        struct aloft_stage_point point = restart.points[0];
        point.out += kind == 0 ? 8 : kind == 1 ? 1024 : 0;
        point.in += kind == 0 ? 8 : kind == 1 ? 1024 : 16;
        begin(ROOM);
        CHECK_EQ(unwrap.stage.ops->resume(&unwrap.stage, &point), ALOFT_ERR_ENC_LENGTH);
    }
}

static void a_port_that_cannot_save_its_state_is_not_restarted(void)
{
    static uint8_t image[700];
    static uint8_t artifact[sizeof image + ALOFT_ENCIMG_HEADER];
    struct aloft_restart restart;
    uint32_t len = make(artifact, image, sizeof image);
    promised = len;
    fresh(false);
    struct aloft_decrypt poor = *unwrap.decrypt;
    poor.save = NULL;
    poor.load = NULL;
    unwrap.decrypt = &poor;
    CHECK_EQ(feed(artifact, ALOFT_ENCIMG_HEADER + 512), ALOFT_OK);
    CHECK(!aloft_stages_ask(&stages, 512, &restart));
    CHECK_EQ(feed(artifact + ALOFT_ENCIMG_HEADER + 512, len - ALOFT_ENCIMG_HEADER - 512), ALOFT_OK);
    CHECK_EQ(finish(), ALOFT_OK);
    fresh(false);
}

static void a_plain_download_goes_on_as_one_unless_it_must_not(void)
{
    struct aloft_restart restart;
    uint8_t image[32] = {0xE9};
    promised = 0;
    fresh(false);
    CHECK_EQ(feed(image, sizeof image), ALOFT_OK);
    CHECK(aloft_stages_ask(&stages, 32, &restart));
    CHECK_EQ(restart.artifact, 32);
    fresh(false);
    CHECK_EQ(aloft_stages_resume(&stages, &restart), ALOFT_OK);
    image[0] = ALOFT_ENCIMG_FIRST; // not a first byte any more
    CHECK_EQ(feed(image, sizeof image), ALOFT_OK);
    CHECK_EQ(made, sizeof image);
    CHECK_EQ(finish(), ALOFT_OK);
    fresh(true);
    CHECK_EQ(aloft_stages_resume(&stages, &restart), ALOFT_ERR_ENC_REQUIRED);
}

// A fault that the judge finds counts within the head, to refuse a wrong file before anything is
// erased; behind it the tag has the first word.
static void faults_count_within_the_head_alone(void)
{
    static uint8_t image[1000];
    static uint8_t artifact[sizeof image + ALOFT_ENCIMG_HEADER];
    uint32_t len = make(artifact, image, sizeof image);
    promised = len;
    for (uint32_t at = 16; at < 600; at += 16) {
        check_note("fault of byte %ld", (long)at, 0);
        bool early = at <= ALOFT_IMAGE_HEAD_LEN;
        fresh(false);
        CHECK_EQ(feed(artifact, ALOFT_ENCIMG_HEADER + at), ALOFT_OK);
        CHECK_EQ(aloft_stages_fault(&stages, ALOFT_ERR_IMAGE_CHIP),
                 early ? ALOFT_ERR_IMAGE_CHIP : ALOFT_OK);
        CHECK_EQ(feed(artifact + ALOFT_ENCIMG_HEADER + at, len - ALOFT_ENCIMG_HEADER - at),
                 ALOFT_OK);
        CHECK_EQ(made, early ? sizeof image : at); // nothing more comes out
        CHECK_EQ(finish(), early ? ALOFT_OK : ALOFT_ERR_IMAGE_CHIP);
    }
    fresh(false);
    CHECK_EQ(feed(artifact, ALOFT_ENCIMG_HEADER + 16), ALOFT_OK);
    CHECK_EQ(aloft_stages_fault(&stages, ALOFT_ERR_IMAGE_MAGIC), ALOFT_ERR_ENC_KEY);
    artifact[len - 1] ^= 1;
    fresh(false);
    CHECK_EQ(feed(artifact, len - 100), ALOFT_OK);
    CHECK_EQ(aloft_stages_fault(&stages, ALOFT_ERR_IMAGE_CHIP), ALOFT_OK);
    CHECK_EQ(feed(artifact + len - 100, 100), ALOFT_OK);
    CHECK_EQ(finish(), ALOFT_ERR_ENC_TAG);
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
static void faults_do_not_show_what_an_rsa_block_holds(void)
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
    begin(ROOM);
    CHECK_EQ(feed(enc_golden, sizeof enc_golden), ALOFT_OK);
    CHECK_EQ(finish(), ALOFT_OK);
    CHECK_BYTES(out, plain, sizeof plain);
    begin(ROOM);
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
           TEST(the_tag_is_over_what_came_before_a_reset_too),
           TEST(a_wrong_state_is_found_by_the_tag),
           TEST(a_port_that_cannot_save_its_state_is_not_restarted),
           TEST(faults_do_not_show_what_an_rsa_block_holds),
           TEST(nothing_stays_of_one_image_for_the_next))
