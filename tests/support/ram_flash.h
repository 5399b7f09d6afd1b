// A NOR chip in RAM, for tests of logic: programs only clear bits, erases set them, operations are
// counted, and one of them can be made to fail. Torn writes, wear and time are hostlib's NOR model.
#ifndef ALOFT_RAM_FLASH_H
#define ALOFT_RAM_FLASH_H

#include "aloft/flash.h"

struct ram_flash {
    struct aloft_flash flash; // hand out &ram.flash
    uint8_t *bytes;           // the caller's, flash.geometry.size of them
    uint32_t reads;
    uint32_t progs;
    uint32_t erases;
    uint32_t ops;     // reads, progs and erases together
    uint32_t fail_op; // the operation to fail, counted from 1; 0: none. It changes nothing
};

// An erased chip of size bytes with 4 KiB sectors, 64 KiB blocks and a write unit of 1.
void ram_flash_init(struct ram_flash *ram, uint8_t *bytes, uint32_t size);

#endif
