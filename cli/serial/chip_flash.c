// The loader as a flash that can only be read, and a cipher in front of it.
#include "cli/serial/chip_flash.h"
#include "aloft/chip.h"
#include "cli/base/ui.h"
#include "hostlib/base/file.h"
#include <string.h>

enum { KEY_FILE_MAX = 4096 };

static enum aloft_err read_chip(void *ctx, uint32_t addr, void *buf, uint32_t len)
{
    struct aloft_flasher *flasher = ctx;
    return aloft_flasher_read(flasher, addr, buf, len) ? ALOFT_OK : ALOFT_ERR_FLASH_READ;
}

static enum aloft_err no_prog(void *ctx, uint32_t addr, const void *data, uint32_t len)
{
    (void)ctx, (void)addr, (void)data, (void)len;
    return ALOFT_ERR_FLASH_PROG;
}

static enum aloft_err no_erase(void *ctx, uint32_t addr, uint32_t len)
{
    (void)ctx, (void)addr, (void)len;
    return ALOFT_ERR_FLASH_ERASE;
}

// The loader erases what it writes, so a sector is read, changed and written whole. A cut between
// leaves that sector erased, which a chip's own program never does.
static enum aloft_err prog_sector(void *ctx, uint32_t addr, const void *data, uint32_t len)
{
    struct aloft_flasher *flasher = ctx;
    const uint8_t *from = data;
    uint8_t sector[ALOFT_FLASHER_SECTOR];
    uint32_t start = addr / ALOFT_FLASHER_SECTOR * ALOFT_FLASHER_SECTOR;
    uint32_t off = addr - start;
    if (len > sizeof sector - off || !aloft_flasher_read(flasher, start, sector, sizeof sector)) {
        return ALOFT_ERR_FLASH_PROG;
    }
    for (uint32_t i = 0; i < len; i++) {
        sector[off + i] &= from[i];
    }
    return aloft_flasher_write(flasher, start, sector, sizeof sector, false) ? ALOFT_OK
                                                                             : ALOFT_ERR_FLASH_PROG;
}

static enum aloft_err erase_sectors(void *ctx, uint32_t addr, uint32_t len)
{
    return aloft_flasher_erase(ctx, addr, len) ? ALOFT_OK : ALOFT_ERR_FLASH_ERASE;
}

bool aloft_chip_flash_load(struct aloft_chip_flash *chip, struct aloft_message *error)
{
    struct aloft_file file;
    if (chip->key_path == NULL) {
        return true;
    }
    if (!aloft_file_read(chip->key_path, KEY_FILE_MAX, &file, error)) {
        return false;
    }
    bool good = file.len == ALOFT_ESP32_CRYPT_KEY ||
                aloft_message_set(error,
                                  "%s has %zu bytes; the key for an ESP32's flash has 32, as "
                                  "`espsecure generate_flash_encryption_key` writes it",
                                  chip->key_path, file.len);
    if (good) {
        aloft_esp32_crypt_init(&chip->cipher, file.data);
    }
    explicit_bzero(file.data, file.len);
    aloft_file_release(&file);
    return good;
}

// A key fits an ESP32 whose flash is encrypted, and no other chip.
static bool fits(const struct aloft_chip_flash *chip, const struct aloft_flasher *flasher,
                 struct aloft_message *error)
{
    if (flasher->chip->info->id != ALOFT_CHIP_ESP32) {
        return aloft_message_set(error,
                                 "an %s encrypts its flash in another way than an ESP32; encrypt "
                                 "with espsecure, and leave --flash-key out",
                                 flasher->chip->info->name);
    }
    return flasher->facts.flash_encryption ||
           aloft_message_set(error,
                             "flash encryption is off in the chip on %s, and what %s encrypts "
                             "would not run; leave --flash-key out",
                             flasher->line->name, chip->key_path);
}

bool aloft_chip_flash_open(struct aloft_chip_flash *chip, struct aloft_flasher *flasher,
                           uint32_t table_addr, struct aloft_message *error)
{
    static const struct aloft_flash_ops ops = {read_chip, no_prog, no_erase};
    static const struct aloft_flash_ops all = {read_chip, prog_sector, erase_sectors};
    chip->cells = (struct aloft_flash){
        .ops = chip->writable ? &all : &ops,
        .ctx = flasher,
        .geometry = {flasher->flash_size, ALOFT_FLASHER_SECTOR, ALOFT_FLASHER_SECTOR, 1},
    };
    chip->flash = chip->cells;
    if (chip->key_path == NULL) {
        return true;
    }
    if (!fits(chip, flasher, error)) {
        return false;
    }
    aloft_flash_crypt_init(&chip->crypt, &chip->cells, &chip->cipher.cipher);
    chip->crypt.shows_erased = true;
    chip->flash = chip->crypt.flash;
    (void)aloft_table_plain_in(&chip->plain, &chip->flash, table_addr); // none: nothing is plain
    return true;
}

void aloft_chip_flash_warn(const struct aloft_chip_flash *chip, const struct aloft_flasher *flasher,
                           const char *what)
{
    if (chip->key_path == NULL && flasher->facts.flash_encryption) {
        aloft_ui_warn("flash encryption is on in the chip on %s, so %s; give its key with "
                      "--flash-key",
                      flasher->line->name, what);
    }
}

void aloft_chip_flash_encrypt(const struct aloft_chip_flash *chip, uint32_t addr, uint8_t *bytes,
                              uint32_t len)
{
    for (uint32_t off = 0; off < len && chip->key_path != NULL;) {
        struct aloft_flash_view view =
            aloft_table_plain_view(&chip->plain, &chip->flash, addr + off, len - off);
        if (view.flash->raw != NULL) {
            chip->cipher.cipher.encrypt(chip->cipher.cipher.ctx, addr + off, bytes + off, view.len);
        }
        off += view.len;
    }
}

bool aloft_chip_flash_read(const struct aloft_chip_flash *chip, uint32_t addr, uint8_t *out,
                           uint32_t len)
{
    struct aloft_flasher *flasher = chip->cells.ctx;
    enum aloft_err err = ALOFT_OK;
    if (chip->key_path == NULL) {
        return aloft_flasher_read(flasher, addr, out, len);
    }
    for (uint32_t off = 0; off < len && err == ALOFT_OK;) {
        struct aloft_flash_view view =
            aloft_table_plain_view(&chip->plain, &chip->flash, addr + off, len - off);
        err = aloft_flash_read(&view, 0, out + off, view.len);
        off += view.len;
    }
    return err == ALOFT_OK;
}
