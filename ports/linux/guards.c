// NVS decides whether a guard is damaged (aloft/nvs.h).
#include "ports/linux/guards.h"
#include "aloft/slots.h"
#include "hostlib/crypto/mbed_crypto.h"

static enum aloft_err note_nvs(void *ctx, const struct aloft_partition *partition)
{
    struct aloft_flash_view *view = ctx;
    if (partition->type == ALOFT_TYPE_DATA && partition->subtype == ALOFT_DATA_NVS &&
        view->len == 0) {
        *view = aloft_partition_view(view->flash, partition);
    }
    return ALOFT_OK;
}

enum aloft_err aloft_guards_open(struct aloft_board *board, struct aloft_nvs *nvs)
{
    struct aloft_flash_view view = {.flash = &board->flash};
    enum aloft_err err = aloft_slots_walk(&board->flash, &aloft_mbed_crypto,
                                          board->retained->ptable_addr, note_nvs, &view);
    if (err == ALOFT_OK && view.len == 0) {
        return ALOFT_ERR_NVS_NOT_FOUND;
    }
    return err == ALOFT_OK ? aloft_nvs_open(nvs, &view) : err;
}

enum aloft_err aloft_guards_read(struct aloft_board *board, const char *key, char *out,
                                 uint32_t size)
{
    struct aloft_nvs nvs;
    enum aloft_err err = aloft_guards_open(board, &nvs);
    return err == ALOFT_OK ? aloft_nvs_get_str(&nvs, ALOFT_NVS_GUARDED, key, out, size) : err;
}
