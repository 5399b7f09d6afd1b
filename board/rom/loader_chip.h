// The registers that a flasher looks at to learn which chip it talks to and which flash it has: an
// ESP32 v3.3 with two cores, and the SPI controller through which raw flash commands go.
// Source: esptool/targets/esp32.py; ESP-IDF
// components/soc/esp32/include/soc/{efuse,spi,uart}_reg.h.
#ifndef ALOFT_LOADER_CHIP_H
#define ALOFT_LOADER_CHIP_H

#include <stdbool.h>
#include <stdint.h>

#define ALOFT_LOADER_SPI_WORDS 0x30u // registers of the SPI controller, from its base on

struct aloft_efuse_words; // aloft/efuse.h

struct aloft_loader_chip {
    uint32_t flash_size; // bytes
    bool secure_boot;    // its eFuse is burned: flashers leave the bootloader alone unless forced
    uint8_t crypt_count; // FLASH_CRYPT_CNT, seven bits; odd in number: flash is encrypted
    uint32_t secure_version;               // a bit is burned for each
    const struct aloft_efuse_words *efuse; // for hosts that know a virtual board; NULL: none
    uint32_t baud;                         // the UART's divider tells it
    uint32_t status;                       // the flash chip's status registers 1, 2 and 3
    bool write_enabled;                    // the flash chip takes a status write
    uint32_t spi[ALOFT_LOADER_SPI_WORDS];
};

#define ALOFT_LOADER_BAUD 115200u // after a reset

void aloft_loader_chip_init(struct aloft_loader_chip *chip, uint32_t flash_size);

// Any address can be read; where there is nothing, 0 is.
uint32_t aloft_loader_chip_read(const struct aloft_loader_chip *chip, uint32_t addr);

// Only bits in mask change. Starting an SPI command answers it at once.
void aloft_loader_chip_write(struct aloft_loader_chip *chip, uint32_t addr, uint32_t value,
                             uint32_t mask);

// True for RAM that a program can be loaded to.
bool aloft_loader_chip_is_ram(uint32_t addr, uint32_t len);

#endif
