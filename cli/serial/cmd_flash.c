// aloft flash: files, or the build folder, into a chip's flash. Everything is read and checked
// first; then the chip is asked what it has, the user is told what goes, and then it goes.
#include "aloft/bootsel.h"
#include "cli/base/commands.h"
#include "cli/base/ui.h"
#include "cli/image/build_folder.h"
#include "cli/image/header_options.h"
#include "cli/serial/chip_place.h"
#include "cli/serial/flash_folder.h"
#include "cli/serial/flash_judge.h"
#include "cli/serial/monitor.h"
#include "cli/serial/session.h"
#include "hostlib/base/number.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct work {
    struct aloft_session session;
    struct aloft_flash_plan plan;
    struct aloft_chip_flash chip;
    struct aloft_flash_present present;
    struct aloft_flasher_trust trust;
    struct aloft_flash_folder folder;
    struct aloft_monitor monitor;
    struct aloft_arg_list *operands;
    struct aloft_image_header header;
    bool named;    // some files go to partitions by their names
    bool attached; // the chip can be asked where those lie
    bool erase_all;
    bool watch; // the console, when all is written
    bool force;
    bool plain;
    bool encrypt; // nothing goes to flash as it is
};

static int fail(const struct aloft_message *error)
{
    aloft_ui_error("%s", error->text);
    return ALOFT_EXIT_BAD;
}

// --- the plan

// An odd number of words begins with a folder.
static bool has_folder(const struct work *work)
{
    return work->operands->count % 2 != 0;
}

// The table is the folder's, if it is written too, or else the chip's.
static bool find_place(struct work *work, const char *name, struct aloft_partition *partition,
                       struct aloft_message *error)
{
    const struct aloft_flash_plan *plan = &work->plan;
    if (has_folder(work) && work->folder.only == NULL) {
        return aloft_chip_place_in(&plan->flash, plan->table_addr, work->folder.path, name,
                                   partition, error);
    }
    return !work->attached ||
           aloft_chip_place_find(&work->chip, plan->table_asked, name, partition, error);
}

// The file becomes all of the partition: FF follows it, as parttool.py leaves it. Without a chip
// and without a folder only the file is looked at.
static bool plan_name(struct work *work, const char *name, const char *path,
                      struct aloft_message *error)
{
    struct aloft_partition partition = {.addr = 0, .len = UINT32_MAX};
    if (!find_place(work, name, &partition, error)) {
        return false;
    }
    if (!aloft_flash_plan_add(&work->plan, partition.addr, path, error)) {
        return false;
    }
    return partition.len == UINT32_MAX ||
           aloft_flash_plan_fill(&work->plan, partition.label, partition.len, error);
}

static bool plan_pairs(struct work *work, struct aloft_message *error)
{
    const struct aloft_arg_list *operands = work->operands;
    for (size_t i = has_folder(work) ? 1 : 0; i + 1 < operands->count; i += 2) {
        int64_t addr;
        const char *path = operands->items[i + 1];
        if (aloft_chip_place_is_name(operands->items[i])) {
            work->named = true;
            if (!plan_name(work, operands->items[i], path, error)) {
                return false;
            }
            continue;
        }
        if (!aloft_number_parse(operands->items[i], &addr) || addr < 0 || addr > UINT32_MAX) {
            return aloft_message_set(error,
                                     "'%s' is not an address in flash; write it like 0x10000",
                                     operands->items[i]);
        }
        if (!aloft_flash_plan_add(&work->plan, (uint32_t)addr, path, error)) {
            return false;
        }
    }
    // Pieces with a name have no place yet, or their table has been read.
    return has_folder(work) || (work->named && !work->attached) ||
           aloft_flash_plan_load_table(&work->plan, error);
}

// Reads and checks the files as far as possible without the chip, so that it is not reset in vain.
static bool read_files(struct work *work, struct aloft_message *error)
{
    work->plan.flash_size = UINT32_MAX;
    work->folder.path = work->operands->items[0];
    work->folder.force = work->force;
    return (!has_folder(work) || aloft_flash_folder_plan(&work->folder, &work->plan, error)) &&
           plan_pairs(work, error);
}

