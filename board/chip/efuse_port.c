// The file behind the descriptor, and the rules of an operation around each burn.
#include "board/chip/efuse_port.h"
#include "aloft/base/bytes.h"
#include "board/chip/flash_port.h"
#include "hostlib/flash/efuse_file.h"
#include <stdlib.h>

#define BURN_US 1000u // of a word; a chip takes some tens of microseconds a bit

static const struct aloft_efuse_file file = {ALOFT_BOARD_EFUSE_FD};

void aloft_efuse_port_read(struct aloft_efuse_words *words, struct aloft_efuse *out)
{
    if (aloft_efuse_file_read(&file, words) != ALOFT_OK) {
        aloft_board_print("The eFuses cannot be read\n");
        abort();
    }
    aloft_efuse_read(out, words);
}

static enum aloft_err burn(struct aloft_board *board, const struct aloft_efuse_step *step)
{
    uint8_t bits[4];
    struct aloft_efuse_step part = *step;
    enum aloft_err err = ALOFT_OK;
    aloft_put_le32(bits, step->bits);
    aloft_flash_port_begin(board, ALOFT_BOARD_BURN, step->index, bits, sizeof bits, BURN_US);
    enum aloft_nor_cut cut = aloft_nor_count(&board->nor);
    if (cut == ALOFT_NOR_CUT_TORN) {
        part.bits = aloft_efuse_file_torn(step->bits, board->nor.plan.seed);
    }
    if (cut != ALOFT_NOR_CUT_BEFORE) {
        err = aloft_efuse_file_burn(&file, &part);
    }
    aloft_flash_port_end(board);
    return err;
}

enum aloft_err aloft_efuse_port_burn(struct aloft_board *board, const struct aloft_efuse_plan *plan)
{
    enum aloft_err err = ALOFT_OK;
    for (uint32_t i = 0; i < plan->count && err == ALOFT_OK; i++) {
        err = burn(board, &plan->step[i]);
        aloft_board_feed_watchdog(board);
    }
    return err;
}
