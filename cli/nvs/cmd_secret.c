// aloft secret: passwords of a device's ways in. What goes to flash is what each protocol checks a
// password with (hostlib/keys/secret.h), in NVS namespace aloft, where updates do not reach;
// nothing here reads one back.
#include "aloft/net/pbkdf2.h"
#include "cli/base/args.h"
#include "cli/base/commands.h"
#include "cli/base/ui.h"
#include "cli/keys/key_files.h"
#include "cli/nvs/flash_nvs.h"
#include "cli/nvs/secret_input.h"
#include "cli/nvs/secret_realm.h"
#include "hostlib/base/file.h"
#include "hostlib/base/random.h"
#include "hostlib/crypto/pk.h"
#include "hostlib/keys/secret.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char space[] = "aloft";
static const char user[] = "admin";

enum { KEY_MAX = 4000, MD5_LEN = 16, WEB_REALM = 2 };

struct way {
    const char *name;
    const char *keys[3]; // verifiers; WEB_REALM: what those of the page are hashed with
    const char *about;
};

static const struct way ways[] = {
    {"push", {"push_hash", NULL}, "updates pushed by espota"},
    {"web", {"web_ha1", "web_ha1_md5", "web_realm"}, "the device's own web page, user admin"},
    {"control", {"ctl_token", NULL}, "the control channel"},
    {"key", {"enc_key", NULL}, "encrypted firmware, a private key"},
};

static const struct way *find_way(const char *name)
{
    for (size_t i = 0; i < COUNT(ways); i++) {
        if (strcmp(ways[i].name, name) == 0) {
            return &ways[i];
        }
    }
    return NULL;
}

// It goes into a header of HTTP, whose blanks at the ends do not count.
static bool is_token(const char *token)
{
    size_t len = strlen(token);
    bool good = len <= ALOFT_PBKDF2_KEY_MAX && token[0] != ' ' && token[len - 1] != ' ';
    for (size_t i = 0; i < len; i++) {
        good = good && token[i] >= ' ' && token[i] <= '~';
    }
    if (!good) {
        aloft_ui_error("a token has at most %u characters, all of ASCII, and no blanks at its ends",
                       ALOFT_PBKDF2_KEY_MAX);
    }
    return good;
}

static bool store(struct aloft_flash_nvs *of, const char *key, const char *text)
{
    struct aloft_nvs_write op;
    aloft_nvs_set_str(&op, &of->nvs, space, key, text);
    return aloft_flash_nvs_run(of, &op);
}

static enum aloft_err look_up(const struct aloft_flash_nvs *of, const char *key)
{
    char text[ALOFT_SECRET_TOKEN];
    enum aloft_err err = aloft_nvs_get_str(&of->nvs, space, key, text, sizeof text);
    explicit_bzero(text, sizeof text);
    return err == ALOFT_ERR_NVS_ROOM ? ALOFT_OK : err;
}

// What cannot be read goes, too.
static bool drop(struct aloft_flash_nvs *of, const char *key)
{
    struct aloft_nvs_write op;
    if (look_up(of, key) == ALOFT_ERR_NVS_NOT_FOUND) {
        return true;
    }
    aloft_nvs_erase(&op, &of->nvs, space, key);
    return aloft_flash_nvs_run(of, &op);
}

// What the command line asks for.
struct wish {
    const char *file;     // with the password
    const char *new_file; // for a new one
    const char *key;      // file with a private key
    const char *generation;
    struct aloft_secret_realm realm;
    enum { BOTH, ONLY_SHA256, ONLY_MD5 } which;
};

static bool set_push(struct aloft_flash_nvs *of, const struct way *way, const struct wish *wish,
                     const char *password)
{
    char text[ALOFT_SECRET_HEX];
    bool md5 = wish->which == ONLY_MD5;
    return aloft_secret_hash(md5 ? ALOFT_SECRET_MD5 : ALOFT_SECRET_SHA256, password, text) &&
           store(of, way->keys[0], text);
}