// A folder is read once more, as where its files go depends on the chip.
static bool make_plan(struct work *work, struct aloft_message *error)
{
    work->plan.flash_size = work->session.flasher.flash_size;
    work->attached = true;
    if (has_folder(work)) {
        work->folder.chip = work->session.flasher.chip;
        aloft_flash_plan_release(&work->plan);
        if (!aloft_flash_folder_plan(&work->folder, &work->plan, error) ||
            !plan_pairs(work, error)) {
            return false;
        }
    } else if (work->named) {
        aloft_flash_plan_release(&work->plan);
        if (!plan_pairs(work, error)) {
            return false;
        }
    }
    work->header.flash_size = work->plan.flash_size;
    if (!aloft_flash_plan_set_header(&work->plan, &work->header, error)) {
        return false;
    }
    if (!work->plan.has_slots && work->present.has_table && !work->erase_all) {
        uint32_t table_addr = work->present.slots.ptable_addr;
        struct aloft_extent table = {table_addr, ALOFT_PTABLE_LEN};
        work->plan.table_addr = table_addr;
        work->plan.slots = work->present.slots; // it stays, so it says what the slots are
        work->plan.has_slots = !aloft_flash_plan_touches(&work->plan, table);
    }
    if (!aloft_flash_plan_check(&work->plan, error)) {
        return false;
    }
    const struct aloft_flash_chip on = {&work->session.flasher, &work->present, &work->trust};
    bool runs = aloft_flash_judge(&work->plan, &on, error);
    if (!runs && work->force) {
        aloft_ui_warn("forced: %s", error->text);
    }
    return runs || work->force;
}

// --- what goes

static bool same_slots(const struct aloft_slots *a, const struct aloft_slots *b)
{
    return memcmp(&a->factory, &b->factory, sizeof a->factory) == 0 &&
           memcmp(&a->otadata, &b->otadata, sizeof a->otadata) == 0 &&
           memcmp(a->ota, b->ota, sizeof a->ota) == 0 && a->ota_count == b->ota_count;
}

static const char *about_table(const struct work *work)
{
    if (!work->present.readable) {
        return "the partition table";
    }
    if (!work->present.has_table) {
        return "the partition table; there is none now";
    }
    return same_slots(&work->present.slots, &work->plan.slots)
               ? "the partition table; its slots are where they are now"
               : "the partition table; it replaces one with other slots";
}

// What the piece is, and what it replaces. False when the line failed.
static bool describe(struct work *work, const struct aloft_flash_piece *piece, char *text,
                     size_t size)
{
    char old[ALOFT_FLASH_PRESENT_APP] = "";
    char new[ALOFT_FLASH_PRESENT_APP] = "";
    char slot_name[ALOFT_SLOT_NAME] = "";
    int slot =
        work->plan.has_slots ? aloft_slots_find(&work->plan.slots, piece->addr) : ALOFT_SLOT_NONE;
    text[0] = '\0';
    if (piece->file.len == 0) {
        (void)snprintf(text, size, "erased, so that %s boots",
                       work->plan.slots.factory.len != 0 ? "factory" : "ota_0");
        return true;
    }
    if (piece->addr == work->plan.table_addr) {
        (void)snprintf(text, size, "%s", about_table(work));
        return true;
    }
    if (!piece->is_image || !piece->scan.head_passed || !piece->scan.facts.has_desc) {
        return true;
    }
    aloft_flash_present_name(&piece->scan.facts, new);
    if (work->present.readable && !aloft_flash_present_app(&work->present, piece->addr, old)) {
        return false;
    }
    if (slot != ALOFT_SLOT_NONE) {
        aloft_slot_name(slot, slot_name);
    }
    (void)snprintf(text, size, "%s%s%s%s%s", new, slot_name[0] ? " into " : "", slot_name,
                   old[0] ? "; replaces " : "", old);
    return true;
}

