// aloft image: app and bootloader images. Judging is the core's (aloft/image.h); this file asks and
// prints.
#include "aloft/base/bytes.h"
#include "aloft/format/ptable.h"
#include "cli/base/args.h"
#include "cli/base/commands.h"
#include "cli/base/failure.h"
#include "cli/base/ui.h"
#include "cli/image/image_kind.h"
#include "cli/image/image_source.h"
#include "cli/image/image_text.h"
#include "hostlib/base/chip_info.h"
#include "hostlib/base/text.h"
#include "hostlib/crypto/mbed_crypto.h"
#include "hostlib/image/image_build.h"
#include "hostlib/image/image_scan.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Bytes at the start of what was never written.
#define ERASED_LOOK 4096u

struct look {
    struct aloft_image_source source;
    struct aloft_image_rules rules;
    struct aloft_image_scan scan;
    const char *chip;
    const char *revision;
    bool native;
    bool json;
    bool erased; // a slot that was never written, or what was read from one
    enum aloft_image_kind kind;
};

static const struct look look_default = {
    .rules = {.crypto = &aloft_mbed_crypto,
              .len_max = ALOFT_IMAGE_LEN_MAX,
              .bootloader = true,
              .chip_revision = 0xFFFF},
};

static void print_header(const struct aloft_image_facts *facts)
{
    const struct aloft_chip_info *chip = aloft_chip_info_find(facts->chip_id);
    printf("Chip          %s (id %u)\n", chip != NULL ? chip->name : "unknown", facts->chip_id);
    printf("Revisions     from v%u.%u", facts->min_revision / 100, facts->min_revision % 100);
    if (facts->max_revision == 0 || facts->max_revision == 0xFFFF) {
        printf(", no upper limit\n");
    } else {
        printf(" to v%u.%u\n", facts->max_revision / 100, facts->max_revision % 100);
    }
    printf("Entry         0x%08x\n", facts->entry);
    printf("Flash         %s, %s, %s\n", aloft_image_text_spi_mode(facts->spi_mode),
           aloft_chip_info_frequency(facts->chip_id, facts->spi_speed_size),
           aloft_image_text_flash_size(facts->spi_speed_size));
}

static void print_desc(const struct aloft_image_scan *scan)
{
    const struct aloft_image_desc *desc = &scan->desc;
    char text[64];
    char hex[2 * ALOFT_SHA256_LEN + 1];
    if (!scan->facts.has_desc) {
        printf("Descriptor    none: %s\n", scan->chip == NULL || scan->facts.mapped
                                               ? "an app from before ESP-IDF v3.3"
                                               : "a bootloader");
        return;
    }
    aloft_ui_clean(desc->project, text, sizeof text);
    printf("Project       %s\n", text);
    aloft_ui_clean(desc->version, text, sizeof text);
    printf("Version       %s (security version %u)\n", text, desc->secure_version);
    aloft_ui_clean(desc->idf_ver, text, sizeof text);
    printf("Made with     %s\n", text);
    if (desc->date[0] != '\0' || desc->time[0] != '\0') {
        char time[32];
        aloft_ui_clean(desc->date, text, sizeof text);
        aloft_ui_clean(desc->time, time, sizeof time);
        printf("Compiled      %s %s\n", text, time);
    }
    printf("ELF SHA-256   %s\n", aloft_ui_hex(desc->elf_sha256, sizeof desc->elf_sha256, hex));
}

static void print_segments(const struct aloft_image_scan *scan)
{
    printf("Segments      %u\n", scan->facts.segment_count);
    if (scan->segment_count > 0) {
        printf("   #  Length    Load addr   File offset  Memory\n");
    }
    for (uint32_t i = 0; i < scan->segment_count; i++) {
        const struct aloft_image_segment *s = &scan->segments[i];
        printf("  %2u  0x%06x  0x%08x  0x%06x     %s\n", i, s->len, s->addr, s->off,
               aloft_chip_info_memory(scan->facts.chip_id, s->addr));
    }
}

