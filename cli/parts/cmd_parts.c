// aloft parts: partition tables. What is given may be CSV text, a binary table, or a whole flash;
// each ends as a plan (hostlib/table/ptable_plan.h), and the commands only differ in what they do
// with it.
#include "cli/base/args.h"
#include "cli/base/commands.h"
#include "cli/base/ui.h"
#include "cli/parts/parts_data.h"
#include "cli/parts/parts_view.h"
#include "hostlib/base/file.h"
#include "hostlib/base/number.h"
#include "hostlib/crypto/mbed_crypto.h"
#include "hostlib/flash/flash_file.h"
#include "hostlib/table/ptable_csv.h"
#include "hostlib/table/ptable_template.h"
#include "hostlib/table/table_find.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum source_kind { FROM_CSV, FROM_TABLE, FROM_FLASH };

struct options {
    struct aloft_ptable_rules rules;
    const char *template;
    const char *output;
    bool no_md5;
    bool json;
    bool csv;
};

struct source {
    enum source_kind kind;
    const char *name; // for sentences
    struct aloft_ptable_plan plan;
    enum aloft_err err;         // of a binary table
    struct aloft_message error; // of a CSV text
};

static const struct options options_default = {.rules = {.table_addr = 0, // it is found
                                                         .bootloader_addr = ALOFT_PTABLE_NO_ADDR,
                                                         .recovery_addr = ALOFT_PTABLE_NO_ADDR}};

static bool starts_table(const uint8_t *p)
{
    return p[0] == 0xAA && p[1] == 0x50;
}

// Where the binary table lies in the file; false for a text.
static bool find_table(const struct aloft_file *file, uint32_t table_addr, size_t *off)
{
    bool inside = file->len >= (size_t)table_addr + ALOFT_PTABLE_ROW;
    *off = 0;
    if (file->len >= 2 && starts_table(file->data)) {
        return true;
    }
    if (inside && (starts_table(file->data + table_addr) || aloft_flash_file_is_size(file->len))) {
        *off = table_addr;
        return true;
    }
    // An erased table is a table, though an empty one; FF FF is no text either, except before 00 00
    // or a letter of UTF-16, which is FF FE.
    return file->len >= 2 && file->data[0] == 0xFF && file->data[1] == 0xFF;
}

static bool load_bytes(struct source *source, struct options *options,
                       const struct aloft_file *file)
{
    size_t off;
    if (!find_table(file, options->rules.table_addr, &off)) {
        source->kind = FROM_CSV;
        if (file->len > 0 && file->data[0] == 0xE9) {
            return aloft_message_set(&source->error, "this is an app image, not a partition table; "
                                                     "see `aloft image info`");
        }
        return aloft_ptable_csv_parse(&source->plan, file->data, file->len, &options->rules,
                                      &source->error);
    }
    source->kind = off == 0 ? FROM_TABLE : FROM_FLASH;
    if (source->kind == FROM_FLASH && options->rules.flash_size == 0 &&
        aloft_flash_file_is_size(file->len)) {
        options->rules.flash_size = (uint32_t)file->len;
    }
    source->err = aloft_ptable_plan_load(&source->plan, file->data + off, file->len - off,
                                         options->rules.flash_size);
    return source->err == ALOFT_OK ||
           aloft_message_set(&source->error, "%s (%s, row %u)", aloft_err_sentence(source->err),
                             aloft_err_name(source->err), source->plan.count + 1);
}

static bool load_template(struct source *source, const struct options *options)
{
    const struct aloft_ptable_template *found = aloft_ptable_template_find(options->template);
    source->name = options->template;
    if (found == NULL) {
        return aloft_message_set(&source->error, "there is no template of that name; "
                                                 "`aloft parts list` shows them");
    }
    return aloft_ptable_csv_parse(&source->plan, found->csv, strlen(found->csv), &options->rules,
                                  &source->error);
}

// Fills in the source from a file, standard input or a template. May set the flash size in options.
static bool load(struct source *source, struct options *options, const char *path)
{
    struct aloft_file file;
    memset(source, 0, sizeof *source);
    if (options->template != NULL) {
        options->rules.table_addr = aloft_table_find_in(NULL, 0, options->rules.table_addr);
        return load_template(source, options);
    }
    source->name = strcmp(path, "-") == 0 ? "standard input" : path;
    if (!aloft_file_read(path, ALOFT_FLASH_FILE_MAX, &file, &source->error)) {
        source->name = NULL; // the sentence has it
        return false;
    }
    options->rules.table_addr = aloft_table_find_in(file.data, file.len, options->rules.table_addr);
    bool ok = load_bytes(source, options, &file);
    aloft_file_release(&file);
    return ok;
}

