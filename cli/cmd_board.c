// aloft board: virtual boards, each a flash file. The work is done in ports/linux (run) and through
// the checked flash view (write, info); this file reads command lines and talks to people.
#include "aloft/bootsel.h"
#include "aloft/bytes.h"
#include "aloft/chip.h"
#include "aloft/verify.h"
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/ui.h"
#include "hostlib/file.h"
#include "hostlib/flash_file.h"
#include "hostlib/image_build.h"
#include "hostlib/mbed_crypto.h"
#include "hostlib/number.h"
#include "ports/linux/supervisor.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

// What `aloft board run` returns besides the usual.
enum { EXIT_NOT_SEEN = 3, EXIT_NOTHING = 4, EXIT_POWER_CUT = 143 };

enum { PIECES_MAX = ALOFT_ARG_LIST_MAX / 2 };

static int fail(const struct aloft_message *error)
{
    aloft_ui_error("%s", error->text);
    return ALOFT_EXIT_BAD;
}

static int close_flash(struct aloft_flash_file *file)
{
    struct aloft_message error;
    return aloft_flash_file_close(file, &error) ? ALOFT_EXIT_GOOD : fail(&error);
}

// --- create, erase

// Makes way for a new chip, unless a board runs on the old one.
static bool remove_old(const char *path, struct aloft_message *error)
{
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return errno == ENOENT ||
               aloft_message_set(error, "cannot replace %s: %s", path, strerror(errno));
    }
    pid_t holder = aloft_flash_file_lock(fd);
    bool good = holder == 0 && unlink(path) == 0;
    if (holder > 0) {
        (void)aloft_message_set(error,
                                "flash file %s is in use by process %ld; stop the board first",
                                path, (long)holder);
    } else if (!good) {
        (void)aloft_message_set(error, "cannot replace %s: %s", path, strerror(errno));
    }
    (void)close(fd); // nothing was written through it
    return good;
}

static int cmd_create(int argc, char **argv)
{
    uint32_t size = 4u << 20;
    bool force = false;
    struct aloft_arg_list operands;
    struct aloft_message error;
    const struct aloft_arg options[] = {
        {ALOFT_ARG_SIZE, 0, "size", "SIZE", "1MB, 2MB, 4MB (default), ... 128MB", &size},
        {ALOFT_ARG_FLAG, 'f', "force", NULL, "replace a file that is there", &force},
    };
    const struct aloft_args args = {
        .command = "aloft board create",
        .operands = "FLASH",
        .about = "Makes an erased flash chip: a file of FF bytes.",
        .examples = "  aloft board create board.flash --size 4MB",
        .options = options,
        .option_count = COUNT(options),
        .operand_min = 1,
        .operand_max = 1,
    };
    int status;
    if (!aloft_args_ready(&args, argc, argv, &operands, &status)) {
        return status;
    }
    const char *path = operands.items[0];
    if (!aloft_flash_file_is_size(size)) {
        return aloft_args_wrong(&args, "--size: a flash chip has 1MB, 2MB, 4MB, ... 128MB");
    }
    if (!force && access(path, F_OK) == 0) {
        aloft_ui_error("%s is there already; give another name, or --force to replace it", path);
        return ALOFT_EXIT_BAD;
    }
    if ((force && !remove_old(path, &error)) || !aloft_flash_file_create(path, size, &error)) {
        return fail(&error);
    }
    return ALOFT_EXIT_GOOD;
}

// Erases [addr, addr + len), both multiples of a sector, by the largest units.
static enum aloft_err erase_range(struct aloft_flash_file *file, uint32_t addr, uint32_t len)
{
    struct aloft_flash_view view = {&file->flash, addr, len};
    for (uint32_t off = 0; off < len;) {
        bool block =
            (addr + off) % ALOFT_FLASH_FILE_BLOCK == 0 && len - off >= ALOFT_FLASH_FILE_BLOCK;
        uint32_t unit = block ? ALOFT_FLASH_FILE_BLOCK : ALOFT_FLASH_FILE_SECTOR;
        enum aloft_err err = aloft_flash_erase(&view, off, unit);
        if (err != ALOFT_OK) {
            return err;
        }
        off += unit;
    }
    return ALOFT_OK;
}

