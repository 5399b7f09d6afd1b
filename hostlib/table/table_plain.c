// Partitions begin and end at sectors, so no unit of a cipher is half plain.
#include "hostlib/table/table_plain.h"
#include "hostlib/crypto/mbed_crypto.h"
#include "hostlib/flash/flash_file.h"
#include "hostlib/table/table_find.h"
#include <sys/stat.h>

bool aloft_table_plain_of(struct aloft_table_plain *plain, const uint8_t *table, size_t len,
                          uint32_t flash_size)
{
    struct aloft_ptable_reader reader;
    struct aloft_partition row;
    enum aloft_ptable_row kind = ALOFT_PTABLE_BAD;
    plain->count = 0;
    aloft_ptable_init(&reader, &aloft_mbed_crypto, flash_size);
    for (size_t off = 0; off + ALOFT_PTABLE_ROW <= len && off < ALOFT_PTABLE_LEN;
         off += ALOFT_PTABLE_ROW) {
        kind = aloft_ptable_feed(&reader, table + off, &row);
        if (kind == ALOFT_PTABLE_PARTITION && !aloft_partition_is_encrypted(&row)) {
            plain->range[plain->count++] = (struct aloft_extent){row.addr, row.len};
        } else if (kind == ALOFT_PTABLE_BAD || kind == ALOFT_PTABLE_DONE) {
            break;
        }
    }
    aloft_ptable_end(&reader);
    plain->count = kind == ALOFT_PTABLE_DONE ? plain->count : 0;
    return kind == ALOFT_PTABLE_DONE;
}

bool aloft_table_plain_in(struct aloft_table_plain *plain, const struct aloft_flash *flash,
                          uint32_t asked)
{
    uint8_t table[ALOFT_PTABLE_LEN];
    struct aloft_flash_view view = {flash, aloft_table_find(flash, asked), sizeof table};
    plain->count = 0;
    return aloft_flash_read(&view, 0, table, sizeof table) == ALOFT_OK &&
           aloft_table_plain_of(plain, table, sizeof table, flash->geometry.size);
}

struct aloft_flash_view aloft_table_plain_view(const struct aloft_table_plain *plain,
                                               const struct aloft_flash *flash, uint32_t addr,
                                               uint32_t len)
{
    struct aloft_flash_view view = {flash, addr, len};
    for (uint32_t i = 0; i < plain->count && flash->raw != NULL; i++) {
        const struct aloft_extent *range = &plain->range[i];
        bool before = addr < range->addr;
        uint32_t left = before ? range->addr - addr : range->addr + range->len - addr;
        bool inside = !before && addr - range->addr < range->len;
        view.flash = inside ? flash->raw : view.flash;
        view.len = (before || inside) && left < view.len ? left : view.len;
    }
    return view;
}

// bytes: of all of the chip.
static enum aloft_err read_text(const struct aloft_flash *flash, uint8_t *bytes)
{
    struct aloft_table_plain plain;
    enum aloft_err err = ALOFT_OK;
    uint32_t size = flash->geometry.size;
    (void)aloft_table_plain_in(&plain, flash, 0); // without a table, nothing is plain
    for (uint32_t addr = 0; addr < size && err == ALOFT_OK;) {
        struct aloft_flash_view view = aloft_table_plain_view(&plain, flash, addr, size - addr);
        err = aloft_flash_read(&view, 0, bytes + addr, view.len);
        addr += view.len;
    }
    return err;
}

// A whole chip, and not what comes through a pipe.
static bool is_chip(const char *path, size_t len)
{
    struct stat status;
    return aloft_flash_file_is_size(len) && stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

static bool decrypt(const char *path, struct aloft_file *content, struct aloft_message *error)
{
    struct aloft_flash_file file;
    struct aloft_message late;
    enum aloft_err err = ALOFT_OK;
    if (!aloft_flash_file_open(&file, path, ALOFT_FLASH_FILE_READ, error)) {
        return false;
    }
    if (file.flash.raw != NULL && file.flash.geometry.size == content->len) {
        err = read_text(&file.flash, content->data);
    }
    (void)aloft_flash_file_close(&file, &late); // only read
    return err == ALOFT_OK || aloft_message_set(error, "%s: %s", path, aloft_err_sentence(err));
}

bool aloft_table_plain_read_file(const char *path, struct aloft_file *out,
                                 struct aloft_message *error)
{
    if (!aloft_file_read(path, ALOFT_FLASH_FILE_MAX, out, error)) {
        return false;
    }
    bool good = !is_chip(path, out->len) || decrypt(path, out, error);
    if (!good) {
        aloft_file_release(out);
    }
    return good;
}
