// The kind of input is known by its first bytes: a table, a flash, or otherwise text.
#include "cli/parts/parts_source.h"
#include "cli/base/ui.h"
#include "hostlib/base/file.h"
#include "hostlib/crypto/mbed_crypto.h"
#include "hostlib/flash/flash_file.h"
#include "hostlib/table/ptable_csv.h"
#include "hostlib/table/ptable_template.h"
#include "hostlib/table/table_find.h"
#include "hostlib/table/table_plain.h"
#include <string.h>
#include <unistd.h>

// A row, or the MD5 of a table without rows.
static bool starts_table(const uint8_t *p)
{
    return (p[0] == 0xAA && p[1] == 0x50) || (p[0] == 0xEB && p[1] == 0xEB);
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

static bool load_bytes(struct aloft_parts_source *source, struct aloft_parts_rules *parts,
                       const struct aloft_file *file)
{
    size_t off;
    if (!find_table(file, parts->rules.table_addr, &off)) {
        source->kind = ALOFT_PARTS_CSV;
        if (file->len > 0 && file->data[0] == 0xE9) {
            return aloft_message_set(&source->error, "this is an app image, not a partition table; "
                                                     "see `aloft image info`");
        }
        return aloft_ptable_csv_parse(&source->plan, file->data, file->len, &parts->rules,
                                      &source->error);
    }
    const struct aloft_table_bytes bytes = {file->data, (uint32_t)file->len};
    const struct aloft_flash flash = aloft_table_flash_of(&bytes);
    source->kind = off == 0 ? ALOFT_PARTS_TABLE : ALOFT_PARTS_FLASH;
    if (source->kind == ALOFT_PARTS_FLASH && parts->rules.flash_size == 0 &&
        aloft_flash_file_is_size(file->len)) {
        if (flash.geometry.size == file->len) {
            parts->rules.flash_size = (uint32_t)file->len;
        } else {
            aloft_ui_warn("%s: it ends at 0x%zx, before its last partition; it is taken for the "
                          "beginning of a larger flash",
                          source->name, file->len);
        }
    }
    source->err = aloft_ptable_plan_load(&source->plan, file->data + off, file->len - off,
                                         parts->rules.flash_size);
    return source->err == ALOFT_OK ||
           aloft_message_set(&source->error, "%s (%s, row %u)%s", aloft_err_sentence(source->err),
                             aloft_err_name(source->err), source->plan.count + 1,
                             aloft_table_find_note(&flash, (uint32_t)off));
}

static bool load_template(struct aloft_parts_source *source, const struct aloft_parts_rules *parts)
{
    const struct aloft_ptable_template *found = aloft_ptable_template_find(parts->template);
    source->name = parts->template;
    if (found == NULL) {
        struct aloft_suggest suggest;
        char text[ALOFT_SUGGEST_TEXT];
        aloft_suggest_init(&suggest, parts->template);
        for (size_t i = 0; i < aloft_ptable_template_count; i++) {
            aloft_suggest_feed(&suggest, aloft_ptable_templates[i].name);
        }
        return aloft_message_set(
            &source->error, "there is no template of that name%s",
            aloft_suggest_say(&suggest, "; `aloft parts list` shows them", text));
    }
    return aloft_ptable_csv_parse(&source->plan, found->csv, strlen(found->csv), &parts->rules,
                                  &source->error);
}

static bool find_in_folder(struct aloft_parts_source *source, const char *folder)
{
    struct aloft_message too_long;
    struct aloft_build_file *found = &source->found;
    return aloft_build_folder_find(folder, ALOFT_BUILD_TABLE, NULL, found, &source->error) ||
           (aloft_build_folder_join(found->path, folder, "partitions.csv", &too_long) &&
            access(found->path, F_OK) == 0);
}

bool aloft_parts_source_load(struct aloft_parts_source *source, struct aloft_parts_rules *parts,
                             const char *path)
{
    struct aloft_file file;
    memset(source, 0, sizeof *source);
    if (parts->template != NULL) {
        parts->rules.table_addr = aloft_table_find_in(NULL, 0, parts->rules.table_addr);
        return load_template(source, parts);
    }
    if (aloft_build_folder_is(path)) {
        if (!find_in_folder(source, path)) {
            return false;
        }
        path = source->found.path;
    }
    source->name = strcmp(path, "-") == 0 ? "standard input" : path;
    if (!aloft_table_plain_read_file(path, &file, &source->error)) {
        source->name = NULL; // the sentence has it
        return false;
    }
    parts->rules.table_addr = aloft_table_find_in(file.data, file.len, parts->rules.table_addr);
    bool ok = load_bytes(source, parts, &file);
    aloft_file_release(&file);
    return ok;
}

int aloft_parts_source_say_error(const struct aloft_parts_source *source)
{
    if (source->name == NULL) {
        aloft_ui_error("%s", source->error.text);
    } else {
        aloft_ui_error("%s: %s", source->name, source->error.text);
    }
    return ALOFT_EXIT_BAD;
}

void aloft_parts_source_say_warnings(const struct aloft_parts_source *source)
{
    for (uint32_t i = 0; i < source->plan.warning_count; i++) {
        aloft_ui_warn("%s: %s", source->name, source->plan.warnings[i].text);
    }
}

bool aloft_parts_source_emit(const struct aloft_parts_source *source, bool md5,
                             uint8_t table[ALOFT_PTABLE_LEN])
{
    enum aloft_err err = aloft_ptable_emit_all(source->plan.partitions, source->plan.count,
                                               md5 ? &aloft_mbed_crypto : NULL, table);
    if (err == ALOFT_ERR_ARG) {
        aloft_ui_error("%s: %u partitions leave no room for the MD5 row; remove one, or give "
                       "--no-md5",
                       source->name, source->plan.count);
    } else if (err != ALOFT_OK) {
        aloft_ui_error("%s: %s", source->name, aloft_err_sentence(err));
    }
    return err == ALOFT_OK;
}

bool aloft_parts_rules_words(struct aloft_parts_rules *parts, struct aloft_message *error)
{
    for (size_t i = 0; i < parts->words.count; i++) {
        if (!aloft_ptable_words_add(&parts->own, parts->words.items[i], error)) {
            return false;
        }
    }
    parts->rules.own_words = &parts->own;
    return true;
}