static int flash_failed(const char *path, enum aloft_err err)
{
    aloft_ui_error("%s: %s: %s", path, aloft_err_name(err), aloft_err_sentence(err));
    return ALOFT_EXIT_BAD;
}

static int cmd_erase(int argc, char **argv)
{
    struct aloft_arg_list operands;
    struct aloft_flash_file file;
    struct aloft_message error;
    const struct aloft_args args = {
        .command = "aloft board erase",
        .operands = "FLASH",
        .about = "Erases the whole chip. The board must be off.",
        .examples = "  aloft board erase board.flash",
        .operand_min = 1,
        .operand_max = 1,
    };
    int status;
    if (!aloft_args_ready(&args, argc, argv, &operands, &status)) {
        return status;
    }
    if (!aloft_flash_file_open(&file, operands.items[0], ALOFT_FLASH_FILE_WRITE, &error)) {
        return fail(&error);
    }
    enum aloft_err err = erase_range(&file, 0, file.flash.geometry.size);
    int closed = close_flash(&file);
    return err == ALOFT_OK ? closed : flash_failed(operands.items[0], err);
}

// --- write

// A file that goes to flash.
struct piece {
    const char *path;
    uint32_t addr;
    uint32_t sectors_len; // what is erased for it
    struct aloft_file file;
};

static bool read_piece(struct piece *piece, const char *addr, const char *path, uint32_t flash_size,
                       struct aloft_message *error)
{
    int64_t number;
    if (!aloft_number_parse(addr, &number) || number < 0 || number >= flash_size) {
        return aloft_message_set(error, "'%s' is no address in a flash of %u bytes", addr,
                                 (unsigned)flash_size);
    }
    if (number % ALOFT_FLASH_FILE_SECTOR != 0) {
        return aloft_message_set(error,
                                 "address %s is not at the start of a sector; use a multiple "
                                 "of 0x1000",
                                 addr);
    }
    piece->path = path;
    piece->addr = (uint32_t)number;
    if (!aloft_file_read(path, ALOFT_FLASH_FILE_MAX, &piece->file, error)) {
        return false;
    }
    if (piece->file.len == 0) {
        return aloft_message_set(error, "%s is empty: there is nothing to write", path);
    }
    if (piece->file.len > flash_size - piece->addr) {
        return aloft_message_set(error,
                                 "%s has %zu bytes and does not fit at 0x%x: the flash ends at "
                                 "0x%x",
                                 path, piece->file.len, (unsigned)piece->addr,
                                 (unsigned)flash_size);
    }
    uint32_t len = (uint32_t)piece->file.len;
    piece->sectors_len =
        (len + ALOFT_FLASH_FILE_SECTOR - 1) / ALOFT_FLASH_FILE_SECTOR * ALOFT_FLASH_FILE_SECTOR;
    return true;
}

static bool check_overlap(const struct piece *a, const struct piece *b, struct aloft_message *error)
{
    if (a->addr + a->sectors_len <= b->addr || b->addr + b->sectors_len <= a->addr) {
        return true;
    }
    return aloft_message_set(error, "%s at 0x%x (%zu bytes) and %s at 0x%x (%zu bytes) overlap",
                             a->path, (unsigned)a->addr, a->file.len, b->path, (unsigned)b->addr,
                             b->file.len);
}

// Reads and checks all pieces before flash is touched.
static bool read_pieces(struct piece *pieces, const struct aloft_arg_list *operands,
                        uint32_t flash_size, struct aloft_message *error)
{
    size_t count = operands->count / 2;
    for (size_t i = 0; i < count; i++) {
        if (!read_piece(&pieces[i], operands->items[1 + 2 * i], operands->items[2 + 2 * i],
                        flash_size, error)) {
            return false;
        }
        for (size_t k = 0; k < i; k++) {
            if (!check_overlap(&pieces[k], &pieces[i], error)) {
                return false;
            }
        }
    }
    return true;
}

