// A NOR chip in RAM, for tests of logic: programs only clear bits, erases set them, operations are
// counted, and one of them can be made to fail. Torn writes, wear and time are hostlib's NOR model.
// Its encrypting mode is that of the model: bytes are text, and what happens happens to the cells.
#ifndef ALOFT_RAM_FLASH_H
#define ALOFT_RAM_FLASH_H

#include "hostlib/flash/quick_cipher.h"
#include <stdbool.h>

struct ram_flash {
    struct aloft_flash flash;                // hand out &ram.flash
    struct aloft_flash raw;                  // of a chip that encrypts
    const struct aloft_flash_cipher *cipher; // NULL: it does not
    uint8_t *bytes;                          // the caller's, flash.geometry.size of them
    uint32_t reads;
    uint32_t progs;
    uint32_t erases;
    uint32_t ops;     // reads, progs and erases together
    uint32_t fail_op; // the operation to fail, counted from 1; 0: none. It changes nothing
};

// An erased chip of size bytes with 4 KiB sectors, 64 KiB blocks and a write unit of 1.
void ram_flash_init(struct ram_flash *ram, uint8_t *bytes, uint32_t size);

// From now on the chip encrypts in units of 16 or 32 bytes; 1: it does not. What is in it reads as
// it did, but for erased sectors, which read as noise.
void ram_flash_encrypt(struct ram_flash *ram, uint32_t unit);

// Whole units, without counting an operation: makes them erased, sets their cells, gives them.
void ram_flash_put_erased(struct ram_flash *ram, uint32_t addr, uint32_t len);
void ram_flash_put_cells(struct ram_flash *ram, uint32_t addr, const uint8_t *cells, uint32_t len);
void ram_flash_cells(const struct ram_flash *ram, uint32_t addr, uint8_t *cells, uint32_t len);

// What a program or erase of ram->flash leaves that power cut short: it happened to the first half
// of its cells.
void ram_flash_tear_prog(struct ram_flash *ram, uint32_t addr, const void *data, uint32_t len);
void ram_flash_tear_erase(struct ram_flash *ram, uint32_t addr, uint32_t len);

// True when these cells are erased: in a chip that encrypts no byte read tells.
bool ram_flash_is_erased(const struct ram_flash *ram, uint32_t addr, uint32_t len);

#endif
