// aloft verify-flash: is this in the chip's flash? The chip computes the MD5; where it is not that
// of the file, halves are compared until one sector is left.
#include "cli/base/commands.h"
#include "cli/base/ui.h"
#include "cli/serial/session.h"
#include "hostlib/base/file.h"
#include "hostlib/base/number.h"
#include "hostlib/crypto/mbed_crypto.h"
#include "hostlib/flash/flash_file.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum answer { SAME, DIFFERENT, FAILED };

static enum answer compare(struct aloft_flasher *flasher, uint32_t addr, const uint8_t *data,
                           uint32_t len)
{
    struct aloft_hash hash;
    uint8_t want[ALOFT_MD5_LEN];
    uint8_t have[ALOFT_MD5_LEN];
    if (aloft_mbed_crypto.hash_init(&hash, ALOFT_HASH_MD5) != ALOFT_OK ||
        aloft_mbed_crypto.hash_feed(&hash, data, len) != ALOFT_OK ||
        aloft_mbed_crypto.hash_finish(&hash, want) != ALOFT_OK) {
        (void)aloft_message_set(&flasher->error, "cannot compute an MD5");
        return FAILED;
    }
    if (!aloft_flasher_md5(flasher, addr, len, have)) {
        return FAILED;
    }
    return memcmp(want, have, sizeof want) == 0 ? SAME : DIFFERENT;
}

// Where the first sector that differs begins; the whole is known to differ.
static bool find_first(struct aloft_flasher *flasher, uint32_t addr, const struct aloft_file *file,
                       uint32_t *found)
{
    uint32_t low = 0;
    uint32_t high = (uint32_t)file->len;
    while (high - low > ALOFT_FLASHER_SECTOR) {
        uint32_t sectors = (high - low + ALOFT_FLASHER_SECTOR - 1) / ALOFT_FLASHER_SECTOR;
        uint32_t middle = low + sectors / 2 * ALOFT_FLASHER_SECTOR;
        enum answer answer = compare(flasher, addr + low, file->data + low, middle - low);
        if (answer == FAILED) {
            return false;
        }
        if (answer == SAME) {
            low = middle;
        } else {
            high = middle;
        }
    }
    *found = addr + low;
    return true;
}

static int verify_one(struct aloft_session *session, uint32_t addr, const char *path)
{
    struct aloft_message error;
    struct aloft_file file;
    uint32_t sector;
    char count[32];
    if (!aloft_file_read(path, ALOFT_FLASH_FILE_MAX, &file, &error)) {
        aloft_ui_error("%s", error.text);
        return ALOFT_EXIT_BAD;
    }
    enum answer answer = compare(&session->flasher, addr, file.data, (uint32_t)file.len);
    int status = answer == SAME ? ALOFT_EXIT_GOOD : ALOFT_EXIT_BAD;
    if (answer == SAME) {
        printf("0x%06x  %10s bytes  %s: same\n", (unsigned)addr,
               aloft_ui_thousands(file.len, count), path);
    } else if (answer == DIFFERENT && find_first(&session->flasher, addr, &file, &sector)) {
        printf("0x%06x  %10s bytes  %s: differs, first in the sector at 0x%x\n", (unsigned)addr,
               aloft_ui_thousands(file.len, count), path, (unsigned)sector);
    } else {
        status = aloft_session_failed(session);
    }
    aloft_file_release(&file);
    return status;
}

static int verify(struct aloft_session *session, const struct aloft_arg_list *operands)
{
    int status = ALOFT_EXIT_GOOD;
    if (!aloft_session_open(session)) {
        return ALOFT_EXIT_BAD;
    }
    for (size_t i = 0; i < operands->count && !session->line.gone; i += 2) {
        int64_t addr = 0;
        (void)aloft_number_parse(operands->items[i], &addr); // was checked
        if (verify_one(session, (uint32_t)addr, operands->items[i + 1]) != ALOFT_EXIT_GOOD) {
            status = ALOFT_EXIT_BAD;
        }
    }
    return aloft_session_close(session, status);
}

static bool good_pairs(struct aloft_args *args)
{
    const struct aloft_arg_list *operands = &args->given;
    if (operands->count % 2 != 0) {
        (void)aloft_args_wrong(args, "offset %s has no file", operands->items[operands->count - 1]);
        return false;
    }
    for (size_t i = 0; i < operands->count; i += 2) {
        int64_t addr;
        if (!aloft_number_parse(operands->items[i], &addr) || addr < 0 || addr > UINT32_MAX) {
            (void)aloft_args_wrong(args, "'%s' is no address in flash", operands->items[i]);
            return false;
        }
    }
    return true;
}

int cmd_verify_flash(int argc, char **argv)
{
    static struct aloft_session session = {ALOFT_SESSION_DEFAULTS}; // too large for a stack
    struct aloft_args args = {
        .command = "aloft verify-flash",
        .operands = "OFFSET FILE [OFFSET FILE ...]",
        .about = "Compares files with the flash of the board at a serial port, by MD5, and names\n"
                 "the first sector that differs. otadata and data partitions differ once the\n"
                 "board has run.",
        .examples = "  aloft verify-flash 0x1000 bootloader.bin 0x10000 app.bin",
        .exits = "0 all the same, 1 different or failed",
        .options = {ALOFT_SESSION_OPTIONS(session)},
    };
    if (!aloft_args_read(&args, argc, argv) || !good_pairs(&args) ||
        !aloft_session_check(&args, &session)) {
        return args.status;
    }
    return verify(&session, &args.given);
}
