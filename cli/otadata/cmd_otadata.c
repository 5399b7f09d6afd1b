// aloft otadata: which slot boots. All records are written by the core's machine (aloft/bootsel.h),
// so a tool and a device leave the same bytes, in an order that a power cut may interrupt.
#include "aloft/bootsel.h"
#include "board/chip/board_rules.h"
#include "cli/base/args.h"
#include "cli/base/commands.h"
#include "cli/base/ui.h"
#include "cli/image/image_source.h"
#include "cli/otadata/otadata_view.h"
#include "hostlib/base/file.h"
#include "hostlib/crypto/mbed_crypto.h"
#include "hostlib/flash/flash_file.h"
#include "hostlib/table/table_find.h"
#include "hostlib/table/table_plain.h"
#include <stdio.h>
#include <string.h>

struct board {
    const char *path;
    uint32_t table_addr; // 0: it is found
    bool no_trials;      // show what a bootloader without rollback boots
    struct aloft_flash_file file;
    struct aloft_slots slots;
    struct aloft_board_rules rules; // of any chip; eFuses as they lie beside the file
};

#define OPTION_OFFSET(b)                                                                           \
    {                                                                                              \
        ALOFT_ARG_SIZE, 0, "offset", "N", "where the partition table lies [it is found]",          \
            &(b).table_addr                                                                        \
    }

// Opens the flash and reads its table. False when that has failed and been said.
static bool open_board(struct board *board, enum aloft_flash_file_mode mode)
{
    struct aloft_message error;
    if (!aloft_flash_file_open(&board->file, board->path, mode, &error)) {
        aloft_ui_error("%s", error.text);
        return false;
    }
    if (!aloft_board_rules_of(&board->rules, board->path, &error)) {
        aloft_ui_error("%s", error.text);
        (void)aloft_flash_file_close(&board->file, &error); // nothing was written
        return false;
    }
    // Dumps of real devices are looked at, too.
    const struct aloft_chip_info *chip = aloft_table_find_chip(&board->file.flash);
    board->rules.rules.chip = chip != NULL ? aloft_chip_find(chip->id) : NULL;
    board->rules.rules.chip_revision = 0xFFFF;
    board->rules.rules.need_addr = 0;
    board->table_addr = aloft_table_find_file(&board->file, board->table_addr);
    enum aloft_err err =
        aloft_slots_load(&board->slots, &board->file.flash, &aloft_mbed_crypto, board->table_addr);
    if (err == ALOFT_OK && board->slots.otadata.len == 0) {
        err = ALOFT_ERR_NO_OTADATA;
    } else if (err == ALOFT_OK && board->slots.otadata.len != ALOFT_OTADATA_LEN) {
        err = ALOFT_ERR_OTADATA_SIZE;
    }
    if (err == ALOFT_OK) {
        return true;
    }
    aloft_ui_error("%s: %s (%s, table at 0x%x)%s", board->path, aloft_err_sentence(err),
                   aloft_err_name(err), board->table_addr,
                   aloft_table_find_note(&board->file.flash, board->table_addr));
    (void)aloft_flash_file_close(&board->file, &error); // nothing was written
    return false;
}

// Closes, and says what went wrong: `err` before the closing, or the closing itself.
static int close_board(struct board *board, enum aloft_err err)
{
    struct aloft_message error;
    bool closed = aloft_flash_file_close(&board->file, &error);
    if (err != ALOFT_OK) {
        aloft_ui_error("%s: %s (%s)", board->path, aloft_err_sentence(err), aloft_err_name(err));
        return ALOFT_EXIT_BAD;
    }
    if (!closed) {
        aloft_ui_error("%s: %s", board->path, error.text);
        return ALOFT_EXIT_BAD;
    }
    return ALOFT_EXIT_GOOD;
}

static int show_view(const struct aloft_otadata_view *view, bool json)
{
    if (json) {
        return aloft_ui_json_print(aloft_otadata_view_json(view)) ? ALOFT_EXIT_GOOD
                                                                  : ALOFT_EXIT_BAD;
    }
    aloft_otadata_view_print(view);
    return ALOFT_EXIT_GOOD;
}

static int show_dump(const struct aloft_file *dump, const char *name, uint32_t slot_count,
                     bool json)
{
    struct aloft_otadata_view view = {.name = name, .slot_count = slot_count};
    for (uint32_t i = 0; i < 2; i++) {
        aloft_otadata_parse(dump->data + (size_t)i * ALOFT_OTADATA_SECTOR, &view.records[i]);
    }
    return show_view(&view, json);
}

