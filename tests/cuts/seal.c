// The stream is a multiplicative hash of key and place; the tag is another one, over the
// ciphertext in its order: cheaper than a CRC, and no changed byte leaves it as it was.
#include "seal.h"
#include "aloft/base/bytes.h"
#include "aloft/format/encimg.h"
#include <string.h>

static uint8_t stream(uint8_t key, uint32_t at)
{
    return (uint8_t)(((at + 1) * 2654435761u ^ key * 40503u) >> 13);
}

static uint32_t tag_of(uint32_t tag, const uint8_t *data, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++) {
        tag = (tag + data[i] + 1) * 2654435761u;
    }
    return tag;
}

static enum aloft_err begin(void *ctx, const uint8_t wrapped[384], const uint8_t iv[16])
{
    struct seal *seal = ctx;
    (void)iv;
    seal->key = wrapped[0];
    seal->at = 0;
    seal->tag = 0;
    return ALOFT_OK;
}

static enum aloft_err feed(void *ctx, const uint8_t *data, uint32_t len, uint8_t *out)
{
    struct seal *seal = ctx;
    seal->tag = tag_of(seal->tag, data, len);
    for (uint32_t i = 0; i < len; i++) {
        out[i] = data[i] ^ stream(seal->key, seal->at++);
    }
    return ALOFT_OK;
}

static enum aloft_err save(void *ctx, uint8_t state[ALOFT_DECRYPT_STATE])
{
    const struct seal *seal = ctx;
    memset(state, 0, ALOFT_DECRYPT_STATE);
    aloft_put_le32(state, seal->tag);
    return ALOFT_OK;
}

static enum aloft_err load(void *ctx, uint32_t off, const uint8_t state[ALOFT_DECRYPT_STATE])
{
    struct seal *seal = ctx;
    seal->at = off;
    seal->tag = aloft_get_le32(state);
    return ALOFT_OK;
}

static enum aloft_err finish(void *ctx, const uint8_t tag[16])
{
    const struct seal *seal = ctx;
    return aloft_get_le32(tag) == seal->tag ? ALOFT_OK : ALOFT_ERR_ENC_TAG;
}

static void end(void *ctx)
{
    struct seal *seal = ctx;
    seal->key = 0;
}

void seal_init(struct seal *seal)
{
    memset(seal, 0, sizeof *seal);
    seal->decrypt = (struct aloft_decrypt){seal, begin, feed, save, load, finish, end};
}

void seal_tag(const uint8_t *ciphertext, uint32_t len, uint8_t tag[16])
{
    memset(tag, 0, ALOFT_ENCIMG_TAG);
    aloft_put_le32(tag, tag_of(0, ciphertext, len));
}

void seal_make(const uint8_t *image, uint32_t len, uint8_t key, uint8_t *out)
{
    uint8_t wrapped[ALOFT_ENCIMG_WRAPPED];
    uint8_t iv[ALOFT_ENCIMG_IV] = {0};
    uint8_t tag[ALOFT_ENCIMG_TAG];
    struct aloft_encimg parts = {.wrapped = wrapped, .iv = iv, .tag = tag, .len = len};
    memset(wrapped, key, sizeof wrapped);
    for (uint32_t i = 0; i < len; i++) {
        out[ALOFT_ENCIMG_HEADER + i] = image[i] ^ stream(key, i);
    }
    seal_tag(out + ALOFT_ENCIMG_HEADER, len, tag);
    aloft_encimg_emit(&parts, out);
}