static int say_error(const struct source *source)
{
    if (source->name == NULL) {
        aloft_ui_error("%s", source->error.text);
    } else {
        aloft_ui_error("%s: %s", source->name, source->error.text);
    }
    return ALOFT_EXIT_BAD;
}

static void say_warnings(const struct source *source)
{
    for (uint32_t i = 0; i < source->plan.warning_count; i++) {
        aloft_ui_warn("%s: %s", source->name, source->plan.warnings[i].text);
    }
}

// One operand, or --template instead of it.
static bool one_source(const struct aloft_args *args, const struct options *options,
                       const struct aloft_arg_list *operands)
{
    if ((options->template != NULL) == (operands->count == 1)) {
        (void)aloft_args_wrong(args, options->template != NULL
                                         ? "give a file or --template, not both"
                                         : "give a file, '-' for standard input, or --template");
        return false;
    }
    return true;
}

#define OPTION_TABLE_ADDR(o)                                                                       \
    {                                                                                              \
        ALOFT_ARG_SIZE, 0, "offset", "N",                                                          \
            "where the table lies [in a flash it is found, else 0x8000]", &(o).rules.table_addr    \
    }
#define OPTION_FLASH_SIZE(o)                                                                       \
    {                                                                                              \
        ALOFT_ARG_SIZE, 0, "flash-size", "N", "refuse a table that does not fit, such as 4MB",     \
            &(o).rules.flash_size                                                                  \
    }
#define OPTION_TEMPLATE(o)                                                                         \
    {                                                                                              \
        ALOFT_ARG_TEXT, 't', "template", "NAME", "use a built-in table instead of a file",         \
            &(o).template                                                                          \
    }
#define OPTION_BOOTLOADER(o)                                                                       \
    {                                                                                              \
        ALOFT_ARG_NUMBER, 0, "bootloader-offset", "N",                                             \
            "for bootloader rows: 0x1000 ESP32, 0x0 C3", &(o).rules.bootloader_addr                \
    }
#define OPTION_RECOVERY(o)                                                                         \
    {                                                                                              \
        ALOFT_ARG_NUMBER, 0, "recovery-offset", "N", "for a recovery bootloader row",              \
            &(o).rules.recovery_addr                                                               \
    }

static bool check_rules(const struct aloft_args *args, const struct aloft_ptable_rules *rules)
{
    if (rules->table_addr % ALOFT_PTABLE_SECTOR != 0 || rules->table_addr > ALOFT_FLASH_FILE_MAX) {
        (void)aloft_args_wrong(args,
                               "--offset 0x%x is no place for a table; it starts at a "
                               "multiple of 0x1000 inside the flash",
                               rules->table_addr);
        return false;
    }
    if (rules->flash_size != 0 && !aloft_flash_file_is_size(rules->flash_size)) {
        (void)aloft_args_wrong(args, "--flash-size %u is no chip's; write 1MB, 2MB, 4MB, ... 128MB",
                               rules->flash_size);
        return false;
    }
    return true;
}

static void say_built(const struct source *source, const char *output)
{
    char size[16];
    uint64_t end = aloft_ptable_plan_end(&source->plan);
    uint32_t chip = ALOFT_FLASH_FILE_MIN;
    while (chip < end && chip < ALOFT_FLASH_FILE_MAX) {
        chip *= 2;
    }
    aloft_number_emit_size(chip, size);
    printf("%s: %u partitions, up to 0x%" PRIx64 "; fits a flash of %sB or more\n", output,
           source->plan.count, end, size);
}

static int write_table(const struct source *source, const struct options *options)
{
    uint8_t table[ALOFT_PTABLE_LEN];
    struct aloft_message error;
    enum aloft_err err = aloft_ptable_emit_all(source->plan.partitions, source->plan.count,
                                               options->no_md5 ? NULL : &aloft_mbed_crypto, table);
    if (err == ALOFT_ERR_ARG) {
        aloft_ui_error("%s: %u partitions leave no room for the MD5 row; remove one, or give "
                       "--no-md5",
                       source->name, source->plan.count);
        return ALOFT_EXIT_BAD;
    }
    if (err != ALOFT_OK) {
        aloft_ui_error("%s: %s", source->name, aloft_err_sentence(err));
        return ALOFT_EXIT_BAD;
    }
    if (!aloft_file_write(options->output, table, sizeof table, &error)) {
        aloft_ui_error("%s", error.text);
        return ALOFT_EXIT_BAD;
    }
    if (strcmp(options->output, "-") != 0) {
        say_built(source, options->output);
    }
    return ALOFT_EXIT_GOOD;
}