// Only a token that was generated just now gets the fast verifier (aloft/net/webui_token.h): of any
// other text nobody knows how it was found.
static bool set_token(struct aloft_flash_nvs *of, const struct way *way, const struct wish *wish,
                      const char *token)
{
    char text[ALOFT_SECRET_TOKEN];
    uint8_t salt[ALOFT_SECRET_SALT];
    return aloft_random(salt, sizeof salt) &&
           (wish->new_file != NULL
                ? aloft_secret_generated_token(token, salt, text)
                : aloft_secret_token(token, ALOFT_SECRET_ITERATIONS, salt, text)) &&
           store(of, way->keys[0], text);
}

// The realm goes beside the hashes: the device asks for the password of this realm, whatever its
// name becomes. It is set first, so that hashes and realm never differ but for old hashes in a new
// realm, with which nobody gets in.
static bool set_web(struct aloft_flash_nvs *of, const struct way *way, const struct wish *wish,
                    const char *password)
{
    static const enum aloft_secret_hash hashes[] = {ALOFT_SECRET_SHA256, ALOFT_SECRET_MD5};
    char realm[ALOFT_WEBUI_REALM_MAX + 1];
    char text[ALOFT_SECRET_HEX];
    bool good =
        aloft_secret_realm_find(of, &wish->realm, realm) && store(of, way->keys[WEB_REALM], realm);
    // Values of the old password that are not replaced are erased first, so that it is not accepted
    // any more.
    good = good && (wish->which == BOTH || drop(of, way->keys[wish->which == ONLY_MD5 ? 0 : 1]));
    for (size_t i = 0; i < COUNT(hashes); i++) {
        bool wanted = wish->which != (i == 0 ? ONLY_MD5 : ONLY_SHA256);
        good = good && (!wanted || (aloft_secret_ha1(hashes[i], user, realm, password, text) &&
                                    store(of, way->keys[i], text)));
    }
    return good;
}

static bool set_way(struct aloft_flash_nvs *of, const struct way *way, const struct wish *wish,
                    const char *password)
{
    bool push = strcmp(way->name, "push") == 0;
    bool control = strcmp(way->name, "control") == 0;
    return push      ? set_push(of, way, wish, password)
           : control ? set_token(of, way, wish, password)
                     : set_web(of, way, wish, password);
}

// For set and clear: NULL when the command line is wrong, which has been said.
static const struct way *way_of(struct aloft_args *args, const char *name)
{
    static const char *const names[] = {"push", "web", "control", "key"};
    return aloft_args_word(args, "way", name, names, COUNT(names)) ? find_way(name) : NULL;
}

static bool is_key(const struct way *way)
{
    return strcmp(way->name, "key") == 0;
}

// Converts any form to PEM, the only one that devices read.
static bool read_key(const char *path, char pem[KEY_MAX])
{
    struct aloft_message error;
    struct aloft_file file = {NULL, 0};
    mbedtls_pk_context key;
    mbedtls_pk_init(&key);
    bool good = aloft_key_files_read(path, &file, &error) &&
                aloft_pk_read_rsa3072(&key, ALOFT_PK_PRIVATE, path, file.data, file.len, &error);
    if (good && mbedtls_pk_write_key_pem(&key, (unsigned char *)pem, KEY_MAX) != 0) {
        good = aloft_message_set(&error, "%s: the key is too long for NVS", path);
    }
    if (!good) {
        aloft_ui_error("%s", error.text);
    }
    aloft_file_release(&file);
    mbedtls_pk_free(&key);
    return good;
}

static int set_key(const struct aloft_flash_nvs_place *place, const struct way *way,
                   const char *path)
{
    struct aloft_flash_nvs of;
    char pem[KEY_MAX];
    bool good = read_key(path, pem) && aloft_flash_nvs_open(&of, place, true);
    if (good) {
        good = store(&of, way->keys[0], pem);
        good = aloft_flash_nvs_close(&of, good) && good;
    }
    explicit_bzero(pem, sizeof pem);
    if (good) {
        printf("%s: the key for %s is set\n", place->path, "encrypted firmware");
    }
    return good ? ALOFT_EXIT_GOOD : ALOFT_EXIT_BAD;
}

