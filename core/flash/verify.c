// Feeds the judge of core/format/image.c from flash, in one loop, and passes its events to the
// sink.
#include "aloft/verify.h"
#include "aloft/trust.h"
#include <string.h>

#define PIECE 256u // bytes on the stack at a time

void aloft_verify_init(struct aloft_verify *verify, const struct aloft_flash_view *view,
                       const struct aloft_image_rules *rules)
{
    memset(verify, 0, sizeof *verify);
    verify->view = *view;
    aloft_image_init(&verify->image, rules);
    verify->image.rules.len_max = view->len;
    verify->image.rules.alone = false;
}

enum aloft_err aloft_verify_feed(struct aloft_verify *verify, const uint8_t *data, uint32_t len)
{
    enum aloft_image_event event;
    do {
        uint32_t used;
        event = aloft_image_next(&verify->image, data, len, &used);
        if (event == ALOFT_IMAGE_BAD) {
            return verify->image.err;
        }
        if (verify->sink != NULL && event >= ALOFT_IMAGE_SEGMENT && event <= ALOFT_IMAGE_DESC) {
            uint32_t n = event == ALOFT_IMAGE_DATA ? used : 0;
            enum aloft_err err = verify->sink(verify->ctx, &verify->image, event, data, n);
            if (err != ALOFT_OK) {
                return err;
            }
        }
        data += used;
        len -= used;
    } while (event != ALOFT_IMAGE_MORE);
    return ALOFT_OK;
}

// Byte path 8/12: from flash; the whole image passes the judge once more, as it lies there.
static enum aloft_err read_piece(struct aloft_verify *verify, uint32_t end)
{
    _Alignas(uint32_t) uint8_t piece[PIECE]; // a chip that wants words reads into it
    uint32_t n = end - verify->off < PIECE ? end - verify->off : PIECE;
    enum aloft_err err = aloft_flash_read(&verify->view, verify->off, piece, n);
    if (err != ALOFT_OK) {
        return err;
    }
    if (verify->off < verify->first_len) {
        uint32_t cover = verify->first_len - verify->off;
        memcpy(piece, verify->first + verify->off, cover < n ? cover : n);
    }
    verify->off += n;
    if (verify->check != NULL) {
        err = verify->check->judge(verify->check->ctx, piece, n, end - verify->off);
    }
    return err == ALOFT_OK ? aloft_verify_feed(verify, piece, n) : err;
}

// All bytes have passed. With a trust, the hash that went with them says what was signed.
static enum aloft_err finish(struct aloft_verify *verify)
{
    struct aloft_image *image = &verify->image;
    const struct aloft_trust *trust = image->rules.trust;
    const struct aloft_crypto *crypto = image->rules.crypto;
    uint8_t digest[ALOFT_SHA256_LEN];
    enum aloft_err err = aloft_image_finish(image);
    if (err != ALOFT_OK || trust == NULL) {
        return err;
    }
    err = crypto != NULL ? crypto->hash_finish(&image->sha, digest) : ALOFT_ERR_CRYPTO;
    return err == ALOFT_OK
               ? trust->judge(trust, crypto, &verify->view, aloft_image_signed_len(image), digest)
               : err;
}

void aloft_verify_end(struct aloft_verify *verify)
{
    aloft_image_end(&verify->image);
}

static enum aloft_step read_some(struct aloft_verify *verify)
{
    uint32_t end = verify->len != 0 ? verify->len : verify->view.len;
    for (uint32_t read = 0; read < ALOFT_VERIFY_STEP && verify->err == ALOFT_OK; read += PIECE) {
        bool over = verify->len == 0 && aloft_image_ended(&verify->image);
        if (over || verify->off >= end) {
            verify->err = finish(verify);
            return verify->err == ALOFT_OK ? ALOFT_STEP_DONE : ALOFT_STEP_FAILED;
        }
        verify->err = read_piece(verify, end);
    }
    return verify->err == ALOFT_OK ? ALOFT_STEP_AGAIN : ALOFT_STEP_FAILED;
}

enum aloft_step aloft_verify_step(struct aloft_verify *verify)
{
    enum aloft_step step = read_some(verify);
    if (step != ALOFT_STEP_AGAIN) {
        aloft_verify_end(verify);
    }
    return step;
}
