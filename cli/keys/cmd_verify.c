// aloft verify: would a device that trusts these keys take this file? The verdict is one exit code;
// the list of blocks says why.
#include "cli/base/args.h"
#include "cli/base/commands.h"
#include "cli/base/failure.h"
#include "cli/base/ui.h"
#include "cli/keys/key_files.h"
#include "hostlib/base/file.h"
#include "hostlib/keys/sign.h"
#include <stdio.h>
#include <string.h>

enum { HEX = 2 * ALOFT_SHA256_LEN + 1, TRUST_MAX = 2 * ALOFT_ARG_LIST_MAX };

struct look {
    struct aloft_arg_list keys;
    struct aloft_arg_list digests;
    bool plain;
    bool json;
    uint8_t trusted[TRUST_MAX][ALOFT_SHA256_LEN];
    struct aloft_sign_trust trust;
    struct aloft_sign sign;
    struct aloft_sign_block blocks[ALOFT_SIGBLOCK_MAX];
    enum aloft_err err;
};

static const struct {
    const char *word;
    const char *about;
} states[] = {
    [ALOFT_SIGN_BLANK] = {"blank", "no signature"},
    [ALOFT_SIGN_DAMAGED] = {"damaged", "damaged"},
    [ALOFT_SIGN_WEAK] = {"weak", "of a kind that is not taken"},
    [ALOFT_SIGN_OTHER] = {"other", "of another image, or the image was changed"},
    [ALOFT_SIGN_BAD] = {"bad", "bad: its key did not make it"},
    [ALOFT_SIGN_UNKNOWN] = {"unknown", "good, but by another key"},
    [ALOFT_SIGN_GOOD] = {"good", "good"},
};

// The faults of devices, as sentences for the person who has the file.
static const char *sentence(enum aloft_err err)
{
    return err == ALOFT_ERR_SIGNATURE_MISSING ? "It is not signed"
           : err == ALOFT_ERR_SIGNATURE_KEY   ? "It is signed, but with none of the keys given"
           : err == ALOFT_ERR_IMAGE_TRAILING
               ? "Something follows the image and its signatures; if the file was signed as a "
                 "whole, give --plain"
               : aloft_err_sentence(err);
}

static const char *kind_name(enum aloft_sigblock_kind kind)
{
    const char *name = aloft_keys_name(kind);
    return name != NULL                  ? name
           : kind == ALOFT_SIGBLOCK_P192 ? "p192"
           : kind == ALOFT_SIGBLOCK_P384 ? "p384"
                                         : "?";
}

static bool has_key(const struct aloft_sign_block *block)
{
    return block->state > ALOFT_SIGN_DAMAGED;
}

static void print_blocks(const struct look *look)
{
    char hex[HEX];
    for (uint32_t i = 0; i < ALOFT_SIGBLOCK_MAX; i++) {
        const struct aloft_sign_block *block = &look->blocks[i];
        if (block->state == ALOFT_SIGN_BLANK) {
            continue;
        }
        printf("Signature %u   ", i);
        if (has_key(block)) {
            printf("%-8s key %s  ", kind_name(block->kind),
                   aloft_ui_hex(block->key_digest, sizeof block->key_digest, hex));
        }
        printf("%s\n", states[block->state].about);
    }
}

static json_t *blocks_json(const struct look *look)
{
    char hex[HEX];
    json_t *list = json_array();
    for (uint32_t i = 0; i < ALOFT_SIGBLOCK_MAX; i++) {
        const struct aloft_sign_block *block = &look->blocks[i];
        json_t *item =
            json_pack("{s:i, s:s}", "position", (int)i, "state", states[block->state].word);
        if (has_key(block)) {
            (void)json_object_set_new(item, "type", json_string(kind_name(block->kind)));
            (void)json_object_set_new(
                item, "key_digest",
                json_string(aloft_ui_hex(block->key_digest, sizeof block->key_digest, hex)));
        }
        if (block->state != ALOFT_SIGN_BLANK) {
            (void)json_array_append_new(list, item);
        } else {
            json_decref(item);
        }
    }
    return list;
}

static bool print_json(const struct look *look, const char *path)
{
    char hex[HEX];
    const struct aloft_sign *sign = &look->sign;
    json_t *object =
        json_pack("{s:o, s:b, s:s, s:b, s:I, s:s, s:o, s:o}", "file", aloft_ui_json_text(path),
                  "good", look->err == ALOFT_OK, "verdict",
                  look->err == ALOFT_OK ? "good" : aloft_err_name(look->err), "image", sign->image,
                  "content_size", (json_int_t)sign->content_len, "content_sha256",
                  aloft_ui_hex(sign->digest, sizeof sign->digest, hex), "signatures",
                  blocks_json(look), "error", aloft_failure_of(look->err));
    aloft_ui_json_old(object, "content_length", "content_size");
    return aloft_ui_json_print(object);
}

