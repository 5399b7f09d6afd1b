// Two stages in a row, and one: those of the tests, which expand and shrink, and the one that
// decrypts before either of them. Any artifact in any pieces and budgets, and once more with power
// going away up to three times, wherever that is.
//
// Checked: what goes on after a reset gives the same bytes and comes to the same end as what was
// not interrupted; an artifact without spoilt bytes gives exactly what it was made from. Input:
// row, how, pieces, budgets and resets, then the artifact, or what it is made from.
#include "aloft/unwrap.h"
#include "fuzz.h"
#include "pass.h"
#include "seal.h"
#include "test_stages.h"

enum { CONTENT = 900, FILE_MAX = 4 * CONTENT + 32 + ALOFT_ENCIMG_HEADER, ROWS = TEST_ROWS + 2 };

static struct {
    uint32_t kind;
    struct seal seal;
    struct aloft_unwrap unwrap;
    struct test_row row;
    struct pass pass;
    uint8_t want[PASS_OUT];
    uint8_t content[FILE_MAX];
    uint32_t content_len;
    uint8_t file[FILE_MAX];
    uint32_t len;
} scene;

static bool is_sealed(void)
{
    return scene.kind >= TEST_ROWS;
}

// Row 0 puffs alone, row 3 shrinks alone: after unwrap they are the second.
static uint32_t test_kind(void)
{
    return is_sealed() ? (scene.kind - TEST_ROWS) * 3 : scene.kind;
}

static void begin(void)
{
    struct aloft_stage *first = test_row_init(&scene.row, test_kind());
    if (is_sealed()) {
        seal_init(&scene.seal);
        aloft_unwrap_init(&scene.unwrap, &scene.seal.decrypt, true);
        scene.unwrap.stage.next = first;
        first = &scene.unwrap.stage;
    }
    aloft_stages_begin(&scene.pass.stages, first, scene.len, PASS_OUT);
    scene.pass.file = scene.file;
    scene.pass.made = 0;
    scene.pass.until = 0;
    scene.pass.stopped = false;
}

// The artifact: as it is in the input, or made from it and then spoilt in one byte, or not.
static bool make_file(struct fuzz_input *in, bool raw, uint16_t spoil)
{
    uint8_t between[FILE_MAX];
    scene.content_len = fuzz_bytes(in, scene.content, CONTENT);
    scene.len = scene.content_len;
    memcpy(between, scene.content, scene.len);
    if (!raw) {
        scene.len = test_row_make(test_kind(), scene.content, scene.content_len, between);
    }
    memcpy(scene.file, between, scene.len);
    if (is_sealed()) {
        seal_make(between, scene.len, 7, scene.file);
        scene.len += ALOFT_ENCIMG_HEADER;
    }
    bool spoilt = spoil % 4 == 0 && scene.len > 0;
    if (spoilt) {
        scene.file[spoil / 4 % scene.len] ^= 0x41;
    }
    return spoilt;
}

static enum aloft_err run(struct fuzz_input *how, uint32_t from)
{
    enum aloft_err err = pass_feed(&scene.pass, how, from, scene.len);
    return err == ALOFT_OK && !scene.pass.stopped ? pass_finish(&scene.pass, how) : err;
}

// Power goes away: the stages are asked where they can be restarted, and a new pass begins there.
// False: they cannot tell, and the download starts from its first byte.
static bool reset(uint32_t *from)
{
    struct aloft_restart restart;
    uint8_t kept[sizeof scene.unwrap.header];
    uint32_t made = scene.pass.made;
    bool known = aloft_stages_ask(&scene.pass.stages, made, &restart);
    memcpy(kept, scene.unwrap.header, sizeof kept);
    begin();
    *from = 0;
    if (known) {
        FUZZ_CHECK(restart.image == made && restart.artifact <= scene.len);
        memcpy(scene.unwrap.header, kept, sizeof kept);
        FUZZ_CHECK(aloft_stages_resume(&scene.pass.stages, &restart) == ALOFT_OK);
        scene.pass.made = made;
        *from = restart.artifact;
    }
    return known;
}

static void go_on(struct fuzz_input *how, enum aloft_err want, uint32_t made)
{
    uint32_t from = 0;
    enum aloft_err err = ALOFT_OK;
    begin();
    memset(scene.pass.out, 0xA5, sizeof scene.pass.out);
    for (uint32_t i = 0; i < 3; i++) {
        scene.pass.until = scene.pass.made + 1 + fuzz_u16(how) % (made + 1);
        err = run(how, from);
        if (!scene.pass.stopped) {
            break;
        }
        (void)reset(&from);
        err = ALOFT_OK;
    }
    if (scene.pass.until == 0) { // after the last reset
        err = run(how, from);
    }
    FUZZ_CHECK(err == want && scene.pass.made == made);
    FUZZ_CHECK(memcmp(scene.pass.out, scene.want, made) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    uint8_t split[48] = {0};
    memset(&scene, 0, sizeof scene);
    scene.kind = fuzz_u8(&in) % ROWS;
    bool raw = (fuzz_u8(&in) & 1) != 0;
    uint16_t spoil = fuzz_u16(&in);
    (void)fuzz_bytes(&in, split, sizeof split);
    bool spoilt = make_file(&in, raw, spoil);
    struct fuzz_input how = {split, sizeof split};
    begin();
    enum aloft_err err = run(&how, 0);
    uint32_t made = scene.pass.made;
    if (!raw && !spoilt && scene.content_len > 0) {
        FUZZ_CHECK(err == ALOFT_OK && made == scene.content_len);
        FUZZ_CHECK(memcmp(scene.pass.out, scene.content, made) == 0);
    }
    memcpy(scene.want, scene.pass.out, made);
    go_on(&how, err, made);
    return 0;
}
