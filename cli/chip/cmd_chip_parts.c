// aloft chip-parts: the partition table of a chip, or where one partition lies.
#include "cli/base/commands.h"
#include "cli/base/ui.h"
#include "cli/serial/chip_place.h"
#include "cli/serial/session.h"
#include "hostlib/base/file.h"
#include "hostlib/crypto/mbed_crypto.h"
#include "hostlib/flash/flash_file.h"
#include "hostlib/table/ptable_csv.h"
#include "hostlib/table/ptable_words.h"
#include "hostlib/table/table_find.h"
#include <stdio.h>
#include <string.h>

struct wish {
    struct aloft_chip_flash chip;
    uint32_t table_addr;
    const char *name;                    // NULL: all
    const struct aloft_arg_list *fields; // from the second on
    const char *table;                   // a file in place of a chip; NULL: none
    bool json;
};

static json_t *partition_json(const struct aloft_partition *p)
{
    char type[ALOFT_PTABLE_WORD];
    char subtype[ALOFT_PTABLE_WORD];
    aloft_ptable_words_type_name(p->type, type);
    aloft_ptable_words_subtype_name(NULL, p->type, p->subtype, subtype);
    return json_pack("{s:o, s:s, s:s, s:I, s:I}", "name", aloft_ui_json_text(p->label), "type",
                     type, "subtype", subtype, "offset", (json_int_t)p->addr, "size",
                     (json_int_t)p->len);
}

struct field {
    const char *name;
    const char *text;
};

// The fields that were asked for, in one line, as parttool.py prints them. False: there is no such
// field, and that was said.
static bool print_fields(const struct wish *wish, const struct aloft_partition *p)
{
    char type[ALOFT_PTABLE_WORD];
    char subtype[ALOFT_PTABLE_WORD];
    char offset[16];
    char size[16];
    const struct field fields[] = {
        {"name", p->label},
        {"type", type},
        {"offset", offset},
        {"size", size},
        {"subtype", subtype},
        {"encrypted", p->flags & ALOFT_PARTITION_ENCRYPTED ? "True" : "False"},
        {"readonly", p->flags & ALOFT_PARTITION_READONLY ? "True" : "False"}};
    static const char *const usual[] = {NULL, "offset", "size"};
    bool own = wish->fields->count > 1;
    const char *const *names = own ? wish->fields->items : usual;
    size_t count = own ? wish->fields->count : sizeof usual / sizeof usual[0];
    aloft_ptable_words_type_name(p->type, type);
    aloft_ptable_words_subtype_name(NULL, p->type, p->subtype, subtype);
    (void)snprintf(offset, sizeof offset, "0x%x", (unsigned)p->addr);
    (void)snprintf(size, sizeof size, "0x%x", (unsigned)p->len);
    for (size_t i = 1; i < count; i++) {
        size_t k = 0;
        while (k < sizeof fields / sizeof fields[0] && strcmp(fields[k].name, names[i]) != 0) {
            k++;
        }
        if (k == sizeof fields / sizeof fields[0]) {
            const char *all[sizeof fields / sizeof fields[0]];
            char text[ALOFT_SUGGEST_TEXT];
            for (k = 0; k < sizeof all / sizeof all[0]; k++) {
                all[k] = fields[k].name;
            }
            aloft_ui_error("there is no field '%s'%s", names[i],
                           aloft_suggest_of(names[i], all, k, text));
            return false;
        }
        printf("%s%s", fields[k].text, i + 1 < count ? " " : "\n");
    }
    return true;
}

static void print_row(const struct aloft_partition *p)
{
    char type[ALOFT_PTABLE_WORD];
    char subtype[ALOFT_PTABLE_WORD];
    char label[ALOFT_PTABLE_LABEL + 1];
    aloft_ptable_words_type_name(p->type, type);
    aloft_ptable_words_subtype_name(NULL, p->type, p->subtype, subtype);
    aloft_ui_clean(p->label, label, sizeof label);
    printf("0x%07x  0x%07x  %-16s  %-8s  %s\n", (unsigned)p->addr, (unsigned)p->len, label, type,
           subtype);
}

static bool print(const struct wish *wish, const struct aloft_partition *all, uint32_t count)
{
    if (wish->json) {
        json_t *list = json_array();
        for (uint32_t i = 0; i < count; i++) {
            (void)json_array_append_new(list, partition_json(&all[i]));
        }
        return aloft_ui_json_print(json_pack("{s:o}", "partitions", list));
    }
    if (wish->name != NULL) {
        return print_fields(wish, all);
    }
    for (uint32_t i = 0; i < count; i++) {
        print_row(&all[i]);
    }
    return true;
}

static bool tell(struct aloft_session *session, struct wish *wish)
{
    struct aloft_message error;
    struct aloft_partition all[ALOFT_PTABLE_MAX];
    uint32_t count = 1;
    session->flasher.progress = NULL; // reading a table is over soon
    bool good = aloft_chip_flash_open(&wish->chip, &session->flasher, wish->table_addr, &error) &&
                (wish->name != NULL
                     ? aloft_chip_place_find(&wish->chip, wish->table_addr, wish->name, all, &error)
                     : aloft_chip_place_all(&wish->chip, wish->table_addr, all, &count, &error));
    if (!good) {
        aloft_ui_error("%s", error.text);
    }
    return good && print(wish, all, count);
}

