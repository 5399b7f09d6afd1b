// The chips that this flasher can flash: how each is recognised, where its SPI peripheral and its
// fuses are, and what the fuses say. Names and the rest are in chip_info.h. Data, and pure
// functions over register values; nothing here talks. Source: Espressif's technical reference
// manuals; esptool esptool/targets/esp32.py, esp32s3.py, esp32c3.py.
#ifndef ALOFT_HOSTLIB_FLASHER_CHIP_H
#define ALOFT_HOSTLIB_FLASHER_CHIP_H

#include "hostlib/base/chip_info.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ALOFT_FLASHER_MAGIC_REG 0x40001000u // has another value in the ROM of each old chip
#define ALOFT_FLASHER_REGS_MAX  10u

// The fuses and what else a chip says of itself.
struct aloft_flasher_facts {
    uint8_t mac[6];
    uint16_t revision;       // major * 100 + minor, as image headers have it
    uint32_t crystal_mhz;    // 0: not known
    const char *features;    // for people
    bool secure_boot;        // the chip runs signed bootloaders only
    bool flash_encryption;   // what is written in plain text will not run
    uint32_t secure_version; // no app below it runs where anti-rollback is on
};

// Registers of the SPI peripheral that the flash is at, from its base.
struct aloft_flasher_spi {
    uint32_t base; // the command register
    uint32_t usr;
    uint32_t usr2;
    uint32_t miso_len;
    uint32_t w0;
};

// Watchdogs that run on when the chip was reset over its own USB, and would bite while flashing.
// protect 0: none.
struct aloft_flasher_watchdog {
    uint32_t protect;
    uint32_t config;
    uint32_t super_protect;
    uint32_t super_config;
};

struct aloft_flasher_chip {
    const struct aloft_chip_info *info;
    uint32_t download_reg;    // whose bit 0 keeps the chip in its loader after a reset; 0: none
    uint32_t calibration_reg; // from which the ROM derives the crystal for its baud; 0: it does not
    struct aloft_flasher_spi spi;
    struct aloft_flasher_watchdog watchdog;
    uint32_t regs[ALOFT_FLASHER_REGS_MAX]; // that `explain` wants to see, in this order
    size_t reg_count;
    void (*explain)(const uint32_t *values, struct aloft_flasher_facts *facts);
};

extern const struct aloft_flasher_chip aloft_flasher_chips[];
extern const size_t aloft_flasher_chip_count;

// NULL when there is none.
const struct aloft_flasher_chip *aloft_flasher_chip_by_id(uint32_t id);
const struct aloft_flasher_chip *aloft_flasher_chip_by_word(const char *word);

#endif
