// The small bootloader: images are judged by their hashes.
#include "board/chip/board_rules.h"
#include "ports/linux/boot/bootloader.h"

const uint32_t aloft_bootloader_ptable_addr = ALOFT_BOARD_PTABLE_ADDR;

const struct aloft_image_rules *aloft_bootloader_rules(const struct aloft_board *board)
{
    static struct aloft_image_rules rules;
    (void)board; // its eFuses are not asked
    rules = aloft_board_rules_plain();
    return &rules;
}