static enum aloft_err write_piece(struct aloft_flash_file *file, const struct piece *piece)
{
    struct aloft_flash_view view = {&file->flash, piece->addr, piece->sectors_len};
    uint32_t len = (uint32_t)piece->file.len;
    enum aloft_err err = erase_range(file, piece->addr, piece->sectors_len);
    for (uint32_t off = 0; off < len && err == ALOFT_OK; off += ALOFT_FLASH_PAGE) {
        uint32_t n = len - off < ALOFT_FLASH_PAGE ? len - off : ALOFT_FLASH_PAGE;
        err = aloft_flash_prog(&view, off, piece->file.data + off, n);
    }
    return err == ALOFT_OK ? aloft_flash_compare(&view, 0, piece->file.data, len) : err;
}

static int write_pieces(struct aloft_flash_file *file, const struct aloft_arg_list *operands)
{
    struct piece pieces[PIECES_MAX];
    struct aloft_message error;
    size_t count = operands->count / 2;
    memset(pieces, 0, sizeof pieces);
    int exit_code = ALOFT_EXIT_GOOD;
    if (!read_pieces(pieces, operands, file->flash.geometry.size, &error)) {
        exit_code = fail(&error);
    }
    for (size_t i = 0; i < count && exit_code == ALOFT_EXIT_GOOD; i++) {
        enum aloft_err err = write_piece(file, &pieces[i]);
        if (err != ALOFT_OK) {
            exit_code = flash_failed(pieces[i].path, err);
        } else {
            printf("0x%06x  %8zu bytes  %s\n", (unsigned)pieces[i].addr, pieces[i].file.len,
                   pieces[i].path);
        }
    }
    for (size_t i = 0; i < count; i++) {
        aloft_file_release(&pieces[i].file);
    }
    return exit_code;
}

static int cmd_write(int argc, char **argv)
{
    struct aloft_arg_list operands;
    struct aloft_flash_file file;
    struct aloft_message error;
    const struct aloft_args args = {
        .command = "aloft board write",
        .operands = "FLASH OFFSET FILE [OFFSET FILE ...]",
        .about = "Writes files to the flash of a board that is off, and reads them back.\n"
                 "Sectors that are written are erased first; everything else stays.",
        .examples = "  aloft board write board.flash 0x1000 bootloader.bin 0x8000 table.bin \\\n"
                    "      0x10000 ota_demo.bin",
        .operand_min = 3,
        .operand_max = ALOFT_ARG_LIST_MAX,
    };
    int status;
    if (!aloft_args_ready(&args, argc, argv, &operands, &status)) {
        return status;
    }
    if (operands.count % 2 == 0) {
        return aloft_args_wrong(&args, "offset %s has no file", operands.items[operands.count - 1]);
    }
    if (!aloft_flash_file_open(&file, operands.items[0], ALOFT_FLASH_FILE_WRITE, &error)) {
        return fail(&error);
    }
    int written = write_pieces(&file, &operands);
    int closed = close_flash(&file);
    return written != ALOFT_EXIT_GOOD ? written : closed;
}

// --- run, power-cycle

static bool parse_seconds(const char *text, uint64_t *ms)
{
    char *end;
    double seconds = strtod(text, &end);
    bool good = end != text && *end == 0 && seconds > 0 && seconds <= 1e6;
    *ms = good ? (uint64_t)(seconds * 1000) : 0;
    return good;
}

// "12", "12:before", "12:torn", "12:after".
static bool parse_cut(const char *text, struct aloft_nor_plan *plan)
{
    static const char *const names[] = {"before", "torn", "after"};
    static const enum aloft_nor_cut cuts[] = {ALOFT_NOR_CUT_BEFORE, ALOFT_NOR_CUT_TORN,
                                              ALOFT_NOR_CUT_AFTER};
    char *end;
    unsigned long at = strtoul(text, &end, 10);
    if (end == text || at == 0 || at > UINT32_MAX || text[0] == '-') {
        return false;
    }
    plan->cut_at = (uint32_t)at;
    plan->cut = *end == 0 ? ALOFT_NOR_CUT_TORN : ALOFT_NOR_CUT_NONE;
    for (size_t i = 0; i < COUNT(names) && *end == ':'; i++) {
        if (strcmp(end + 1, names[i]) == 0) {
            plan->cut = cuts[i];
        }
    }
    return plan->cut != ALOFT_NOR_CUT_NONE;
}