// CSV text becomes the table that it builds; any other file is left as it is.
static bool compile(struct aloft_file *file, uint8_t table[ALOFT_PTABLE_LEN],
                    struct aloft_table_bytes *bytes, struct aloft_message *error)
{
    const struct aloft_ptable_rules rules = {.table_addr = ALOFT_PTABLE_ADDR_DEFAULT,
                                             .bootloader_addr = ALOFT_PTABLE_NO_ADDR,
                                             .recovery_addr = ALOFT_PTABLE_NO_ADDR};
    static struct aloft_ptable_plan plan; // too large for a stack
    *bytes = (struct aloft_table_bytes){file->data, (uint32_t)file->len};
    if (file->len == 0 || file->data[0] >= 0x80) { // AA 50, EB EB, or a flash
        return true;
    }
    if (!aloft_ptable_csv_parse(&plan, file->data, file->len, &rules, error)) {
        return false;
    }
    *bytes = (struct aloft_table_bytes){table, ALOFT_PTABLE_LEN};
    enum aloft_err err =
        aloft_ptable_emit_all(plan.partitions, plan.count, &aloft_mbed_crypto, table);
    return err == ALOFT_OK || aloft_message_set(error, "%s", aloft_err_sentence(err));
}

static int tell_file(const struct wish *wish)
{
    struct aloft_file file;
    struct aloft_table_bytes bytes;
    struct aloft_partition found;
    struct aloft_message error;
    uint8_t table[ALOFT_PTABLE_LEN];
    if (!aloft_file_read(wish->table, ALOFT_FLASH_FILE_MAX, &file, &error)) {
        aloft_ui_error("%s", error.text);
        return ALOFT_EXIT_BAD;
    }
    bool good = compile(&file, table, &bytes, &error);
    if (!good) {
        aloft_ui_error("%s: %s", wish->table, error.text);
    } else {
        const struct aloft_flash flash = aloft_table_flash_of(&bytes);
        bool alone = bytes.len < ALOFT_PTABLE_ADDR_DEFAULT;
        uint32_t addr = alone ? 0 : aloft_table_find(&flash, wish->table_addr);
        good = aloft_chip_place_in(&flash, addr, wish->table, wish->name, &found, &error);
        if (!good) {
            aloft_ui_error("%s", error.text);
        }
    }
    good = good && print(wish, &found, 1);
    aloft_file_release(&file);
    return good ? ALOFT_EXIT_GOOD : ALOFT_EXIT_BAD;
}

int cmd_chip_parts(int argc, char **argv)
{
    struct wish wish = {.name = NULL};
    struct aloft_message error;
    static struct aloft_session session = {ALOFT_SESSION_DEFAULTS, .quiet = true};
    struct aloft_args args = {
        .command = "aloft chip-parts",
        .operands = "[NAME FIELD ...]",
        .about =
            "Tells the partition table of the chip at a serial port; with NAME, a label or a\n"
            "slot such as ota_0, fields of that partition: name, type, subtype, offset, size,\n"
            "encrypted, readonly [offset size].",
        .examples = "  aloft chip-parts\n"
                    "  aloft chip-parts nvs --port /dev/ttyUSB0\n"
                    "  aloft chip-parts nvs offset size --table partitions.csv",
        .exits = "0 told, 1 no chip answers, or it has no such partition",
        .options =
            {
                ALOFT_SESSION_OPTIONS(session),
                ALOFT_CHIP_FLASH_OPTION(wish.chip),
                {ALOFT_ARG_SIZE, 0, "offset", "N", "where the partition table lies [it is found]",
                 &wish.table_addr},
                {ALOFT_ARG_TEXT, 0, "table", "FILE",
                 "no chip, but this table: CSV, binary, or a whole flash", &wish.table},
                ALOFT_ARG_JSON(&wish.json),
            },
    };
    if (!aloft_args_read(&args, argc, argv) || !aloft_session_check(&args, &session)) {
        return args.status;
    }
    wish.name = args.given.items[0];
    wish.fields = &args.given;
    if (wish.table != NULL && wish.name == NULL) {
        return aloft_args_wrong(&args, "--table goes with NAME; `aloft parts show %s` shows all",
                                wish.table);
    }
    if (wish.table != NULL) {
        return tell_file(&wish);
    }
    if (!aloft_chip_flash_load(&wish.chip, &error)) {
        aloft_ui_error("%s", error.text);
        return ALOFT_EXIT_BAD;
    }
    if (!aloft_session_open(&session)) {
        return ALOFT_EXIT_BAD;
    }
    bool good = tell(&session, &wish);
    return aloft_session_close(&session, good ? ALOFT_EXIT_GOOD : ALOFT_EXIT_BAD);
}
