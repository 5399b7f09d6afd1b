// All that a porter fills in, for bootloader and app. target_missing.c has each of these as a
// function that stops the chip and says its name: take one out there, write it in a file of your
// own, and go on until nothing is missing. Begin with target_print, by which the others complain.
//
// B: the bootloader needs it; A: the app does.
#ifndef ALOFT_SKELETON_TARGET_H
#define ALOFT_SKELETON_TARGET_H

#include "aloft/chip.h"
#include "ports/portlib/sockets/sockets.h"
#include <stdarg.h>

// ---- board

// B A  One console line: level E, W, I or D, tag, then printf's format with %s %u %d %x, widths and
//      zero padding only.
void target_print(char level, const char *tag, const char *format, va_list args);

void target_feed_watchdog(void);            // B A  at least as often as a block is erased
bool target_power_was_off(void);            // B A  before this start: power-on and brown-out
const struct aloft_chip *target_chip(void); // B A  &aloft_chip_esp32c3, ...: link one alone
uint16_t target_revision(void);             // B A  major * 100 + minor, from eFuse
uint32_t target_secure_version(void);       // B A  the lowest that is taken, from eFuse; or 0
uint32_t target_now_ms(void);               // A    since reset; it may wrap
_Noreturn void target_reset(void);          // A    a reset that is not taken for a loss of power
const struct aloft_sockets *target_sockets(void); // A  seam 3; that header says what each does

// ---- seam 1: the flash chip. Addresses, lengths and RAM are multiples of 4 bytes. True: done, and
// the chip is ready again. What a power cut takes is limited to the bytes that are named.
//
// While the chip is busy nothing else may read from it: these functions and all that interrupts
// them lie in RAM, or interrupts are off. `words` of prog may be a constant, which lies in mapped
// flash: copy it to RAM before the program begins.

uint32_t target_flash_size(void);                                       // B A  bytes
bool target_flash_read(uint32_t addr, void *words, uint32_t len);       // B A
bool target_flash_prog(uint32_t addr, const void *words, uint32_t len); // B A  inside 256 bytes
bool target_flash_erase(uint32_t addr, uint32_t len); // B A  0x1000 or 0x10000, aligned to itself

// ---- seam 4: starting an app

// B  True when an app may be copied there: RAM that is neither the bootloader's, its stack's, nor
//    in use by the ROM. Core has judged by target_chip that it is RAM at all.
bool target_ram_is_free(uint32_t addr, uint32_t len);

// B  Bytes of a segment that runs from RAM, in order.
void target_copy(uint32_t addr, const uint8_t *data, uint32_t len);

// B  A segment that stays in flash is to be seen at addr. addr and flash_addr lie at the same place
//    in their page of the MMU, as core has judged; map whole pages around them, and make the cache
//    forget what it had of them. Called for each such segment of an app that was found good, after
//    all reading through the flash chip is done.
void target_map(uint32_t addr, uint32_t flash_addr, uint32_t len);

// B  Runs the app. running_addr: of its slot, for target_running_addr: hand it over in memory that
//    a reset keeps, or let the app find it by asking the MMU what it runs from.
_Noreturn void target_jump(uint32_t entry, uint32_t running_addr);

// A  Where in flash the app runs from: the start of its slot. Never from otadata.
uint32_t target_running_addr(void);

#endif
