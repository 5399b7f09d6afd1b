// START -> PLAIN, or START -> HEADER -> BODY -> DONE. Ciphertext goes to the port in whole blocks,
// but for the very last bytes, as chips and libraries want it.
#include "aloft/unwrap.h"
#include "aloft/image.h"
#include "aloft/update/resume.h"
#include <string.h>

enum phase { START, PLAIN, HEADER, BODY, DONE, BROKEN };

#define BLOCK 16u
#define PIECE 128u // bytes on the stack at a time; a multiple of BLOCK

_Static_assert(ALOFT_ENCIMG_HEADER == ALOFT_STAGE_AHEAD, "all of the header is kept");
_Static_assert(ALOFT_IMAGE_HEAD_LEN % BLOCK == 0, "the image's head ends with a block");
_Static_assert(BLOCK - 1 <= ALOFT_STAGE_HELD, "and the engine for what is held back");

static struct aloft_unwrap *unwrap_of(struct aloft_stage *stage)
{
    return (struct aloft_unwrap *)(void *)stage; // its first member
}

// The port forgets the key as soon as it is of no more use.
static enum aloft_err end(struct aloft_unwrap *unwrap, enum aloft_err err, enum phase phase)
{
    if (unwrap->phase == BODY) {
        unwrap->decrypt->end(unwrap->decrypt->ctx);
    }
    unwrap->phase = phase;
    return err;
}

static void stage_begin(struct aloft_stage *stage, uint32_t len, uint32_t room)
{
    struct aloft_unwrap *unwrap = unwrap_of(stage);
    (void)end(unwrap, ALOFT_OK, START);
    unwrap->len = len;
    unwrap->room = room;
    unwrap->have = 0;
    unwrap->held = 0;
}

// The header is complete. Keeps U1.
static enum aloft_err open(struct aloft_unwrap *unwrap)
{
    const struct aloft_decrypt *decrypt = unwrap->decrypt;
    struct aloft_encimg image;
    enum aloft_err err = aloft_encimg_parse(unwrap->header, &image);
    if (err == ALOFT_OK && unwrap->len != 0 && unwrap->len - ALOFT_ENCIMG_HEADER != image.len) {
        err = ALOFT_ERR_ENC_LENGTH;
    }
    if (err == ALOFT_OK && image.len > unwrap->room) {
        err = ALOFT_ERR_IMAGE_TOO_LARGE;
    }
    if (err == ALOFT_OK) {
        err = decrypt->begin(decrypt->ctx, image.wrapped, image.iv);
    }
    if (err != ALOFT_OK) {
        return end(unwrap, err, BROKEN);
    }
    unwrap->left = image.len;
    unwrap->phase = BODY;
    unwrap->made = 0;
    return ALOFT_OK;
}

static enum aloft_err decide(struct aloft_unwrap *unwrap, bool plain)
{
    enum aloft_err err = ALOFT_OK;
    if (plain && unwrap->required) {
        err = ALOFT_ERR_ENC_REQUIRED;
    } else if (!plain && unwrap->decrypt == NULL) {
        err = ALOFT_ERR_ENC_NO_KEY;
    }
    return end(unwrap, err, err != ALOFT_OK ? BROKEN : plain ? PLAIN : HEADER);
}

// Some of the header; how many bytes.
static uint32_t gather(struct aloft_unwrap *unwrap, const uint8_t *data, uint32_t len)
{
    uint32_t n = ALOFT_ENCIMG_HEADER - unwrap->have;
    n = n < len ? n : len;
    memcpy(unwrap->header + unwrap->have, data, n);
    unwrap->have += n;
    return n;
}

// Some of the ciphertext: whole blocks as they lie there, or bytes of one that comes in parts. *len
// says how many.
static enum aloft_err open_some(struct aloft_unwrap *unwrap, const uint8_t *data, uint32_t *len,
                                aloft_stage_sink *sink, void *ctx)
{
    const struct aloft_decrypt *decrypt = unwrap->decrypt;
    uint8_t out[PIECE];
    uint32_t head = ALOFT_IMAGE_HEAD_LEN - unwrap->made;       // or a large number behind it
    uint32_t limit = head != 0 && head < PIECE ? head : PIECE; // no piece goes over the head's end
    uint32_t n = *len < limit ? *len : limit;
    uint32_t ready = 0;
    if (unwrap->held == 0 && n >= BLOCK) {
        n -= n % BLOCK;
        ready = n;
    } else {
        n = n < BLOCK - unwrap->held ? n : BLOCK - unwrap->held;
        memcpy(unwrap->block + unwrap->held, data, n);
        unwrap->held += n;
        data = unwrap->block;
    }
    *len = n;
    unwrap->left -= n;
    if (unwrap->held == BLOCK || (unwrap->held > 0 && unwrap->left == 0)) {
        ready = unwrap->held;
        unwrap->held = 0;
    }
    if (ready == 0) {
        return ALOFT_OK;
    }
    enum aloft_err err = decrypt->feed(decrypt->ctx, data, ready, out);
    if (err != ALOFT_OK) {
        return err;
    }
    unwrap->made += ready;
    err = sink(ctx, out, ready);
    err = unwrap->made <= ALOFT_IMAGE_HEAD_LEN ? err : ALOFT_OK;
    return err == ALOFT_ERR_IMAGE_MAGIC ? ALOFT_ERR_ENC_KEY : err;
}

