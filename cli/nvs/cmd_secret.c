// aloft secret: passwords of a device's ways in. What goes to flash is what each protocol checks a
// password with (hostlib/keys/secret.h), in NVS namespace aloft, where updates do not reach;
// nothing here reads one back.
#include "aloft/net/pbkdf2.h"
#include "aloft/net/webui_auth.h"
#include "cli/base/args.h"
#include "cli/base/commands.h"
#include "cli/base/ui.h"
#include "cli/keys/key_files.h"
#include "cli/nvs/flash_nvs.h"
#include "hostlib/base/file.h"
#include "hostlib/base/random.h"
#include "hostlib/base/text.h"
#include "hostlib/crypto/pk.h"
#include "hostlib/keys/secret.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char space[] = "aloft";
static const char device_default[] = "02a10f000001"; // the MAC of a virtual board
static const char user[] = "admin";

enum { KEY_MAX = 4000, PASSWORD_MAX = 256, GOOD_LEN = 8, MD5_LEN = 16 };

struct way {
    const char *name;
    const char *keys[2];
    const char *about;
};

static const struct way ways[] = {
    {"push", {"push_hash", NULL}, "updates pushed by espota"},
    {"web", {"web_ha1", "web_ha1_md5"}, "the device's own web page, user admin"},
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

// One line of the terminal, unseen.
static bool prompt(const char *text, char password[PASSWORD_MAX])
{
    struct termios before;
    FILE *terminal = fopen("/dev/tty", "r+");
    if (terminal == NULL) {
        return false;
    }
    bool hidden = tcgetattr(fileno(terminal), &before) == 0;
    struct termios silent = before;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    hidden = hidden && tcsetattr(fileno(terminal), TCSAFLUSH, &silent) == 0;
    (void)fputs(text, terminal);
    (void)fflush(terminal);
    bool read = hidden && fgets(password, PASSWORD_MAX, terminal) != NULL;
    (void)fputs("\n", terminal);
    if (hidden) {
        (void)tcsetattr(fileno(terminal), TCSAFLUSH, &before);
    }
    (void)fclose(terminal);
    return read;
}

static bool ask(char password[PASSWORD_MAX])
{
    char again[PASSWORD_MAX];
    if (!prompt("New password: ", password) || !prompt("Once more: ", again)) {
        aloft_ui_error("there is no terminal to ask for the password; use --password-file, or the "
                       "environment variable ALOFT_PASSWORD");
        return false;
    }
    bool same = strcmp(password, again) == 0;
    explicit_bzero(again, sizeof again);
    if (!same) {
        aloft_ui_error("the two passwords differ; nothing was set");
    }
    return same;
}

static bool from_file(const char *path, char password[PASSWORD_MAX])
{
    struct aloft_file file;
    struct aloft_message error;
    if (!aloft_file_read(path, KEY_MAX, &file, &error)) {
        aloft_ui_error("%s", error.text);
        return false;
    }
    bool read = aloft_text_unmark(&file, &error);
    if (!read) {
        aloft_ui_error("%s: no password can be read: %s", path, error.text);
    } else if (file.len == 0) {
        read = false;
        aloft_ui_error("%s: no password can be read: the file is empty", path);
    } else {
        (void)snprintf(password, PASSWORD_MAX, "%.*s", PASSWORD_MAX - 1, (const char *)file.data);
    }
    aloft_file_release(&file);
    return read;
}

// From the file, the environment or a person, in this order, without its line end.
static bool get_password(const char *path, char password[PASSWORD_MAX])
{
    const char *given = getenv("ALOFT_PASSWORD");
    bool good = true;
    if (path != NULL) {
        good = from_file(path, password);
    } else if (given != NULL) {
        (void)snprintf(password, PASSWORD_MAX, "%.*s", PASSWORD_MAX - 1, given);
    } else {
        good = ask(password);
    }
    if (!good) {
        return false;
    }
    size_t len = strcspn(password, "\r\n");
    password[len] = '\0';
    if (len == 0 || len == PASSWORD_MAX - 1) {
        aloft_ui_error("the password is %s", len == 0 ? "empty; a way without one is closed with "
                                                        "'aloft secret clear'"
                                                      : "longer than 254 bytes");
        return false;
    }
    if (len < GOOD_LEN) {
        aloft_ui_warn("the password has fewer than 8 characters; it is soon guessed");
    }
    return true;
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

enum generation { BOTH, ONLY_SHA256, ONLY_MD5 };

static bool store_ha1(struct aloft_flash_nvs *of, enum aloft_secret_hash hash, const char *key,
                      const char *password)
{
    char realm[ALOFT_WEBUI_REALM_MAX + 1];
    char text[ALOFT_SECRET_HEX];
    enum aloft_err err = aloft_nvs_get_str(&of->nvs, space, "device_id", realm, sizeof realm);
    if (err == ALOFT_ERR_NVS_NOT_FOUND) {
        (void)snprintf(realm, sizeof realm, "%s", device_default);
    } else if (err == ALOFT_ERR_NVS_CORRUPT || err == ALOFT_ERR_NVS_UNREADABLE) {
        aloft_ui_error("device_id in NVS cannot be read, and the password is of it; set it again "
                       "with 'aloft nvs set', or take it away with 'aloft nvs erase'");
        return false;
    } else if (err != ALOFT_OK || !aloft_webui_auth_is_realm(realm)) {
        aloft_ui_error(
            "device_id in NVS is not a name for a device: at most %u printable characters, "
            "without quotes and backslashes; set it again with 'aloft nvs set'",
            ALOFT_WEBUI_REALM_MAX);
        return false;
    }
    return aloft_secret_ha1(hash, user, realm, password, text) && store(of, key, text);
}

static bool set_way(struct aloft_flash_nvs *of, const struct way *way, enum generation generation,
                    const char *password)
{
    char text[ALOFT_SECRET_TOKEN];
    uint8_t salt[ALOFT_SECRET_SALT];
    if (strcmp(way->name, "push") == 0) {
        bool md5 = generation == ONLY_MD5;
        return aloft_secret_hash(md5 ? ALOFT_SECRET_MD5 : ALOFT_SECRET_SHA256, password, text) &&
               store(of, way->keys[0], text);
    }
    if (strcmp(way->name, "control") == 0) {
        return aloft_random(salt, sizeof salt) &&
               aloft_secret_token(password, ALOFT_SECRET_ITERATIONS, salt, text) &&
               store(of, way->keys[0], text);
    }
    // Values of the old password that are not replaced are erased first, so that it is not accepted
    // any
    // more.
    bool good = generation == BOTH || drop(of, way->keys[generation == ONLY_MD5 ? 0 : 1]);
    if (good && generation != ONLY_MD5) {
        good = store_ha1(of, ALOFT_SECRET_SHA256, way->keys[0], password);
    }
    if (good && generation != ONLY_SHA256) {
        good = store_ha1(of, ALOFT_SECRET_MD5, way->keys[1], password);
    }
    return good;
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

static int secret_set(int argc, char **argv)
{
    struct aloft_flash_nvs_place place = ALOFT_FLASH_NVS_PLACE;
    struct aloft_flash_nvs of;
    const char *file = NULL;
    const char *generation = NULL;
    const char *key = NULL;
    char password[PASSWORD_MAX];
    struct aloft_args args = {
        .command = "aloft secret set",
        .operands = "FLASH WAY",
        .about =
            "Sets the password of a way in: push, web or control. It comes from --password-file,\n"
            "from ALOFT_PASSWORD, or from you, unseen. Flash gets only what the protocol checks\n"
            "it with (docs/SECRETS.md). The way 'key' is not a password but the private key that\n"
            "opens encrypted firmware, from --key-file. The board must not be running.",
        .examples = "  aloft secret set board.flash web\n"
                    "  aloft secret set board.flash key --key-file enc.pem\n"
                    "  aloft secret set board.flash push --password-file push.txt --generation md5",
        .exits = "0 set, 1 refused; the old password then still holds",
        .options = {{ALOFT_ARG_TEXT, 0, "password-file", "FILE", "its first line is the password",
                     &file},
                    {ALOFT_ARG_TEXT, 0, "key-file", "KEY", "for key: RSA-3072, private, PEM or DER",
                     &key},
                    {ALOFT_ARG_TEXT, 0, "generation", "HASH",
                     "sha256 or md5, for old clients [push sha256, web both]", &generation},
                    ALOFT_FLASH_NVS_OPTIONS(place)},
    };
    if (!aloft_args_read(&args, argc, argv)) {
        return args.status;
    }
    const struct way *way = way_of(&args, args.given.items[1]);
    if (way == NULL) {
        return args.status;
    }
    if (is_key(way) != (key != NULL)) {
        return aloft_args_wrong(&args, key == NULL ? "a key is not a password: give --key-file KEY"
                                                   : "--key-file is for the way 'key'");
    }
    place.path = args.given.items[0];
    if (key != NULL) {
        return set_key(&place, way, key);
    }
    enum generation which = BOTH;
    if (generation != NULL) {
        which = strcmp(generation, "md5") == 0 ? ONLY_MD5 : ONLY_SHA256;
        bool fits = which == ONLY_MD5 || strcmp(generation, "sha256") == 0;
        if (!fits || strcmp(way->name, "control") == 0) {
            return aloft_args_wrong(&args, "--generation %s: it is sha256 or md5, for push and web",
                                    generation);
        }
    }
    bool good = get_password(file, password) &&
                (strcmp(way->name, "control") != 0 || is_token(password)) &&
                aloft_flash_nvs_open(&of, &place, true);
    if (good) {
        good = set_way(&of, way, which, password);
        good = aloft_flash_nvs_close(&of, good) && good;
    }
    explicit_bzero(password, sizeof password);
    if (good) {
        printf("%s: the password for %s is set\n", place.path, way->about);
    }
    return good ? ALOFT_EXIT_GOOD : ALOFT_EXIT_BAD;
}

// What is known of a way without its secret. The generations are of passwords that are hashed as
// --generation says.
struct standing {
    bool set;
    bool sha256;
    bool md5;
    bool damaged; // something of it cannot be read, and the device refuses this way
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
        return (struct standing){set[0], set[0] && !md5, md5, damaged};
    }
    bool both = way->keys[1] != NULL;
    return (struct standing){set[0] || set[1], both && set[0], both && set[1], damaged};
}

static void print_way(const struct way *way, const struct standing *is)
{
    const char *how = is->sha256 && is->md5 ? " (SHA-256 and MD5)"
                      : is->sha256          ? " (SHA-256)"
                      : is->md5             ? " (MD5)"
                                            : "";
    const char *word = is->damaged ? "damaged" : is->set ? "set" : "not set";
    printf("%-8s %-8s %s%s%s\n", way->name, word, way->about, how,
           is->damaged ? ": it cannot be read, and the device refuses it; set or clear it" : "");
}

static json_t *way_json(const struct way *way, const struct standing *is)
{
    json_t *object = json_pack("{s:s, s:b, s:b, s:b, s:b}", "name", way->name, "set", is->set,
                               "sha256", is->sha256, "md5", is->md5, "damaged", is->damaged);
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
