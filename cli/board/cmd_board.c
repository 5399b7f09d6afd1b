// aloft board: virtual boards, each a flash file. Here: the commands, and those that make and write
// the file of a board that is off; board_run.c powers it up, board_info.c looks inside.
#include "cli/base/args.h"
#include "cli/base/commands.h"
#include "cli/base/ui.h"
#include "cli/board/board_commands.h"
#include "cli/parts/parts_source.h"
#include "hostlib/base/file.h"
#include "hostlib/base/number.h"
#include "hostlib/base/random.h"
#include "hostlib/flash/efuse_file.h"
#include "hostlib/flash/flash_file.h"
#include "hostlib/table/table_find.h"
#include "hostlib/table/table_plain.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PIECES_MAX = ALOFT_ARG_LIST_MAX / 2, PATH_ROOM = 4096, KEY_FILE_MAX = 4096 };

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

// --- erase, and the way for a new chip

// Makes way for a new chip, unless a board runs on the old one.
static bool remove_old(const char *path, struct aloft_message *error)
{
    char efuse[PATH_ROOM];
    if (!aloft_efuse_file_path(path, efuse, sizeof efuse)) {
        return aloft_message_set(error, "the name %s is too long", path);
    }
    if (!aloft_file_spared(efuse, error)) { // before the old flash is gone
        return false;
    }
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return errno == ENOENT ||
               aloft_message_set(error, "cannot replace %s: %s", path, strerror(errno));
    }
    pid_t holder = aloft_flash_file_lock(fd);
    bool good = holder == 0 && aloft_file_remove(path, error);
    if (holder > 0) {
        (void)aloft_message_set(error,
                                "flash file %s is in use by process %ld; stop the board first",
                                path, (long)holder);
    } else if (holder < 0) {
        (void)aloft_message_set(error, "cannot replace %s: %s", path, strerror(errno));
    }
    (void)close(fd); // nothing was written through it
    return good;
}

// A new board has blank eFuses. True when no eFuse file of an older board is left.
static bool make_blank(const char *path, bool force, struct aloft_message *error)
{
    char efuse[PATH_ROOM];
    if (!aloft_efuse_file_path(path, efuse, sizeof efuse)) {
        return aloft_message_set(error, "the name %s is too long", path);
    }
    if (!force && access(efuse, F_OK) == 0) {
        return aloft_message_set(error,
                                 "%s is there already, the eFuses of another board; give another "
                                 "name, or --force to replace it",
                                 efuse);
    }
    return aloft_file_remove(efuse, error);
}

// Programs erased flash and reads it back.
static enum aloft_err program(const struct aloft_flash_view *view, const uint8_t *data,
                              uint32_t len)
{
    enum aloft_err err = aloft_flash_file_program(view, data, len);
    return err == ALOFT_OK ? aloft_flash_compare(view, 0, data, len) : err;
}

static int flash_failed(const char *path, enum aloft_err err)
{
    aloft_ui_error("%s: %s: %s", path, aloft_err_name(err), aloft_err_sentence(err));
    return ALOFT_EXIT_BAD;
}

static int cmd_erase(int argc, char **argv)
{
    struct aloft_flash_file file;
    struct aloft_message error;
    struct aloft_args args = {
        .command = "aloft board erase",
        .operands = "FLASH",
        .about = "Erases the whole chip. The board must be off.",
        .examples = "  aloft board erase board.flash",
    };
    if (!aloft_args_read(&args, argc, argv)) {
        return args.status;
    }
    if (!aloft_flash_file_open(&file, args.given.items[0], ALOFT_FLASH_FILE_WRITE, &error)) {
        return fail(&error);
    }
    const struct aloft_flash_view all = {&file.flash, 0, file.flash.geometry.size};
    enum aloft_err err = aloft_flash_file_erase(&all);
    int closed = close_flash(&file);
    return err == ALOFT_OK ? closed : flash_failed(args.given.items[0], err);
}

// --- create

