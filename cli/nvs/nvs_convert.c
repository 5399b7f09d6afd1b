// aloft nvs build and export: nvs_partition_gen's CSV into a partition, and back.
#include "cli/base/args.h"
#include "cli/base/commands.h"
#include "cli/base/ui.h"
#include "cli/nvs/flash_nvs.h"
#include "cli/nvs/nvs_damage.h"
#include "cli/nvs/nvs_values.h"
#include "hostlib/nvs/nvs_csv.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// --- build

struct build {
    const char *output;
    const char *folder;
    uint32_t size;
    uint32_t format;
};

static bool build_partition(const struct build *build, const char *path, uint32_t *len,
                            struct aloft_message *error)
{
    struct aloft_nvs_build partition;
    struct aloft_file csv;
    struct aloft_message why;
    char output[4096];
    bool joined = build->folder != NULL && build->output[0] != '/';
    (void)snprintf(output, sizeof output, "%s%s%s", joined ? build->folder : "", joined ? "/" : "",
                   build->output); // a name that is too long for it is so for the system, too
    if (!aloft_file_read(path, ALOFT_NVS_CSV_MAX, &csv, error)) {
        return false;
    }
    bool good = aloft_nvs_build_init(&partition, build->size, &why);
    if (good) {
        good = aloft_nvs_csv_build(&partition, csv.data, csv.len, &why);
        *len = aloft_nvs_build_len(&partition);
        good = good && aloft_file_write(output, partition.bytes, *len, &why);
        aloft_nvs_build_release(&partition);
    }
    aloft_file_release(&csv);
    return good || aloft_message_set(error, "%s: %s", path, why.text);
}

int nvs_build(int argc, char **argv)
{
    struct build build = {.format = 2};
    struct aloft_message error;
    uint32_t len = 0;
    char number[32];
    struct aloft_args args = {
        .command = "aloft nvs build",
        .operands = "CSV",
        .about =
            "Makes an NVS partition of the CSV that ESP-IDF's nvs_partition_gen takes, to the\n"
            "same bytes: a header key,type,encoding,value, then NAME,namespace,, and its\n"
            "values. The partition's size is in the partition table (`aloft parts show`).",
        .examples = "  aloft nvs build nvs.csv -o nvs.bin --size 0x6000\n"
                    "  aloft parts write board.flash nvs nvs.bin",
        .exits = "0 built, 1 a line is wrong, or it does not fit",
        .options =
            {
                {ALOFT_ARG_NEEDED, 'o', "output", "BIN", "the partition; - for standard output",
                 &build.output},
                {ALOFT_ARG_SIZE, 's', "size", "N", "of the partition, such as 0x6000", &build.size},
                {ALOFT_ARG_TEXT, 0, "folder", "DIR", "where BIN goes [the working folder]",
                 &build.folder},
                {ALOFT_ARG_NUMBER, 0, "format", "N", "version of NVS [2]", &build.format},
            },
    };
    if (!aloft_args_read(&args, argc, argv)) {
        return args.status;
    }
    if (build.size == 0) {
        return aloft_args_wrong(&args, "give --size N, of the partition");
    }
    if (build.format != 2) {
        return aloft_args_wrong(&args,
                                "--format %u: only 2 is made, which ESP-IDF has had since "
                                "v3.2",
                                (unsigned)build.format);
    }
    if (!build_partition(&build, args.given.items[0], &len, &error)) {
        aloft_ui_error("%s", error.text);
        return ALOFT_EXIT_BAD;
    }
    if (strcmp(build.output, "-") != 0) {
        printf("%s: %s bytes\n", build.output, aloft_ui_thousands(len, number));
    }
    return ALOFT_EXIT_GOOD;
}

// --- export

struct out {
    char *text;
    size_t len;
    FILE *file; // grows text
    bool secrets;
    uint32_t left_out;
};

static const char *encoding_of(uint8_t type)
{
    return type == ALOFT_NVS_STR                                    ? "string"
           : type == ALOFT_NVS_BLOB_INDEX || type == ALOFT_NVS_BLOB ? "hex2bin"
           : aloft_nvspage_number_len(type) > 0 && type != ALOFT_NVS_FLOAT &&
                   type != ALOFT_NVS_DOUBLE
               ? aloft_nvs_values_type(type)
               : NULL;
}

static bool put_row(struct out *out, const char *key, const char *type, const char *encoding,
                    const char *value)
{
    char *quoted_key = aloft_nvs_csv_quote(key);
    char *quoted = aloft_nvs_csv_quote(value);
    bool good = quoted_key != NULL && quoted != NULL && quoted_key[0] != '#';
    if (good) {
        (void)fprintf(out->file, "%s,%s,%s,%s\n", quoted_key, type, encoding, quoted);
    }
    free(quoted_key);
    free(quoted);
    return good;
}