static void print_tail(const struct look *look)
{
    const struct aloft_image_scan *scan = &look->scan;
    char hex[2 * ALOFT_SHA256_LEN + 1];
    char number[32];
    if (!scan->ended) {
        return;
    }
    printf("Checksum      0x%02x (valid)\n", scan->facts.checksum);
    if (scan->facts.hash_appended != 0) {
        printf("SHA-256       %s (valid)\n", aloft_ui_hex(scan->facts.digest, 32, hex));
    } else {
        printf("SHA-256       none appended\n");
    }
    printf("Signature     %s\n",
           aloft_image_kind_signature(scan, look->source.file.data, look->source.len));
    printf("Length        %s bytes", aloft_ui_thousands(scan->facts.image_len, number));
    if (look->source.len > scan->facts.image_len) {
        printf(", and %s more follow",
               aloft_ui_thousands(look->source.len - scan->facts.image_len, number));
    }
    printf("\n");
}

static json_t *segments_json(const struct aloft_image_scan *scan)
{
    json_t *segments = json_array();
    for (uint32_t i = 0; i < scan->segment_count; i++) {
        const struct aloft_image_segment *s = &scan->segments[i];
        json_t *row = json_pack("{s:I, s:I, s:I, s:s}", "size", (json_int_t)s->len, "load_address",
                                (json_int_t)s->addr, "offset", (json_int_t)s->off, "memory",
                                aloft_chip_info_memory(scan->facts.chip_id, s->addr));
        aloft_ui_json_old(row, "length", "size");
        aloft_ui_json_old(row, "file_offset", "offset");
        (void)json_array_append_new(segments, row);
    }
    return segments;
}

static json_t *desc_json(const struct aloft_image_desc *desc)
{
    char hex[2 * ALOFT_SHA256_LEN + 1];
    return json_pack(
        "{s:o, s:o, s:I, s:o, s:o, s:o, s:s}", "project", aloft_ui_json_text(desc->project),
        "version", aloft_ui_json_text(desc->version), "secure_version",
        (json_int_t)desc->secure_version, "made_with", aloft_ui_json_text(desc->idf_ver), "date",
        aloft_ui_json_text(desc->date), "time", aloft_ui_json_text(desc->time), "elf_sha256",
        aloft_ui_hex(desc->elf_sha256, sizeof desc->elf_sha256, hex));
}

static void add_header_json(json_t *object, const struct aloft_image_facts *facts)
{
    const struct aloft_chip_info *info = aloft_chip_info_find(facts->chip_id);
    const char *chip = info != NULL ? info->name : NULL;
    json_t *header = json_pack(
        "{s:I, s:s?, s:I, s:i, s:i, s:s, s:i}", "chip_id", (json_int_t)facts->chip_id, "chip", chip,
        "entry", (json_int_t)facts->entry, "min_revision", facts->min_revision, "max_revision",
        facts->max_revision, "spi_mode", aloft_image_text_spi_mode(facts->spi_mode),
        "segment_count", facts->segment_count);
    (void)json_object_update(object, header);
    json_decref(header);
}

// Absent facts are absent members, so a script need not know what a bad image can still tell.
static json_t *look_json(const struct look *look)
{
    const struct aloft_image_scan *scan = &look->scan;
    char hex[2 * ALOFT_SHA256_LEN + 1];
    json_t *object = json_pack(
        "{s:o, s:s, s:b, s:s, s:s, s:I, s:o}", "file", aloft_ui_json_text(look->source.path),
        "kind", aloft_image_kind_word(look->kind), "good", scan->err == ALOFT_OK, "fault",
        aloft_err_name(scan->err), "sentence", aloft_err_sentence(scan->err), "file_size",
        (json_int_t)look->source.len, "error", aloft_failure_of(scan->err));
    if (object == NULL) {
        return NULL;
    }
    aloft_ui_json_old(object, "file_length", "file_size");
    if (scan->headed) {
        add_header_json(object, &scan->facts);
        (void)json_object_set_new(object, "segments", segments_json(scan));
    }
    if (scan->head_passed && scan->facts.has_desc) {
        (void)json_object_set_new(object, "descriptor", desc_json(&scan->desc));
    }
    if (scan->ended) {
        (void)json_object_set_new(object, "size", json_integer(scan->facts.image_len));
        aloft_ui_json_old(object, "image_length", "size");
        (void)json_object_set_new(object, "checksum", json_integer(scan->facts.checksum));
    }
    if (scan->ended && scan->facts.hash_appended != 0) {
        (void)json_object_set_new(object, "sha256",
                                  json_string(aloft_ui_hex(scan->facts.digest, 32, hex)));
    }
    return object;
}