static enum aloft_err open_all(struct aloft_unwrap *unwrap, const uint8_t *data, uint32_t len,
                               aloft_stage_sink *sink, void *ctx)
{
    enum aloft_err err = len > unwrap->left ? ALOFT_ERR_ENC_LENGTH : ALOFT_OK;
    while (len > 0 && err == ALOFT_OK) {
        uint32_t n = len;
        err = open_some(unwrap, data, &n, sink, ctx);
        data += n;
        len -= n;
    }
    return err == ALOFT_OK ? ALOFT_OK : end(unwrap, err, BROKEN);
}

static enum aloft_err stage_feed(struct aloft_stage *stage, const uint8_t *data, uint32_t len,
                                 aloft_stage_sink *sink, void *ctx)
{
    struct aloft_unwrap *unwrap = unwrap_of(stage);
    enum aloft_err err = ALOFT_OK;
    if (unwrap->phase == START && len > 0) {
        err = decide(unwrap, data[0] != ALOFT_ENCIMG_FIRST);
    }
    if (unwrap->phase == HEADER) {
        uint32_t n = gather(unwrap, data, len);
        data += n;
        len -= n;
        err = unwrap->have == ALOFT_ENCIMG_HEADER ? open(unwrap) : ALOFT_OK;
    }
    if (err != ALOFT_OK || len == 0) {
        return err;
    }
    if (unwrap->phase == PLAIN) {
        return sink(ctx, data, len);
    }
    return unwrap->phase == BODY ? open_all(unwrap, data, len, sink, ctx) : ALOFT_ERR_STATE;
}

// Keeps U2.
static enum aloft_err stage_finish(struct aloft_stage *stage)
{
    struct aloft_unwrap *unwrap = unwrap_of(stage);
    const struct aloft_decrypt *decrypt = unwrap->decrypt;
    struct aloft_encimg image;
    if (unwrap->phase == PLAIN || unwrap->phase == START) {
        return ALOFT_OK; // nothing at all is for the judge to name
    }
    if (unwrap->phase != BODY || unwrap->left != 0) {
        return end(unwrap, ALOFT_ERR_ENC_LENGTH, BROKEN);
    }
    enum aloft_err err = aloft_encimg_parse(unwrap->header, &image);
    err = err == ALOFT_OK ? decrypt->finish(decrypt->ctx, image.tag) : err;
    return end(unwrap, err, err == ALOFT_OK ? DONE : BROKEN);
}

// Where the header is kept.
static uint32_t kept(const struct aloft_resume *resume)
{
    return resume->area + resume->area_len - ALOFT_STAGE_AHEAD;
}

static enum aloft_err stage_keep(struct aloft_stage *stage, struct aloft_resume *resume, uint32_t n)
{
    const struct aloft_unwrap *unwrap = unwrap_of(stage);
    uint32_t at = n * ALOFT_FLASH_PAGE;
    if (unwrap->phase == PLAIN) {
        resume->ahead = 0;
        return ALOFT_OK;
    }
    return aloft_flash_prog(&resume->view, kept(resume) + at, unwrap->header + at,
                            ALOFT_FLASH_PAGE);
}

// The header needs no checksum of its own: what is wrong in it is found as if it had been wrong in
// the artifact, by the tag at the latest.
static enum aloft_err stage_resume(struct aloft_stage *stage, const struct aloft_resume *resume)
{
    struct aloft_unwrap *unwrap = unwrap_of(stage);
    bool plain = resume->ahead == 0;
    enum aloft_err err = decide(unwrap, plain);
    if (err != ALOFT_OK || plain) {
        return err;
    }
    err = aloft_flash_read(&resume->view, kept(resume), unwrap->header, sizeof unwrap->header);
    return err == ALOFT_OK ? open(unwrap) : end(unwrap, err, BROKEN);
}

static enum aloft_err stage_reread(struct aloft_stage *stage, const uint8_t *image, uint32_t len)
{
    struct aloft_unwrap *unwrap = unwrap_of(stage);
    const struct aloft_decrypt *decrypt = unwrap->decrypt;
    if (unwrap->phase == PLAIN) {
        return ALOFT_OK;
    }
    bool fits = unwrap->phase == BODY && len <= unwrap->left;
    enum aloft_err err = fits ? decrypt->refeed(decrypt->ctx, image, len) : ALOFT_ERR_ENC_LENGTH;
    unwrap->left -= len;
    unwrap->made += len;
    return err == ALOFT_OK ? ALOFT_OK : end(unwrap, err, BROKEN);
}

void aloft_unwrap_init(struct aloft_unwrap *unwrap, const struct aloft_decrypt *decrypt,
                       bool required)
{
    memset(unwrap, 0, sizeof *unwrap);
    unwrap->stage = (struct aloft_stage){stage_begin, stage_feed,   stage_finish,
                                         stage_keep,  stage_resume, stage_reread};
    unwrap->decrypt = decrypt;
    unwrap->required = required;
}
