// One pass in each direction. The format is core's; here are keys and the order of calls.
#include "hostlib/image/encimg_make.h"
#include "aloft/unwrap.h"
#include "hostlib/crypto/pk.h"
#include <mbedtls/gcm.h>
#include <mbedtls/platform_util.h>
#include <mbedtls/rsa.h>
#include <string.h>

enum { KEY = 32, KEY_BITS = 8 * KEY };

static int encrypt(const uint8_t key[KEY], struct aloft_encimg *parts, const uint8_t *image,
                   uint8_t *out, uint8_t *tag)
{
    mbedtls_gcm_context gcm;
    mbedtls_gcm_init(&gcm);
    int err = mbedtls_gcm_setkey(&gcm, MBEDTLS_CIPHER_ID_AES, key, KEY_BITS);
    if (err == 0) {
        err =
            mbedtls_gcm_crypt_and_tag(&gcm, MBEDTLS_GCM_ENCRYPT, parts->len, parts->iv,
                                      ALOFT_ENCIMG_IV, NULL, 0, image, out, ALOFT_ENCIMG_TAG, tag);
    }
    mbedtls_gcm_free(&gcm);
    return err;
}

bool aloft_encimg_make(const mbedtls_pk_context *key, const uint8_t *image, uint32_t len,
                       uint8_t *out)
{
    uint8_t secret[KEY];
    uint8_t iv[ALOFT_ENCIMG_IV];
    uint8_t tag[ALOFT_ENCIMG_TAG];
    uint8_t wrapped[ALOFT_ENCIMG_WRAPPED];
    struct aloft_encimg parts = {.wrapped = wrapped, .iv = iv, .tag = tag, .len = len};
    bool good =
        aloft_pk_random(NULL, secret, sizeof secret) == 0 &&
        aloft_pk_random(NULL, iv, sizeof iv) == 0 &&
        mbedtls_rsa_pkcs1_encrypt(mbedtls_pk_rsa(*key), aloft_pk_random, NULL, MBEDTLS_RSA_PUBLIC,
                                  sizeof secret, secret, wrapped) == 0 &&
        encrypt(secret, &parts, image, out + ALOFT_ENCIMG_HEADER, tag) == 0;
    mbedtls_platform_zeroize(secret, sizeof secret);
    if (good) {
        aloft_encimg_emit(&parts, out);
    }
    return good;
}

enum aloft_err aloft_encimg_open(const struct aloft_decrypt *decrypt, const uint8_t *file,
                                 uint32_t len, uint8_t *out, uint32_t *made)
{
    struct aloft_unwrap unwrap;
    struct aloft_stages stages;
    enum aloft_err err = ALOFT_OK;
    *made = 0;
    if (len == 0) {
        return ALOFT_ERR_IMAGE_EMPTY;
    }
    aloft_unwrap_init(&unwrap, decrypt, true);
    aloft_stages_begin(&stages, &unwrap.stage, len, len);
    for (uint32_t off = 0; err == ALOFT_OK && !aloft_stages_done(&stages);) {
        uint32_t room = aloft_stages_room(&stages);
        uint32_t n = len - off < room ? len - off : room;
        uint32_t given = 1;
        if (n > 0) {
            err = aloft_stages_sink(&stages, file + off, n);
            off += n;
        } else {
            aloft_stages_end(&stages);
        }
        while (err == ALOFT_OK && given > 0) {
            err = aloft_stages_poll(&stages, out + *made, len - *made, &given);
            *made += given;
        }
    }
    return err;
}
