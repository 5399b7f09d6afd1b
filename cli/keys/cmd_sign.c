// aloft sign: signatures on a file, by keys at hand or by one that is elsewhere. The output is
// written once, after everything in it was verified.
#include "cli/base/args.h"
#include "cli/base/commands.h"
#include "cli/base/ui.h"
#include "cli/keys/key_files.h"
#include "hostlib/base/file.h"
#include "hostlib/keys/sign.h"
#include <stdio.h>
#include <string.h>

enum { SIGNATURE_FILE_MAX = 4096 };

struct task {
    const char *input;
    const char *output;
    const char *digest_out;
    struct aloft_arg_list keys;
    struct aloft_arg_list public_keys;
    struct aloft_arg_list signatures; // one for each public key
    bool append;
    bool replace;
    bool plain;
    struct aloft_sign sign;
};

static bool say(const char *about, const struct aloft_message *error)
{
    aloft_ui_error("%s: %s", about, error->text);
    return false;
}

static bool sign_with(struct task *task, const char *path)
{
    struct aloft_message error;
    struct aloft_key key;
    if (!aloft_key_files_load(path, &key)) {
        return false;
    }
    bool good = aloft_sign_with(&task->sign, &key, &error) || say(path, &error);
    aloft_keys_release(&key);
    return good;
}

static bool attach(struct task *task, const char *key_path, const char *path)
{
    uint8_t signature[ALOFT_KEYS_SIGNATURE];
    struct aloft_message error;
    struct aloft_file file;
    struct aloft_key key;
    if (!aloft_file_read(path, SIGNATURE_FILE_MAX, &file, &error)) {
        aloft_ui_error("%s", error.text);
        return false;
    }
    bool good = aloft_key_files_load(key_path, &key);
    if (good) {
        good = (aloft_keys_foreign(&key, file.data, file.len, signature) ||
                aloft_message_set(&error,
                                  "%zu bytes are no signature by this key: RSA-3072 has 384; P-256 "
                                  "has 64 (r and s) or is in DER",
                                  file.len)) &&
               aloft_sign_attach(&task->sign, &key, signature, &error);
        good = good || say(path, &error);
        aloft_keys_release(&key);
    }
    aloft_file_release(&file);
    return good;
}

static bool add_all(struct task *task)
{
    struct aloft_message error;
    enum aloft_sign_how how = task->append    ? ALOFT_SIGN_APPEND
                              : task->replace ? ALOFT_SIGN_REPLACE
                                              : ALOFT_SIGN_FRESH;
    if (!aloft_sign_begin(&task->sign, how, &error)) {
        return say(task->input, &error);
    }
    bool good = true;
    for (size_t i = 0; i < task->keys.count && good; i++) {
        good = sign_with(task, task->keys.items[i]);
    }
    for (size_t i = 0; i < task->signatures.count && good; i++) {
        good = attach(task, task->public_keys.items[i], task->signatures.items[i]);
    }
    return good;
}

static bool write_signed(struct task *task)
{
    char number[32];
    struct aloft_message error;
    const struct aloft_sign *sign = &task->sign;
    if (!aloft_key_files_spared(task->output) || !add_all(task)) {
        return false;
    }
    if (!aloft_file_write(task->output, sign->data, aloft_sign_len(sign), &error)) {
        aloft_ui_error("%s", error.text);
        return false;
    }
    if (strcmp(task->output, "-") != 0) {
        printf("%s: signed, %s bytes of content", task->output,
               aloft_ui_thousands(sign->content_len, number));
        if (sign->padding > 0) {
            printf(" (%s of them padding)", aloft_ui_thousands(sign->padding, number));
        }
        printf(", %u of %u signatures\n", aloft_sign_count(sign), ALOFT_SIGBLOCK_MAX);
    }
    return true;
}

static bool write_digest(const struct task *task)
{
    struct aloft_message error;
    if (!aloft_key_files_spared(task->digest_out)) {
        return false;
    }
    if (!aloft_file_write(task->digest_out, task->sign.digest, sizeof task->sign.digest, &error)) {
        aloft_ui_error("%s", error.text);
        return false;
    }
    return true;
}