static int parts_build(int argc, char **argv)
{
    struct options options = options_default;
    struct source source;
    struct aloft_arg_list operands;
    const struct aloft_arg table[] = {
        {ALOFT_ARG_NEEDED, 'o', "output", "BIN",
         "the table's file, 3,072 bytes; - for standard output", &options.output},
        OPTION_TEMPLATE(options),
        OPTION_TABLE_ADDR(options),
        OPTION_FLASH_SIZE(options),
        {ALOFT_ARG_FLAG, 0, "no-md5", NULL, "leave out the MD5 row, for bootloaders before v3.1",
         &options.no_md5},
        OPTION_BOOTLOADER(options),
        OPTION_RECOVERY(options),
    };
    const struct aloft_args args = {
        "aloft parts build",
        "CSV",
        "Compiles a partition table from CSV, to the same bytes as ESP-IDF's tool.",
        "  aloft parts build partitions.csv -o partitions.bin --flash-size 4MB\n"
        "  aloft parts build --template two_ota -o two_ota.bin",
        "0 built, 1 the table is wrong or cannot be written",
        table,
        COUNT(table),
        0,
        1};
    int status;
    if (!aloft_args_ready(&args, argc, argv, &operands, &status)) {
        return status;
    }
    if (!one_source(&args, &options, &operands) || !check_rules(&args, &options.rules)) {
        return ALOFT_EXIT_USAGE;
    }
    if (!load(&source, &options, operands.items[0])) {
        return say_error(&source);
    }
    if (source.kind != FROM_CSV) {
        aloft_ui_error("%s is a binary table already; `aloft parts show --csv` makes CSV of it",
                       source.name);
        return ALOFT_EXIT_BAD;
    }
    say_warnings(&source);
    return write_table(&source, &options);
}

static int print_csv(const struct source *source)
{
    char text[ALOFT_PTABLE_CSV_ROOM];
    size_t len;
    struct aloft_message error;
    if (!aloft_ptable_csv_emit(&source->plan, text, sizeof text, &len, &error)) {
        aloft_ui_error("%s: %s", source->name, error.text);
        return ALOFT_EXIT_BAD;
    }
    (void)fwrite(text, 1, len, stdout); // main checks stdout at the end
    return ALOFT_EXIT_GOOD;
}

static void print_head(const struct source *source, const struct options *options)
{
    static const char *const kinds[] = {"CSV table", "binary table", "flash"};
    printf("%s: %s, %u partitions, table at 0x%x", source->name, kinds[source->kind],
           source->plan.count, options->rules.table_addr);
    if (source->kind != FROM_CSV) {
        printf(", %s", source->plan.has_md5 ? "MD5 good" : "no MD5 row");
    }
    printf("\n\n");
}

static int show(struct source *source, const struct options *options, bool good)
{
    struct aloft_parts_view view = {&source->plan, options->rules.table_addr,
                                    options->rules.flash_size};
    if (!good && source->plan.count == 0) {
        return say_error(source);
    }
    if (good && options->csv) {
        return print_csv(source);
    }
    if (good && options->json) {
        return aloft_ui_json_print(aloft_parts_view_json(&view)) ? ALOFT_EXIT_GOOD : ALOFT_EXIT_BAD;
    }
    if (!options->csv && !options->json && (good || source->kind != FROM_CSV)) {
        print_head(source, options);
        aloft_parts_view_draw(&view);
    }
    return good ? ALOFT_EXIT_GOOD : say_error(source);
}

