// The differences between the two bootloaders of the board; each has a source with these functions.
//
//   bootloader         hashes only, and nothing of eFuses; fits before a table at 0x8000
//   bootloader_secure  with secure boot on, takes apps with a trusted signature only; never one
//                      of a lower security version than the eFuses say
#ifndef ALOFT_LINUX_BOOTLOADER_H
#define ALOFT_LINUX_BOOTLOADER_H

#include "board/chip/board.h"

// Where it looks for the partition table: fixed when it is built, as ESP-IDF's are.
extern const uint32_t aloft_bootloader_ptable_addr;

// What an app must be. Lives as long as the program.
const struct aloft_image_rules *aloft_bootloader_rules(const struct aloft_board *board);

#endif