static int say_fault(const struct look *look)
{
    const char *slot = look->source.slot;
    const char *sentence = aloft_image_kind_sentence(look->kind);
    if (sentence != NULL) {
        aloft_ui_error("%s: %s", look->source.path, sentence);
        return ALOFT_EXIT_BAD;
    }
    if (look->erased) {
        const struct aloft_table_bytes bytes = {look->source.file.data, look->source.len};
        const struct aloft_flash flash = aloft_table_flash_of(&bytes);
        const char *note = aloft_table_find_note(&flash, ALOFT_PTABLE_ADDR_DEFAULT);
        aloft_ui_error("%s%s%s: %s%s", look->source.path, slot != NULL ? ": " : "",
                       slot != NULL ? slot : "",
                       note[0] != '\0' ? "it begins with erased flash, and no image"
                                       : "erased flash; nothing was flashed here",
                       note);
        return ALOFT_EXIT_BAD;
    }
    aloft_ui_error("%s%s%s: %s (%s)", look->source.path, slot != NULL ? ": " : "",
                   slot != NULL ? slot : "", aloft_err_sentence(look->scan.err),
                   aloft_err_name(look->scan.err));
    return ALOFT_EXIT_BAD;
}

// Reads and judges. False when there was nothing to judge; the error was printed.
static bool judge(struct look *look)
{
    struct aloft_message error;
    if (!aloft_image_source_read(&look->source, &error)) {
        aloft_ui_error("%s", error.text);
        return false;
    }
    if (look->source.slot != NULL && look->source.len < look->rules.len_max) {
        look->rules.len_max = look->source.len;
    }
    size_t start = look->source.len < ERASED_LOOK ? look->source.len : ERASED_LOOK;
    look->erased = start > 0 && aloft_bytes_are(look->source.file.data, start, 0xFF);
    if (look->source.slot == NULL) {
        look->kind = aloft_image_kind_of(look->source.file.data, look->source.len);
    } else {
        look->rules.bootloader = false; // a slot holds apps
    }
    aloft_image_scan(&look->rules, look->source.file.data, look->source.len, &look->scan);
    if (look->scan.err == ALOFT_OK && aloft_image_kind_sentence(look->kind) != NULL) {
        look->scan.err = ALOFT_ERR_IMAGE_MAGIC;
    }
    return true;
}

#define OPTION_SLOT(l)                                                                             \
    {                                                                                              \
        ALOFT_ARG_TEXT, 0, "slot", "SLOT", "FILE is a flash: the image in factory, ota_0, ...",    \
            &(l).source.slot                                                                       \
    }
#define OPTION_OFFSET(l)                                                                           \
    {                                                                                              \
        ALOFT_ARG_SIZE, 0, "offset", "N", "with --slot: where the table lies [it is found]",       \
            &(l).source.table_addr                                                                 \
    }
#define OPTION_JSON(l)                                                                             \
    {                                                                                              \
        ALOFT_ARG_FLAG, 0, "json", NULL, "for scripts: one JSON object", &(l).json                 \
    }

