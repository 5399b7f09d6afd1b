// aloft parts read, write and erase: one partition, found by its label. No access goes beyond it.
#include "cli/parts/parts_data.h"
#include "aloft/slots.h"
#include "cli/base/args.h"
#include "cli/base/ui.h"
#include "hostlib/base/file.h"
#include "hostlib/crypto/mbed_crypto.h"
#include "hostlib/flash/flash_file.h"
#include "hostlib/table/table_find.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct target {
    const char *path;
    const char *label;
    uint32_t table_addr; // 0: it is found
    struct aloft_flash_file file;
    struct aloft_flash_view view;
    struct aloft_suggest suggest;
    char near[ALOFT_PTABLE_LABEL + 1]; // what it suggests
};

#define OPTION_OFFSET(t)                                                                           \
    {                                                                                              \
        ALOFT_ARG_SIZE, 0, "offset", "N", "where the partition table lies [it is found]",          \
            &(t).table_addr                                                                        \
    }

static enum aloft_err note(void *ctx, const struct aloft_partition *partition)
{
    struct target *target = ctx;
    const char *before = target->suggest.best;
    aloft_suggest_feed(&target->suggest, partition->label);
    if (target->suggest.best != before) {
        memcpy(target->near, partition->label, sizeof target->near);
        target->suggest.best = target->near;
    }
    if (target->view.len == 0 && strcmp(partition->label, target->label) == 0) {
        target->view = aloft_partition_view(&target->file.flash, partition);
    }
    return ALOFT_OK;
}

// Opens the flash and finds the partition. False when that has failed and been said.
static bool open_target(struct target *target, enum aloft_flash_file_mode mode)
{
    struct aloft_message error;
    if (!aloft_flash_file_open(&target->file, target->path, mode, &error)) {
        aloft_ui_error("%s", error.text);
        return false;
    }
    aloft_suggest_init(&target->suggest, target->label);
    target->table_addr = aloft_table_find_file(&target->file, target->table_addr);
    enum aloft_err err =
        aloft_slots_walk(&target->file.flash, &aloft_mbed_crypto, target->table_addr, note, target);
    if (err == ALOFT_OK && target->view.len != 0) {
        return true;
    }
    if (err != ALOFT_OK) {
        aloft_ui_error("%s: %s (%s, table at 0x%x)%s", target->path, aloft_err_sentence(err),
                       aloft_err_name(err), target->table_addr,
                       aloft_table_find_note(&target->file.flash, target->table_addr));
    } else {
        char text[ALOFT_SUGGEST_TEXT];
        aloft_ui_error(
            "%s has no partition \"%s\"%s", target->path, target->label,
            aloft_suggest_say(&target->suggest, "; `aloft parts show` lists them", text));
    }
    (void)aloft_flash_file_close(&target->file, &error); // nothing was written
    return false;
}

static int close_target(struct target *target, enum aloft_err err)
{
    struct aloft_message error;
    bool closed = aloft_flash_file_close(&target->file, &error);
    if (err != ALOFT_OK) {
        aloft_ui_error("%s: %s (%s)", target->path, aloft_err_sentence(err), aloft_err_name(err));
    } else if (!closed) {
        aloft_ui_error("%s: %s", target->path, error.text);
    }
    return err == ALOFT_OK && closed ? ALOFT_EXIT_GOOD : ALOFT_EXIT_BAD;
}

static int read_out(struct target *target, const char *output)
{
    struct aloft_message error;
    uint8_t *data = malloc(target->view.len);
    enum aloft_err err = data == NULL ? ALOFT_ERR_FLASH_READ
                                      : aloft_flash_read(&target->view, 0, data, target->view.len);
    bool written = err == ALOFT_OK && aloft_file_write(output, data, target->view.len, &error);
    free(data);
    if (err == ALOFT_OK && !written) {
        aloft_ui_error("%s", error.text);
    }
    int closed = close_target(target, err);
    return written ? closed : ALOFT_EXIT_BAD;
}

