// aloft encrypt: an image that only devices with the private key can read, in ESP-IDF's format.
#include "aloft/image.h"
#include "cli/base/args.h"
#include "cli/base/commands.h"
#include "cli/base/ui.h"
#include "cli/keys/key_files.h"
#include "hostlib/base/file.h"
#include "hostlib/crypto/pk.h"
#include "hostlib/image/encimg_make.h"
#include <stdio.h>
#include <stdlib.h>

enum { IMAGE_FIRST = 0xE9 };

// Says what is wrong with the input, if anything. A device takes only app images, but the format
// holds any file.
static bool usable(const char *path, const struct aloft_file *image)
{
    if (image->len == 0) {
        aloft_ui_error("%s: the file is empty", path);
        return false;
    }
    if (image->data[0] == ALOFT_ENCIMG_FIRST) {
        aloft_ui_error("%s: this is an encrypted image already", path);
        return false;
    }
    if (image->data[0] != IMAGE_FIRST) {
        aloft_ui_warn("%s: %s; a device will refuse it", path,
                      aloft_err_sentence(ALOFT_ERR_IMAGE_MAGIC));
    }
    return true;
}

static bool encrypt(const mbedtls_pk_context *key, const struct aloft_file *image, const char *path,
                    struct aloft_message *error)
{
    size_t len = ALOFT_ENCIMG_HEADER + image->len;
    uint8_t *out = malloc(len);
    bool good = out != NULL || aloft_message_set(error, "out of memory");
    if (good && !aloft_encimg_make(key, image->data, (uint32_t)image->len, out)) {
        good = aloft_message_set(error, "%s", aloft_err_sentence(ALOFT_ERR_CRYPTO));
    }
    good = good && aloft_file_write(path, out, len, error);
    free(out);
    return good;
}

static bool run(const char *key_path, const char *in, const char *out, struct aloft_message *error)
{
    mbedtls_pk_context key;
    struct aloft_file key_file = {NULL, 0};
    struct aloft_file image = {NULL, 0};
    mbedtls_pk_init(&key);
    bool good = aloft_key_files_read(key_path, &key_file, error) &&
                aloft_pk_read_rsa3072(&key, ALOFT_PK_PUBLIC, key_path, key_file.data, key_file.len,
                                      error) &&
                aloft_file_read(in, ALOFT_IMAGE_LEN_MAX, &image, error);
    error->text[0] = good ? '\0' : error->text[0];
    good = good && usable(in, &image) && encrypt(&key, &image, out, error);
    aloft_file_release(&image);
    aloft_file_release(&key_file);
    mbedtls_pk_free(&key);
    return good;
}

int cmd_encrypt(int argc, char **argv)
{
    struct aloft_message error = {""};
    const char *key = NULL;
    const char *out = NULL;
    struct aloft_args args = {
        .command = "aloft encrypt",
        .operands = "IN",
        .about = "Encrypts an app image so that only devices with the private key can read it:\n"
                 "ESP-IDF's pre-encrypted format, RSA-3072 and AES-256-GCM. Each run gives other\n"
                 "bytes. It hides the image; it does not prove who made it.",
        .examples =
            "  aloft encrypt --key enc.pub app.bin -o app.enc\n"
            "  aloft keys create --type rsa3072 -o enc.pem && aloft keys public enc.pem -o enc.pub",
        .exits = "0 encrypted, 1 it cannot be read, encrypted or written",
        .options =
            {
                {ALOFT_ARG_NEEDED, 'k', "key", "PUB", "RSA-3072, PEM or DER; a private key will do",
                 &key},
                {ALOFT_ARG_NEEDED, 'o', "output", "OUT",
                 "the encrypted image; - for standard output", &out},
            },
    };
    if (!aloft_args_read(&args, argc, argv)) {
        return args.status;
    }
    bool good = aloft_key_files_spared(out) && run(key, args.given.items[0], out, &error);
    if (!good && error.text[0] != '\0') {
        aloft_ui_error("%s", error.text);
    }
    return good ? ALOFT_EXIT_GOOD : ALOFT_EXIT_BAD;
}