// The bytes of a table that fits the flash. Prints warnings; on failure, why there is no table.
static bool make_table(const char *path, uint32_t flash_size, uint8_t bytes[ALOFT_PTABLE_LEN])
{
    struct aloft_parts_rules parts = ALOFT_PARTS_RULES_DEFAULT;
    struct aloft_parts_source source;
    parts.rules.flash_size = flash_size;
    if (!aloft_parts_source_load(&source, &parts, path) ||
        (source.kind != ALOFT_PARTS_CSV &&
         !aloft_ptable_plan_check(&source.plan, &parts.rules, &source.error))) {
        (void)aloft_parts_source_say_error(&source);
        return false;
    }
    aloft_parts_source_say_warnings(&source);
    return aloft_parts_source_emit(&source, true, bytes);
}

static int write_table(const char *path, const uint8_t bytes[ALOFT_PTABLE_LEN])
{
    struct aloft_flash_file file;
    struct aloft_message error;
    if (!aloft_flash_file_open(&file, path, ALOFT_FLASH_FILE_WRITE, &error)) {
        return fail(&error);
    }
    struct aloft_flash_view view = {&file.flash, ALOFT_PTABLE_ADDR_DEFAULT, ALOFT_PTABLE_LEN};
    enum aloft_err err = program(&view, bytes, ALOFT_PTABLE_LEN);
    int closed = close_flash(&file);
    return err == ALOFT_OK ? closed : flash_failed(path, err);
}

// The flash encryption key: of a file as `espsecure generate_flash_encryption_key` makes it, or one
// that nobody knows.
static bool make_key(const char *path, uint8_t key[ALOFT_EFUSE_KEY_LEN],
                     struct aloft_message *error)
{
    struct aloft_file file;
    if (path == NULL) {
        return aloft_random(key, ALOFT_EFUSE_KEY_LEN) ||
               aloft_message_set(error, "this machine gives no random bytes for a key");
    }
    if (!aloft_file_read(path, KEY_FILE_MAX, &file, error)) {
        return false;
    }
    bool good = file.len == ALOFT_EFUSE_KEY_LEN ||
                aloft_message_set(error,
                                  "%s has %zu bytes; a flash encryption key has 32, as "
                                  "`espsecure generate_flash_encryption_key` writes them",
                                  path, file.len);
    memcpy(key, file.data, good ? ALOFT_EFUSE_KEY_LEN : 0);
    explicit_bzero(file.data, file.len);
    aloft_file_release(&file);
    return good;
}

// Burns the key, hidden from software, and turns flash encryption on for good.
static bool burn_encryption(const char *path, const uint8_t key[ALOFT_EFUSE_KEY_LEN],
                            struct aloft_message *error)
{
    struct aloft_efuse_file file;
    struct aloft_message late;
    if (!aloft_efuse_file_open(&file, path, ALOFT_EFUSE_FILE_WRITE, error)) {
        return false;
    }
    enum aloft_err err = aloft_efuse_file_encrypt(&file, key);
    bool closed = aloft_efuse_file_close(&file, err == ALOFT_OK ? error : &late);
    return err == ALOFT_OK ? closed
                           : aloft_message_set(error, "%s: %s (%s)", path, aloft_err_sentence(err),
                                               aloft_err_name(err));
}

struct create {
    const char *path;
    uint32_t size;
    const char *table;
    const char *key;
    bool encrypted;
    bool force;
};

static int create(const struct create *create)
{
    struct aloft_message error;
    uint8_t bytes[ALOFT_PTABLE_LEN];
    uint8_t key[ALOFT_EFUSE_KEY_LEN];
    if (create->table != NULL && !make_table(create->table, create->size, bytes)) {
        return ALOFT_EXIT_BAD;
    }
    if (create->encrypted && !make_key(create->key, key, &error)) {
        return fail(&error);
    }
    bool good = (!create->force || remove_old(create->path, &error)) &&
                make_blank(create->path, create->force, &error) &&
                aloft_flash_file_create(create->path, create->size, &error) &&
                (!create->encrypted || burn_encryption(create->path, key, &error));
    explicit_bzero(key, sizeof key);
    if (!good) {
        return fail(&error);
    }
    int status = create->table == NULL ? ALOFT_EXIT_GOOD : write_table(create->path, bytes);
    if (status == ALOFT_EXIT_GOOD) {
        printf("%s: a board with %u MB of flash, %serased%s%s\n", create->path,
               (unsigned)(create->size >> 20), create->encrypted ? "encrypted, " : "",
               create->table != NULL ? " but for the partition table of " : "",
               create->table != NULL ? create->table : "");
    }
    return status;
}

