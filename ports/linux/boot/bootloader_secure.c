// The bootloader of secure boot: its rules come from the eFuses.
#include "board/chip/board_rules.h"
#include "board/chip/efuse_port.h"
#include "ports/linux/boot/bootloader.h"

const uint32_t aloft_bootloader_ptable_addr = ALOFT_BOARD_SECURE_PTABLE_ADDR;

const struct aloft_image_rules *aloft_bootloader_rules(const struct aloft_board *board)
{
    static struct aloft_board_rules rules;
    struct aloft_efuse_words words;
    struct aloft_efuse efuse;
    aloft_efuse_port_read(&words, &efuse);
    aloft_board_rules_read(&rules, &efuse);
    aloft_board_log(board, 'I', "secure_boot", "Secure boot is %s, security version %u",
                    efuse.secure_boot ? "on" : "off", (unsigned)efuse.secure_version);
    return &rules.rules;
}