static int list_flash(struct look *look, uint32_t wanted)
{
    const struct aloft_table_bytes bytes = {look->source.file.data, look->source.len};
    uint32_t apps = 0;
    bool good = aloft_image_kind_list_flash(look->source.path, &bytes, &look->rules, &apps);
    aloft_file_release(&look->source.file);
    return good && apps >= wanted ? ALOFT_EXIT_GOOD : ALOFT_EXIT_BAD;
}

static int image_info(int argc, char **argv)
{
    struct look look = look_default;
    struct aloft_args args = {
        .command = "aloft image info",
        .operands = "FILE",
        .about = "Prints what an app or bootloader image says of itself, and whether it is whole.\n"
                 "FILE is an image, a whole flash or a merged file, - for standard input, or with\n"
                 "--slot one image of a flash file.",
        .examples = "  aloft image info firmware.bin\n"
                    "  aloft image info board.flash --slot ota_0 --json",
        .exits = "0 the image is whole, 1 it is not, or cannot be read",
        .options = {OPTION_JSON(look), OPTION_SLOT(look), OPTION_OFFSET(look)},
    };
    if (!aloft_args_read(&args, argc, argv)) {
        return args.status;
    }
    look.source.path = args.given.items[0];
    if (!judge(&look)) {
        return ALOFT_EXIT_BAD;
    }
    bool printed = true;
    if (look.kind == ALOFT_IMAGE_KIND_FLASH && !look.json) {
        return list_flash(&look, 0);
    }
    if (look.json) {
        printed = aloft_ui_json_print(look_json(&look));
    } else if (look.kind == ALOFT_IMAGE_KIND_IMAGE && look.scan.headed) {
        print_header(&look.scan.facts);
        if (look.scan.head_passed) {
            print_desc(&look.scan);
        }
        print_segments(&look.scan);
        print_tail(&look);
    }
    if (look.scan.err != ALOFT_OK && !look.json) {
        (void)say_fault(&look);
    }
    aloft_file_release(&look.source.file);
    return printed && look.scan.err == ALOFT_OK ? ALOFT_EXIT_GOOD : ALOFT_EXIT_BAD;
}

static bool read_revision(const char *text, uint16_t *revision)
{
    unsigned major;
    unsigned minor;
    char rest;
    if (sscanf(text + (text[0] == 'v'), "%3u.%2u%c", &major, &minor, &rest) != 2 || major > 600) {
        return false;
    }
    *revision = (uint16_t)(major * 100 + minor);
    return true;
}

// From words to rules. False when a word makes no sense; the error was printed.
static bool set_rules(struct aloft_args *args, struct look *look)
{
    look->rules.alone = look->source.slot == NULL; // a slot may hold the rest of an older image
    look->rules.need_addr = look->native ? ALOFT_NATIVE_ADDR : 0;
    const struct aloft_chip_info *info =
        look->chip != NULL ? aloft_chip_info_named(look->chip) : NULL;
    look->rules.chip = info != NULL ? aloft_chip_find(info->id) : NULL;
    if (look->chip != NULL && info == NULL) {
        struct aloft_suggest suggest;
        char text[ALOFT_SUGGEST_TEXT];
        aloft_suggest_init(&suggest, look->chip);
        for (size_t i = 0; i < ALOFT_CHIP_ROWS; i++) {
            aloft_suggest_feed(&suggest, aloft_chip_infos[i].word);
        }
        (void)aloft_args_wrong(
            args, "--chip '%s' is not a chip%s", look->chip,
            aloft_suggest_say(&suggest, "; write esp32, esp32c3, ..., or its id", text));
        return false;
    }
    if (look->revision != NULL && !read_revision(look->revision, &look->rules.chip_revision)) {
        (void)aloft_args_wrong(args, "--chip-revision '%s' is none; write it like 3.1",
                               look->revision);
        return false;
    }
    return true;
}