static bool trust_key(struct look *look, const char *path)
{
    struct aloft_key key;
    if (!aloft_key_files_load(path, &key)) {
        return false;
    }
    memcpy(look->trusted[look->trust.count++], key.digest, ALOFT_SHA256_LEN);
    aloft_keys_release(&key);
    return true;
}

static bool trust_digest(struct look *look, const char *path)
{
    struct aloft_message error;
    struct aloft_file file;
    if (!aloft_file_read(path, ALOFT_KEYS_PEM, &file, &error)) {
        aloft_ui_error("%s", error.text);
        return false;
    }
    bool good = file.len == ALOFT_SHA256_LEN;
    if (good) {
        memcpy(look->trusted[look->trust.count++], file.data, ALOFT_SHA256_LEN);
    } else {
        aloft_ui_error(
            "%s is not a key digest, which has 32 bytes; 'aloft keys digest KEY -o FILE' "
            "writes one",
            path);
    }
    aloft_file_release(&file);
    return good;
}

static bool trust_all(struct look *look)
{
    bool good = true;
    for (size_t i = 0; i < look->keys.count && good; i++) {
        good = trust_key(look, look->keys.items[i]);
    }
    for (size_t i = 0; i < look->digests.count && good; i++) {
        good = trust_digest(look, look->digests.items[i]);
    }
    look->trust.digests = (const uint8_t(*)[ALOFT_SHA256_LEN])look->trusted;
    return good;
}

static bool judge(struct look *look, const char *path)
{
    struct aloft_message error;
    struct aloft_file file;
    if (!aloft_file_read(path, ALOFT_SIGN_FILE_MAX, &file, &error)) {
        aloft_ui_error("%s", error.text);
        return false;
    }
    bool opened = aloft_sign_open_signed(&look->sign, path, file.data, (uint32_t)file.len,
                                         look->plain, &error);
    aloft_file_release(&file);
    if (!opened) {
        aloft_ui_error("%s", error.text);
        return false;
    }
    look->err = aloft_sign_judge(&look->sign, &look->trust, look->blocks);
    return true;
}

static int run(struct look *look, const char *path)
{
    bool printed = true;
    if (!trust_all(look) || !judge(look, path)) {
        return ALOFT_EXIT_BAD;
    }
    if (look->json) {
        printed = print_json(look, path);
    } else {
        print_blocks(look);
        if (look->err == ALOFT_OK) {
            printf("%s: good\n", path);
        } else {
            aloft_ui_error("%s: %s (%s)", path, sentence(look->err), aloft_err_name(look->err));
        }
    }
    aloft_sign_release(&look->sign);
    return printed && look->err == ALOFT_OK ? ALOFT_EXIT_GOOD : ALOFT_EXIT_BAD;
}

int cmd_verify(int argc, char **argv)
{
    struct look look;
    memset(&look, 0, sizeof look);
    struct aloft_args args = {
        .command = "aloft verify",
        .operands = "FILE",
        .about =
            "Checks the signatures of an image or another file, made by aloft sign or espsecure.\n"
            "One good signature by one of the keys suffices; a damaged one beside it, or one of\n"
            "other content, does not pass.",
        .examples = "  aloft verify --key release.pub app-signed.bin\n"
                    "  aloft verify --key a.pub --key b.pub app-signed.bin --json\n"
                    "  aloft verify --digest release.digest app-signed.bin",
        .exits = "0 good, 1 not signed, or not well, or not by these keys",
        .options =
            {
                {ALOFT_ARG_LIST, 0, "key", "KEY",
                 "a key to trust, public or private; may be repeated", &look.keys},
                {ALOFT_ARG_LIST, 0, "digest", "FILE", "or the 32 bytes of its digest",
                 &look.digests},
                {ALOFT_ARG_FLAG, 0, "plain", NULL, "the file was signed with --plain", &look.plain},
                ALOFT_ARG_JSON(&look.json),
            },
    };
    if (!aloft_args_read(&args, argc, argv)) {
        return args.status;
    }
    if (look.keys.count + look.digests.count == 0) {
        return aloft_args_wrong(&args, "by which key? Give --key KEY or --digest FILE");
    }
    return run(&look, args.given.items[0]);
}
