// aloft nvs: the values in a board's NVS, written by the core's machine (aloft/nvs_write.h), so a
// tool and a device leave the same bytes. Verifiers of passwords are never shown.
#include "aloft/base/hex.h"
#include "cli/base/args.h"
#include "cli/base/commands.h"
#include "cli/base/ui.h"
#include "cli/nvs/flash_nvs.h"
#include "cli/nvs/nvs_damage.h"
#include "cli/nvs/nvs_values.h"
#include "hostlib/base/number.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// One value: a line, or an object in list.
static void show_value(const struct aloft_nvs *nvs, const char *ns,
                       const struct aloft_nvs_item *item, json_t *list)
{
    char clean[200];
    bool hidden = aloft_nvs_values_is_secret(ns, item->key);
    char *text = hidden ? strdup("set") : aloft_nvs_values_text(nvs, ns, item->key, item->type);
    if (list != NULL) {
        json_t *value = hidden || text == NULL ? json_null() : aloft_ui_json_text(text);
        (void)json_array_append_new(list, json_pack("{so so ss sb so}", "namespace",
                                                    aloft_ui_json_text(ns), "key",
                                                    aloft_ui_json_text(item->key), "type",
                                                    aloft_nvs_values_type(item->type), "secret",
                                                    (int)hidden, "value", value));
    } else {
        char where[40];
        (void)snprintf(where, sizeof where, "%s %s", ns, item->key);
        aloft_ui_clean(where, where, sizeof where);
        aloft_ui_clean(text == NULL ? "(cannot be read)" : text, clean, sizeof clean);
        printf("%-32s %-5s %s\n", where, aloft_nvs_values_type(item->type), clean);
    }
    free(text);
}

static bool show_all(const struct aloft_nvs *nvs, bool json)
{
    struct aloft_nvs_cursor cursor = {.page = 0};
    json_t *list = json ? json_array() : NULL;
    uint32_t count = 0;
    char ns[ALOFT_NVS_NAME];
    while (aloft_nvs_values_next(nvs, &cursor, ns)) {
        show_value(nvs, ns, &cursor.place.item, list);
        count++;
    }
    json_t *unreadable = json ? json_array() : NULL;
    uint32_t bad = aloft_nvs_damage_show(nvs, unreadable);
    if (json) {
        return aloft_ui_json_print(json_pack("{so so}", "values", list, "unreadable", unreadable));
    }
    printf("%u values in %u pages of 4 KiB", count, nvs->pages);
    if (bad > 0) {
        printf("; there is more that cannot be read: see above");
    }
    printf("\n");
    return true;
}

static int nvs_show(int argc, char **argv)
{
    struct aloft_flash_nvs_place place = ALOFT_FLASH_NVS_PLACE;
    struct aloft_flash_nvs of;
    bool json = false;
    struct aloft_args args = {
        .command = "aloft nvs show",
        .operands = "FLASH",
        .about =
            "Lists the values in NVS. FLASH is a board's flash file, or an NVS partition alone.\n"
            "Secrets of the namespace aloft are not shown, only that they are set. What cannot be\n"
            "read is listed with the reason; setting a damaged value again makes it good.",
        .examples = "  aloft nvs show board.flash\n"
                    "  aloft nvs show nvs.bin --json",
        .exits = "0 shown, 1 it cannot be read",
        .options = {ALOFT_ARG_JSON(&json), ALOFT_FLASH_NVS_OPTIONS(place)},
    };
    if (!aloft_args_read(&args, argc, argv)) {
        return args.status;
    }
    place.path = args.given.items[0];
    if (!aloft_flash_nvs_open(&of, &place, false)) {
        return ALOFT_EXIT_BAD;
    }
    bool shown = show_all(&of.nvs, json);
    return aloft_flash_nvs_close(&of, false) && shown ? ALOFT_EXIT_GOOD : ALOFT_EXIT_BAD;
}

// The newest value of a key, of any type. Errors: why there is none, as of aloft_nvs_get_str.
static enum aloft_err find_key(const struct aloft_nvs *nvs, const char *ns, const char *key,
                               uint8_t *type)
{
    struct aloft_nvs_cursor cursor = {.page = 0};
    struct aloft_nvs_place place;
    uint8_t number;
    char text[1];
    bool found;
    enum aloft_err err = aloft_nvs_find_ns(nvs, ns, &number);
    while (err == ALOFT_OK && (err = aloft_nvs_next(nvs, &cursor, &found)) == ALOFT_OK && found) {
        const struct aloft_nvs_item *item = &cursor.place.item;
        if (item->ns == number && strcmp(item->key, key) == 0 &&
            item->type != ALOFT_NVS_BLOB_DATA && aloft_nvs_find(nvs, item, &place) == ALOFT_OK) {
            *type = item->type;
            return ALOFT_OK;
        }
    }
    err = aloft_nvs_get_str(nvs, ns, key, text, sizeof text);
    return err == ALOFT_OK ? ALOFT_ERR_NVS_CORRUPT : err; // found by no type, it must be damaged
}