static bool say_present(struct work *work)
{
    struct aloft_flash_present *present = &work->present;
    char slot[ALOFT_SLOT_NAME];
    char app[ALOFT_FLASH_PRESENT_APP];
    if (!present->readable) {
        printf("now on it: not readable\n");
        return true;
    }
    if (!present->has_table || present->selected == ALOFT_SLOT_NONE) {
        printf("now on it: nothing that boots\n");
        return true;
    }
    struct aloft_extent extent = aloft_slots_extent(&present->slots, present->selected);
    aloft_slot_name(present->selected, slot);
    if (extent.len == 0 || !aloft_flash_present_app(present, extent.addr, app)) {
        return extent.len == 0;
    }
    printf("now on it: %s is selected, %s\n", slot, app[0] ? app : "which is empty");
    return true;
}

static bool say_plan(struct work *work)
{
    char about[256];
    char count[32];
    if (!say_present(work)) {
        return false;
    }
    for (size_t i = 0; i < work->plan.count; i++) {
        const struct aloft_flash_piece *piece = &work->plan.pieces[i];
        if (!describe(work, piece, about, sizeof about)) {
            return false;
        }
        printf("  0x%06x  %10s bytes  %s%s%s\n", (unsigned)piece->addr,
               aloft_ui_thousands(piece->len, count), piece->name, about[0] ? ": " : "", about);
    }
    (void)fflush(stdout);
    return true;
}

// The app that was just written is not the one that boots.
static void warn_of_other_choice(const struct work *work)
{
    const struct aloft_flash_present *present = &work->present;
    const struct aloft_slots *slots = &work->plan.slots;
    char slot[ALOFT_SLOT_NAME];
    bool wrote_app = false;
    if (!present->has_table || !work->plan.has_slots || slots->otadata.len == 0 ||
        aloft_flash_plan_at(&work->plan, slots->otadata.addr) != NULL) {
        return;
    }
    for (size_t i = 0; i < work->plan.count; i++) {
        int written = aloft_slots_find(slots, work->plan.pieces[i].addr);
        wrote_app = wrote_app || written != ALOFT_SLOT_NONE;
        if (written == present->selected) {
            return;
        }
    }
    if (wrote_app && present->selected != ALOFT_SLOT_NONE) {
        aloft_slot_name(present->selected, slot);
        aloft_ui_warn(
            "%s is still selected, not what was written now; flash the folder to start anew", slot);
    }
}

// --- the writing

// The table that will be in flash says what stays plain; without one in the plan it is the chip's.
static void find_plain(struct work *work)
{
    uint32_t table = work->plan.table_addr;
    for (size_t i = 0; i < work->plan.count; i++) {
        const struct aloft_flash_piece *piece = &work->plan.pieces[i];
        if (table >= piece->addr && table - piece->addr < piece->file.len) {
            uint32_t off = table - piece->addr;
            (void)aloft_table_plain_of(&work->chip.plain, piece->file.data + off,
                                       piece->file.len - off, work->plan.flash_size);
        }
    }
}

// What the chip's cells get of a piece: its bytes, or their ciphertext.
static bool write_cells(struct work *work, const struct aloft_flash_piece *piece)
{
    struct aloft_flasher *flasher = &work->session.flasher;
    uint32_t unit = work->chip.key_path != NULL ? ALOFT_ESP32_CRYPT_UNIT : 1;
    uint32_t len = (piece->len + unit - 1) / unit * unit;
    uint8_t *cells = malloc(len);
    if (cells == NULL) {
        return aloft_message_set(&flasher->error, "out of memory");
    }
    memset(cells + piece->len, 0xFF, len - piece->len);
    memcpy(cells, piece->file.data, piece->len);
    aloft_chip_flash_encrypt(&work->chip, piece->addr, cells, len);
    bool good = aloft_flasher_write(flasher, piece->addr, cells, len, work->plain);
    free(cells);
    return good;
}