int parts_read(int argc, char **argv)
{
    struct target target = {.table_addr = 0};
    const char *output = NULL;
    struct aloft_args args = {
        .command = "aloft parts read",
        .operands = "FLASH LABEL",
        .about = "Copies one partition out of a board's flash file, whole.",
        .examples = "  aloft parts read board.flash nvs -o nvs.bin\n"
                    "  aloft parts read board.flash ota_0 -o - | sha256sum",
        .exits = "0 read, 1 there is no such partition, or it cannot be read",
        .options = {{ALOFT_ARG_NEEDED, 'o', "output", "FILE",
                     "the partition's bytes; - for standard output", &output},
                    OPTION_OFFSET(target)},
    };
    if (!aloft_args_read(&args, argc, argv)) {
        return args.status;
    }
    target.path = args.given.items[0];
    target.label = args.given.items[1];
    return open_target(&target, ALOFT_FLASH_FILE_DUMP) ? read_out(&target, output) : ALOFT_EXIT_BAD;
}

static int write_in(struct target *target, const struct aloft_file *file, const char *name)
{
    if (file->len > target->view.len) {
        aloft_ui_error("%s has %zu bytes, the partition \"%s\" %u; nothing was written", name,
                       file->len, target->label, target->view.len);
        (void)close_target(target, ALOFT_OK);
        return ALOFT_EXIT_BAD;
    }
    enum aloft_err err = aloft_flash_file_erase(&target->view);
    if (err == ALOFT_OK) {
        err = aloft_flash_file_program(&target->view, file->data, (uint32_t)file->len);
    }
    if (err == ALOFT_OK) {
        printf("%s: %zu bytes in \"%s\" at 0x%x, erased to 0x%x\n", target->path, file->len,
               target->label, target->view.addr, target->view.addr + target->view.len);
    }
    return close_target(target, err);
}

int parts_write(int argc, char **argv)
{
    struct target target = {.table_addr = 0};
    struct aloft_file file;
    struct aloft_message error;
    struct aloft_args args = {
        .command = "aloft parts write",
        .operands = "FLASH LABEL FILE",
        .about = "Erases one partition of a board's flash file and writes FILE to its start, or\n"
                 "standard input for -.",
        .examples = "  aloft parts write board.flash nvs nvs.bin\n"
                    "  aloft parts write board.flash ota_1 app.bin",
        .exits = "0 written, 1 there is no such partition, or the file does not fit it",
        .options = {OPTION_OFFSET(target)},
    };
    if (!aloft_args_read(&args, argc, argv)) {
        return args.status;
    }
    target.path = args.given.items[0];
    target.label = args.given.items[1];
    if (!aloft_file_read(args.given.items[2], ALOFT_FLASH_FILE_MAX, &file, &error)) {
        aloft_ui_error("%s", error.text);
        return ALOFT_EXIT_BAD;
    }
    int status = open_target(&target, ALOFT_FLASH_FILE_WRITE)
                     ? write_in(&target, &file, args.given.items[2])
                     : ALOFT_EXIT_BAD;
    aloft_file_release(&file);
    return status;
}

int parts_erase(int argc, char **argv)
{
    struct target target = {.table_addr = 0};
    struct aloft_args args = {
        .command = "aloft parts erase",
        .operands = "FLASH LABEL",
        .about = "Erases one partition of a board's flash file, and no other.",
        .examples = "  aloft parts erase board.flash otadata",
        .exits = "0 erased, 1 there is no such partition",
        .options = {OPTION_OFFSET(target)},
    };
    if (!aloft_args_read(&args, argc, argv)) {
        return args.status;
    }
    target.path = args.given.items[0];
    target.label = args.given.items[1];
    if (!open_target(&target, ALOFT_FLASH_FILE_WRITE)) {
        return ALOFT_EXIT_BAD;
    }
    enum aloft_err err = aloft_flash_file_erase(&target.view);
    if (err == ALOFT_OK) {
        printf("%s: \"%s\" is erased, 0x%x to 0x%x\n", target.path, target.label, target.view.addr,
               target.view.addr + target.view.len);
    }
    return close_target(&target, err);
}