static int show_board(struct board *board, bool json)
{
    struct aloft_dryboot boot;
    struct aloft_otadata_view view = {
        .name = board->path, .slots = &board->slots, .rules = &board->rules.rules, .boot = &boot};
    if (!open_board(board, ALOFT_FLASH_FILE_DUMP)) {
        return ALOFT_EXIT_BAD;
    }
    const struct aloft_dryboot_setup setup = {.flash = &board->file.flash,
                                              .rules = &board->rules.rules,
                                              .ptable_addr = board->table_addr,
                                              .trials = !board->no_trials};
    aloft_dryboot(&boot, &setup);
    view.slot_count = board->slots.ota_count;
    enum aloft_err err = aloft_bootsel_read(&board->slots, view.records);
    int shown = err == ALOFT_OK ? show_view(&view, json) : ALOFT_EXIT_BAD;
    int closed = close_board(board, err);
    return shown == ALOFT_EXIT_GOOD ? closed : shown;
}

static int otadata_show(int argc, char **argv)
{
    struct board board = {.table_addr = 0};
    struct aloft_file file;
    struct aloft_message error;
    uint32_t slot_count = 2;
    bool json = false;
    struct aloft_args args = {
        .command = "aloft otadata show",
        .operands = "FLASH",
        .about = "Shows both boot records, what the slots hold, which one is selected, and which\n"
                 "one the next boot will run and why: its bootloader is asked, and nothing is\n"
                 "written. FLASH is a board's flash file, or the 8,192 bytes of an otadata\n"
                 "partition alone.",
        .examples = "  aloft otadata show board.flash\n"
                    "  aloft otadata show otadata.bin --slots 2 --json",
        .exits = "0 shown, 1 it cannot be read",
        .options = {ALOFT_ARG_JSON(&json),
                    {ALOFT_ARG_SIZE, 0, "slots", "N", "for otadata alone: number of OTA slots [2]",
                     &slot_count},
                    {ALOFT_ARG_FLAG, 0, "no-trials", NULL,
                     "as a bootloader without rollback boots it", &board.no_trials},
                    OPTION_OFFSET(board)},
    };
    if (!aloft_args_read(&args, argc, argv)) {
        return args.status;
    }
    if (slot_count > ALOFT_OTADATA_SLOTS_MAX) {
        return aloft_args_wrong(&args, "--slots %u: there are at most 16", slot_count);
    }
    board.path = args.given.items[0];
    if (!aloft_table_plain_read_file(board.path, &file, &error)) {
        aloft_ui_error("%s", error.text);
        return ALOFT_EXIT_BAD;
    }
    bool dump = file.len == ALOFT_OTADATA_LEN;
    int status = dump ? show_dump(&file, board.path, slot_count, json) : ALOFT_EXIT_BAD;
    aloft_file_release(&file);
    return dump ? status : show_board(&board, json);
}

static enum aloft_err run(struct aloft_bootsel *op)
{
    while (aloft_bootsel_step(op) == ALOFT_STEP_AGAIN) {
    }
    return op->err;
}

// Erases both records, the one that does not count first, so that a cut leaves the old choice or
// none.
static enum aloft_err erase_records(const struct aloft_slots *slots)
{
    struct aloft_flash_view view = aloft_slots_view(slots, slots->otadata);
    struct aloft_otadata records[2];
    enum aloft_err err = aloft_bootsel_read(slots, records);
    uint32_t last = aloft_otadata_active(records) == 1 ? 1 : 0;
    if (err == ALOFT_OK) {
        err = aloft_flash_erase(&view, (1 - last) * ALOFT_OTADATA_SECTOR, ALOFT_OTADATA_SECTOR);
    }
    if (err == ALOFT_OK) {
        err = aloft_flash_erase(&view, last * ALOFT_OTADATA_SECTOR, ALOFT_OTADATA_SECTOR);
    }
    return err;
}

// As set_boot, without judging the image (--force): to try what a bootloader does with a bad slot.
static enum aloft_err force(const struct aloft_slots *slots, int slot, uint32_t state)
{
    struct aloft_otadata records[2];
    struct aloft_bootsel op;
    if (aloft_slots_extent(slots, slot).len == 0 || slot >= (int)slots->ota_count) {
        return ALOFT_ERR_SLOT_UNKNOWN;
    }
    if (slot == ALOFT_SLOT_FACTORY) {
        return erase_records(slots);
    }
    enum aloft_err err = aloft_bootsel_read(slots, records);
    if (err != ALOFT_OK) {
        return err;
    }
    int active = aloft_otadata_active(records);
    uint32_t seq = active < 0 ? 0 : records[active].seq;
    uint8_t sector = active == 0 ? 1 : 0;
    if (active >= 0 && (int)aloft_otadata_slot(seq, slots->ota_count) == slot) {
        sector = (uint8_t)active;
    } else {
        seq = aloft_otadata_next_seq(seq, (uint32_t)slot, slots->ota_count);
    }
    if (seq == 0) {
        return ALOFT_ERR_STATE; // the numbers are used up; set_boot without force can start again
    }
    const struct aloft_otadata record = {seq, state, 0};
    aloft_bootsel_mark(&op, slots, sector, &record, false);
    return run(&op);
}

