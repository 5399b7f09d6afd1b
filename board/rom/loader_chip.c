// Fixed registers are rows of a table. The SPI controller is memory with one magic cell: a command
// written there is carried out by the flash chip behind it.
#include "board/rom/loader_chip.h"
#include "aloft/efuse.h"
#include "hostlib/flasher/flasher_trust.h"
#include <stddef.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define SPI_BASE    0x3FF42000u
#define UART_CLKDIV 0x3FF40014u
#define CLOCK_HZ    40000000u // a crystal of 40 MHz is what the divider is read as
#define SPI_USR     (1u << 18)
#define EFUSE_W0    0x3FF5A000u
#define EFUSE_W5    0x3FF5A014u
#define EFUSE_W6    0x3FF5A018u
#define CRYPT_CNT   20           // in W0, seven bits
#define HIDDEN_KEY  (1u << 16)   // in W0: nobody reads the flash encryption key
#define CRYPT_CONF  (0xFu << 28) // in W5: FLASH_CRYPT_CONFIG, all of the address is in the key
#define ABS_DONE_1  (1u << 5)    // Secure Boot V2 is on
#define EFUSE_B3_W4 0x3FF5A088u  // security version

enum { SPI_CMD = 0x00, SPI_ADDR = 0x04, SPI_USR2 = 0x24, SPI_MOSI_DLEN = 0x28, SPI_W0 = 0x80 };

// Winbond W25Qxx: what 9F answers, before the capacity.
enum { MAKER = 0xEF, TYPE = 0x40, SFDP = 0x50444653 };

static const struct {
    uint32_t addr;
    uint32_t value;
} fixed[] = {
    {0x40001000, 0x00F01D83}, // what tells an ESP32 from its relatives
    {0x3FF5A004, 0x0F000001}, // MAC 02:a1:0f:00:00:01, locally administered
    {0x3FF5A008, 0x000002A1}, //
    {0x3FF5A00C, 0x0000A200}, // package D0WD, 240 MHz, revision bit 0
    {0x3FF5A014, 0x03100000}, // revision bit 1, wafer version minor 3
    {0x3FF6607C, 0x80000000}, // revision bit 2: major revision 3
};

static const uint32_t ram[][2] = {
    {0x3FF80000, 0x3FF82000}, // RTC fast, data side
    {0x3FFAE000, 0x40000000}, // SRAM, data side
    {0x40070000, 0x400C2000}, // SRAM, instruction side, and RTC fast
    {0x50000000, 0x50002000}, // RTC slow
};

void aloft_loader_chip_init(struct aloft_loader_chip *chip, uint32_t flash_size)
{
    memset(chip, 0, sizeof *chip);
    chip->flash_size = flash_size;
    chip->baud = ALOFT_LOADER_BAUD;
}

static bool is_spi(uint32_t addr)
{
    return addr >= SPI_BASE && addr < SPI_BASE + 4 * ALOFT_LOADER_SPI_WORDS && addr % 4 == 0;
}

uint32_t aloft_loader_chip_read(const struct aloft_loader_chip *chip, uint32_t addr)
{
    if (is_spi(addr)) {
        return chip->spi[(addr - SPI_BASE) / 4];
    }
    if (addr == UART_CLKDIV) {
        return CLOCK_HZ / chip->baud;
    }
    if (addr == EFUSE_W6) {
        return chip->secure_boot ? ABS_DONE_1 : 0;
    }
    uint32_t word = (addr - ALOFT_FLASHER_BOARD_EFUSE) / 4;
    if (chip->efuse != NULL && addr % 4 == 0 && word < ALOFT_EFUSE_WORDS) {
        return chip->efuse->word[word];
    }
    if (addr == EFUSE_B3_W4) {
        return (1u << chip->secure_version) - 1;
    }
    if (addr == EFUSE_W0 && chip->crypt_count != 0) {
        return (uint32_t)chip->crypt_count << CRYPT_CNT | HIDDEN_KEY;
    }
    uint32_t value = addr == EFUSE_W5 && chip->crypt_count != 0 ? CRYPT_CONF : 0;
    for (size_t i = 0; i < COUNT(fixed); i++) {
        value |= fixed[i].addr == addr ? fixed[i].value : 0;
    }
    return value;
}

