// aloft verify-flash: is this in the chip's flash? The chip computes the MD5; where it is not that
// of the file, halves are compared until one sector is left. With the key of a chip that encrypts,
// the file is made ciphertext first, as the chip only knows its cells.
#include "aloft/base/hash.h"
#include "cli/base/commands.h"
#include "cli/base/ui.h"
#include "cli/serial/chip_flash.h"
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
    uint8_t want[ALOFT_MD5_LEN];
    uint8_t have[ALOFT_MD5_LEN];
    if (aloft_hash_of(&aloft_mbed_crypto, ALOFT_HASH_MD5, data, len, want) != ALOFT_OK) {
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

// What the cells hold when the file is in flash. What does not fill a unit at its end is compared
// here, as text, since nobody knows what follows it in flash: its length becomes 0 then.
static enum answer encrypt(const struct aloft_chip_flash *chip, struct aloft_flasher *flasher,
                           uint32_t addr, struct aloft_file *file)
{
    uint8_t last[ALOFT_ESP32_CRYPT_UNIT];
    uint32_t rest = (uint32_t)file->len % sizeof last;
    if (chip->key_path == NULL) {
        return SAME;
    }
    if (addr % sizeof last != 0) {
        (void)aloft_message_set(&flasher->error,
                                "flash is encrypted in units of %zu bytes, and 0x%x is not the "
                                "start of one",
                                sizeof last, (unsigned)addr);
        return FAILED;
    }
    file->len -= rest;
    if (rest > 0 && !aloft_chip_flash_read(chip, addr + (uint32_t)file->len, last, sizeof last)) {
        return FAILED;
    }
    bool same = memcmp(last, file->data + file->len, rest) == 0;
    aloft_chip_flash_encrypt(chip, addr, file->data, (uint32_t)file->len);
    return same ? SAME : DIFFERENT;
}

// Compares, and gives the first sector that differs.
static enum answer compare_file(struct aloft_flasher *flasher, const struct aloft_chip_flash *chip,
                                uint32_t addr, struct aloft_file *file, uint32_t *sector)
{
    enum answer end = encrypt(chip, flasher, addr, file);
    enum answer answer = end;
    if (end != FAILED && file->len > 0) {
        answer = compare(flasher, addr, file->data, (uint32_t)file->len);
    }
    if (answer == DIFFERENT && file->len > 0) {
        return find_first(flasher, addr, file, sector) ? DIFFERENT : FAILED;
    }
    *sector = (addr + (uint32_t)file->len) / ALOFT_FLASHER_SECTOR * ALOFT_FLASHER_SECTOR;
    return answer == SAME ? end : answer;
}

static int verify_one(struct aloft_session *session, const struct aloft_chip_flash *chip,
                      uint32_t addr, const char *path)
{
    struct aloft_message error;
    struct aloft_file file;
    uint32_t sector;
    char count[32];
    if (!aloft_file_read(path, ALOFT_FLASH_FILE_MAX, &file, &error)) {
        aloft_ui_error("%s", error.text);
        return ALOFT_EXIT_BAD;
    }
    size_t len = file.len;
    enum answer answer = compare_file(&session->flasher, chip, addr, &file, &sector);
    aloft_file_release(&file);
    if (answer == FAILED) {
        return aloft_session_failed(session);
    }
    printf("0x%06x  %10s bytes  %s: ", (unsigned)addr, aloft_ui_thousands(len, count), path);
    if (answer == SAME) {
        printf("same\n");
    } else {
        printf("differs, first in the sector at 0x%x\n", (unsigned)sector);
    }
    return answer == SAME ? ALOFT_EXIT_GOOD : ALOFT_EXIT_BAD;
}

static int verify_all(struct aloft_session *session, struct aloft_chip_flash *chip,
                      const struct aloft_arg_list *operands)
{
    struct aloft_flasher *flasher = &session->flasher;
    int status = ALOFT_EXIT_GOOD;
    if (!aloft_chip_flash_open(chip, flasher, 0, &flasher->error)) {
        return aloft_session_failed(session);
    }
    for (size_t i = 0; i < operands->count && !session->line.gone; i += 2) {
        int64_t addr = 0;
        (void)aloft_number_parse(operands->items[i], &addr); // was checked
        if (verify_one(session, chip, (uint32_t)addr, operands->items[i + 1]) != ALOFT_EXIT_GOOD) {
            status = ALOFT_EXIT_BAD;
        }
    }
    if (status != ALOFT_EXIT_GOOD && !session->line.gone) {
        aloft_chip_flash_warn(chip, flasher, "files were compared with ciphertext");
    }
    return status;
}

static int verify(struct aloft_session *session, struct aloft_chip_flash *chip,
                  const struct aloft_arg_list *operands)
{
    struct aloft_message error;
    if (!aloft_chip_flash_load(chip, &error)) {
        aloft_ui_error("%s", error.text);
        return ALOFT_EXIT_BAD;
    }
    if (!aloft_session_open(session)) {
        return ALOFT_EXIT_BAD;
    }
    return aloft_session_close(session, verify_all(session, chip, operands));
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
            (void)aloft_args_wrong(args, "'%s' is not an address in flash", operands->items[i]);
            return false;
        }
    }
    return true;
}

int cmd_verify_flash(int argc, char **argv)
{
    static struct aloft_session session = {ALOFT_SESSION_DEFAULTS}; // too large for a stack
    static struct aloft_chip_flash chip;
    struct aloft_args args = {
        .command = "aloft verify-flash",
        .operands = "OFFSET FILE [OFFSET FILE ...]",
        .about = "Compares files with the flash of the board at a serial port, by MD5, and names\n"
                 "the first sector that differs. otadata and data partitions differ once the\n"
                 "board has run. Of a chip with flash encryption what is encrypted differs from\n"
                 "its file, unless --flash-key is given.",
        .examples = "  aloft verify-flash 0x1000 bootloader.bin 0x10000 app.bin\n"
                    "  aloft verify-flash 0x10000 app.bin --flash-key flash.key",
        .exits = "0 all the same, 1 different or failed",
        .options = {ALOFT_SESSION_OPTIONS(session), ALOFT_CHIP_FLASH_OPTION(chip)},
    };
    if (!aloft_args_read(&args, argc, argv) || !good_pairs(&args) ||
        !aloft_session_check(&args, &session)) {
        return args.status;
    }
    return verify(&session, &chip, &args.given);
}
