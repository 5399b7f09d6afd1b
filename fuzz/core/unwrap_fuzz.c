// The stage that decrypts, with a cipher whose tag can be made right: any artifact in any pieces,
// with or without a promised length, and gone on with after a reset at any block.
//
// Checked: no more comes out than the budget; finish says OK only for exactly the ciphertext of the
// header, with its tag, and then all of its plaintext came out; a fault of the judge behind the
// head is held back until the tag was checked; a download that was interrupted ends as one that was
// not; input and output are of exact length. Input: how, then the artifact; its header may be
// repaired.
#include "aloft/base/bytes.h"
#include "aloft/image.h"
#include "aloft/unwrap.h"
#include "fuzz.h"
#include "seal.h"

enum { LEN_MAX = 4096, ROOM = 2048 };

static struct {
    struct seal seal;
    struct aloft_unwrap unwrap;
    struct aloft_stages stages;
    uint8_t file[LEN_MAX];
    uint32_t len;
    uint8_t out[LEN_MAX];
    uint32_t made;
    enum aloft_err judge; // what the judge says of each piece
} scene;

static void begin(uint32_t promised, bool required, bool has_key)
{
    seal_init(&scene.seal);
    aloft_unwrap_init(&scene.unwrap, has_key ? &scene.seal.decrypt : NULL, required);
    aloft_stages_begin(&scene.stages, &scene.unwrap.stage, promised, ROOM);
}

// Polls all that there is, into blocks of their own, so that a byte too far is seen.
static enum aloft_err drain(struct fuzz_input *how)
{
    uint32_t n = 1;
    enum aloft_err err = ALOFT_OK;
    while (n > 0 && err == ALOFT_OK) {
        uint32_t cap = 16 + fuzz_u8(how);
        uint8_t *piece = malloc(cap);
        FUZZ_CHECK(piece != NULL);
        err = aloft_stages_poll(&scene.stages, piece, cap, &n);
        FUZZ_CHECK(n <= cap && n <= sizeof scene.out - scene.made);
        memcpy(scene.out + scene.made, piece, n);
        scene.made += n;
        free(piece);
        if (err == ALOFT_OK && n > 0 && scene.judge != ALOFT_OK) {
            err = aloft_stages_fault(&scene.stages, scene.judge);
            FUZZ_CHECK(err != ALOFT_OK || scene.made > ALOFT_IMAGE_HEAD_LEN);
        }
    }
    return err;
}

static enum aloft_err feed(struct fuzz_input *how, uint32_t at, uint32_t len)
{
    enum aloft_err err = ALOFT_OK;
    while (len > 0 && err == ALOFT_OK) {
        uint32_t room = aloft_stages_room(&scene.stages);
        uint32_t n = len < room ? len : room;
        FUZZ_CHECK(n > 0);
        uint8_t *piece = malloc(n);
        FUZZ_CHECK(piece != NULL);
        memcpy(piece, scene.file + at, n);
        err = aloft_stages_sink(&scene.stages, piece, n);
        free(piece);
        err = err == ALOFT_OK ? drain(how) : err;
        at += n;
        len -= n;
    }
    return err;
}

// Makes what is there pass further: a right magic, length, reserved part and tag.
static void repair(uint8_t how)
{
    uint8_t *file = scene.file;
    if ((how & 1) != 0) {
        aloft_put_le32(file, 0x0788B6CF);
        memset(file + 424, 0, 88);
    }
    if (scene.len <= ALOFT_ENCIMG_HEADER) {
        return;
    }
    uint32_t len = scene.len - ALOFT_ENCIMG_HEADER;
    if ((how & 2) != 0) {
        aloft_put_le32(file + 404, len);
    }
    if ((how & 4) != 0) {
        seal_tag(file + ALOFT_ENCIMG_HEADER, len, file + 408);
    }
}

