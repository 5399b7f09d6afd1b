// START -> PLAIN, or START -> HEADER -> BODY -> DONE. Ciphertext goes to the port in whole blocks,
// but for the very last bytes, as chips and libraries want it.
#include "aloft/unwrap.h"
#include <string.h>

enum phase { START, PLAIN, HEADER, BODY, DONE, BROKEN };

#define BLOCK 16u

_Static_assert(ALOFT_ENCIMG_SAID_LEN <= ALOFT_STAGE_KEEP, "the notes have room for the header");
_Static_assert(BLOCK - 1 <= ALOFT_STAGE_HELD, "and the engine for what is held back");

void aloft_unwrap_init(struct aloft_unwrap *unwrap, const struct aloft_decrypt *decrypt,
                       bool required)
{
    memset(unwrap, 0, sizeof *unwrap);
    unwrap->decrypt = decrypt;
    unwrap->required = required;
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

static void begin(void *ctx, uint32_t len, uint32_t room)
{
    struct aloft_unwrap *unwrap = ctx;
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
    return ALOFT_OK;
}

static enum aloft_err decide(struct aloft_unwrap *unwrap, uint8_t first)
{
    bool plain = first != ALOFT_ENCIMG_FIRST;
    unwrap->phase = plain ? PLAIN : HEADER;
    enum aloft_err err = plain ? (unwrap->required ? ALOFT_ERR_ENC_REQUIRED : ALOFT_OK)
                               : (unwrap->decrypt == NULL ? ALOFT_ERR_ENC_NO_KEY : ALOFT_OK);
    return err == ALOFT_OK ? ALOFT_OK : end(unwrap, err, BROKEN);
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

// Some of the ciphertext: whole blocks as they lie there, or bytes of one that comes in parts.
// *done: bytes of plaintext.
static enum aloft_err open_some(struct aloft_unwrap *unwrap, const uint8_t *data, uint32_t *len,
                                uint8_t *out, uint32_t *done)
{
    const struct aloft_decrypt *decrypt = unwrap->decrypt;
    uint32_t n = *len;
    bool whole = unwrap->held == 0 && n >= BLOCK;
    if (whole) {
        n -= n % BLOCK;
    } else {
        n = n < BLOCK - unwrap->held ? n : BLOCK - unwrap->held;
        memcpy(unwrap->block + unwrap->held, data, n);
        unwrap->held += n;
    }
    *len = n;
    unwrap->left -= n;
    *done = whole ? n : 0;
    if (!whole && (unwrap->held == BLOCK || unwrap->left == 0)) {
        data = unwrap->block;
        *done = unwrap->held;
        unwrap->held = 0;
    }
    return *done == 0 ? ALOFT_OK : decrypt->feed(decrypt->ctx, data, *done, out);
}

static enum aloft_err open_all(struct aloft_unwrap *unwrap, const uint8_t *data, uint32_t len,
                               uint8_t *out, uint32_t *made)
{
    enum aloft_err err = len > unwrap->left ? ALOFT_ERR_ENC_LENGTH : ALOFT_OK;
    while (len > 0 && err == ALOFT_OK) {
        uint32_t n = len;
        uint32_t done;
        err = open_some(unwrap, data, &n, out + *made, &done);
        *made += done;
        data += n;
        len -= n;
    }
    return err == ALOFT_OK ? ALOFT_OK : end(unwrap, err, BROKEN);
}

static enum aloft_err feed(void *ctx, const uint8_t *data, uint32_t len, uint8_t *out,
                           uint32_t *made)
{
    struct aloft_unwrap *unwrap = ctx;
    enum aloft_err err = ALOFT_OK;
    *made = 0;
    if (unwrap->phase == START && len > 0) {
        err = decide(unwrap, data[0]);
    }
    if (unwrap->phase == HEADER) {
        uint32_t n = gather(unwrap, data, len);
        data += n;
        len -= n;
        err = unwrap->have == ALOFT_ENCIMG_HEADER ? open(unwrap) : ALOFT_OK;
    }
    if (unwrap->phase == PLAIN) {
        memcpy(out, data, len);
        *made = len;
    } else if (unwrap->phase == BODY) {
        err = open_all(unwrap, data, len, out, made);
    } else if (unwrap->phase != HEADER && err == ALOFT_OK && len > 0) {
        err = ALOFT_ERR_STATE;
    }
    return err;
}

// Keeps U2.
static enum aloft_err finish(void *ctx)
{
    struct aloft_unwrap *unwrap = ctx;
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

static bool active(const void *ctx)
{
    const struct aloft_unwrap *unwrap = ctx;
    return unwrap->phase >= BODY;
}

static uint8_t *state(void *ctx)
{
    struct aloft_unwrap *unwrap = ctx;
    return unwrap->header + ALOFT_ENCIMG_SAID;
}

// What was not kept of the header is the same in all of them.
static enum aloft_err resume(void *ctx)
{
    struct aloft_unwrap *unwrap = ctx;
    aloft_encimg_complete(unwrap->header);
    return unwrap->decrypt == NULL ? end(unwrap, ALOFT_ERR_ENC_NO_KEY, BROKEN) : open(unwrap);
}

static enum aloft_err reread(void *ctx, const uint8_t *image, uint32_t len)
{
    struct aloft_unwrap *unwrap = ctx;
    const struct aloft_decrypt *decrypt = unwrap->decrypt;
    bool fits = unwrap->phase == BODY && len <= unwrap->left;
    enum aloft_err err = fits ? decrypt->refeed(decrypt->ctx, image, len) : ALOFT_ERR_ENC_LENGTH;
    unwrap->left -= len;
    return err == ALOFT_OK ? ALOFT_OK : end(unwrap, err, BROKEN);
}

struct aloft_stage aloft_unwrap_stage(struct aloft_unwrap *unwrap)
{
    static const struct aloft_stage_ops ops = {ALOFT_ENCIMG_HEADER,
                                               ALOFT_ENCIMG_SAID_LEN,
                                               begin,
                                               feed,
                                               finish,
                                               active,
                                               state,
                                               resume,
                                               reread};
    return (struct aloft_stage){&ops, unwrap};
}
