// aloft decrypt: what a device makes of an encrypted image, by the device's own code.
#include "aloft/image.h"
#include "cli/base/args.h"
#include "cli/base/commands.h"
#include "cli/base/ui.h"
#include "cli/keys/key_files.h"
#include "hostlib/base/file.h"
#include "hostlib/crypto/decrypt_key.h"
#include "hostlib/image/encimg_make.h"
#include <stdio.h>
#include <stdlib.h>

// Nothing is written before the tag was found right.
static bool decrypt(struct aloft_mbed_decrypt *key, const char *in, const struct aloft_file *file,
                    const char *out, struct aloft_message *error)
{
    uint8_t *image = malloc(file->len + 1);
    uint32_t len = 0;
    if (image == NULL) {
        return aloft_message_set(error, "out of memory");
    }
    enum aloft_err err = aloft_encimg_open(aloft_mbed_decrypt_table(key), file->data,
                                           (uint32_t)file->len, image, &len);
    bool good = err == ALOFT_OK ? aloft_file_write(out, image, len, error)
                                : aloft_message_set(error, "%s: %s (%s); nothing was written", in,
                                                    err == ALOFT_ERR_ENC_REQUIRED
                                                        ? "this is not an encrypted image"
                                                        : aloft_err_sentence(err),
                                                    aloft_err_name(err));
    free(image);
    return good;
}

static bool run(const char *key_path, const char *in, const char *out, struct aloft_message *error)
{
    struct aloft_mbed_decrypt *key = NULL;
    struct aloft_file key_file = {NULL, 0};
    struct aloft_file file = {NULL, 0};
    bool good = aloft_key_files_read(key_path, &key_file, error) &&
                aloft_file_read(in, ALOFT_ENCIMG_HEADER + ALOFT_IMAGE_LEN_MAX, &file, error);
    if (good) {
        key = aloft_decrypt_key_read(key_path, key_file.data, key_file.len, error);
    }
    good = key != NULL && decrypt(key, in, &file, out, error);
    aloft_mbed_decrypt_free(key);
    aloft_file_release(&file);
    aloft_file_release(&key_file);
    return good;
}

int cmd_decrypt(int argc, char **argv)
{
    struct aloft_message error;
    const char *key = NULL;
    const char *out = NULL;
    struct aloft_args args = {
        .command = "aloft decrypt",
        .operands = "IN",
        .about =
            "Opens an encrypted image, made by 'aloft encrypt' or by ESP-IDF's\n"
            "esp_enc_img_gen.py with an RSA key. Writes nothing unless all of it is as it was\n"
            "encrypted; an OUT that is there stays then.",
        .examples = "  aloft decrypt --key enc.pem app.enc -o app.bin",
        .exits = "0 opened, 1 it does not open, or cannot be read or written",
        .options =
            {
                {ALOFT_ARG_NEEDED, 'k', "key", "KEY", "the private key: RSA-3072, PEM or DER",
                 &key},
                {ALOFT_ARG_NEEDED, 'o', "output", "OUT", "the image; - for standard output", &out},
            },
    };
    if (!aloft_args_read(&args, argc, argv)) {
        return args.status;
    }
    if (!aloft_key_files_spared(out)) {
        return ALOFT_EXIT_BAD;
    }
    if (!run(key, args.given.items[0], out, &error)) {
        aloft_ui_error("%s", error.text);
        return ALOFT_EXIT_BAD;
    }
    return ALOFT_EXIT_GOOD;
}
