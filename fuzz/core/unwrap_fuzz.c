// The stage that decrypts, with a cipher whose tag can be made right: any artifact in any pieces,
// with or without a promised length, and gone on with after a reset at any block.
//
// Checked: what comes out is never more than what went in and may be held back; finish says OK only
// for exactly the ciphertext of the header, with its tag, and then all of its plaintext came out; a
// download that was interrupted ends as one that was not; input and output are of exact length.
// Input: how, then the artifact; its header may be repaired.
#include "aloft/base/bytes.h"
#include "aloft/image.h"
#include "aloft/unwrap.h"
#include "aloft/update/resume.h"
#include "fuzz.h"
#include "ram_flash.h"
#include "seal.h"

enum { LEN_MAX = 4096, ROOM = 2048, AREA = 0x1000 };

static struct {
    struct seal seal;
    struct aloft_unwrap unwrap;
    struct ram_flash ram;
    uint8_t chip[AREA];
    uint8_t file[LEN_MAX];
    uint32_t len;
    uint8_t out[LEN_MAX + ALOFT_STAGE_HELD];
    uint32_t made;
    enum aloft_err judge; // what the judge says of each piece
} scene;

static enum aloft_err take(void *ctx, const uint8_t *data, uint32_t len)
{
    FUZZ_CHECK(ctx == &scene);
    FUZZ_CHECK(len <= sizeof scene.out - scene.made);
    memcpy(scene.out + scene.made, data, len);
    scene.made += len;
    return scene.judge;
}

// In a block of its own, so that a byte too far is seen.
static enum aloft_err feed(struct aloft_stage *stage, uint32_t at, uint32_t len)
{
    uint32_t before = scene.made;
    uint8_t *piece = malloc(len + 1);
    FUZZ_CHECK(piece != NULL);
    memmove(piece, scene.file + at, len);
    enum aloft_err err = stage->feed(stage, piece, len, take, &scene);
    free(piece);
    FUZZ_CHECK(scene.made - before <= len + ALOFT_STAGE_HELD);
    FUZZ_CHECK(scene.made <= at + len);
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

static enum aloft_err feed_all(struct aloft_stage *stage, struct fuzz_input *how, uint32_t from)
{
    enum aloft_err err = ALOFT_OK;
    for (uint32_t at = from; at < scene.len && err == ALOFT_OK;) {
        uint32_t n = fuzz_u8(how);
        n = n % 16 == 0 ? 700 : n;
        n = n < scene.len - at ? n : scene.len - at;
        err = feed(stage, at, n);
        at += n;
    }
    return err == ALOFT_OK ? stage->finish(stage) : err;
}

// Once more, with a reset after some blocks: the end is the same.
static void go_on(struct fuzz_input *how, uint32_t promised, bool required, enum aloft_err want)
{
    struct aloft_stage *stage = &scene.unwrap.stage;
    uint32_t off = fuzz_u16(how) % (ROOM / 16) * 16;
    uint32_t made = scene.made;
    if (scene.unwrap.have != ALOFT_ENCIMG_HEADER || off > made || want == ALOFT_ERR_STATE) {
        return;
    }
    ram_flash_init(&scene.ram, scene.chip, sizeof scene.chip);
    struct aloft_resume notes = {.view = {&scene.ram.flash, 0, sizeof scene.chip},
                                 .area_len = AREA,
                                 .ahead = ALOFT_STAGE_AHEAD};
    FUZZ_CHECK(stage->keep(stage, &notes, 0) == ALOFT_OK);
    FUZZ_CHECK(stage->keep(stage, &notes, 1) == ALOFT_OK);
    seal_init(&scene.seal);
    aloft_unwrap_init(&scene.unwrap, &scene.seal.decrypt, required);
    stage->begin(stage, promised, ROOM);
    enum aloft_err err = stage->resume(stage, &notes);
    err = err == ALOFT_OK ? stage->reread(stage, scene.out, off) : err;
    scene.made = off;
    err = err == ALOFT_OK ? feed_all(stage, how, ALOFT_ENCIMG_HEADER + off) : err;
    FUZZ_CHECK(err == want || (err != ALOFT_OK && want != ALOFT_OK));
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
    struct aloft_stage *stage = &scene.unwrap.stage;
    seal_init(&scene.seal);
    aloft_unwrap_init(&scene.unwrap, (how & 128) != 0 ? NULL : &scene.seal.decrypt, required);
    stage->begin(stage, promised, ROOM);
    enum aloft_err err = feed_all(stage, &pieces, 0);
    if (scene.judge == ALOFT_OK) {
        check_end(err, required);
    }
    FUZZ_CHECK(err != ALOFT_OK || scene.judge == ALOFT_OK || scene.made == 0);
    if (scene.judge == ALOFT_OK && (how & 128) == 0) {
        go_on(&pieces, promised, required, err);
    }
    return 0;
}