static bool write_piece(struct work *work, const struct aloft_flash_piece *piece)
{
    struct aloft_session *session = &work->session;
    char count[32];
    char rate[32];
    bool erase = piece->file.len == 0;
    aloft_progress_begin(&session->progress, erase ? "erasing" : "writing", piece->name);
    bool good = erase ? aloft_flasher_erase(&session->flasher, piece->addr, piece->len)
                      : write_cells(work, piece);
    uint64_t ms = aloft_progress_end(&session->progress);
    if (good && erase) {
        printf("erased %s\n", piece->name);
    } else if (good) {
        printf("wrote %s: %s bytes in %u.%u s, %s%s\n", piece->name,
               aloft_ui_thousands(piece->len, count), (unsigned)(ms / 1000),
               (unsigned)(ms % 1000 / 100), aloft_progress_rate(piece->len, ms, rate),
               session->flasher.secure_download ? "" : ", verified");
    }
    (void)fflush(stdout);
    return good;
}

static bool erase_all(struct work *work)
{
    struct aloft_session *session = &work->session;
    aloft_progress_begin(&session->progress, "erasing", "the whole flash");
    bool good = aloft_flasher_erase(&session->flasher, 0, session->flasher.flash_size);
    (void)aloft_progress_end(&session->progress);
    if (good) {
        printf("erased the whole flash\n");
    }
    return good;
}

static int write_all(struct work *work)
{
    find_plain(work);
    if (work->erase_all && !erase_all(work)) {
        return aloft_session_failed(&work->session);
    }
    for (size_t i = 0; i < work->plan.count; i++) {
        if (!write_piece(work, &work->plan.pieces[i])) {
            (void)aloft_session_failed(&work->session);
            aloft_ui_error("the flash is written in part; flash again");
            return ALOFT_EXIT_BAD;
        }
    }
    warn_of_other_choice(work);
    return ALOFT_EXIT_GOOD;
}

static int flash(struct work *work)
{
    struct aloft_message error;
    struct aloft_flasher *flasher = &work->session.flasher;
    if (!aloft_chip_flash_load(&work->chip, &error) || !read_files(work, &error)) {
        aloft_flash_plan_release(&work->plan);
        return fail(&error);
    }
    if (!aloft_session_open(&work->session)) {
        aloft_flash_plan_release(&work->plan);
        return ALOFT_EXIT_BAD;
    }
    int status = ALOFT_EXIT_BAD;
    flasher->progress = NULL; // reading what is there is over soon
    if (!aloft_chip_flash_open(&work->chip, flasher, work->plan.table_asked, &error)) {
        status = fail(&error);
    } else if (!aloft_flash_present_read(&work->present, flasher, &work->chip,
                                         work->plan.table_asked) ||
               (flasher->facts.secure_boot && !aloft_flasher_trust_read(&work->trust, flasher))) {
        status = aloft_session_failed(&work->session);
    } else if (!make_plan(work, &error)) {
        status = fail(&error);
    } else if (!say_plan(work)) {
        status = aloft_session_failed(&work->session);
    } else {
        aloft_session_show_progress(&work->session);
        status = write_all(work);
    }
    aloft_flash_plan_release(&work->plan);
    if (!work->watch || status != ALOFT_EXIT_GOOD) {
        return aloft_session_close(&work->session, status);
    }
    // The line stays open, so that nothing of what the app says first is lost.
    status = aloft_session_let_go(&work->session, status);
    work->monitor.line = work->session.line;
    return status == ALOFT_EXIT_GOOD ? aloft_monitor_run(&work->monitor) : status;
}

