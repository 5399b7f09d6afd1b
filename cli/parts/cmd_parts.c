// aloft parts: partition tables. What is given may be CSV text, a binary table, or a whole flash;
// each ends as a plan (hostlib/table/ptable_plan.h), and the commands only differ in what they do
// with it.
#include "cli/base/args.h"
#include "cli/base/commands.h"
#include "cli/base/ui.h"
#include "cli/parts/parts_data.h"
#include "cli/parts/parts_source.h"
#include "cli/parts/parts_view.h"
#include "hostlib/base/file.h"
#include "hostlib/base/number.h"
#include "hostlib/crypto/mbed_crypto.h"
#include "hostlib/flash/flash_file.h"
#include "hostlib/table/ptable_csv.h"
#include "hostlib/table/ptable_template.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct options {
    struct aloft_parts_rules parts;
    const char *output;
    bool no_md5;
    bool json;
    bool csv;
};

static const struct options options_default = {.parts = ALOFT_PARTS_RULES_DEFAULT};

// One operand, or --template instead of it; what only looks takes the build folder without either.
static bool one_source(struct aloft_args *args, const struct options *options,
                       struct aloft_arg_list *operands)
{
    if (operands->count == 0 && options->parts.template == NULL && options->output == NULL &&
        aloft_build_folder_is(ALOFT_BUILD_FOLDER)) {
        operands->items[operands->count++] = ALOFT_BUILD_FOLDER;
    }
    if ((options->parts.template != NULL) == (operands->count == 1)) {
        (void)aloft_args_wrong(args, options->parts.template != NULL
                                         ? "give a file or --template, not both"
                                         : "give a file, '-' for standard input, or --template");
        return false;
    }
    return true;
}

#define OPTION_TABLE_ADDR(o)                                                                       \
    {                                                                                              \
        ALOFT_ARG_SIZE, 0, "offset", "N",                                                          \
            "where the table lies [in a flash it is found, else 0x8000]",                          \
            &(o).parts.rules.table_addr                                                            \
    }
#define OPTION_FLASH_SIZE(o)                                                                       \
    {                                                                                              \
        ALOFT_ARG_SIZE, 0, "flash-size", "N", "refuse a table that does not fit, such as 4MB",     \
            &(o).parts.rules.flash_size                                                            \
    }
#define OPTION_TEMPLATE(o)                                                                         \
    {                                                                                              \
        ALOFT_ARG_TEXT, 't', "template", "NAME", "use a built-in table instead of a file",         \
            &(o).parts.template                                                                    \
    }
#define OPTION_BOOTLOADER(o)                                                                       \
    {                                                                                              \
        ALOFT_ARG_NUMBER, 0, "bootloader-offset", "N",                                             \
            "for bootloader rows: 0x1000 ESP32, 0x0 C3", &(o).parts.rules.bootloader_addr          \
    }
#define OPTION_RECOVERY(o)                                                                         \
    {                                                                                              \
        ALOFT_ARG_NUMBER, 0, "recovery-offset", "N", "for a recovery bootloader row",              \
            &(o).parts.rules.recovery_addr                                                         \
    }

#define OPTION_WORDS(o)                                                                            \
    {                                                                                              \
        ALOFT_ARG_LIST, 0, "extra-partition-subtypes", "TEXT",                                     \
            "your own word: \"data, store, 0x40\"; repeat it", &(o).parts.words                    \
    }

static bool check_rules(struct aloft_args *args, struct aloft_parts_rules *parts)
{
    const struct aloft_ptable_rules *rules = &parts->rules;
    struct aloft_message error;
    if (rules->table_addr % ALOFT_PTABLE_SECTOR != 0 || rules->table_addr > ALOFT_FLASH_FILE_MAX) {
        (void)aloft_args_wrong(args,
                               "--offset 0x%x is no place for a table; it starts at a "
                               "multiple of 0x1000 inside the flash",
                               rules->table_addr);
        return false;
    }
    if (rules->flash_size != 0 && !aloft_flash_file_is_size(rules->flash_size)) {
        (void)aloft_args_wrong(args,
                               "no flash chip has --flash-size %u; write 1MB, 2MB, 4MB, ... 128MB",
                               rules->flash_size);
        return false;
    }
    if (!aloft_parts_rules_words(parts, &error)) {
        (void)aloft_args_wrong(args, "--extra-partition-subtypes: %s", error.text);
        return false;
    }
    return true;
}

