// See the header.
#include "pass.h"
#include "aloft/image.h"

static enum aloft_err take(struct pass *pass, const uint8_t *piece, uint32_t n)
{
    if (n > sizeof pass->out - pass->made) {
        return ALOFT_ERR_IMAGE_TOO_LARGE;
    }
    memcpy(pass->out + pass->made, piece, n);
    pass->made += n;
    pass->stopped = pass->until != 0 && pass->made >= pass->until;
    if (n == 0 || pass->judge == ALOFT_OK) {
        return ALOFT_OK;
    }
    enum aloft_err err = aloft_stages_fault(&pass->stages, pass->judge);
    FUZZ_CHECK(err != ALOFT_OK || pass->made > ALOFT_IMAGE_HEAD_LEN);
    return err;
}

static enum aloft_err drain(struct pass *pass, struct fuzz_input *how)
{
    uint32_t n = 1;
    enum aloft_err err = ALOFT_OK;
    while (n > 0 && err == ALOFT_OK && !pass->stopped) {
        uint32_t cap = ALOFT_STAGE_ALIGN + fuzz_u8(how);
        uint8_t *piece = malloc(cap);
        FUZZ_CHECK(piece != NULL);
        err = aloft_stages_poll(&pass->stages, piece, cap, &n);
        FUZZ_CHECK(n <= cap);
        err = err == ALOFT_OK ? take(pass, piece, n) : err;
        free(piece);
    }
    return err;
}

static enum aloft_err feed_piece(struct pass *pass, struct fuzz_input *how, uint32_t at,
                                 uint32_t len)
{
    enum aloft_err err = ALOFT_OK;
    while (len > 0 && err == ALOFT_OK && !pass->stopped) {
        uint32_t room = aloft_stages_room(&pass->stages);
        uint32_t n = len < room ? len : room;
        FUZZ_CHECK(n > 0);
        uint8_t *piece = malloc(n);
        FUZZ_CHECK(piece != NULL);
        memcpy(piece, pass->file + at, n);
        err = aloft_stages_sink(&pass->stages, piece, n);
        free(piece);
        err = err == ALOFT_OK ? drain(pass, how) : err;
        at += n;
        len -= n;
    }
    return err;
}

enum aloft_err pass_feed(struct pass *pass, struct fuzz_input *how, uint32_t from, uint32_t to)
{
    enum aloft_err err = ALOFT_OK;
    for (uint32_t at = from; at < to && err == ALOFT_OK && !pass->stopped;) {
        uint32_t n = fuzz_u8(how);
        n = n % 16 == 0 ? 700 : n;
        n = n < to - at ? n : to - at;
        err = feed_piece(pass, how, at, n);
        at += n;
    }
    return err;
}

enum aloft_err pass_finish(struct pass *pass, struct fuzz_input *how)
{
    aloft_stages_end(&pass->stages);
    enum aloft_err err = drain(pass, how);
    FUZZ_CHECK(pass->stopped || aloft_stages_done(&pass->stages) == (err == ALOFT_OK));
    return err;
}