// The base-2 logarithm: 16 for 4 MB is 0x16, as it happens.
static uint32_t capacity(uint32_t size)
{
    uint32_t code = 0;
    while (size > 1) {
        size >>= 1;
        code++;
    }
    return code;
}

// Which bits of `status` an opcode reads or writes: 05 35 15 and 01 31 11.
static int status_shift(uint32_t opcode)
{
    static const struct {
        uint8_t opcode, shift;
    } rows[] = {{0x05, 0}, {0x35, 8}, {0x15, 16}, {0x01, 0}, {0x31, 8}, {0x11, 16}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (rows[i].opcode == opcode) {
            return rows[i].shift;
        }
    }
    return -1;
}

// Writes as many bytes as the command carries, one register after the other.
static void write_status(struct aloft_loader_chip *chip, uint32_t opcode)
{
    uint32_t bits = chip->spi[SPI_MOSI_DLEN / 4] + 1;
    uint32_t mask = (bits >= 24 ? 0xFFFFFFu : bits >= 16 ? 0xFFFFu : 0xFFu);
    int shift = status_shift(opcode);
    if (chip->write_enabled) {
        chip->status &= ~(mask << shift);
        chip->status |= (chip->spi[SPI_W0 / 4] & mask) << shift;
        chip->status &= 0xFFFFFCu; // busy and write enable are no storage
    }
    chip->write_enabled = false;
}

static void carry_out(struct aloft_loader_chip *chip)
{
    uint32_t opcode = chip->spi[SPI_USR2 / 4] & 0xFF;
    uint32_t *result = &chip->spi[SPI_W0 / 4];
    switch (opcode) {
    case 0x9F:
        *result = MAKER | TYPE << 8 | capacity(chip->flash_size) << 16;
        break;
    case 0xAB:
        *result = capacity(chip->flash_size) - 1;
        break;
    case 0x5A:
        *result = chip->spi[SPI_ADDR / 4] == 0 ? SFDP : 0;
        break;
    case 0x05:
        *result = (chip->status & 0xFF) | (chip->write_enabled ? 2 : 0);
        break;
    case 0x35:
    case 0x15:
        *result = chip->status >> status_shift(opcode) & 0xFF;
        break;
    case 0x06:
    case 0x50: // write enable, of volatile status bits
        chip->write_enabled = true;
        break;
    case 0x04:
        chip->write_enabled = false;
        break;
    case 0x01:
    case 0x31:
    case 0x11:
        write_status(chip, opcode);
        break;
    default: // reset, sleep and wake-up answer nothing
        *result = 0;
        break;
    }
}

void aloft_loader_chip_write(struct aloft_loader_chip *chip, uint32_t addr, uint32_t value,
                             uint32_t mask)
{
    if (!is_spi(addr)) {
        return; // nothing else that is written changes what a flasher sees
    }
    uint32_t *cell = &chip->spi[(addr - SPI_BASE) / 4];
    *cell = (*cell & ~mask) | (value & mask);
    if (addr == SPI_BASE + SPI_CMD && (*cell & SPI_USR) != 0) {
        carry_out(chip);
    }
    if (addr == SPI_BASE + SPI_CMD) {
        *cell = 0; // done
    }
}

bool aloft_loader_chip_is_ram(uint32_t addr, uint32_t len)
{
    for (size_t i = 0; i < COUNT(ram); i++) {
        if (addr >= ram[i][0] && addr < ram[i][1] && len <= ram[i][1] - addr) {
            return true;
        }
    }
    return false;
}