static int say_end(const struct aloft_supervisor_config *config, enum aloft_supervisor_end end,
                   const struct aloft_message *error)
{
    const char *text = config->until;
    switch (end) {
    case ALOFT_SUPERVISOR_SEEN:
        return ALOFT_EXIT_GOOD;
    case ALOFT_SUPERVISOR_TIMEOUT:
        aloft_ui_error("stopped by --timeout%s%s%s", text ? "; the console did not show '" : "",
                       text ? text : "", text ? "'" : "");
        return EXIT_NOT_SEEN;
    case ALOFT_SUPERVISOR_RESETS:
        aloft_ui_error("stopped by --resets%s%s%s", text ? "; the console did not show '" : "",
                       text ? text : "", text ? "'" : "");
        return EXIT_NOT_SEEN;
    case ALOFT_SUPERVISOR_NO_BOOTLOADER:
    case ALOFT_SUPERVISOR_NO_APP:
        aloft_ui_error("%s", error->text);
        aloft_ui_error("the board waits for a first flash: aloft board write %s "
                       "0x1000 bootloader.bin 0x%x table.bin 0x10000 app.bin",
                       config->flash, (unsigned)config->ptable_addr);
        return EXIT_NOTHING;
    case ALOFT_SUPERVISOR_POWER_CUT:
        return EXIT_POWER_CUT;
    case ALOFT_SUPERVISOR_ERROR:
        break;
    }
    return fail(error);
}

struct run_options {
    const char *timeout;
    const char *cut;
    bool no_trials;
};

// The options that need more reading than a number.
static bool finish_config(const struct aloft_args *args, const struct run_options *options,
                          struct aloft_supervisor_config *config)
{
    config->trials = !options->no_trials;
    if (options->timeout != NULL && !parse_seconds(options->timeout, &config->timeout_ms)) {
        (void)aloft_args_wrong(args, "--timeout '%s' is no number of seconds", options->timeout);
        return false;
    }
    if (options->cut != NULL && !parse_cut(options->cut, &config->plan)) {
        (void)aloft_args_wrong(args, "--cut '%s': write 12, 12:before, 12:torn or 12:after",
                               options->cut);
        return false;
    }
    if (config->until != NULL &&
        (config->until[0] == 0 || strlen(config->until) >= ALOFT_SUPERVISOR_UNTIL_MAX)) {
        (void)aloft_args_wrong(args, "--until: the text must have 1 to %u bytes",
                               ALOFT_SUPERVISOR_UNTIL_MAX - 1);
        return false;
    }
    return true;
}