static bool put_value(struct out *out, const struct aloft_nvs *nvs, const char *ns,
                      const struct aloft_nvs_item *item)
{
    const char *encoding = encoding_of(item->type);
    if (aloft_nvs_values_is_secret(ns, item->key) && !out->secrets) {
        out->left_out++;
        return true;
    }
    char *text = encoding != NULL ? aloft_nvs_values_text(nvs, ns, item->key, item->type) : NULL;
    bool good = text != NULL && put_row(out, item->key, "data", encoding, text);
    free(text);
    if (!good) {
        aloft_ui_error("%s %s cannot be written as CSV: it is %s", ns, item->key,
                       encoding == NULL ? "of a type that CSV does not have"
                                        : "text that nvs_partition_gen would change");
    }
    return good;
}

// The values of the namespace with this number, in their order.
static bool put_space(struct out *out, const struct aloft_nvs *nvs, uint8_t number)
{
    struct aloft_nvs_cursor cursor = {.page = 0};
    char ns[ALOFT_NVS_NAME];
    bool good = true;
    while (good && aloft_nvs_values_next(nvs, &cursor, ns)) {
        good = cursor.place.item.ns != number || put_value(out, nvs, ns, &cursor.place.item);
    }
    return good;
}

static bool put_all(struct out *out, const struct aloft_nvs *nvs)
{
    struct aloft_nvs_cursor cursor = {.page = 0};
    bool good = true;
    bool found;
    (void)fprintf(out->file, "key,type,encoding,value\n");
    while (good && aloft_nvs_next(nvs, &cursor, &found) == ALOFT_OK && found) {
        const struct aloft_nvs_item *item = &cursor.place.item;
        uint8_t number;
        if (item->ns == 0 && item->type == ALOFT_NVS_U8 &&
            aloft_nvs_find_ns(nvs, item->key, &number) == ALOFT_OK && number == item->data[0]) {
            good = put_row(out, item->key, "namespace", "", "") && put_space(out, nvs, number);
        }
    }
    return good;
}

static bool export(struct out *out, const struct aloft_flash_nvs *of, const char *path)
{
    struct aloft_message error;
    json_t *unreadable = json_array();
    uint32_t bad = aloft_nvs_damage_show(&of->nvs, unreadable);
    json_decref(unreadable);
    if (bad > 0) {
        aloft_ui_error("%s: some of it cannot be read; `aloft nvs show` lists it", of->path);
        return false;
    }
    out->file = open_memstream(&out->text, &out->len);
    if (out->file == NULL) {
        aloft_ui_error("out of memory");
        return false;
    }
    bool good = put_all(out, &of->nvs);
    good = fclose(out->file) == 0 && good;
    if (good && !aloft_file_write(path, out->text, out->len, &error)) {
        aloft_ui_error("%s", error.text);
        good = false;
    }
    free(out->text);
    if (good && out->left_out > 0) {
        aloft_ui_warn("%u secrets are left out; --secrets takes them along",
                      (unsigned)out->left_out);
    }
    return good;
}

int nvs_export(int argc, char **argv)
{
    struct aloft_flash_nvs_place place = ALOFT_FLASH_NVS_PLACE;
    struct aloft_flash_nvs of;
    struct out out = {.text = NULL};
    const char *output = "-";
    struct aloft_args args = {
        .command = "aloft nvs export",
        .operands = "FLASH",
        .about =
            "Writes the values in NVS as CSV for `aloft nvs build` or nvs_partition_gen. FLASH\n"
            "is a board's flash file, or an NVS partition alone. What cannot be written as CSV is\n"
            "named, and nothing is written then.",
        .examples = "  aloft nvs export board.flash -o nvs.csv\n"
                    "  aloft nvs export nvs.bin | aloft nvs build - -o copy.bin --size 0x6000",
        .exits = "0 written, 1 something cannot be read, or not be CSV",
        .options =
            {
                {ALOFT_ARG_TEXT, 'o', "output", "CSV", "the file [standard output]", &output},
                {ALOFT_ARG_FLAG, 0, "secrets", NULL, "take secrets of the namespace aloft along",
                 &out.secrets},
                ALOFT_FLASH_NVS_OPTIONS(place),
            },
    };
    if (!aloft_args_read(&args, argc, argv)) {
        return args.status;
    }
    place.path = args.given.items[0];
    if (!aloft_flash_nvs_open(&of, &place, false)) {
        return ALOFT_EXIT_BAD;
    }
    bool good = export(&out, &of, output);
    return aloft_flash_nvs_close(&of, false) && good ? ALOFT_EXIT_GOOD : ALOFT_EXIT_BAD;
}