static bool fitting(struct aloft_args *args, struct work *work)
{
    static const char *const parts[] = {"app", "bootloader", "partition-table"};
    const struct aloft_flash_folder *folder = &work->folder;
    struct aloft_arg_list *operands = work->operands;
    if (folder->only != NULL && !aloft_args_word(args, "--only", folder->only, parts, 3)) {
        return false;
    }
    if (work->encrypt && work->chip.key_path == NULL) {
        (void)aloft_args_wrong(args, "--encrypt needs --flash-key KEY, the key of the chip; one "
                                     "that made its own is written by esptool write_flash "
                                     "--encrypt");
        return false;
    }
    if (operands->count == 0) {
        operands->items[operands->count++] = ALOFT_BUILD_FOLDER;
    }
    bool folder_first = aloft_build_folder_is(operands->items[0]);
    const char *last = operands->items[operands->count - 1];
    if (operands->count == 1 && !folder_first) {
        (void)aloft_args_wrong(args, "%s is not a folder; for single files write OFFSET FILE",
                               last);
        return false;
    }
    if (has_folder(work) != folder_first) {
        (void)aloft_args_wrong(args, "%s%s has no file",
                               aloft_chip_place_is_name(last) ? "" : "offset ", last);
        return false;
    }
    if (!folder_first && (folder->table != NULL || folder->app != NULL || folder->only != NULL)) {
        (void)aloft_args_wrong(args, "--table, --app and --only choose among the files of a "
                                     "folder");
        return false;
    }
    return aloft_session_check(args, &work->session) && aloft_monitor_check(args, &work->monitor);
}

int cmd_flash(int argc, char **argv)
{
    static struct work work = {.session = {ALOFT_SESSION_DEFAULTS}}; // too large for a stack
    struct aloft_args args = {
        .command = "aloft flash",
        .operands = "[DIR] [OFFSET|NAME FILE ...]",
        .about =
            "Writes a build folder, or files, into the flash of a board at a serial port: an\n"
            "ESP32, ESP32-S3 or ESP32-C3, or a virtual board. Says what it will overwrite,\n"
            "refuses images for another chip, and compares what is in flash at the end.\n"
            "DIR [build] is a folder with bootloader, partition table and app, or an ESP-IDF\n"
            "build folder; its app goes to factory (ota_0 without one), and otadata is erased.\n"
            "NAME is a partition of the folder's table, else of the chip's, or a slot such as\n"
            "ota_0; it becomes FILE and then FF.",
        .examples =
            "  aloft flash build --port /dev/ttyUSB0 --monitor\n"
            "  aloft flash build/release/images --app ota_demo --port socket://localhost:3333\n"
            "  aloft flash build nvs nvs.bin --port /dev/ttyUSB0\n"
            "  aloft flash 0x10000 ota_demo.bin\n"
            "  aloft flash nvs nvs.bin\n"
            "  aloft flash 0x1000 bootloader.bin 0x8000 table.bin 0x10000 app.bin --baud 921600",
        .exits =
            "0 written and verified, 1 refused or failed; with --monitor:\n" ALOFT_MONITOR_EXITS,
        .options =
            {
                ALOFT_SESSION_OPTIONS(work.session),
                {ALOFT_ARG_TEXT, 0, "table", "FILE", "of a folder: the partition table",
                 &work.folder.table},
                {ALOFT_ARG_TEXT, 0, "app", "NAME", "of a folder: the app", &work.folder.app},
                {ALOFT_ARG_TEXT, 0, "only", "PART",
                 "of a folder: app, bootloader or partition-table", &work.folder.only},
                {ALOFT_ARG_SIZE, 0, "offset", "ADDR",
                 "of the partition table [it is found, else 0x8000]", &work.plan.table_asked},
                ALOFT_CHIP_FLASH_OPTION(work.chip),
                ALOFT_IMAGE_HEADER_OPTIONS(work.header),
                {ALOFT_ARG_FLAG, 'e', "erase-all", NULL, "erase the whole flash first",
                 &work.erase_all},
                {ALOFT_ARG_FLAG, 0, "plain", NULL, "send the data uncompressed", &work.plain},
                {ALOFT_ARG_FLAG, 0, "encrypt", NULL, "never without --flash-key", &work.encrypt},
                {ALOFT_ARG_FLAG, 'm', "monitor", NULL,
                 "then show the console, as aloft monitor does", &work.watch},
                ALOFT_MONITOR_OPTIONS(work.monitor),
                {ALOFT_ARG_FLAG, 'f', "force", NULL, "write what the chip will not run, too",
                 &work.force},
            },
    };
    work.operands = &args.given;
    if (!aloft_args_read(&args, argc, argv) || !fitting(&args, &work)) {
        return args.status;
    }
    work.watch = work.watch || work.monitor.until != NULL || work.monitor.timeout != NULL;
    return flash(&work);
}