static int image_verify(int argc, char **argv)
{
    struct look look = look_default;
    char number[32];
    struct aloft_args args = {
        .command = "aloft image verify",
        .operands = "FILE",
        .about = "Judges an image as a device does before it changes what it boots: structure,\n"
                 "checksum, SHA-256, and that nothing but FF or a signature follows.",
        .examples = "  aloft image verify firmware.bin --chip esp32c3 --max-size 1536K\n"
                    "  aloft image verify board.flash --slot ota_1",
        .exits = "0 the image is good, 1 it is not",
        .options = {{ALOFT_ARG_TEXT, 0, "chip", "CHIP", "must be for this chip, such as esp32c3",
                     &look.chip},
                    {ALOFT_ARG_TEXT, 0, "chip-revision", "M.N", "must run on this revision",
                     &look.revision},
                    {ALOFT_ARG_SIZE, 0, "max-size", "N", "must fit a slot of this size",
                     &look.rules.len_max},
                    {ALOFT_ARG_FLAG, 0, "native", NULL, "must carry code for the virtual board",
                     &look.native},
                    OPTION_JSON(look),
                    OPTION_SLOT(look),
                    OPTION_OFFSET(look)},
    };
    if (!aloft_args_read(&args, argc, argv)) {
        return args.status;
    }
    look.source.path = args.given.items[0];
    if (!set_rules(&args, &look)) {
        return ALOFT_EXIT_USAGE;
    }
    if (!judge(&look)) {
        return ALOFT_EXIT_BAD;
    }
    if (look.kind == ALOFT_IMAGE_KIND_FLASH && !look.json) {
        return list_flash(&look, 1);
    }
    aloft_file_release(&look.source.file);
    bool good = look.scan.err == ALOFT_OK;
    if (look.json) {
        return aloft_ui_json_print(look_json(&look)) && good ? ALOFT_EXIT_GOOD : ALOFT_EXIT_BAD;
    }
    if (!good) {
        return say_fault(&look);
    }
    printf("%s: good, %s bytes%s%s\n", look.source.path,
           aloft_ui_thousands(look.scan.facts.image_len, number),
           look.scan.chip == NULL || look.scan.facts.mapped ? "" : ", a bootloader",
           look.scan.facts.hash_appended != 0 ? "" : ", but without a SHA-256 of its own");
    return ALOFT_EXIT_GOOD;
}

struct build {
    struct aloft_image_recipe recipe;
    const char *output;
    const char *project;
    const char *version;
    const char *date;
    const char *time;
    uint32_t secure_version;
    uint32_t table_addr; // a bootloader ends before it
    struct aloft_arg_list set;
    struct aloft_arg_list set_file;
    struct aloft_setting settings[2 * ALOFT_ARG_LIST_MAX];
    char keys[2 * ALOFT_ARG_LIST_MAX]
             [ALOFT_SETTINGS_KEY_MAX + 2]; // a byte more than fits, to be refused
    struct aloft_file files[ALOFT_ARG_LIST_MAX];
    size_t file_count;
    bool bootloader;
    bool no_desc;
};

// Splits KEY=TEXT of an option into the next setting. False when it has no '='; the error was
// printed.
static bool split_setting(struct aloft_args *args, struct build *build, const char *option,
                          const char *text)
{
    size_t i = build->recipe.setting_count;
    const char *equals = strchr(text, '=');
    if (equals == NULL) {
        (void)aloft_args_wrong(args, "%s '%s' has no '='; write %s %s", option, text, option,
                               strcmp(option, "--set") == 0 ? "key=value" : "key=FILE");
        return false;
    }
    (void)snprintf(build->keys[i], sizeof build->keys[i], "%.*s", (int)(equals - text), text);
    build->settings[i] = (struct aloft_setting){build->keys[i], equals + 1};
    build->recipe.setting_count++;
    return true;
}

static bool split_settings(struct aloft_args *args, struct build *build)
{
    build->recipe.settings = build->settings;
    for (size_t i = 0; i < build->set.count; i++) {
        if (!split_setting(args, build, "--set", build->set.items[i])) {
            return false;
        }
    }
    for (size_t i = 0; i < build->set_file.count; i++) {
        if (!split_setting(args, build, "--set-file", build->set_file.items[i])) {
            return false;
        }
    }
    return true;
}

