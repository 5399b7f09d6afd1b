// The chip's programs can write retained memory, so its contents are checked before they are used.
#include "board/supervisor/settle.h"
#include "aloft/base/bytes.h"
#include <stdio.h>

static bool legal(const struct aloft_settle *settle, uint32_t kind, uint32_t addr, uint32_t len)
{
    uint32_t size = settle->retained->config.flash_size;
    if (kind == ALOFT_BOARD_BURN) {
        return addr < ALOFT_EFUSE_WORDS && len == sizeof(uint32_t);
    }
    if (len == 0 || len > size || addr > size - len) {
        return false;
    }
    if (kind == ALOFT_BOARD_PROG) {
        return addr % ALOFT_FLASH_PAGE + len <= ALOFT_FLASH_PAGE;
    }
    return (len == ALOFT_NOR_SECTOR || len == ALOFT_NOR_BLOCK) && addr % len == 0;
}

static void settle_burn(const struct aloft_settle *settle, uint32_t index, bool power_cut)
{
    struct aloft_efuse_step step = {(uint8_t)index,
                                    aloft_get_le32(settle->retained->operation.data)};
    if (power_cut) {
        fprintf(stderr, "aloft: power was cut in the middle of burning eFuse word %u\n",
                (unsigned)index);
        step.bits = aloft_efuse_file_torn(step.bits, settle->seed);
    }
    if (aloft_efuse_file_burn(settle->efuse, &step) != ALOFT_OK) {
        fprintf(stderr, "aloft: the eFuse file cannot be written\n");
    }
}

static void tear_flash(const struct aloft_settle *settle, uint32_t kind, uint32_t addr,
                       uint32_t len)
{
    const struct aloft_board_operation *operation = &settle->retained->operation;
    fprintf(stderr, "aloft: power was cut in the middle of %s 0x%x (%u bytes)\n",
            kind == ALOFT_BOARD_PROG ? "programming" : "erasing", (unsigned)addr, (unsigned)len);
    if (kind == ALOFT_BOARD_PROG) {
        aloft_nor_tear_prog(settle->nor, addr, operation->data, len, settle->seed);
    } else {
        aloft_nor_tear_erase(settle->nor, addr, len, settle->mix, settle->seed);
    }
}

static void finish_flash(const struct aloft_settle *settle, uint32_t kind, uint32_t addr,
                         uint32_t len)
{
    struct aloft_nor *nor = settle->nor;
    const struct aloft_flash_ops *ops = nor->flash.ops;
    enum aloft_err err = kind == ALOFT_BOARD_PROG
                             ? ops->prog(nor, addr, settle->retained->operation.data, len)
                             : ops->erase(nor, addr, len);
    ALOFT_ASSERT(err == ALOFT_OK); // a legal operation of a model without a plan
}

void aloft_settle(const struct aloft_settle *settle, bool power_cut)
{
    struct aloft_board_operation *operation = &settle->retained->operation;
    uint32_t kind = atomic_exchange(&operation->kind, ALOFT_BOARD_IDLE);
    uint32_t addr = operation->addr;
    uint32_t len = operation->len;
    if (kind == ALOFT_BOARD_IDLE || !legal(settle, kind, addr, len)) {
        return;
    }
    if (kind == ALOFT_BOARD_BURN) {
        settle_burn(settle, addr, power_cut);
    } else if (power_cut) {
        tear_flash(settle, kind, addr, len);
    } else {
        finish_flash(settle, kind, addr, len);
    }
}