static int cmd_run(int argc, char **argv)
{
    struct run_options more = {NULL, NULL, false};
    struct aloft_supervisor_config config = {
        .resets_max = ALOFT_SUPERVISOR_ANY,
        .ptable_addr = ALOFT_PTABLE_ADDR_DEFAULT,
    };
    struct aloft_arg_list operands;
    struct aloft_message error;
    const struct aloft_arg options[] = {
        {ALOFT_ARG_TEXT, 'u', "until", "TEXT", "stop when the console shows this", &config.until},
        {ALOFT_ARG_TEXT, 't', "timeout", "SECONDS", "stop after this time", &more.timeout},
        {ALOFT_ARG_NUMBER, 0, "resets", "N", "stop at reset N + 1", &config.resets_max},
        {ALOFT_ARG_FLAG, 0, "fast", NULL, "flash and Wi-Fi take no time", &config.fast},
        {ALOFT_ARG_FLAG, 0, "no-trials", NULL, "keep apps that do not confirm themselves",
         &more.no_trials},
        {ALOFT_ARG_TEXT, 0, "cut", "N[:HOW]", "cut power before|torn|after flash operation N",
         &more.cut},
        {ALOFT_ARG_NUMBER, 0, "seed", "N", "of what a torn operation leaves", &config.plan.seed},
        {ALOFT_ARG_SIZE, 0, "offset", "ADDR", "of the partition table (0x8000)",
         &config.ptable_addr},
    };
    const struct aloft_args args = {
        .command = "aloft board run",
        .operands = "FLASH",
        .about = "Powers the board up. Its console is standard output; everything else goes to\n"
                 "standard error. Ctrl-C or SIGTERM pulls the power, in the middle of what flash\n"
                 "is doing; SIGUSR1 pulls it for 0.2 s. The board dies with this command.",
        .examples = "  aloft board run board.flash\n"
                    "  aloft board run board.flash --until 'Hello world!' --timeout 60\n"
                    "  aloft board run board.flash --cut 40:torn --seed 7",
        .exits = "0 the text was shown, 1 failed, 3 --timeout or --resets ended it,\n"
                 "4 nothing bootable in flash, 143 power cut by a signal or --cut",
        .options = options,
        .option_count = COUNT(options),
        .operand_min = 1,
        .operand_max = 1,
    };
    int status;
    if (!aloft_args_ready(&args, argc, argv, &operands, &status)) {
        return status;
    }
    if (!finish_config(&args, &more, &config)) {
        return ALOFT_EXIT_USAGE;
    }
    config.flash = operands.items[0];
    return say_end(&config, aloft_supervisor_run(&config, &error), &error);
}

// The board that runs on this flash file; 0: none. A tool that is just writing holds only one of
// the two locks that a board holds, and must not get a board's signal.
static pid_t find_board(int fd)
{
    pid_t holder = aloft_flash_file_holder(fd);
    if (holder == 0 || flock(fd, LOCK_SH | LOCK_NB) == 0) {
        return 0;
    }
    return holder;
}

static int cmd_power_cycle(int argc, char **argv)
{
    struct aloft_arg_list operands;
    const struct aloft_args args = {
        .command = "aloft board power-cycle",
        .operands = "FLASH",
        .about = "Pulls the power of a running board, in the middle of what flash is doing, and\n"
                 "gives it back 0.2 s later.",
        .examples = "  aloft board power-cycle board.flash",
        .operand_min = 1,
        .operand_max = 1,
    };
    int status;
    if (!aloft_args_ready(&args, argc, argv, &operands, &status)) {
        return status;
    }
    const char *path = operands.items[0];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        aloft_ui_error("cannot open flash file %s: %s", path, strerror(errno));
        return ALOFT_EXIT_BAD;
    }
    pid_t board = find_board(fd);
    (void)close(fd); // opened for reading
    if (board == 0) {
        aloft_ui_error("no board runs on %s; start one with `aloft board run %s`", path, path);
        return ALOFT_EXIT_BAD;
    }
    if (kill(board, SIGUSR1) != 0) {
        aloft_ui_error("cannot reach the board, process %ld: %s", (long)board, strerror(errno));
        return ALOFT_EXIT_BAD;
    }
    return ALOFT_EXIT_GOOD;
}

// --- info

// What lies at one place where an image belongs.
struct image_info {
    char name[16]; // "factory", "ota_0", "bootloader"
    struct aloft_extent extent;
    enum aloft_err err;
    bool blank;                     // it begins with FF, as erased flash does
    struct aloft_image_facts facts; // when err is OK
};

#define IMAGES_MAX (1 + 2 + ALOFT_OTADATA_SLOTS_MAX)

struct info {
    const char *path;
    struct aloft_flash_file file;
    uint32_t ptable_addr;
    enum aloft_err table_err;
    struct aloft_slots slots;
    struct aloft_partition partitions[ALOFT_PTABLE_MAX];
    size_t partition_count;
    enum aloft_err otadata_err;
    struct aloft_otadata records[2];
    int boots; // slot that would be tried first
    struct image_info images[IMAGES_MAX];
    size_t image_count;
};