static int parts_show(int argc, char **argv)
{
    struct options options = options_default;
    struct source source;
    struct aloft_arg_list operands;
    const struct aloft_arg table[] = {
        {ALOFT_ARG_FLAG, 0, "json", NULL, "for scripts: one JSON object", &options.json},
        {ALOFT_ARG_FLAG, 0, "csv", NULL, "CSV that builds the same table again", &options.csv},
        OPTION_TEMPLATE(options),
        OPTION_TABLE_ADDR(options),
        OPTION_FLASH_SIZE(options),
        OPTION_BOOTLOADER(options),
        OPTION_RECOVERY(options),
    };
    const struct aloft_args args = {
        "aloft parts show",
        "FILE",
        "Draws a partition table. FILE is a binary table, a whole flash (a board's flash\n"
        "file, or what esptool read from a chip), CSV, or - for standard input.",
        "  aloft parts show partitions.bin\n"
        "  aloft parts show board.flash --json\n"
        "  aloft parts show --template two_ota --csv > partitions.csv",
        "0 shown, 1 there is no good table",
        table,
        COUNT(table),
        0,
        1};
    int status;
    if (!aloft_args_ready(&args, argc, argv, &operands, &status)) {
        return status;
    }
    if (!one_source(&args, &options, &operands) || !check_rules(&args, &options.rules)) {
        return ALOFT_EXIT_USAGE;
    }
    bool good = load(&source, &options, operands.items[0]);
    if (good && source.kind != FROM_CSV) {
        // What the bootloader takes may still be what a builder refuses; a person should know.
        struct aloft_message complaint;
        if (!aloft_ptable_plan_check(&source.plan, &options.rules, &complaint)) {
            aloft_ptable_plan_warn(&source.plan, "%s", complaint.text);
        }
    }
    status = show(&source, &options, good);
    if (good && !options.json) {
        say_warnings(&source);
    }
    return status;
}

static int parts_check(int argc, char **argv)
{
    struct options options = options_default;
    struct source source;
    struct aloft_arg_list operands;
    const struct aloft_arg table[] = {
        OPTION_TEMPLATE(options),   OPTION_TABLE_ADDR(options), OPTION_FLASH_SIZE(options),
        OPTION_BOOTLOADER(options), OPTION_RECOVERY(options),
    };
    const struct aloft_args args = {
        "aloft parts check",
        "FILE",
        "Checks a table without writing anything: all that `aloft parts build` checks,\n"
        "for CSV, a binary table, a whole flash, or - for standard input.",
        "  aloft parts check partitions.csv --flash-size 4MB\n"
        "  aloft parts check board.flash",
        "0 the table is good, 1 it is not",
        table,
        COUNT(table),
        0,
        1};
    int status;
    if (!aloft_args_ready(&args, argc, argv, &operands, &status)) {
        return status;
    }
    if (!one_source(&args, &options, &operands) || !check_rules(&args, &options.rules)) {
        return ALOFT_EXIT_USAGE;
    }
    bool good = load(&source, &options, operands.items[0]);
    if (good && source.kind != FROM_CSV) {
        good = aloft_ptable_plan_check(&source.plan, &options.rules, &source.error);
    }
    if (!good) {
        return say_error(&source);
    }
    say_warnings(&source);
    printf("%s: good, %u partitions\n", source.name, source.plan.count);
    return ALOFT_EXIT_GOOD;
}

static int parts_list(int argc, char **argv)
{
    bool json = false;
    struct aloft_arg_list operands;
    const struct aloft_arg table[] = {
        {ALOFT_ARG_FLAG, 0, "json", NULL, "for scripts: an array of objects", &json},
    };
    const struct aloft_args args = {"aloft parts list",
                                    "",
                                    "Lists the built-in tables, which are those of ESP-IDF.",
                                    "  aloft parts list\n"
                                    "  aloft parts show --template two_ota",
                                    NULL,
                                    table,
                                    COUNT(table),
                                    0,
                                    0};
    int status;
    if (!aloft_args_ready(&args, argc, argv, &operands, &status)) {
        return status;
    }
    json_t *list = json ? json_array() : NULL;
    for (size_t i = 0; i < aloft_ptable_template_count; i++) {
        const struct aloft_ptable_template *t = &aloft_ptable_templates[i];
        if (json) {
            (void)json_array_append_new(
                list, json_pack("{s:s, s:s}", "name", t->name, "summary", t->summary));
        } else {
            printf("%-25s %s\n", t->name, t->summary);
        }
    }
    return !json || aloft_ui_json_print(list) ? ALOFT_EXIT_GOOD : ALOFT_EXIT_BAD;
}

int cmd_parts(int argc, char **argv)
{
    static const struct aloft_command commands[] = {
        {"build", "compile a table from CSV or a template", parts_build},
        {"show", "draw a table, or print it as CSV or JSON", parts_show},
        {"check", "check a table without writing anything", parts_check},
        {"list", "list the built-in tables", parts_list},
        {"read", "copy a partition out of a board's flash file", parts_read},
        {"write", "erase a partition and write a file to it", parts_write},
        {"erase", "erase a partition", parts_erase},
        {NULL, NULL, NULL},
    };
    return aloft_args_dispatch(
        "aloft parts", "Partition tables: CSV, binary, and in flash; and what is in partitions.",
        commands, argc, argv);
}
