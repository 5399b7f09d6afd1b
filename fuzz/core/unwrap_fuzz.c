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
#include "pass.h"
#include "seal.h"

enum { LEN_MAX = 4096, ROOM = 2048 };

static struct {
    struct seal seal;
    struct aloft_unwrap unwrap;
    uint8_t file[LEN_MAX];
    uint32_t len;
    struct pass pass;
} scene;

static void begin(uint32_t promised, bool required, bool has_key)
{
    seal_init(&scene.seal);
    aloft_unwrap_init(&scene.unwrap, has_key ? &scene.seal.decrypt : NULL, required);
    aloft_stages_begin(&scene.pass.stages, &scene.unwrap.stage, promised, ROOM);
    scene.pass.file = scene.file;
    scene.pass.made = 0;
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

// The verdict on a whole artifact, computed in another way than by the stage.
static void check_end(enum aloft_err err, bool required)
{
    struct aloft_encimg image;
    uint8_t tag[16];
    if (err != ALOFT_OK) {
        return;
    }
    if (scene.len == 0 || scene.file[0] != ALOFT_ENCIMG_FIRST) {
        FUZZ_CHECK(scene.len == 0 || !required);
        FUZZ_CHECK(scene.pass.made == scene.len);
        FUZZ_CHECK(memcmp(scene.pass.out, scene.file, scene.len) == 0);
        return;
    }
    FUZZ_CHECK(scene.len > ALOFT_ENCIMG_HEADER);
    FUZZ_CHECK(aloft_encimg_parse(scene.file, &image) == ALOFT_OK);
    FUZZ_CHECK(image.len == scene.len - ALOFT_ENCIMG_HEADER && image.len <= ROOM);
    seal_tag(scene.file + ALOFT_ENCIMG_HEADER, image.len, tag);
    FUZZ_CHECK(memcmp(tag, image.tag, 4) == 0);
    FUZZ_CHECK(scene.pass.made == image.len);
}

// Once more, with a reset after some bytes: the result is the same.
static void go_on(struct fuzz_input *how, uint32_t promised, bool required, enum aloft_err want)
{
    uint32_t at = fuzz_u16(how) % LEN_MAX;
    uint32_t made = scene.pass.made;
    struct aloft_restart restart;
    uint8_t kept[ALOFT_ENCIMG_HEADER];
    begin(promised, required, true);
    if (at >= scene.len || pass_feed(&scene.pass, how, 0, at) != ALOFT_OK || scene.pass.made == 0 ||
        !aloft_stages_ask(&scene.pass.stages, scene.pass.made, &restart)) {
        return;
    }
    uint32_t before = scene.pass.made;
    FUZZ_CHECK(restart.artifact <= at);
    memcpy(kept, scene.unwrap.header, sizeof kept);
    begin(promised, required, true);
    scene.pass.made = before;
    memcpy(scene.unwrap.header, kept, sizeof kept);
    enum aloft_err err = aloft_stages_resume(&scene.pass.stages, &restart);
    err = err == ALOFT_OK ? pass_feed(&scene.pass, how, restart.artifact, scene.len) : err;
    err = err == ALOFT_OK ? pass_finish(&scene.pass, how) : err;
    FUZZ_CHECK(err == want);
    FUZZ_CHECK(err != ALOFT_OK || scene.pass.made == made);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    uint8_t how = fuzz_u8(&in);
    uint8_t split[32] = {0};
    bool required = (how & 8) != 0;
    memset(&scene, 0, sizeof scene);
    (void)fuzz_bytes(&in, split, sizeof split);
    scene.pass.judge = (how & 16) != 0 ? ALOFT_ERR_IMAGE_CHIP : ALOFT_OK;
    scene.len = fuzz_bytes(&in, scene.file, LEN_MAX);
    repair(how);
    uint32_t promised = (how & 32) != 0 ? scene.len : (how & 64) != 0 ? split[0] * 16u : 0;
    struct fuzz_input pieces = {split, sizeof split};
    begin(promised, required, (how & 128) == 0);
    enum aloft_err err = pass_feed(&scene.pass, &pieces, 0, scene.len);
    err = err == ALOFT_OK ? pass_finish(&scene.pass, &pieces) : err;
    FUZZ_CHECK(scene.pass.made <= scene.len);
    if (scene.pass.judge == ALOFT_OK) {
        check_end(err, required);
    }
    FUZZ_CHECK(err != ALOFT_OK || scene.pass.judge == ALOFT_OK || scene.pass.made == 0);
    if (scene.pass.judge == ALOFT_OK && (how & 128) == 0) {
        go_on(&pieces, promised, required, err);
    }
    return 0;
}