static bool get_password(const struct way *way, const struct wish *wish,
                         char password[ALOFT_SECRET_PASSWORD])
{
    bool good = wish->new_file != NULL ? aloft_secret_input_new(wish->new_file, password)
                                       : aloft_secret_input(wish->file, password);
    return good && (strcmp(way->name, "control") != 0 || is_token(password));
}

static int set_password(const struct aloft_flash_nvs_place *place, const struct way *way,
                        const struct wish *wish)
{
    struct aloft_flash_nvs of;
    char password[ALOFT_SECRET_PASSWORD];
    bool printed = wish->new_file != NULL && strcmp(wish->new_file, "-") == 0;
    bool got = get_password(way, wish, password);
    bool good = got && aloft_flash_nvs_open(&of, place, true);
    if (good) {
        good = set_way(&of, way, wish, password);
        good = aloft_flash_nvs_close(&of, good) && good;
    }
    explicit_bzero(password, sizeof password);
    if (good && !printed) {
        printf("%s: the password for %s is set%s%s\n", place->path, way->about,
               wish->new_file != NULL ? "; it is in " : "",
               wish->new_file != NULL ? wish->new_file : "");
    } else if (got && !good && wish->new_file != NULL && !printed) {
        (void)remove(wish->new_file); // nothing has this password
    }
    return good ? ALOFT_EXIT_GOOD : ALOFT_EXIT_BAD;
}

// False: the options do not go with the way, or with each other; args->status says so.
static bool judge_wish(struct aloft_args *args, const struct way *way, struct wish *wish)
{
    bool web = strcmp(way->name, "web") == 0;
    if (is_key(way) != (wish->key != NULL)) {
        (void)aloft_args_wrong(args, wish->key == NULL
                                         ? "a key is not a password: give --key-file KEY"
                                         : "--key-file is for the way 'key'");
    } else if (wish->new_file != NULL && (wish->file != NULL || is_key(way))) {
        (void)aloft_args_wrong(args, "--generate makes a password: it goes with neither "
                                     "--password-file nor --key-file");
    } else if ((wish->realm.name != NULL || wish->realm.mac != NULL) && !web) {
        (void)aloft_args_wrong(args, "--name and --mac are for web, whose password is hashed with "
                                     "the device's name");
    } else if (wish->realm.name != NULL && wish->realm.mac != NULL) {
        (void)aloft_args_wrong(args, "--name or --mac: a device with a name does not use its MAC");
    } else if (wish->generation != NULL) {
        wish->which = strcmp(wish->generation, "md5") == 0 ? ONLY_MD5 : ONLY_SHA256;
        bool fits = wish->which == ONLY_MD5 || strcmp(wish->generation, "sha256") == 0;
        if (fits && (web || strcmp(way->name, "push") == 0)) {
            return true;
        }
        (void)aloft_args_wrong(args, "--generation %s: it is sha256 or md5, for push and web",
                               wish->generation);
    } else {
        return true;
    }
    return false;
}

