// START -> PLAIN, or START -> HEADER -> BODY -> DONE. Ciphertext goes to the port in whole blocks,
// but for the very last bytes, as chips and libraries want it.
#include "aloft/unwrap.h"
#include <string.h>

enum phase { START, PLAIN, HEADER, BODY, DONE, BROKEN };

#define BLOCK 16u
#define ID    0xE001u

_Static_assert(ALOFT_ENCIMG_HEADER <= ALOFT_STAGE_KEPT, "all of the header is kept");
_Static_assert(ALOFT_DECRYPT_STATE <= ALOFT_STAGE_STATE, "and the state fits into a point");
_Static_assert(ALOFT_STAGE_ALIGN % BLOCK == 0, "what is polled ends with a block");

static struct aloft_unwrap *unwrap_of(struct aloft_stage *stage)
{
    return (struct aloft_unwrap *)(void *)stage; // its first member
}

static const struct aloft_unwrap *unwrap_in(const struct aloft_stage *stage)
{
    return (const struct aloft_unwrap *)(const void *)stage;
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

static void unwrap_begin(struct aloft_stage *stage, uint32_t len, uint32_t room)
{
    struct aloft_unwrap *unwrap = unwrap_of(stage);
    (void)end(unwrap, ALOFT_OK, START);
    unwrap->len = len;
    unwrap->room = room;
    unwrap->have = 0;
    unwrap->fill = 0;
    unwrap->made = 0;
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
    if (err == ALOFT_OK && unwrap->stage.next == NULL && image.len > unwrap->room) {
        err = ALOFT_ERR_IMAGE_TOO_LARGE;
    }
    if (err == ALOFT_OK) {
        err = decrypt->begin(decrypt->ctx, image.wrapped, image.iv);
    }
    if (err != ALOFT_OK) {
        return end(unwrap, err, BROKEN);
    }
    unwrap->stage.gives = image.len;
    unwrap->left = image.len;
    unwrap->phase = BODY;
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
    unwrap->stage.active = !plain;
    return end(unwrap, err, err != ALOFT_OK ? BROKEN : plain ? PLAIN : HEADER);
}

static uint32_t unwrap_room(const struct aloft_stage *stage)
{
    const struct aloft_unwrap *unwrap = unwrap_in(stage);
    return (uint32_t)sizeof unwrap->in - unwrap->fill;
}

// Bytes of ciphertext, or of a plain image, wait until they are polled.
static enum aloft_err take(struct aloft_unwrap *unwrap, const uint8_t *data, uint32_t len)
{
    if (unwrap->phase == BODY) {
        if (len > unwrap->left) {
            return end(unwrap, ALOFT_ERR_ENC_LENGTH, BROKEN);
        }
        unwrap->left -= len;
    }
    memcpy(unwrap->in + unwrap->fill, data, len);
    unwrap->fill += len;
    return ALOFT_OK;
}

static enum aloft_err unwrap_sink(struct aloft_stage *stage, const uint8_t *data, uint32_t len)
{
    struct aloft_unwrap *unwrap = unwrap_of(stage);
    enum aloft_err err = ALOFT_OK;
    if (unwrap->phase == START) {
        err = decide(unwrap, data[0] != ALOFT_ENCIMG_FIRST);
    }
    if (unwrap->phase == HEADER) {
        uint32_t left = ALOFT_ENCIMG_HEADER - unwrap->have;
        uint32_t n = left < len ? left : len;
        memcpy(unwrap->header + unwrap->have, data, n);
        unwrap->have += n;
        data += n;
        len -= n;
        err = n == left ? open(unwrap) : ALOFT_OK;
    }
    if (err != ALOFT_OK || len == 0) {
        return err;
    }
    return unwrap->phase == PLAIN || unwrap->phase == BODY ? take(unwrap, data, len)
                                                           : ALOFT_ERR_STATE;
}

static enum aloft_err unwrap_poll(struct aloft_stage *stage, uint8_t *out, uint32_t cap,
                                  uint32_t *made)
{
    struct aloft_unwrap *unwrap = unwrap_of(stage);
    const struct aloft_decrypt *decrypt = unwrap->decrypt;
    uint32_t n = unwrap->fill < cap ? unwrap->fill : cap;
    enum aloft_err err = ALOFT_OK;
    if (unwrap->phase == BODY && (n < unwrap->fill || unwrap->left > 0)) {
        n -= n % BLOCK; // only the last bytes may be less than a block
    }
    *made = n;
    if (n == 0) {
        return ALOFT_OK;
    }
    ALOFT_INVARIANT("U1", unwrap->phase == PLAIN || unwrap->phase == BODY);
    if (unwrap->phase == BODY) {
        ALOFT_INVARIANT("U3", n % BLOCK == 0 || (unwrap->left == 0 && n == unwrap->fill));
        err = decrypt->feed(decrypt->ctx, unwrap->in, n, out);
    } else {
        memcpy(out, unwrap->in, n);
    }
    memmove(unwrap->in, unwrap->in + n, unwrap->fill - n);
    unwrap->fill -= n;
    unwrap->made += n;
    return err == ALOFT_OK ? ALOFT_OK : end(unwrap, err, BROKEN);
}

// Keeps U2.
static enum aloft_err unwrap_finish(struct aloft_stage *stage)
{
    struct aloft_unwrap *unwrap = unwrap_of(stage);
    const struct aloft_decrypt *decrypt = unwrap->decrypt;
    struct aloft_encimg image;
    if (unwrap->phase == PLAIN || unwrap->phase == START) {
        return ALOFT_OK; // the judge reports an empty artifact
    }
    if (unwrap->phase != BODY || unwrap->left != 0) {
        return end(unwrap, ALOFT_ERR_ENC_LENGTH, BROKEN);
    }
    ALOFT_INVARIANT("U2", unwrap->fill == 0 && unwrap->made == stage->gives);
    enum aloft_err err = aloft_encimg_parse(unwrap->header, &image);
    err = err == ALOFT_OK ? decrypt->finish(decrypt->ctx, image.tag) : err;
    return end(unwrap, err, err == ALOFT_OK ? DONE : BROKEN);
}

// Between two blocks, which is wherever poll has ended but at the very end.
static bool unwrap_point(const struct aloft_stage *stage, struct aloft_stage_point *point)
{
    const struct aloft_unwrap *unwrap = unwrap_in(stage);
    const struct aloft_decrypt *decrypt = unwrap->decrypt;
    if (unwrap->phase != BODY || unwrap->made % BLOCK != 0 || decrypt->save == NULL) {
        return false;
    }
    point->in = ALOFT_ENCIMG_HEADER + unwrap->made;
    point->out = unwrap->made;
    return decrypt->save(decrypt->ctx, point->state) == ALOFT_OK;
}

static enum aloft_err unwrap_resume(struct aloft_stage *stage,
                                    const struct aloft_stage_point *point)
{
    struct aloft_unwrap *unwrap = unwrap_of(stage);
    const struct aloft_decrypt *decrypt = unwrap->decrypt;
    enum aloft_err err = decide(unwrap, point == NULL);
    if (err != ALOFT_OK || point == NULL) {
        return err;
    }
    err = open(unwrap);
    if (err != ALOFT_OK) {
        return err;
    }
    bool fits = point->out % BLOCK == 0 && point->out <= unwrap->left && decrypt->load != NULL &&
                point->in == ALOFT_ENCIMG_HEADER + point->out;
    err = fits ? decrypt->load(decrypt->ctx, point->out, point->state) : ALOFT_ERR_ENC_LENGTH;
    unwrap->made = point->out;
    unwrap->left -= point->out;
    return err == ALOFT_OK ? ALOFT_OK : end(unwrap, err, BROKEN);
}

void aloft_unwrap_init(struct aloft_unwrap *unwrap, const struct aloft_decrypt *decrypt,
                       bool required)
{
    static const struct aloft_stage_ops ops = {
        .begin = unwrap_begin,
        .room = unwrap_room,
        .sink = unwrap_sink,
        .poll = unwrap_poll,
        .finish = unwrap_finish,
        .point = unwrap_point,
        .resume = unwrap_resume,
    };
    memset(unwrap, 0, sizeof *unwrap);
    unwrap->stage = (struct aloft_stage){.ops = &ops,
                                         .row = &aloft_stage_row,
                                         .kept = unwrap->header,
                                         .kept_len = ALOFT_ENCIMG_HEADER,
                                         .id = ID,
                                         .state_len = ALOFT_DECRYPT_STATE,
                                         .proves = true,
                                         .garbage = ALOFT_ERR_ENC_KEY,
                                         .longer = ALOFT_ENCIMG_HEADER};
    unwrap->decrypt = decrypt;
    unwrap->required = required;
}