static enum aloft_err note_partition(void *ctx, const struct aloft_partition *partition)
{
    struct info *info = ctx;
    if (info->partition_count < ALOFT_PTABLE_MAX) {
        info->partitions[info->partition_count++] = *partition;
    }
    return ALOFT_OK;
}

static void look_at_image(struct info *info, const char *name, struct aloft_extent extent)
{
    const struct aloft_image_rules rules = {
        .crypto = &aloft_mbed_crypto,
        .chip_id = ALOFT_CHIP_ESP32,
        .chip_revision = ALOFT_IMAGE_BUILD_MIN_REVISION,
        .need_addr = ALOFT_NATIVE_ADDR,
    };
    struct aloft_flash_view view = {&info->file.flash, extent.addr, extent.len};
    struct aloft_verify verify;
    enum aloft_step step;
    if (extent.len == 0) {
        return;
    }
    struct image_info *image = &info->images[info->image_count++];
    (void)snprintf(image->name, sizeof image->name, "%s", name);
    image->extent = extent;
    aloft_verify_init(&verify, &view, &rules);
    do {
        step = aloft_verify_step(&verify);
    } while (step == ALOFT_STEP_AGAIN);
    image->err = step == ALOFT_STEP_DONE ? ALOFT_OK : verify.err;
    image->facts = verify.image.facts;
    uint8_t head[16] = {0};
    image->blank = aloft_flash_read(&view, 0, head, sizeof head) == ALOFT_OK &&
                   aloft_bytes_are(head, sizeof head, 0xFF);
}

static void look(struct info *info)
{
    const struct aloft_flash *flash = &info->file.flash;
    uint32_t bootloader_addr = aloft_chip_find(ALOFT_CHIP_ESP32)->bootloader_addr;
    bool before_table = info->ptable_addr > bootloader_addr;
    struct aloft_extent bootloader = {bootloader_addr,
                                      before_table ? info->ptable_addr - bootloader_addr : 0};
    char name[ALOFT_SLOT_NAME];
    look_at_image(info, "bootloader", bootloader);
    info->boots = ALOFT_SLOT_NONE;
    info->table_err = aloft_slots_load(&info->slots, flash, &aloft_mbed_crypto, info->ptable_addr);
    if (info->table_err != ALOFT_OK) {
        return;
    }
    (void)aloft_slots_walk(flash, &aloft_mbed_crypto, info->ptable_addr, note_partition,
                           info); // it was good just now
    info->otadata_err = info->slots.otadata.len == 0
                            ? ALOFT_ERR_NO_OTADATA
                            : aloft_bootsel_read(&info->slots, info->records);
    if (info->otadata_err == ALOFT_OK) {
        info->boots = aloft_bootsel_boot_slot(&info->slots, info->records);
    } else if (info->slots.factory.len != 0) {
        info->boots = ALOFT_SLOT_FACTORY;
    }
    for (int slot = ALOFT_SLOT_TEST; slot < (int)ALOFT_OTADATA_SLOTS_MAX; slot++) {
        aloft_slot_name(slot, name);
        look_at_image(info, name, aloft_slots_extent(&info->slots, slot));
    }
}

// The slot that a record selects, as text; "" when it selects none.
static void record_slot(const struct info *info, const struct aloft_otadata *record,
                        char text[ALOFT_SLOT_NAME])
{
    text[0] = 0;
    if (aloft_otadata_sound(record) && info->slots.ota_count > 0) {
        aloft_slot_name((int)aloft_otadata_slot(record->seq, info->slots.ota_count), text);
    }
}