static enum aloft_err set_boot(const struct board *board, int slot, bool trial)
{
    struct aloft_bootsel op;
    aloft_bootsel_set_boot(&op, &board->slots, &board->rules.rules, slot, trial);
    return run(&op);
}

static int otadata_switch(int argc, char **argv)
{
    struct board board = {.table_addr = 0};
    bool trial = false;
    bool forced = false;
    int slot;
    struct aloft_args args = {
        .command = "aloft otadata switch",
        .operands = "FLASH SLOT",
        .about = "Makes SLOT (factory, ota_0, ota_1, ...) the one that boots next, as a device\n"
                 "does at the end of an update. The board must not be running.",
        .examples = "  aloft otadata switch board.flash ota_1 --trial\n"
                    "  aloft otadata switch board.flash factory",
        .exits = "0 switched, 1 refused; the old choice then still holds",
        .options = {{ALOFT_ARG_FLAG, 0, "trial", NULL, "on trial: the app must confirm itself",
                     &trial},
                    {ALOFT_ARG_FLAG, 0, "force", NULL, "even when the slot holds no good image",
                     &forced},
                    OPTION_OFFSET(board)},
    };
    if (!aloft_args_read(&args, argc, argv)) {
        return args.status;
    }
    if (!aloft_image_source_slot(args.given.items[1], &slot) || slot == ALOFT_SLOT_TEST) {
        return aloft_args_wrong(&args,
                                "'%s' cannot be switched to; write factory, ota_0, ota_1, "
                                "..., ota_15",
                                args.given.items[1]);
    }
    if (trial && slot == ALOFT_SLOT_FACTORY) {
        return aloft_args_wrong(&args, "factory has no trials; leave out --trial");
    }
    board.path = args.given.items[0];
    if (!open_board(&board, ALOFT_FLASH_FILE_WRITE)) {
        return ALOFT_EXIT_BAD;
    }
    if (aloft_slots_extent(&board.slots, slot).len == 0) {
        char text[ALOFT_SUGGEST_TEXT];
        aloft_ui_error("%s: the table has no slot %s%s (%s)", board.path, args.given.items[1],
                       aloft_image_source_slots(&board.slots, args.given.items[1], text),
                       aloft_err_name(ALOFT_ERR_SLOT_UNKNOWN));
        (void)close_board(&board, ALOFT_OK); // nothing was written
        return ALOFT_EXIT_BAD;
    }
    uint32_t state = trial ? (uint32_t)ALOFT_OTA_NEW : ALOFT_OTA_UNDEFINED;
    enum aloft_err err = forced ? force(&board.slots, slot, state) : set_boot(&board, slot, trial);
    if (err != ALOFT_OK) {
        (void)fprintf(stderr,
                      "aloft: %s cannot be selected, and the old choice holds; write a good "
                      "image to it with 'aloft board write', or use --force\n",
                      args.given.items[1]);
    }
    int status = close_board(&board, err);
    if (status == ALOFT_EXIT_GOOD) {
        printf("%s: %s %s%s from now on\n", board.path, forced ? "selects" : "boots",
               args.given.items[1], trial ? ", on trial," : "");
    }
    return status;
}

static int otadata_erase(int argc, char **argv)
{
    struct board board = {.table_addr = 0};
    struct aloft_args args = {
        .command = "aloft otadata erase",
        .operands = "FLASH",
        .about = "Erases both boot records: the board boots factory, or the first OTA slot when\n"
                 "there is no factory. The board must not be running.",
        .examples = "  aloft otadata erase board.flash",
        .exits = "0 erased, 1 refused",
        .options = {OPTION_OFFSET(board)},
    };
    if (!aloft_args_read(&args, argc, argv)) {
        return args.status;
    }
    board.path = args.given.items[0];
    if (!open_board(&board, ALOFT_FLASH_FILE_WRITE)) {
        return ALOFT_EXIT_BAD;
    }
    int status = close_board(&board, erase_records(&board.slots));
    if (status == ALOFT_EXIT_GOOD) {
        printf("%s: otadata erased\n", board.path);
    }
    return status;
}

int cmd_otadata(int argc, char **argv)
{
    static const struct aloft_command commands[] = {
        {"show", "show the boot records, and what the slots hold", otadata_show},
        {"switch", "choose the slot that boots next", otadata_switch},
        {"erase", "forget the choice", otadata_erase},
        {NULL, NULL, NULL},
    };
    return aloft_args_dispatch("aloft otadata", "Which slot of a flash boots.", commands, argc,
                               argv);
}