static int run(struct task *task)
{
    struct aloft_message error;
    struct aloft_file file;
    if (!aloft_file_read(task->input, ALOFT_SIGN_FILE_MAX, &file, &error)) {
        aloft_ui_error("%s", error.text);
        return ALOFT_EXIT_BAD;
    }
    if (aloft_file_is_key(file.data, file.len)) {
        explicit_bzero(file.data, file.len);
        aloft_file_release(&file);
        aloft_ui_error("%s is a private key, which would be in the signed file for everybody; keys "
                       "stand behind --key",
                       task->input);
        return ALOFT_EXIT_BAD;
    }
    bool good = aloft_sign_open(&task->sign, task->input, file.data, (uint32_t)file.len,
                                task->plain, &error);
    aloft_file_release(&file);
    if (!good) {
        aloft_ui_error("%s", error.text);
        return ALOFT_EXIT_BAD;
    }
    good = task->digest_out != NULL ? write_digest(task) : write_signed(task);
    aloft_sign_release(&task->sign);
    return good ? ALOFT_EXIT_GOOD : ALOFT_EXIT_BAD;
}

// Why these options cannot be used together. NULL: they can.
static const char *mistake(const struct task *task)
{
    bool keys = task->keys.count + task->public_keys.count + task->signatures.count > 0;
    if (task->digest_out != NULL) {
        return keys || task->output != NULL || task->append || task->replace
                   ? "--digest-out only writes the digest; give no key, signature or output with it"
                   : NULL;
    }
    if (!keys) {
        return "with which key? Give --key KEY, or --public-key PUB with --signature SIG";
    }
    if (task->public_keys.count != task->signatures.count) {
        return "each --signature needs its --public-key, in the same order";
    }
    if (task->append && task->replace) {
        return "--append keeps the signatures that are there, --replace drops them; give one";
    }
    return task->output == NULL ? "where to? Give -o FILE; it may be the input" : NULL;
}

int cmd_sign(int argc, char **argv)
{
    struct task task;
    memset(&task, 0, sizeof task);
    struct aloft_args args = {
        .command = "aloft sign",
        .operands = "IN",
        .about =
            "Signs an app or bootloader image, or any file, for Secure Boot V2: pads it with FF\n"
            "to 4 KB and adds a sector with up to three signatures. Devices and espsecure take "
            "it.\n"
            "For a key in an HSM: --digest-out, sign there, then --public-key and --signature.",
        .examples =
            "  aloft sign --key release.pem app.bin -o app-signed.bin\n"
            "  aloft sign --key a.pem --key b.pem app.bin -o app-signed.bin\n"
            "  aloft sign --key c.pem --append app-signed.bin -o app-signed.bin\n"
            "  aloft sign --digest-out app.digest app.bin\n"
            "  aloft sign --public-key hsm.pub --signature app.sig app.bin -o app-signed.bin",
        .exits = "0 signed, 1 not, and OUT is as it was",
        .options =
            {
                {ALOFT_ARG_LIST, 0, "key", "KEY", "private key, PEM or DER; up to three",
                 &task.keys},
                {ALOFT_ARG_TEXT, 'o', "output", "OUT", "the signed file; may be IN", &task.output},
                {ALOFT_ARG_FLAG, 0, "append", NULL, "keep the signatures that IN has",
                 &task.append},
                {ALOFT_ARG_FLAG, 0, "replace", NULL, "drop the signatures that IN has",
                 &task.replace},
                {ALOFT_ARG_FLAG, 0, "plain", NULL,
                 "sign the whole file, even if it begins like an image", &task.plain},
                {ALOFT_ARG_TEXT, 0, "digest-out", "FILE",
                 "only write the 32 bytes to be signed elsewhere", &task.digest_out},
                {ALOFT_ARG_LIST, 0, "public-key", "PUB", "the key that signed elsewhere",
                 &task.public_keys},
                {ALOFT_ARG_LIST, 0, "signature", "SIG", "its signature of the digest",
                 &task.signatures},
            },
    };
    if (!aloft_args_read(&args, argc, argv)) {
        return args.status;
    }
    const char *wrong = mistake(&task);
    if (wrong != NULL) {
        return aloft_args_wrong(&args, "%s", wrong);
    }
    task.input = args.given.items[0];
    return run(&task);
}