static void print_image(const struct image_info *image)
{
    char number[32];
    char project[ALOFT_IMAGE_TEXT + 1];
    char version[ALOFT_IMAGE_TEXT + 1];
    printf("  %-10s 0x%06x  ", image->name, (unsigned)image->extent.addr);
    if (image->blank) {
        printf("empty\n");
        return;
    }
    if (image->err != ALOFT_OK) {
        printf("%s: %s\n", aloft_err_name(image->err), aloft_err_sentence(image->err));
        return;
    }
    aloft_ui_clean(image->facts.project, project, sizeof project);
    aloft_ui_clean(image->facts.version, version, sizeof version);
    printf("good, %s bytes", aloft_ui_thousands(image->facts.image_len, number));
    if (image->facts.has_desc) {
        printf(", %s %s", project, version);
    }
    printf("\n");
}

static void print_otadata(const struct info *info)
{
    char name[ALOFT_SLOT_NAME];
    printf("\nBoot selection:\n");
    if (info->otadata_err != ALOFT_OK) {
        printf("  %s: %s\n", aloft_err_name(info->otadata_err),
               aloft_err_sentence(info->otadata_err));
    }
    for (int i = 0; i < 2 && info->otadata_err == ALOFT_OK; i++) {
        const struct aloft_otadata *record = &info->records[i];
        record_slot(info, record, name);
        if (record->seq == UINT32_MAX) {
            printf("  record %d   empty\n", i);
        } else if (!aloft_otadata_sound(record)) {
            printf("  record %d   seq %u, bad CRC: does not count\n", i, (unsigned)record->seq);
        } else {
            printf("  record %d   seq %u, %s: %s\n", i, (unsigned)record->seq, name,
                   aloft_ota_state_name(record->state));
        }
    }
    aloft_slot_name(info->boots, name);
    printf("  boots      %s\n", name);
}

static void print_info(const struct info *info)
{
    char label[ALOFT_PTABLE_LABEL + 1];
    printf("%s: %u MB of flash\n\nPartitions (table at 0x%x):\n", info->path,
           (unsigned)(info->file.flash.geometry.size >> 20), (unsigned)info->ptable_addr);
    if (info->table_err != ALOFT_OK) {
        printf("  %s: %s\n", aloft_err_name(info->table_err), aloft_err_sentence(info->table_err));
    }
    for (size_t i = 0; i < info->partition_count; i++) {
        const struct aloft_partition *p = &info->partitions[i];
        aloft_ui_clean(p->label, label, sizeof label);
        printf("  %-16s type %02x subtype %02x  0x%06x  %6u KiB\n", label, p->type, p->subtype,
               (unsigned)p->addr, (unsigned)(p->len / 1024));
    }
    if (info->table_err == ALOFT_OK) {
        print_otadata(info);
    }
    printf("\nImages:\n");
    for (size_t i = 0; i < info->image_count; i++) {
        print_image(&info->images[i]);
    }
}

// null for ALOFT_OK, else the fault's name.
static json_t *json_err(enum aloft_err err)
{
    return err == ALOFT_OK ? json_null() : json_string(aloft_err_name(err));
}

static json_t *json_partitions(const struct info *info)
{
    json_t *list = json_array();
    for (size_t i = 0; i < info->partition_count; i++) {
        const struct aloft_partition *p = &info->partitions[i];
        json_t *row = json_pack("{s:o, s:i, s:i, s:I, s:I}", "label", aloft_ui_json_text(p->label),
                                "type", p->type, "subtype", p->subtype, "addr", (json_int_t)p->addr,
                                "len", (json_int_t)p->len);
        (void)json_array_append_new(list, row); // a NULL list or row shows as failure to print
    }
    return list;
}

static json_t *json_records(const struct info *info)
{
    json_t *list = json_array();
    char name[ALOFT_SLOT_NAME];
    for (int i = 0; i < 2; i++) {
        const struct aloft_otadata *record = &info->records[i];
        bool empty = record->seq == UINT32_MAX;
        record_slot(info, record, name);
        json_t *row =
            empty ? json_null()
                  : json_pack("{s:I, s:s, s:b, s:s*}", "seq", (json_int_t)record->seq, "state",
                              aloft_ota_state_name(record->state), "sound",
                              (int)aloft_otadata_sound(record), "slot", name[0] != 0 ? name : NULL);
        (void)json_array_append_new(list, row); // as above
    }
    return list;
}