// The last word on an artifact, by another way than the stage's.
static void check_end(enum aloft_err err, bool required)
{
    struct aloft_encimg image;
    uint8_t tag[16];
    if (err != ALOFT_OK) {
        return;
    }
    if (scene.len == 0 || scene.file[0] != ALOFT_ENCIMG_FIRST) {
        FUZZ_CHECK(scene.len == 0 || !required);
        FUZZ_CHECK(scene.made == scene.len);
        FUZZ_CHECK(memcmp(scene.out, scene.file, scene.len) == 0);
        return;
    }
    FUZZ_CHECK(scene.len > ALOFT_ENCIMG_HEADER);
    FUZZ_CHECK(aloft_encimg_parse(scene.file, &image) == ALOFT_OK);
    FUZZ_CHECK(image.len == scene.len - ALOFT_ENCIMG_HEADER && image.len <= ROOM);
    seal_tag(scene.file + ALOFT_ENCIMG_HEADER, image.len, tag);
    FUZZ_CHECK(memcmp(tag, image.tag, 4) == 0);
    FUZZ_CHECK(scene.made == image.len);
}

static enum aloft_err feed_all(struct fuzz_input *how, uint32_t from, uint32_t to)
{
    enum aloft_err err = ALOFT_OK;
    for (uint32_t at = from; at < to && err == ALOFT_OK;) {
        uint32_t n = fuzz_u8(how);
        n = n % 16 == 0 ? 700 : n;
        n = n < to - at ? n : to - at;
        err = feed(how, at, n);
        at += n;
    }
    return err;
}

static enum aloft_err finish(struct fuzz_input *how)
{
    aloft_stages_end(&scene.stages);
    enum aloft_err err = drain(how);
    FUZZ_CHECK(aloft_stages_done(&scene.stages) == (err == ALOFT_OK));
    return err;
}

// Once more, with a reset after some bytes: the end is the same.
static void go_on(struct fuzz_input *how, uint32_t promised, bool required, enum aloft_err want)
{
    uint32_t at = fuzz_u16(how) % LEN_MAX;
    uint32_t made = scene.made;
    struct aloft_restart restart;
    uint8_t kept[ALOFT_ENCIMG_HEADER];
    begin(promised, required, true);
    scene.made = 0;
    if (at >= scene.len || feed_all(how, 0, at) != ALOFT_OK || scene.made == 0 ||
        !aloft_stages_ask(&scene.stages, scene.made, &restart)) {
        return;
    }
    FUZZ_CHECK(restart.artifact <= at);
    memcpy(kept, scene.unwrap.header, sizeof kept);
    begin(promised, required, true);
    memcpy(scene.unwrap.header, kept, sizeof kept);
    enum aloft_err err = aloft_stages_resume(&scene.stages, &restart);
    err = err == ALOFT_OK ? feed_all(how, restart.artifact, scene.len) : err;
    err = err == ALOFT_OK ? finish(how) : err;
    FUZZ_CHECK(err == want);
    FUZZ_CHECK(err != ALOFT_OK || scene.made == made);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    uint8_t how = fuzz_u8(&in);
    uint8_t split[32] = {0};
    bool required = (how & 8) != 0;
    memset(&scene, 0, sizeof scene);
    (void)fuzz_bytes(&in, split, sizeof split);
    scene.judge = (how & 16) != 0 ? ALOFT_ERR_IMAGE_CHIP : ALOFT_OK;
    scene.len = fuzz_bytes(&in, scene.file, LEN_MAX);
    repair(how);
    uint32_t promised = (how & 32) != 0 ? scene.len : (how & 64) != 0 ? split[0] * 16u : 0;
    struct fuzz_input pieces = {split, sizeof split};
    begin(promised, required, (how & 128) == 0);
    enum aloft_err err = feed_all(&pieces, 0, scene.len);
    err = err == ALOFT_OK ? finish(&pieces) : err;
    if (scene.judge == ALOFT_OK) {
        check_end(err, required);
    }
    FUZZ_CHECK(err != ALOFT_OK || scene.judge == ALOFT_OK || scene.made == 0);
    if (scene.judge == ALOFT_OK && (how & 128) == 0) {
        go_on(&pieces, promised, required, err);
    }
    return 0;
}