static int cmd_create(int argc, char **argv)
{
    struct create work = {.size = 4u << 20};
    struct aloft_args args = {
        .command = "aloft board create",
        .operands = "FLASH",
        .about =
            "Makes a board with an erased flash chip: a file of FF bytes. Its eFuses are\n"
            "blank. A table is checked as by `aloft parts check`, and goes to 0x8000. With\n"
            "--encrypted the flash is encrypted as on an ESP32, with a key in the eFuses that\n"
            "no software reads; keep your own key file to use espsecure and `aloft flash`.",
        .examples = "  aloft board create board.flash --size 4MB --table partitions.csv\n"
                    "  aloft board create board.flash --encrypted --key flash.key",
        .options =
            {
                {ALOFT_ARG_SIZE, 0, "size", "SIZE", "1MB, 2MB, 4MB (default), ... 128MB",
                 &work.size},
                {ALOFT_ARG_TEXT, 't', "table", "FILE", "write this partition table: CSV or binary",
                 &work.table},
                {ALOFT_ARG_FLAG, 'e', "encrypted", NULL, "burn a key and turn flash encryption on",
                 &work.encrypted},
                {ALOFT_ARG_TEXT, 'k', "key", "FILE", "with --encrypted: the key, 32 bytes [random]",
                 &work.key},
                {ALOFT_ARG_FLAG, 'f', "force", NULL, "replace a file that is there", &work.force},
            },
    };
    if (!aloft_args_read(&args, argc, argv)) {
        return args.status;
    }
    work.path = args.given.items[0];
    if (!aloft_flash_file_is_size(work.size)) {
        return aloft_args_wrong(&args, "--size: a flash chip has 1MB, 2MB, 4MB, ... 128MB");
    }
    if (work.key != NULL && !work.encrypted) {
        return aloft_args_wrong(&args, "--key is the key of --encrypted");
    }
    if (!work.force && access(work.path, F_OK) == 0) {
        aloft_ui_error("%s is there already; give another name, or --force to replace it",
                       work.path);
        return ALOFT_EXIT_BAD;
    }
    return create(&work);
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
        return aloft_message_set(error, "'%s' is not an address in a flash of %u bytes", addr,
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

// A table that boots but cannot be updated is written, with a warning.
static void warn_of_table(const struct piece *piece, uint32_t flash_size)
{
    struct aloft_ptable_plan plan;
    struct aloft_ptable_rules rules = ALOFT_PTABLE_RULES_DEFAULT;
    struct aloft_message complaint;
    rules.table_addr = piece->addr;
    rules.flash_size = flash_size;
    if (piece->file.len < ALOFT_PTABLE_ROW || piece->file.data[0] != 0xAA ||
        piece->file.data[1] != 0x50 ||
        aloft_ptable_plan_load(&plan, piece->file.data, piece->file.len, flash_size) != ALOFT_OK) {
        return;
    }
    if (!aloft_ptable_plan_check(&plan, &rules, &complaint)) {
        aloft_ptable_plan_warn(&plan, "%s", complaint.text);
    }
    for (uint32_t i = 0; i < plan.warning_count; i++) {
        aloft_ui_warn("%s: %s", piece->path, plan.warnings[i].text);
    }
}

static enum aloft_err write_piece(struct aloft_flash_file *file,
                                  const struct aloft_table_plain *plain, const struct piece *piece)
{
    uint32_t len = (uint32_t)piece->file.len;
    const struct aloft_flash_view sectors = {&file->flash, piece->addr, piece->sectors_len};
    enum aloft_err err = aloft_flash_file_erase(&sectors);
    for (uint32_t off = 0; off < len && err == ALOFT_OK;) {
        struct aloft_flash_view view = aloft_table_plain_view(
            plain, &file->flash, piece->addr + off, piece->sectors_len - off);
        uint32_t n = len - off < view.len ? len - off : view.len;
        err = program(&view, piece->file.data + off, n);
        off += n;
    }
    return err;
}

// What the table that will be in flash leaves plain: one that is written now, or the one in flash.
static void find_plain(struct aloft_table_plain *plain, const struct piece *pieces, size_t count,
                       const struct aloft_flash *flash)
{
    for (uint32_t addr = ALOFT_PTABLE_ADDR_DEFAULT; addr <= ALOFT_TABLE_FIND_LAST;
         addr += ALOFT_PTABLE_SECTOR) {
        for (size_t i = 0; i < count; i++) {
            const struct piece *piece = &pieces[i];
            uint32_t off = addr - piece->addr;
            if (addr >= piece->addr && off < piece->file.len &&
                aloft_table_plain_of(plain, piece->file.data + off, piece->file.len - off,
                                     flash->geometry.size)) {
                return;
            }
        }
    }
    (void)aloft_table_plain_in(plain, flash, 0); // without a table, nothing is plain
}

static int write_pieces(struct aloft_flash_file *file, const struct aloft_arg_list *operands)
{
    struct piece pieces[PIECES_MAX];
    struct aloft_table_plain plain = {0};
    struct aloft_message error;
    size_t count = operands->count / 2;
    memset(pieces, 0, sizeof pieces);
    int exit_code = ALOFT_EXIT_GOOD;
    if (!read_pieces(pieces, operands, file->flash.geometry.size, &error)) {
        exit_code = fail(&error);
    } else {
        find_plain(&plain, pieces, count, &file->flash);
    }
    for (size_t i = 0; i < count && exit_code == ALOFT_EXIT_GOOD; i++) {
        enum aloft_err err = write_piece(file, &plain, &pieces[i]);
        if (err != ALOFT_OK) {
            exit_code = flash_failed(pieces[i].path, err);
        } else {
            printf("0x%06x  %8zu bytes  %s\n", (unsigned)pieces[i].addr, pieces[i].file.len,
                   pieces[i].path);
            warn_of_table(&pieces[i], file->flash.geometry.size);
        }
    }
    for (size_t i = 0; i < count; i++) {
        aloft_file_release(&pieces[i].file);
    }
    return exit_code;
}

static int cmd_write(int argc, char **argv)
{
    struct aloft_flash_file file;
    struct aloft_message error;
    struct aloft_args args = {
        .command = "aloft board write",
        .operands = "FLASH OFFSET FILE [OFFSET FILE ...]",
        .about = "Writes files to the flash of a board that is off, and reads them back.\n"
                 "Sectors that are written are erased first; everything else stays. A board with\n"
                 "flash encryption gets them encrypted, but for partitions that stay plain.",
        .examples = "  aloft board write board.flash 0x1000 bootloader.bin 0x8000 table.bin \\\n"
                    "      0x10000 ota_demo.bin",
    };
    if (!aloft_args_read(&args, argc, argv)) {
        return args.status;
    }
    if (args.given.count % 2 == 0) {
        return aloft_args_wrong(&args, "offset %s has no file",
                                args.given.items[args.given.count - 1]);
    }
    if (!aloft_flash_file_open(&file, args.given.items[0], ALOFT_FLASH_FILE_WRITE, &error)) {
        return fail(&error);
    }
    int written = write_pieces(&file, &args.given);
    int closed = close_flash(&file);
    return written != ALOFT_EXIT_GOOD ? written : closed;
}

int cmd_board(int argc, char **argv)
{
    static const struct aloft_command commands[] = {
        {"create", "make an erased flash chip", cmd_create},
        {"write", "write files to the flash of a board that is off", cmd_write},
        {"erase", "erase the whole flash", cmd_erase},
        {"run", "power the board up and show its console", board_run},
        {"power-cycle", "pull the power of a running board for a moment", board_power_cycle},
        {"reset", "press the reset button of a running board", board_reset},
        {"info", "show what is in the flash", board_info},
        {"settings", "list what an app's image can be set to", board_settings},
        {NULL, NULL, NULL},
    };
    static const char about[] =
        "A board is a file: its flash. `run` powers it up, and ROM, bootloader and app\n"
        "start from what the file holds, as on an ESP32.";
    return aloft_args_dispatch("aloft board", about, commands, argc, argv);
}