static json_t *json_images(const struct info *info)
{
    json_t *list = json_array();
    for (size_t i = 0; i < info->image_count; i++) {
        const struct image_info *image = &info->images[i];
        bool good = image->err == ALOFT_OK;
        const char *project = good && image->facts.has_desc ? image->facts.project : "";
        const char *version = good && image->facts.has_desc ? image->facts.version : "";
        json_t *row =
            json_pack("{s:s, s:I, s:I, s:b, s:o, s:I, s:o, s:o}", "slot", image->name, "addr",
                      (json_int_t)image->extent.addr, "len", (json_int_t)image->extent.len, "good",
                      (int)good, "error", json_err(image->err), "image_len",
                      (json_int_t)(good ? image->facts.image_len : 0), "project",
                      aloft_ui_json_text(project), "version", aloft_ui_json_text(version));
        (void)json_array_append_new(list, row); // as above
    }
    return list;
}

static bool print_json(const struct info *info)
{
    char boots[ALOFT_SLOT_NAME];
    aloft_slot_name(info->boots, boots);
    bool records = info->table_err == ALOFT_OK && info->otadata_err == ALOFT_OK;
    return aloft_ui_json_print(json_pack(
        "{s:s, s:I, s:I, s:o, s:o, s:o, s:o, s:s, s:o}", "flash", info->path, "size",
        (json_int_t)info->file.flash.geometry.size, "table_addr", (json_int_t)info->ptable_addr,
        "table_error", json_err(info->table_err), "partitions", json_partitions(info),
        "otadata_error", json_err(info->otadata_err), "otadata",
        records ? json_records(info) : json_array(), "boots", boots, "images", json_images(info)));
}

static int cmd_info(int argc, char **argv)
{
    static struct info info; // too large for a stack; of this process only
    bool json = false;
    struct aloft_arg_list operands;
    struct aloft_message error;
    info.ptable_addr = ALOFT_PTABLE_ADDR_DEFAULT;
    const struct aloft_arg options[] = {
        {ALOFT_ARG_FLAG, 0, "json", NULL, "for scripts", &json},
        {ALOFT_ARG_SIZE, 0, "offset", "ADDR", "of the partition table (0x8000)", &info.ptable_addr},
    };
    const struct aloft_args args = {
        .command = "aloft board info",
        .operands = "FLASH",
        .about = "Shows what is in a board's flash: partitions, otadata and what it boots, and\n"
                 "which app is in each slot, judged as the board would. The board may be running.",
        .examples = "  aloft board info board.flash\n  aloft board info board.flash --json",
        .exits = "0 shown, 1 no flash file, or no partition table in it",
        .options = options,
        .option_count = COUNT(options),
        .operand_min = 1,
        .operand_max = 1,
    };
    int status;
    if (!aloft_args_ready(&args, argc, argv, &operands, &status)) {
        return status;
    }
    info.path = operands.items[0];
    if (!aloft_flash_file_open(&info.file, info.path, ALOFT_FLASH_FILE_READ, &error)) {
        return fail(&error);
    }
    look(&info);
    bool printed = true;
    if (json) {
        printed = print_json(&info);
    } else {
        print_info(&info);
    }
    int closed = close_flash(&info.file);
    return printed && info.table_err == ALOFT_OK ? closed : ALOFT_EXIT_BAD;
}

int cmd_board(int argc, char **argv)
{
    static const struct aloft_command commands[] = {
        {"create", "make an erased flash chip", cmd_create},
        {"write", "write files to the flash of a board that is off", cmd_write},
        {"erase", "erase the whole flash", cmd_erase},
        {"run", "power the board up and show its console", cmd_run},
        {"power-cycle", "pull the power of a running board for a moment", cmd_power_cycle},
        {"info", "show what is in the flash", cmd_info},
        {NULL, NULL, NULL},
    };
    static const char about[] =
        "A board is a file: its flash. `run` powers it up, and ROM, bootloader and app\n"
        "start from what the file holds, as on an ESP32.";
    return aloft_args_dispatch("aloft board", about, commands, argc, argv);
}
