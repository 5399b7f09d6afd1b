// Finds NVS for a command, and gives core a chip to work on: a flash file, or bytes in memory with
// the rules of flash.
#include "cli/nvs/flash_nvs.h"
#include "aloft/slots.h"
#include "cli/base/ui.h"
#include "hostlib/crypto/mbed_crypto.h"
#include "hostlib/table/table_find.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static enum aloft_err memory_read(void *ctx, uint32_t addr, void *buf, uint32_t len)
{
    const struct aloft_file *content = ctx;
    memcpy(buf, content->data + addr, len);
    return ALOFT_OK;
}

static enum aloft_err memory_prog(void *ctx, uint32_t addr, const void *data, uint32_t len)
{
    struct aloft_file *content = ctx;
    const uint8_t *from = data;
    for (uint32_t i = 0; i < len; i++) {
        content->data[addr + i] &= from[i];
    }
    return ALOFT_OK;
}

static enum aloft_err memory_erase(void *ctx, uint32_t addr, uint32_t len)
{
    struct aloft_file *content = ctx;
    memset(content->data + addr, 0xFF, len);
    return ALOFT_OK;
}

struct search {
    const char *label;
    struct aloft_partition found;
};

static enum aloft_err note_partition(void *ctx, const struct aloft_partition *partition)
{
    struct search *search = ctx;
    if (partition->type == ALOFT_TYPE_DATA && partition->subtype == ALOFT_DATA_NVS &&
        strcmp(partition->label, search->label) == 0 && search->found.len == 0) {
        search->found = *partition;
    }
    return ALOFT_OK;
}

static enum aloft_err open_board(struct aloft_flash_nvs *of,
                                 const struct aloft_flash_nvs_place *place, const char **note)
{
    struct search search = {.label = place->label};
    uint32_t addr = aloft_table_find_file(&of->file, place->table_addr);
    *note = aloft_table_find_note(&of->file.flash, addr);
    enum aloft_err err =
        aloft_slots_walk(&of->file.flash, &aloft_mbed_crypto, addr, note_partition, &search);
    if (err != ALOFT_OK) {
        return err;
    }
    if (search.found.len == 0) {
        return ALOFT_ERR_NO_NVS;
    }
    struct aloft_flash_view view = aloft_partition_view(&of->file.flash, &search.found);
    return aloft_nvs_open(&of->nvs, &view);
}

static enum aloft_err open_bare(struct aloft_flash_nvs *of)
{
    static const struct aloft_flash_ops ops = {memory_read, memory_prog, memory_erase};
    uint32_t len = (uint32_t)of->content.len;
    of->memory =
        (struct aloft_flash){&ops, &of->content, {len, ALOFT_NVS_PAGE, ALOFT_NVS_PAGE, 1}, NULL};
    struct aloft_flash_view view = {&of->memory, 0, len};
    return aloft_nvs_open(&of->nvs, &view);
}

// A flash, or the beginning of one that was merged or read: it has a table.
static bool is_dump(const char *path)
{
    struct aloft_flash_file file;
    struct aloft_message ignored;
    struct aloft_slots slots;
    if (!aloft_flash_file_open(&file, path, ALOFT_FLASH_FILE_DUMP, &ignored)) {
        return false;
    }
    uint32_t addr = aloft_table_find_file(&file, 0);
    enum aloft_err err = aloft_slots_load(&slots, &file.flash, &aloft_mbed_crypto, addr);
    (void)aloft_flash_file_close(&file, &ignored); // only read from
    return err == ALOFT_OK;
}

// An erased partition, which becomes a file when something was written into it.
static bool create(struct aloft_flash_nvs *of, uint32_t size)
{
    if (size % ALOFT_NVS_PAGE != 0 || size / ALOFT_NVS_PAGE < ALOFT_NVS_PAGES_MIN ||
        size > ALOFT_FLASH_FILE_MAX) {
        aloft_ui_error("--create %u: an NVS partition has whole pages of 4 KiB, at least 3",
                       (unsigned)size);
        return false;
    }
    of->bare = true;
    of->content.data = malloc((size_t)size + 1);
    if (of->content.data == NULL) {
        aloft_ui_error("out of memory");
        return false;
    }
    of->content.len = size;
    memset(of->content.data, 0xFF, size);
    of->content.data[size] = 0;
    return true;
}

static bool open_file(struct aloft_flash_nvs *of, uint32_t size)
{
    struct aloft_message error;
    struct stat status;
    if (size != 0 && stat(of->path, &status) != 0 && errno == ENOENT) {
        return create(of, size);
    }
    enum aloft_flash_file_mode mode = of->writable ? ALOFT_FLASH_FILE_WRITE : ALOFT_FLASH_FILE_DUMP;
    of->bare = stat(of->path, &status) == 0 && S_ISREG(status.st_mode) &&
               !aloft_flash_file_is_size((uint64_t)status.st_size) &&
               (of->writable || !is_dump(of->path));
    bool good = of->bare ? aloft_file_read(of->path, ALOFT_FLASH_FILE_MAX, &of->content, &error)
                         : aloft_flash_file_open(&of->file, of->path, mode, &error);
    if (!good) {
        aloft_ui_error("%s", error.text);
    }
    return good;
}

bool aloft_flash_nvs_open(struct aloft_flash_nvs *of, const struct aloft_flash_nvs_place *place,
                          bool writable)
{
    memset(of, 0, sizeof *of);
    of->path = place->path;
    of->writable = writable;
    if (!open_file(of, place->create)) {
        return false;
    }
    const char *note = "";
    enum aloft_err err = of->bare ? open_bare(of) : open_board(of, place, &note);
    if (err == ALOFT_OK) {
        return true;
    }
    aloft_ui_error("%s: %s (%s)%s", of->path, aloft_err_sentence(err), aloft_err_name(err), note);
    (void)aloft_flash_nvs_close(of, false); // nothing was written
    return false;
}

bool aloft_flash_nvs_run(struct aloft_flash_nvs *of, struct aloft_nvs_write *op)
{
    enum aloft_step step;
    while ((step = aloft_nvs_step(op)) == ALOFT_STEP_AGAIN) {
    }
    if (step == ALOFT_STEP_FAILED) {
        aloft_ui_error("%s: %s (%s)", of->path, aloft_err_sentence(op->err),
                       aloft_err_name(op->err));
    }
    return step == ALOFT_STEP_DONE;
}

bool aloft_flash_nvs_close(struct aloft_flash_nvs *of, bool keep)
{
    struct aloft_message error;
    bool good = true;
    if (!of->bare) {
        good = aloft_flash_file_close(&of->file, &error);
    } else {
        if (keep && of->writable) {
            good = aloft_file_write(of->path, of->content.data, of->content.len, &error);
        }
        aloft_file_release(&of->content);
    }
    if (!good) {
        aloft_ui_error("%s: %s", of->path, error.text);
    }
    return good;
}
