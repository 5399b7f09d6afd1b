// aloft erase-flash: the whole chip, or some sectors of it, become FF.
#include "cli/base/commands.h"
#include "cli/base/ui.h"
#include "cli/serial/chip_place.h"
#include "cli/serial/session.h"
#include "hostlib/base/number.h"
#include <stdio.h>
#include <stdlib.h>

struct region {
    const char *name;    // of a partition; NULL: addr and len
    uint32_t table_addr; // 0: it is found
    uint32_t addr;
    uint32_t len; // 0: the whole chip
};

// False when the partition is not found, and that was said.
static bool find_place(struct aloft_session *session, struct region *region)
{
    struct aloft_chip_flash chip = {.key_path = NULL};
    struct aloft_partition found;
    struct aloft_message error;
    bool good = aloft_chip_flash_open(&chip, &session->flasher, region->table_addr, &error) &&
                aloft_chip_place_find(&chip, region->table_addr, region->name, &found, &error);
    if (!good) {
        aloft_ui_error("%s", error.text);
        return false;
    }
    region->addr = found.addr;
    region->len = found.len;
    return true;
}

static int erase(struct aloft_session *session, struct region *region)
{
    char size[16];
    if (!aloft_session_open(session)) {
        return ALOFT_EXIT_BAD;
    }
    if (region->name != NULL && !find_place(session, region)) {
        return aloft_session_close(session, ALOFT_EXIT_BAD);
    }
    uint32_t len = region->len;
    if (len == 0) {
        len = session->flasher.flash_size;
        (void)fprintf(stderr, "erasing the whole flash; a real chip takes up to some minutes\n");
    }
    aloft_progress_begin(&session->progress, "erasing", "flash");
    bool good = aloft_flasher_erase(&session->flasher, region->addr, len);
    uint64_t ms = aloft_progress_end(&session->progress);
    aloft_number_emit_size(len, size);
    if (good) {
        printf("erased %sB at 0x%x in %u.%u s\n", size, (unsigned)region->addr,
               (unsigned)(ms / 1000), (unsigned)(ms % 1000 / 100));
    }
    return aloft_session_close(session, good ? ALOFT_EXIT_GOOD : aloft_session_failed(session));
}

// OFFSET and SIZE, both of whole sectors.
static bool read_region(struct aloft_args *args, struct region *region)
{
    const struct aloft_arg_list *operands = &args->given;
    int64_t addr = 0;
    if (operands->count == 0) {
        return true;
    }
    if (operands->count == 1 && aloft_chip_place_is_name(operands->items[0])) {
        region->name = operands->items[0];
        return true;
    }
    if (operands->count != 2 || !aloft_number_parse(operands->items[0], &addr) || addr < 0 ||
        addr > UINT32_MAX || !aloft_number_parse_size(operands->items[1], &region->len) ||
        addr % ALOFT_FLASHER_SECTOR != 0 || region->len % ALOFT_FLASHER_SECTOR != 0) {
        (void)aloft_args_wrong(args, "write OFFSET and SIZE, both multiples of 0x1000");
        return false;
    }
    region->addr = (uint32_t)addr;
    return true;
}

int cmd_erase_flash(int argc, char **argv)
{
    struct region region = {.name = NULL};
    static struct aloft_session session = {ALOFT_SESSION_DEFAULTS}; // too large for a stack
    struct aloft_args args = {
        .command = "aloft erase-flash",
        .operands = "[NAME] | OFFSET SIZE",
        .about = "Erases the flash of the board at a serial port: all of it, SIZE bytes at\n"
                 "OFFSET, or the partition NAME of its table.",
        .examples = "  aloft erase-flash --port /dev/ttyUSB0\n"
                    "  aloft erase-flash 0xd000 0x2000\n"
                    "  aloft erase-flash otadata",
        .exits = "0 erased, 1 failed",
        .options = {ALOFT_SESSION_OPTIONS(session),
                    {ALOFT_ARG_SIZE, 0, "offset", "N",
                     "where the partition table lies [it is found]", &region.table_addr}},
    };
    if (!aloft_args_read(&args, argc, argv) || !read_region(&args, &region) ||
        !aloft_session_check(&args, &session)) {
        return args.status;
    }
    return erase(&session, &region);
}
