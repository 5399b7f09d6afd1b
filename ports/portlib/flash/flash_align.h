// The flash seam over a chip that takes words only. Core reads and programs at any address and
// length, from any place in RAM; ESP-IDF's bootloader refuses what is not aligned to 4 bytes, and
// its app side answers it with a copy from the heap or with one operation more.
//
//     static const struct aloft_flash_ops chip = {chip_read, chip_prog, chip_erase};
//     static struct aloft_flash_align align = {&chip, NULL};
//     const struct aloft_flash flash = {&aloft_flash_align_ops, &align, geometry, NULL};
//
// Invariants
//   A1  The chip sees addresses, lengths and RAM buffers that are multiples of ALOFT_FLASH_WORD.
//   A2  A program of the seam is one program of the chip, inside the same page. What is added to
//       make words of it is FF, which programs nothing.
//   A3  Nothing is added where flash encrypts: there programs are whole units of 16 or 32 bytes,
//       and FF would become noise.
//   A4  A read of words into a buffer of words passes through; any other is read through 256 bytes
//       of stack, in pieces.
#ifndef ALOFT_PORTLIB_FLASH_ALIGN_H
#define ALOFT_PORTLIB_FLASH_ALIGN_H

#include "aloft/flash.h"

#define ALOFT_FLASH_WORD 4u

struct aloft_flash_align {
    const struct aloft_flash_ops *chip; // called with words only
    void *ctx;                          // the chip's own
};

// The seam's operations; their context is a struct aloft_flash_align.
// Power loss: as aloft/flash.h says. A program that is cut may have taken effect in part, inside
//             the addresses that were asked for.
// Errors:     those of the chip.
extern const struct aloft_flash_ops aloft_flash_align_ops;

#endif