// A key of the namespace that could have been meant goes to best.
static void suggest_key(const struct aloft_nvs *nvs, const char *ns, const char *key,
                        char best[ALOFT_NVS_NAME])
{
    struct aloft_nvs_cursor cursor = {.page = 0};
    struct aloft_suggest suggest;
    char space[ALOFT_NVS_NAME];
    aloft_suggest_init(&suggest, key);
    best[0] = '\0';
    while (aloft_nvs_values_next(nvs, &cursor, space)) {
        const char *before = suggest.best;
        if (strcmp(space, ns) == 0) {
            aloft_suggest_feed(&suggest, cursor.place.item.key);
        }
        if (suggest.best != before) {
            memcpy(best, cursor.place.item.key, ALOFT_NVS_NAME);
            suggest.best = best; // the cursor goes on
        }
    }
}

static void say_why(const struct aloft_flash_nvs *of, const char *ns, const char *key,
                    enum aloft_err err)
{
    const char *path = of->path;
    char best[ALOFT_NVS_NAME];
    suggest_key(&of->nvs, ns, key, best);
    if (err == ALOFT_ERR_NVS_NOT_FOUND && best[0] != '\0') {
        aloft_ui_error("%s: there is no %s %s; did you mean '%s'?", path, ns, key, best);
    } else if (err == ALOFT_ERR_NVS_NOT_FOUND) {
        aloft_ui_error("%s: there is no %s %s; 'aloft nvs show' lists what there is", path, ns,
                       key);
    } else {
        aloft_ui_error("%s: %s %s cannot be read: %s (%s); 'aloft nvs show' says where", path, ns,
                       key, aloft_err_sentence(err), aloft_err_name(err));
    }
}

static int nvs_get(int argc, char **argv)
{
    struct aloft_flash_nvs_place place = ALOFT_FLASH_NVS_PLACE;
    struct aloft_flash_nvs of;
    struct aloft_args args = {
        .command = "aloft nvs get",
        .operands = "FLASH NAMESPACE KEY",
        .about = "Prints one value: text, a number, or the bytes of a blob in hex.",
        .examples = "  aloft nvs get board.flash aloft device_id",
        .exits = "0 printed, 1 there is none, it cannot be read, or it is a secret",
        .options = {ALOFT_FLASH_NVS_OPTIONS(place)},
    };
    uint8_t type = 0;
    if (!aloft_args_read(&args, argc, argv)) {
        return args.status;
    }
    const char *ns = args.given.items[1];
    const char *key = args.given.items[2];
    place.path = args.given.items[0];
    if (aloft_nvs_values_is_secret(ns, key)) {
        aloft_ui_error("%s %s is a secret, which is never read back; set it again instead", ns,
                       key);
        return ALOFT_EXIT_BAD;
    }
    if (!aloft_flash_nvs_open(&of, &place, false)) {
        return ALOFT_EXIT_BAD;
    }
    enum aloft_err err = find_key(&of.nvs, ns, key, &type);
    char *text = err == ALOFT_OK ? aloft_nvs_values_text(&of.nvs, ns, key, type) : NULL;
    if (text == NULL) {
        say_why(&of, ns, key, err == ALOFT_OK ? ALOFT_ERR_NVS_CORRUPT : err);
    } else {
        printf("%s\n", text);
    }
    bool good = text != NULL;
    free(text);
    return aloft_flash_nvs_close(&of, false) && good ? ALOFT_EXIT_GOOD : ALOFT_EXIT_BAD;
}

static bool parse_hex(const char *text, uint8_t *bytes, uint32_t *len)
{
    size_t digits = strlen(text);
    *len = (uint32_t)(digits / 2);
    return digits % 2 == 0 && aloft_hex_parse(text, bytes, *len);
}

// A value from the command line, ready to be written. bytes is as long as the text.
struct value {
    const char *type;
    const char *text;
    uint8_t *bytes;
    uint32_t len;
    int64_t number;
};

static bool read_value(struct value *value)
{
    if (strcmp(value->type, "str") == 0) {
        return true;
    }
    if (strcmp(value->type, "u32") == 0) {
        return aloft_number_parse(value->text, &value->number) && value->number >= 0 &&
               value->number <= UINT32_MAX;
    }
    return strcmp(value->type, "blob-hex") == 0 &&
           parse_hex(value->text, value->bytes, &value->len);
}