// What each command about one table begins with. False: return args->status.
static bool read_options(struct aloft_args *args, int argc, char **argv, struct options *options)
{
    return aloft_args_read(args, argc, argv) && one_source(args, options, &args->given) &&
           check_rules(args, &options->parts);
}

static void say_built(const struct aloft_parts_source *source, const char *output)
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

static int write_table(const struct aloft_parts_source *source, const struct options *options)
{
    uint8_t table[ALOFT_PTABLE_LEN];
    struct aloft_message error;
    if (!aloft_parts_source_emit(source, !options->no_md5, table)) {
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
    struct aloft_parts_source source;
    struct aloft_args args = {
        .command = "aloft parts build",
        .operands = "[CSV]",
        .about = "Compiles a partition table from CSV, to the same bytes as ESP-IDF's tool.",
        .examples = "  aloft parts build partitions.csv -o partitions.bin --flash-size 4MB\n"
                    "  aloft parts build --template two_ota -o two_ota.bin",
        .exits = "0 built, 1 the table is wrong or cannot be written",
        .options = {{ALOFT_ARG_NEEDED, 'o', "output", "BIN",
                     "the table's file, 3,072 bytes; - for standard output", &options.output},
                    OPTION_TEMPLATE(options),
                    OPTION_TABLE_ADDR(options),
                    OPTION_FLASH_SIZE(options),
                    {ALOFT_ARG_FLAG, 0, "no-md5", NULL,
                     "leave out the MD5 row, for bootloaders before v3.1", &options.no_md5},
                    OPTION_BOOTLOADER(options),
                    OPTION_RECOVERY(options),
                    OPTION_WORDS(options)},
    };
    if (!read_options(&args, argc, argv, &options)) {
        return args.status;
    }
    if (!aloft_parts_source_load(&source, &options.parts, args.given.items[0])) {
        return aloft_parts_source_say_error(&source);
    }
    if (source.kind != ALOFT_PARTS_CSV) {
        aloft_ui_error("%s is a binary table already; `aloft parts show --csv` makes CSV of it",
                       source.name);
        return ALOFT_EXIT_BAD;
    }
    aloft_parts_source_say_warnings(&source);
    return write_table(&source, &options);
}

static int print_csv(struct aloft_parts_source *source, const struct options *options)
{
    char text[ALOFT_PTABLE_CSV_ROOM];
    size_t len;
    struct aloft_message error;
    if (!aloft_ptable_csv_emit(&source->plan, &options->parts.rules, text, sizeof text, &len,
                               &error)) {
        aloft_ui_error("%s: %s", source->name, error.text);
        return ALOFT_EXIT_BAD;
    }
    (void)fwrite(text, 1, len, stdout); // main checks stdout at the end
    if (options->parts.rules.table_addr != ALOFT_PTABLE_ADDR_DEFAULT) {
        aloft_ptable_plan_warn(&source->plan,
                               "this table lies at 0x%x; build it with --offset 0x%x",
                               options->parts.rules.table_addr, options->parts.rules.table_addr);
    }
    return ALOFT_EXIT_GOOD;
}

static void print_head(const struct aloft_parts_source *source, const struct options *options)
{
    static const char *const kinds[] = {"CSV table", "binary table", "flash"};
    printf("%s: %s, %u partitions, table at 0x%x", source->name, kinds[source->kind],
           source->plan.count, options->parts.rules.table_addr);
    if (source->kind != ALOFT_PARTS_CSV) {
        printf(", %s", source->plan.has_md5 ? "MD5 good" : "no MD5 row");
    }
    printf("\n\n");
}

static int show(struct aloft_parts_source *source, const struct options *options, bool good)
{
    struct aloft_parts_view view = {&source->plan, options->parts.rules.table_addr,
                                    options->parts.rules.flash_size,
                                    options->parts.rules.own_words};
    if (!good && source->plan.count == 0) {
        return aloft_parts_source_say_error(source);
    }
    if (good && options->csv) {
        return print_csv(source, options);
    }
    if (good && options->json) {
        return aloft_ui_json_print(aloft_parts_view_json(&view)) ? ALOFT_EXIT_GOOD : ALOFT_EXIT_BAD;
    }
    if (!options->csv && !options->json && (good || source->kind != ALOFT_PARTS_CSV)) {
        print_head(source, options);
        aloft_parts_view_draw(&view);
    }
    return good ? ALOFT_EXIT_GOOD : aloft_parts_source_say_error(source);
}

static int parts_show(int argc, char **argv)
{
    struct options options = options_default;
    struct aloft_parts_source source;
    struct aloft_args args = {
        .command = "aloft parts show",
        .operands = "[FILE]",
        .about = "Draws a partition table. FILE is a binary table, a whole flash (a board's flash\n"
                 "file, or what esptool read from a chip), CSV, a build folder [build], or - for\n"
                 "standard input.",
        .examples = "  aloft parts show partitions.bin\n"
                    "  aloft parts show board.flash --json\n"
                    "  aloft parts show --template two_ota --csv > partitions.csv",
        .exits = "0 shown, 1 there is no good table",
        .options = {ALOFT_ARG_JSON(&options.json),
                    {ALOFT_ARG_FLAG, 0, "csv", NULL, "CSV that builds the same table again",
                     &options.csv},
                    OPTION_TEMPLATE(options),
                    OPTION_TABLE_ADDR(options),
                    OPTION_FLASH_SIZE(options),
                    OPTION_BOOTLOADER(options),
                    OPTION_RECOVERY(options),
                    OPTION_WORDS(options)},
    };
    if (!read_options(&args, argc, argv, &options)) {
        return args.status;
    }
    bool good = aloft_parts_source_load(&source, &options.parts, args.given.items[0]);
    if (good && source.kind != ALOFT_PARTS_CSV) {
        // A table that the bootloader accepts may still break rules of the builder: warn about it.
        struct aloft_message complaint;
        if (!aloft_ptable_plan_check(&source.plan, &options.parts.rules, &complaint)) {
            aloft_ptable_plan_warn(&source.plan, "%s", complaint.text);
        }
    }
    int status = show(&source, &options, good);
    if (good && !options.json) {
        aloft_parts_source_say_warnings(&source);
    }
    return status;
}

static int parts_check(int argc, char **argv)
{
    struct options options = options_default;
    struct aloft_parts_source source;
    struct aloft_args args = {
        .command = "aloft parts check",
        .operands = "[FILE]",
        .about = "Checks a table without writing anything: all that `aloft parts build` checks,\n"
                 "for CSV, a binary table, a whole flash, or - for standard input.",
        .examples = "  aloft parts check partitions.csv --flash-size 4MB\n"
                    "  aloft parts check board.flash",
        .exits = "0 the table is good, 1 it is not",
        .options = {OPTION_TEMPLATE(options), OPTION_TABLE_ADDR(options),
                    OPTION_FLASH_SIZE(options), OPTION_BOOTLOADER(options),
                    OPTION_RECOVERY(options), OPTION_WORDS(options)},
    };
    if (!read_options(&args, argc, argv, &options)) {
        return args.status;
    }
    bool good = aloft_parts_source_load(&source, &options.parts, args.given.items[0]);
    if (good && source.kind != ALOFT_PARTS_CSV) {
        good = aloft_ptable_plan_check(&source.plan, &options.parts.rules, &source.error);
    }
    if (!good) {
        return aloft_parts_source_say_error(&source);
    }
    aloft_parts_source_say_warnings(&source);
    printf("%s: good, %u partitions\n", source.name, source.plan.count);
    return ALOFT_EXIT_GOOD;
}

static int parts_list(int argc, char **argv)
{
    bool json = false;
    struct aloft_args args = {
        .command = "aloft parts list",
        .about = "Lists the built-in tables, which are those of ESP-IDF.",
        .examples = "  aloft parts list\n"
                    "  aloft parts show --template two_ota",
        .options =
            {
                ALOFT_ARG_JSON(&json),
            },
    };
    if (!aloft_args_read(&args, argc, argv)) {
        return args.status;
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
