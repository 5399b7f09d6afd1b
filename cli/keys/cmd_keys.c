// aloft keys: keys that sign firmware. What is printed is what anyone may see: kind, and the digest
// that devices keep.
#include "cli/base/args.h"
#include "cli/base/commands.h"
#include "cli/base/ui.h"
#include "cli/keys/key_files.h"
#include "hostlib/base/file.h"
#include <stdio.h>
#include <string.h>

enum { HEX = 2 * ALOFT_SHA256_LEN + 1 };

static const char *about_kind(const struct aloft_key *key)
{
    return key->kind == ALOFT_SIGBLOCK_RSA3072 ? "RSA, 3072 bits" : "ECDSA, NIST P-256";
}

static json_t *key_json(const struct aloft_key *key)
{
    char hex[HEX];
    return json_pack("{s:s, s:i, s:b, s:s}", "type", aloft_keys_name(key->kind), "bits",
                     key->kind == ALOFT_SIGBLOCK_RSA3072 ? 3072 : 256, "private", key->secret,
                     "digest", aloft_ui_hex(key->digest, sizeof key->digest, hex));
}

static bool print_key(const struct aloft_key *key, bool json)
{
    char hex[HEX];
    if (json) {
        return aloft_ui_json_print(key_json(key));
    }
    printf("Type          %s (%s)\n", aloft_keys_name(key->kind), about_kind(key));
    printf("Part          %s\n", key->secret ? "private: keep this file safe" : "public");
    printf("Digest        %s\n", aloft_ui_hex(key->digest, sizeof key->digest, hex));
    return true;
}

static int keys_create(int argc, char **argv)
{
    const char *type = NULL;
    const char *output = NULL;
    bool json = false;
    struct aloft_args args = {
        .command = "aloft keys create",
        .about =
            "Makes a key that signs firmware, in a new PEM file that you alone can read. A file\n"
            "that exists is never overwritten. The key is not encrypted: whoever has the file can\n"
            "sign, and without it nobody can (docs/SIGNING.md). An rsa3072 key can open encrypted\n"
            "firmware instead; make another one for that (docs/ENCRYPTION.md).",
        .examples = "  aloft keys create --type rsa3072 -o release.pem\n"
                    "  aloft keys create --type p256 -o release-p256.pem",
        .exits = "0 created, 1 it could not be",
        .options =
            {
                {ALOFT_ARG_NEEDED, 0, "type", "TYPE", "rsa3072 or p256", &type},
                {ALOFT_ARG_NEEDED, 'o', "output", "KEY", "the new file", &output},
                ALOFT_ARG_JSON(&json),
            },
    };
    static const char *const types[] = {"rsa3072", "p256"};
    enum aloft_sigblock_kind kind;
    struct aloft_message error;
    struct aloft_key key;
    if (!aloft_args_read(&args, argc, argv)) {
        return args.status;
    }
    if (!aloft_args_word(&args, "--type", type, types, 2) || !aloft_keys_kind(type, &kind)) {
        return args.status;
    }
    if (strcmp(output, "-") == 0) {
        return aloft_args_wrong(&args, "--output: name a file; private keys are never printed");
    }
    if (kind == ALOFT_SIGBLOCK_RSA3072) {
        aloft_ui_note("looking for primes of an RSA key; this takes some seconds");
    }
    if (!aloft_keys_create(kind, output, &key, &error)) {
        aloft_ui_error("%s", error.text);
        return ALOFT_EXIT_BAD;
    }
    if (!json) {
        printf("%s: created\n", output);
    }
    bool printed = print_key(&key, json);
    aloft_keys_release(&key);
    return printed ? ALOFT_EXIT_GOOD : ALOFT_EXIT_BAD;
}

static int keys_show(int argc, char **argv)
{
    bool json = false;
    struct aloft_args args = {
        .command = "aloft keys show",
        .operands = "KEY",
        .about = "Prints a key's type and digest, of a private or a public key "
                 "file. Nothing secret\nis printed.",
        .examples = "  aloft keys show release.pem\n"
                    "  aloft keys show release.pub --json",
        .exits = "0 shown, 1 it is not a key that devices can verify",
        .options =
            {
                ALOFT_ARG_JSON(&json),
            },
    };
    struct aloft_key key;
    if (!aloft_args_read(&args, argc, argv)) {
        return args.status;
    }
    if (!aloft_key_files_load(args.given.items[0], &key)) {
        return ALOFT_EXIT_BAD;
    }
    bool printed = print_key(&key, json);
    aloft_keys_release(&key);
    return printed ? ALOFT_EXIT_GOOD : ALOFT_EXIT_BAD;
}