// Takes the carriage returns of a text from another system out.
static void unify_line_ends(struct aloft_file *file)
{
    size_t len = 0;
    for (size_t i = 0; i < file->len; i++) {
        if (file->data[i] != '\r' || file->data[i + 1] != '\n') {
            file->data[len++] = file->data[i];
        }
    }
    file->data[len] = 0;
    file->len = len;
}

// A line end at the end of the file is not part of the value, as in the shell's $(...).
static void drop_last_line_end(struct aloft_file *file)
{
    if (file->len > 0 && file->data[file->len - 1] == '\n') {
        file->data[--file->len] = 0;
    }
}

// Puts the files' contents where their names are.
static bool read_settings(struct build *build, struct aloft_message *error)
{
    for (size_t i = 0; i < build->set_file.count; i++) {
        struct aloft_setting *setting = &build->settings[build->set.count + i];
        struct aloft_file *file = &build->files[i];
        if (!aloft_file_read(setting->value, ALOFT_SETTINGS_VALUE_MAX, file, error)) {
            return false;
        }
        build->file_count++;
        if (!aloft_text_unmark(file, error)) {
            return false;
        }
        unify_line_ends(file);
        drop_last_line_end(file);
        if (strlen((const char *)file->data) != file->len) {
            return aloft_message_set(error, "%s is not a text file, so it cannot be a setting",
                                     setting->value);
        }
        setting->value = (const char *)file->data;
    }
    return true;
}

static void copy_text(char *field, size_t size, const char *text)
{
    (void)snprintf(field, size, "%s", text); // a full field is refused by the builder
}

static void describe(struct build *build)
{
    struct aloft_image_desc *desc = &build->recipe.desc;
    build->recipe.bare = build->bootloader;
    build->recipe.no_desc = build->no_desc;
    desc->secure_version = build->secure_version;
    copy_text(desc->project, sizeof desc->project, build->project);
    copy_text(desc->version, sizeof desc->version, build->version);
    copy_text(desc->date, sizeof desc->date, build->date);
    copy_text(desc->time, sizeof desc->time, build->time);
    copy_text(desc->idf_ver, sizeof desc->idf_ver, "aloft");
}

static bool write_image(const struct build *build, struct aloft_message *error)
{
    size_t len = aloft_image_build_len(&build->recipe);
    uint8_t *image = malloc(len);
    if (image == NULL) {
        return aloft_message_set(error, "out of memory");
    }
    enum aloft_err err = aloft_image_build(&build->recipe, &aloft_mbed_crypto, image);
    bool ok = err == ALOFT_OK || aloft_message_set(error, "%s", aloft_err_sentence(err));
    ok = ok && aloft_file_write(build->output, image, len, error);
    free(image);
    return ok;
}

static int build_image(struct build *build, const char *elf_path)
{
    struct aloft_message error;
    struct aloft_file elf;
    char number[32];
    if (!aloft_file_read(elf_path, ALOFT_IMAGE_LEN_MAX, &elf, &error)) {
        aloft_ui_error("%s", error.text);
        return ALOFT_EXIT_BAD;
    }
    build->recipe.elf = elf.data;
    build->recipe.elf_len = elf.len;
    size_t len = 0;
    bool ok = read_settings(build, &error) && aloft_image_build_check(&build->recipe, &error);
    if (ok) {
        len = aloft_image_build_len(&build->recipe);
        size_t end = aloft_chip_infos[ALOFT_CHIP_ROW_ESP32].bootloader_addr + len;
        ok = !build->bootloader || end <= build->table_addr ||
             aloft_message_set(&error,
                               "the bootloader image would have %zu bytes and reach from 0x1000 "
                               "to 0x%zx, over the table at 0x%x; build with -Os and strip it, or "
                               "give the --offset of a table that lies further",
                               len, end, (unsigned)build->table_addr);
    }
    if (!ok) {
        aloft_ui_error("%s: %s", elf_path, error.text);
    } else if (!write_image(build, &error)) {
        aloft_ui_error("%s", error.text);
        ok = false;
    } else if (strcmp(build->output, "-") != 0) {
        printf("%s: %s bytes\n", build->output, aloft_ui_thousands(len, number));
    }
    for (size_t i = 0; i < build->file_count; i++) {
        aloft_file_release(&build->files[i]);
    }
    aloft_file_release(&elf);
    return ok ? ALOFT_EXIT_GOOD : ALOFT_EXIT_BAD;
}

