// aloft read-flash: flash content of a chip into a file.
#include "cli/base/commands.h"
#include "cli/base/ui.h"
#include "cli/serial/chip_place.h"
#include "cli/serial/session.h"
#include "hostlib/base/file.h"
#include "hostlib/base/number.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct wish {
    struct aloft_chip_flash chip;
    const char *name; // of a partition; NULL: addr and len
    uint32_t addr;
    uint32_t len;        // 0: to the end of flash
    uint32_t table_addr; // 0: it is found
    const char *out;
};

static bool read_out(struct aloft_session *session, struct wish *wish, uint32_t len, uint8_t *data)
{
    char count[32];
    char rate[32];
    struct aloft_message error;
    aloft_progress_begin(&session->progress, "reading", "flash");
    struct aloft_flasher *flasher = &session->flasher;
    bool good = aloft_chip_flash_read(&wish->chip, wish->addr, data, len);
    uint64_t ms = aloft_progress_end(&session->progress);
    if (!good) {
        (void)aloft_session_failed(session);
        return false;
    }
    if (!aloft_file_write(wish->out, data, len, &error)) {
        aloft_ui_error("%s", error.text);
        return false;
    }
    (void)fprintf(stderr, "read %s bytes at 0x%x in %u.%u s, %s, into %s\n",
                  aloft_ui_thousands(len, count), (unsigned)wish->addr, (unsigned)(ms / 1000),
                  (unsigned)(ms % 1000 / 100), aloft_progress_rate(len, ms, rate), wish->out);
    aloft_chip_flash_warn(&wish->chip, flasher, "what is encrypted was read as ciphertext");
    return true;
}

// Opens the chip's flash, and finds the partition if one is named. False when that failed and was
// said.
static bool find_place(struct aloft_session *session, struct wish *wish)
{
    struct aloft_message error;
    struct aloft_partition partition;
    bool good = aloft_chip_flash_open(&wish->chip, &session->flasher, wish->table_addr, &error);
    if (good && wish->name != NULL) {
        good = aloft_chip_place_find(&wish->chip, wish->table_addr, wish->name, &partition, &error);
        wish->addr = good ? partition.addr : 0;
        wish->len = good ? partition.len : 0;
    }
    if (!good) {
        aloft_ui_error("%s", error.text);
    }
    return good;
}

static int read_flash(struct aloft_session *session, struct wish *wish)
{
    struct aloft_message error;
    if (!aloft_chip_flash_load(&wish->chip, &error) || !aloft_file_writable(wish->out, &error)) {
        aloft_ui_error("%s", error.text);
        return ALOFT_EXIT_BAD;
    }
    if (!aloft_session_open(session)) {
        return ALOFT_EXIT_BAD;
    }
    if (!find_place(session, wish)) {
        return aloft_session_close(session, ALOFT_EXIT_BAD);
    }
    uint32_t end = session->flasher.flash_size;
    uint32_t len = wish->len != 0 || wish->addr >= end ? wish->len : end - wish->addr;
    uint8_t *data = malloc(len == 0 ? 1 : len);
    bool good = data != NULL && len != 0 && read_out(session, wish, len, data);
    if (data == NULL) {
        aloft_ui_error("out of memory");
    } else if (len == 0) {
        aloft_ui_error("0x%x is beyond the flash, which ends at 0x%x", (unsigned)wish->addr,
                       (unsigned)end);
    }
    free(data);
    return aloft_session_close(session, good ? ALOFT_EXIT_GOOD : ALOFT_EXIT_BAD);
}

static bool read_wish(struct aloft_args *args, struct wish *wish)
{
    const struct aloft_arg_list *operands = &args->given;
    int64_t addr;
    if (operands->count == 1 && aloft_chip_place_is_name(operands->items[0])) {
        wish->name = operands->items[0];
        return true;
    }
    if (operands->count == 1) {
        (void)aloft_args_wrong(args, "offset %s has no size", operands->items[0]);
        return false;
    }
    bool all = strcmp(operands->items[1], "ALL") == 0 || strcmp(operands->items[1], "all") == 0;
    if (!aloft_number_parse(operands->items[0], &addr) || addr < 0 || addr > UINT32_MAX) {
        (void)aloft_args_wrong(args, "'%s' is not an address in flash", operands->items[0]);
        return false;
    }
    if (!all && !aloft_number_parse_size(operands->items[1], &wish->len)) {
        (void)aloft_args_wrong(args, "'%s' is not a size; write it like 0x1000, 4K, or ALL",
                               operands->items[1]);
        return false;
    }
    wish->addr = (uint32_t)addr;
    return true;
}

int cmd_read_flash(int argc, char **argv)
{
    struct wish wish = {.addr = 0};
    static struct aloft_session session = {ALOFT_SESSION_DEFAULTS}; // too large for a stack
    struct aloft_args args = {
        .command = "aloft read-flash",
        .operands = "NAME | OFFSET SIZE",
        .about = "Reads flash of the board at a serial port into a file. SIZE may be ALL: to the\n"
                 "end of flash. NAME is a partition of its table, or a slot such as ota_0. The "
                 "loader sends 64 bytes at a time, so 4 MB of a real chip take\n"
                 "some minutes. Of a chip with flash encryption they are ciphertext where it is\n"
                 "encrypted, unless --flash-key is given.",
        .examples = "  aloft read-flash 0 ALL -o board.flash\n"
                    "  aloft read-flash 0x8000 0xc00 -o table.bin\n"
                    "  aloft read-flash nvs -o nvs.bin",
        .exits = "0 read, 1 failed; then FILE is as it was",
        .options =
            {
                ALOFT_SESSION_OPTIONS(session),
                ALOFT_CHIP_FLASH_OPTION(wish.chip),
                {ALOFT_ARG_SIZE, 0, "offset", "N", "where the partition table lies [it is found]",
                 &wish.table_addr},
                {ALOFT_ARG_NEEDED, 'o', "output", "FILE",
                 "where the bytes go; - is standard output", &wish.out},
            },
    };
    if (!aloft_args_read(&args, argc, argv) || !read_wish(&args, &wish) ||
        !aloft_session_check(&args, &session)) {
        return args.status;
    }
    session.quiet = strcmp(wish.out, "-") == 0;
    return read_flash(&session, &wish);
}