static int secret_set(int argc, char **argv)
{
    struct aloft_flash_nvs_place place = ALOFT_FLASH_NVS_PLACE;
    struct wish wish = {.file = NULL};
    struct aloft_args args = {
        .command = "aloft secret set",
        .operands = "FLASH WAY",
        .about =
            "Sets the password of a way in: push, web or control. It comes from --password-file,\n"
            "from ALOFT_PASSWORD, or from you, unseen; or --generate makes one of 128 random "
            "bits.\n"
            "Flash gets only what the protocol checks it with (docs/SECRETS.md). The way 'key' is\n"
            "not a password but the private key that opens encrypted firmware, from --key-file.\n"
            "FLASH is a board's flash file, which must not be running, or an NVS partition alone:\n"
            "--create makes one for a device that is elsewhere (docs/PROVISIONING.md).",
        .examples = "  aloft secret set board.flash web\n"
                    "  aloft secret set board.flash control --generate token.txt\n"
                    "  aloft secret set nvs.bin web --create 0x4000 --mac 7c:df:a1:00:11:22\n"
                    "  aloft secret set board.flash key --key-file enc.pem\n"
                    "  aloft secret set board.flash push --password-file push.txt --generation md5",
        .exits = "0 set, 1 refused; the old password then still holds",
        .options = {{ALOFT_ARG_TEXT, 0, "password-file", "FILE", "its first line is the password",
                     &wish.file},
                    {ALOFT_ARG_TEXT, 0, "generate", "FILE",
                     "a new password, which goes to this new file; - for standard output",
                     &wish.new_file},
                    {ALOFT_ARG_TEXT, 0, "name", "NAME",
                     "for web: the device's name, which is set, too", &wish.realm.name},
                    {ALOFT_ARG_TEXT, 0, "mac", "MAC", "for web: of a device without a name",
                     &wish.realm.mac},
                    {ALOFT_ARG_TEXT, 0, "key-file", "KEY", "for key: RSA-3072, private, PEM or DER",
                     &wish.key},
                    {ALOFT_ARG_TEXT, 0, "generation", "HASH",
                     "sha256 or md5, for old clients [push sha256, web both]", &wish.generation},
                    ALOFT_FLASH_NVS_CREATE(place),
                    ALOFT_FLASH_NVS_OPTIONS(place)},
    };
    if (!aloft_args_read(&args, argc, argv)) {
        return args.status;
    }
    const struct way *way = way_of(&args, args.given.items[1]);
    if (way == NULL || !judge_wish(&args, way, &wish)) {
        return args.status;
    }
    place.path = args.given.items[0];
    return wish.key != NULL ? set_key(&place, way, wish.key) : set_password(&place, way, &wish);
}

// What is known of a way without its secret. The generations are of passwords that are hashed as
// --generation says.
struct standing {
    bool set;
    bool sha256;
    bool md5;
    bool damaged; // something of it cannot be read, and the device refuses this way
    char realm[ALOFT_WEBUI_REALM_MAX +
               1]; // of the page's password; "": not kept, it is the device's
};

// A push password's generation is in the length of its hash (docs/SECRETS.md).
static bool is_push_md5(const struct aloft_flash_nvs *of, const char *key)
{
    char text[ALOFT_SECRET_TOKEN];
    enum aloft_err err = aloft_nvs_get_str(&of->nvs, space, key, text, sizeof text);
    bool md5 = err == ALOFT_OK && strlen(text) == 2 * MD5_LEN;
    explicit_bzero(text, sizeof text);
    return md5;
}

static struct standing standing_of(const struct aloft_flash_nvs *of, const struct way *way)
{
    bool set[COUNT(way->keys)] = {false};
    bool damaged = false;
    for (size_t i = 0; i < COUNT(way->keys) && way->keys[i] != NULL; i++) {
        enum aloft_err err = look_up(of, way->keys[i]);
        set[i] = err == ALOFT_OK;
        damaged = damaged || (err != ALOFT_OK && err != ALOFT_ERR_NVS_NOT_FOUND);
    }
    if (strcmp(way->name, "push") == 0) {
        bool md5 = set[0] && is_push_md5(of, way->keys[0]);
        return (struct standing){set[0], set[0] && !md5, md5, damaged, ""};
    }
    bool web = way->keys[WEB_REALM] != NULL;
    struct standing is = {set[0] || set[1], web && set[0], web && set[1], damaged, ""};
    if (web && set[WEB_REALM]) {
        char realm[sizeof is.realm];
        enum aloft_err err =
            aloft_nvs_get_str(&of->nvs, space, way->keys[WEB_REALM], realm, sizeof realm);
        aloft_ui_clean(err == ALOFT_OK ? realm : "", is.realm, sizeof is.realm);
    }
    return is;
}

