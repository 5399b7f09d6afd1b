// The header of an encrypted image, ESP-IDF's "pre-encrypted" format: 512 bytes, then the
// ciphertext of the whole image file by AES-256-GCM, as long as the image. The image's key stands
// in the header, encrypted for the device with RSA-3072 (PKCS #1 v1.5).
//
// Format: espressif/idf-extra-components, esp_encrypted_img/src/esp_encrypted_img.c and
// tools/esp_enc_img_gen.py. Bytes: docs/SPEC.md, "Encrypted image".
#ifndef ALOFT_ENCIMG_H
#define ALOFT_ENCIMG_H

#include "aloft/err.h"
#include <stdint.h>

#define ALOFT_ENCIMG_HEADER  512u
#define ALOFT_ENCIMG_FIRST   0xCFu // the first byte; an image's is E9
#define ALOFT_ENCIMG_WRAPPED 384u  // bytes of the encrypted key
#define ALOFT_ENCIMG_IV      16u
#define ALOFT_ENCIMG_TAG     16u

struct aloft_encimg {
    const uint8_t *wrapped; // the AES key, encrypted
    const uint8_t *iv;
    const uint8_t *tag; // over the whole ciphertext
    uint32_t len;       // bytes of the ciphertext, and of the image
};

// The pointers of *out are into header.
// Errors: ENC_HEADER; ENC_ECC when it is made for the other scheme, ECIES with P-256; ENC_LENGTH
//         when there is no ciphertext.
enum aloft_err aloft_encimg_parse(const uint8_t header[ALOFT_ENCIMG_HEADER],
                                  struct aloft_encimg *out);

void aloft_encimg_emit(const struct aloft_encimg *image, uint8_t header[ALOFT_ENCIMG_HEADER]);

#endif