static bool write_value(struct aloft_flash_nvs *of, const char *ns, const char *key,
                        const struct value *value)
{
    struct aloft_nvs_write op;
    if (strcmp(value->type, "str") == 0) {
        aloft_nvs_set_str(&op, &of->nvs, ns, key, value->text);
    } else if (strcmp(value->type, "u32") == 0) {
        aloft_nvs_set_number(&op, &of->nvs, ns, key, ALOFT_NVS_U32, (uint64_t)value->number);
    } else {
        aloft_nvs_set_blob(&op, &of->nvs, ns, key, value->bytes, value->len);
    }
    return aloft_flash_nvs_run(of, &op);
}

static int nvs_set(int argc, char **argv)
{
    struct aloft_flash_nvs_place place = ALOFT_FLASH_NVS_PLACE;
    struct aloft_flash_nvs of;
    struct value value = {.type = "str"};
    struct aloft_args args = {
        .command = "aloft nvs set",
        .operands = "FLASH NAMESPACE KEY VALUE",
        .about =
            "Sets a value, over the old one if there is one. The board must not be running.\n"
            "What cannot be read stays as it is. In the namespace aloft the value's name is also\n"
            "listed in aloft_guards, so that one flipped bit does not make it look unset.\n"
            "For passwords use 'aloft secret set': it stores no password.",
        .examples = "  aloft nvs set board.flash aloft device_id kitchen\n"
                    "  aloft nvs set nvs.bin app interval 60 --type u32",
        .exits = "0 set, 1 refused; the old value then still holds",
        .options = {{ALOFT_ARG_TEXT, 0, "type", "TYPE", "str, u32 or blob-hex [str]", &value.type},
                    ALOFT_FLASH_NVS_CREATE(place),
                    ALOFT_FLASH_NVS_OPTIONS(place)},
    };
    if (!aloft_args_read(&args, argc, argv)) {
        return args.status;
    }
    place.path = args.given.items[0];
    value.text = args.given.items[3];
    static const char *const types[] = {"str", "u32", "blob-hex"};
    if (!aloft_args_word(&args, "--type", value.type, types, sizeof types / sizeof types[0])) {
        return args.status;
    }
    value.bytes = calloc(1, strlen(value.text) + 1);
    if (value.bytes == NULL || !read_value(&value)) {
        free(value.bytes);
        return aloft_args_wrong(&args, "'%s' is no %s; types are str, u32 and blob-hex", value.text,
                                value.type);
    }
    bool good = aloft_flash_nvs_open(&of, &place, true);
    if (good) {
        good = write_value(&of, args.given.items[1], args.given.items[2], &value);
        good = aloft_flash_nvs_close(&of, good) && good;
    }
    free(value.bytes);
    return good ? ALOFT_EXIT_GOOD : ALOFT_EXIT_BAD;
}

static int nvs_erase(int argc, char **argv)
{
    struct aloft_flash_nvs_place place = ALOFT_FLASH_NVS_PLACE;
    struct aloft_flash_nvs of;
    struct aloft_nvs_write op;
    struct aloft_args args = {
        .command = "aloft nvs erase",
        .operands = "FLASH NAMESPACE KEY",
        .about = "Erases a value; its bytes in flash become zeros. The board must not be running.",
        .examples = "  aloft nvs erase board.flash aloft device_id",
        .exits = "0 erased, 1 there was none, or it failed",
        .options = {ALOFT_FLASH_NVS_OPTIONS(place)},
    };
    if (!aloft_args_read(&args, argc, argv)) {
        return args.status;
    }
    place.path = args.given.items[0];
    if (!aloft_flash_nvs_open(&of, &place, true)) {
        return ALOFT_EXIT_BAD;
    }
    aloft_nvs_erase(&op, &of.nvs, args.given.items[1], args.given.items[2]);
    bool good = aloft_flash_nvs_run(&of, &op);
    return aloft_flash_nvs_close(&of, good) && good ? ALOFT_EXIT_GOOD : ALOFT_EXIT_BAD;
}

int cmd_nvs(int argc, char **argv)
{
    static const struct aloft_command commands[] = {
        {"show", "list all values", nvs_show},
        {"get", "print one value", nvs_get},
        {"set", "set a value", nvs_set},
        {"erase", "erase a value", nvs_erase},
        {"build", "make a partition of nvs_partition_gen's CSV", nvs_build},
        {"export", "write the values as such a CSV", nvs_export},
        {NULL, NULL, NULL},
    };
    return aloft_args_dispatch("aloft nvs", "Values in a board's NVS, ESP-IDF's key-value store.",
                               commands, argc, argv);
}