static void print_way(const struct way *way, const struct standing *is)
{
    const char *how = is->sha256 && is->md5 ? " (SHA-256 and MD5)"
                      : is->sha256          ? " (SHA-256)"
                      : is->md5             ? " (MD5)"
                                            : "";
    const char *word = is->damaged ? "damaged" : is->set ? "set" : "not set";
    printf("%-8s %-8s %s%s%s%s%s\n", way->name, word, way->about, how,
           is->set && is->realm[0] != '\0' ? ", realm " : "", is->set ? is->realm : "",
           is->damaged ? ": it cannot be read, and the device refuses it; set or clear it" : "");
}

static json_t *way_json(const struct way *way, const struct standing *is)
{
    json_t *realm = is->realm[0] != '\0' ? aloft_ui_json_text(is->realm) : json_null();
    json_t *object =
        json_pack("{s:s, s:b, s:b, s:b, s:b, s:o}", "name", way->name, "set", is->set, "sha256",
                  is->sha256, "md5", is->md5, "damaged", is->damaged, "realm", realm);
    aloft_ui_json_old(object, "way", "name");
    return object;
}

static int secret_list(int argc, char **argv)
{
    struct aloft_flash_nvs_place place = ALOFT_FLASH_NVS_PLACE;
    struct aloft_flash_nvs of;
    bool json = false;
    struct aloft_args args = {
        .command = "aloft secret list",
        .operands = "FLASH",
        .about =
            "Says which ways in have a password, or a key. The passwords themselves are not there.",
        .examples = "  aloft secret list board.flash\n"
                    "  aloft secret list board.flash --json",
        .exits = "0 listed, 1 it cannot be read",
        .options = {ALOFT_ARG_JSON(&json), ALOFT_FLASH_NVS_OPTIONS(place)},
    };
    if (!aloft_args_read(&args, argc, argv)) {
        return args.status;
    }
    place.path = args.given.items[0];
    if (!aloft_flash_nvs_open(&of, &place, false)) {
        return ALOFT_EXIT_BAD;
    }
    json_t *list = json_array();
    for (size_t i = 0; i < COUNT(ways); i++) {
        struct standing is = standing_of(&of, &ways[i]);
        if (json) {
            (void)json_array_append_new(list, way_json(&ways[i], &is));
        } else {
            print_way(&ways[i], &is);
        }
    }
    bool good = aloft_flash_nvs_close(&of, false);
    if (good && json) {
        good = aloft_ui_json_print(json_pack("{s:O}", "ways", list));
    }
    json_decref(list);
    return good ? ALOFT_EXIT_GOOD : ALOFT_EXIT_BAD;
}

static int secret_clear(int argc, char **argv)
{
    struct aloft_flash_nvs_place place = ALOFT_FLASH_NVS_PLACE;
    struct aloft_flash_nvs of;
    struct aloft_args args = {
        .command = "aloft secret clear",
        .operands = "FLASH WAY",
        .about =
            "Takes the password of a way in (push, web or control) or the key away; its bytes in\n"
            "flash become zeros. The board must not be running.",
        .examples = "  aloft secret clear board.flash push",
        .exits = "0 there is none any more, 1 refused",
        .options = {ALOFT_FLASH_NVS_OPTIONS(place)},
    };
    if (!aloft_args_read(&args, argc, argv)) {
        return args.status;
    }
    const struct way *way = way_of(&args, args.given.items[1]);
    if (way == NULL) {
        return args.status;
    }
    place.path = args.given.items[0];
    if (!aloft_flash_nvs_open(&of, &place, true)) {
        return ALOFT_EXIT_BAD;
    }
    bool good = true;
    for (size_t i = 0; i < COUNT(way->keys) && good && way->keys[i] != NULL; i++) {
        good = drop(&of, way->keys[i]);
    }
    return aloft_flash_nvs_close(&of, good) && good ? ALOFT_EXIT_GOOD : ALOFT_EXIT_BAD;
}

int cmd_secret(int argc, char **argv)
{
    static const struct aloft_command commands[] = {
        {"set", "set the password of a way in", secret_set},
        {"list", "say which ways in have one", secret_list},
        {"clear", "take one away", secret_clear},
        {NULL, NULL, NULL},
    };
    return aloft_args_dispatch("aloft secret", "Passwords of a device's ways in, kept in its NVS.",
                               commands, argc, argv);
}
