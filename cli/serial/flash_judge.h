// What the chip would do with the flash that a plan leaves: the places where it runs something, the
// table that says where they are, and whether anything is left that boots. Asked before anything is
// written, so that no set of options flashes a board to death by itself.
#ifndef ALOFT_CLI_FLASH_JUDGE_H
#define ALOFT_CLI_FLASH_JUDGE_H

#include "cli/serial/flash_plan.h"
#include "cli/serial/flash_present.h"
#include "hostlib/flasher/flasher_trust.h"

// False when the chip would not run what is written; the sentence says why, and what it would do
// then. All of this can be forced:
//   * where the chip runs something (bootloader, slots), also inside a larger file: no image, a
//     broken one, one for another chip or a newer revision of it, one that is larger than its
//     place, a security version below the chip's; and for a chip with secure boot, not signed by a
//     key that it trusts, or where it does not tell which, not signed at all. Where the slots are
//     not known, that holds for every image
//   * a slot that is overwritten from its middle on
//   * a good image where nothing runs
//   * a file that is larger than what is left of the partition in which it begins
//   * a table where the bootloader does not look, or with which no slot holds an image any more
//   * anything, for a chip that encrypts its flash and whose key is not given
struct aloft_flash_chip {
    const struct aloft_flasher *flasher;
    const struct aloft_flash_present *present;
    const struct aloft_flasher_trust *trust;
};
bool aloft_flash_judge(const struct aloft_flash_plan *plan, const struct aloft_flash_chip *on,
                       struct aloft_message *error);

#endif