// What public and digest have in common: a public thing into a file, never over a private key.
static bool write_about(const char *output, const void *data, size_t len)
{
    struct aloft_message error;
    if (!aloft_key_files_spared(output)) {
        return false;
    }
    if (!aloft_file_write(output, data, len, &error)) {
        aloft_ui_error("%s", error.text);
        return false;
    }
    return true;
}

static int keys_public(int argc, char **argv)
{
    const char *output = "-";
    struct aloft_args args = {
        .command = "aloft keys public",
        .operands = "KEY",
        .about = "Writes the public part of a key as PEM: for those who verify, and for signing\n"
                 "elsewhere.",
        .examples = "  aloft keys public release.pem -o release.pub",
        .exits = "0 written, 1 it could not be",
        .options =
            {
                {ALOFT_ARG_TEXT, 'o', "output", "PUB", "the public key [- for standard output]",
                 &output},
            },
    };
    struct aloft_key key;
    struct aloft_message error;
    char pem[ALOFT_KEYS_PEM];
    if (!aloft_args_read(&args, argc, argv)) {
        return args.status;
    }
    if (!aloft_key_files_load(args.given.items[0], &key)) {
        return ALOFT_EXIT_BAD;
    }
    bool good = aloft_keys_public_pem(&key, pem, &error);
    if (!good) {
        aloft_ui_error("%s", error.text);
    }
    good = good && write_about(output, pem, strlen(pem));
    if (good && strcmp(output, "-") != 0) {
        printf("%s: the public part of %s, %s\n", output, args.given.items[0],
               aloft_keys_name(key.kind));
    }
    aloft_keys_release(&key);
    return good ? ALOFT_EXIT_GOOD : ALOFT_EXIT_BAD;
}

static int keys_digest(int argc, char **argv)
{
    const char *output = NULL;
    bool json = false;
    char hex[HEX];
    struct aloft_args args = {
        .command = "aloft keys digest",
        .operands = "KEY",
        .about =
            "Prints the digest of a key's public part: what a device keeps of the keys that it\n"
            "trusts. It is the one of espsecure digest_sbv2_public_key.",
        .examples = "  aloft keys digest release.pem\n"
                    "  aloft keys digest release.pub -o release.digest",
        .exits = "0 good, 1 it is not a key, or the file could not be written",
        .options =
            {
                {ALOFT_ARG_TEXT, 'o', "output", "FILE", "its 32 bytes, as eFuses take them",
                 &output},
                ALOFT_ARG_JSON(&json),
            },
    };
    struct aloft_key key;
    if (!aloft_args_read(&args, argc, argv)) {
        return args.status;
    }
    if (!aloft_key_files_load(args.given.items[0], &key)) {
        return ALOFT_EXIT_BAD;
    }
    bool good = output == NULL || write_about(output, key.digest, sizeof key.digest);
    if (good && json) {
        good = aloft_ui_json_print(key_json(&key));
    } else if (good && output != NULL && strcmp(output, "-") != 0) {
        printf("%s: the digest of %s, %zu bytes\n", output, args.given.items[0], sizeof key.digest);
    } else if (good && output == NULL) {
        printf("%s\n", aloft_ui_hex(key.digest, sizeof key.digest, hex));
    }
    aloft_keys_release(&key);
    return good ? ALOFT_EXIT_GOOD : ALOFT_EXIT_BAD;
}

int cmd_keys(int argc, char **argv)
{
    static const struct aloft_command commands[] = {
        {"create", "make a key in a new file", keys_create},
        {"show", "print a key's type and digest, nothing secret", keys_show},
        {"public", "write the public part", keys_public},
        {"digest", "print or write the digest that devices trust", keys_digest},
        {NULL, NULL, NULL},
    };
    return aloft_args_dispatch("aloft keys", "Keys that sign firmware.", commands, argc, argv);
}