static int image_build(int argc, char **argv)
{
    struct build build = {.project = "app",
                          .version = "0.0.0",
                          .date = "",
                          .time = "",
                          .table_addr = ALOFT_PTABLE_ADDR_DEFAULT};
    struct aloft_args args = {
        .command = "aloft image build",
        .operands = "ELF",
        .about = "Packs a Linux program into an ESP-IDF image that the virtual board boots. The\n"
                 "same input gives the same bytes.",
        .examples = "  aloft image build ota_demo -o v1.bin --project ota_demo --version 1.0.0\n"
                    "  aloft image build ota_demo -o v2.bin --version 2.0.0 --set "
                    "url=http://127.0.0.1:8070/\n"
                    "  aloft image build ota_demo -o v3.bin --set-file ca=ca.pem --set port=8443\n"
                    "  aloft image build bootloader -o bootloader.bin --bootloader",
        .exits = "0 built, 1 it cannot be built or written",
        .options =
            {
                {ALOFT_ARG_NEEDED, 'o', "output", "BIN", "the image; - for standard output",
                 &build.output},
                {ALOFT_ARG_TEXT, 0, "project", "NAME", "project name, at most 31 bytes [app]",
                 &build.project},
                {ALOFT_ARG_TEXT, 0, "version", "V", "version, at most 31 bytes [0.0.0]",
                 &build.version},
                {ALOFT_ARG_NUMBER, 0, "secure-version", "N", "for anti-rollback [0]",
                 &build.secure_version},
                {ALOFT_ARG_TEXT, 0, "date", "TEXT", "compile date; empty keeps builds equal",
                 &build.date},
                {ALOFT_ARG_TEXT, 0, "time", "TEXT", "compile time", &build.time},
                {ALOFT_ARG_LIST, 0, "set", "KEY=VALUE",
                 "a setting that the app reads; may be repeated", &build.set},
                {ALOFT_ARG_LIST, 0, "set-file", "KEY=FILE",
                 "the same, with a file's text but for its last line end", &build.set_file},
                {ALOFT_ARG_FLAG, 0, "bootloader", NULL,
                 "a bootloader: native code alone, before the table", &build.bootloader},
                {ALOFT_ARG_SIZE, 0, "offset", "N", "where a bootloader's table lies [0x8000]",
                 &build.table_addr},
                {ALOFT_ARG_FLAG, 0, "no-desc", NULL, "no descriptor, like apps before ESP-IDF v3.3",
                 &build.no_desc},
            },
    };
    if (!aloft_args_read(&args, argc, argv)) {
        return args.status;
    }
    if (!split_settings(&args, &build)) {
        return ALOFT_EXIT_USAGE;
    }
    describe(&build);
    return build_image(&build, args.given.items[0]);
}

int cmd_image(int argc, char **argv)
{
    static const struct aloft_command commands[] = {
        {"info", "print what an image says of itself", image_info},
        {"verify", "judge an image as a device does", image_verify},
        {"size", "tell what fills an image, and how much of its slot it takes", image_size},
        {"merge", "make one file of bootloader, table and app", image_merge},
        {"build", "pack a Linux program for the virtual board", image_build},
        {NULL, NULL, NULL},
    };
    return aloft_args_dispatch("aloft image", "App and bootloader images.", commands, argc, argv);
}
