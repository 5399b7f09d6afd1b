// One row a chip. The register lists and the functions that read them belong together: values[i] is
// regs[i].
#include "hostlib/flasher/flasher_chip.h"
#include <string.h>

static uint32_t bits(uint32_t word, unsigned low, unsigned count)
{
    return (word >> low) & ((1u << count) - 1);
}

// The MAC is stored with its last byte lowest, in two words.
static void read_mac(uint32_t low, uint32_t high, uint8_t mac[6])
{
    mac[0] = (uint8_t)(high >> 8);
    mac[1] = (uint8_t)high;
    mac[2] = (uint8_t)(low >> 24);
    mac[3] = (uint8_t)(low >> 16);
    mac[4] = (uint8_t)(low >> 8);
    mac[5] = (uint8_t)low;
}

// A count in fuses only grows; an odd number of burnt bits means on.
static bool odd(uint32_t word)
{
    return __builtin_parity(word) != 0;
}

// --- ESP32

enum { E32_W0, E32_W1, E32_W2, E32_W3, E32_W5, E32_W6, E32_DATE, E32_UART, E32_B3_4 };

static uint16_t esp32_revision(const uint32_t *values)
{
    // Three bits in three places, of which each revision burnt one more.
    static const uint8_t majors[8] = {[1] = 1, [3] = 2, [7] = 3};
    uint32_t code = bits(values[E32_W3], 15, 1) | bits(values[E32_W5], 20, 1) << 1 |
                    bits(values[E32_DATE], 31, 1) << 2;
    return (uint16_t)(majors[code] * 100 + bits(values[E32_W5], 24, 2));
}

static void esp32_explain(const uint32_t *values, struct aloft_flasher_facts *facts)
{
    // The ROM measured the crystal against the first SYNC at 115,200 baud.
    uint32_t divider = bits(values[E32_UART], 0, 20);
    bool single = bits(values[E32_W3], 0, 1) != 0;
    read_mac(values[E32_W1], values[E32_W2], facts->mac);
    facts->revision = esp32_revision(values);
    facts->crystal_mhz = divider == 0 ? 0 : divider * 115200u > 33000000u ? 40 : 26;
    facts->features = single ? "Wi-Fi, Bluetooth, one core" : "Wi-Fi, Bluetooth, two cores";
    facts->flash_encryption = odd(bits(values[E32_W0], 20, 7));
    facts->secure_boot = bits(values[E32_W6], 4, 1) != 0 ||
                         (facts->revision >= 300 && bits(values[E32_W6], 5, 1) != 0);
    facts->secure_version = (uint32_t)__builtin_popcount(values[E32_B3_4]);
}

// --- ESP32-C3 and ESP32-S3

enum { NEW_MAC0, NEW_MAC1, NEW_B1_3, NEW_B1_5, NEW_CRYPT, NEW_SECURE, NEW_VERSION, NEW_B2_4 };

static void explain_new(const uint32_t *values, struct aloft_flasher_facts *facts)
{
    uint32_t minor = bits(values[NEW_B1_5], 23, 1) << 3 | bits(values[NEW_B1_3], 18, 3);
    uint32_t major = bits(values[NEW_B1_5], 24, 2);
    read_mac(values[NEW_MAC0], values[NEW_MAC1], facts->mac);
    facts->revision = (uint16_t)(major * 100 + minor);
    facts->crystal_mhz = 40;
    facts->flash_encryption = odd(bits(values[NEW_CRYPT], 18, 3));
    facts->secure_boot = bits(values[NEW_SECURE], 20, 1) != 0;
    facts->secure_version = (uint32_t)__builtin_popcount(bits(values[NEW_VERSION], 14, 16));
}

static void esp32c3_explain(const uint32_t *values, struct aloft_flasher_facts *facts)
{
    explain_new(values, facts);
    facts->features = "Wi-Fi, Bluetooth LE, one core";
}

static void esp32s3_explain(const uint32_t *values, struct aloft_flasher_facts *facts)
{
    explain_new(values, facts);
    facts->features = "Wi-Fi, Bluetooth LE, two cores";
    // The first chips, 0.0, have another value in the place of the major number.
    if (bits(values[NEW_B1_3], 18, 3) == 0 && bits(values[NEW_B2_4], 0, 2) == 1 &&
        bits(values[NEW_B1_3], 24, 3) == 1) {
        facts->revision = 0;
    }
}

const struct aloft_flasher_chip aloft_flasher_chips[] = {
    {
        .info = &aloft_chip_infos[ALOFT_CHIP_ROW_ESP32],
        .calibration_reg = 0x3FF5F06C,
        .spi = {.base = 0x3FF42000, .usr = 0x1C, .usr2 = 0x24, .miso_len = 0x2C, .w0 = 0x80},
        .regs = {0x3FF5A000, 0x3FF5A004, 0x3FF5A008, 0x3FF5A00C, 0x3FF5A014, 0x3FF5A018, 0x3FF6607C,
                 0x3FF40014, 0x3FF5A088},
        .reg_count = 9,
        .explain = esp32_explain,
    },
    {
        .info = &aloft_chip_infos[ALOFT_CHIP_ROW_ESP32S3],
        .download_reg = 0x6000812C,
        .spi = {.base = 0x60002000, .usr = 0x18, .usr2 = 0x20, .miso_len = 0x28, .w0 = 0x58},
        .watchdog = {0x600080B0, 0x60008098, 0x600080B8, 0x600080B4},
        .regs = {0x60007044, 0x60007048, 0x60007050, 0x60007058, 0x60007034, 0x60007038, 0x6000703C,
                 0x6000706C},
        .reg_count = 8,
        .explain = esp32s3_explain,
    },
    {
        .info = &aloft_chip_infos[ALOFT_CHIP_ROW_ESP32C3],
        .spi = {.base = 0x60002000, .usr = 0x18, .usr2 = 0x20, .miso_len = 0x28, .w0 = 0x58},
        .watchdog = {0x600080A8, 0x60008090, 0x600080B0, 0x600080AC},
        .regs = {0x60008844, 0x60008848, 0x60008850, 0x60008858, 0x60008834, 0x60008838,
                 0x6000883C},
        .reg_count = 7,
        .explain = esp32c3_explain,
    },
};

const size_t aloft_flasher_chip_count = sizeof aloft_flasher_chips / sizeof aloft_flasher_chips[0];

const struct aloft_flasher_chip *aloft_flasher_chip_by_id(uint32_t id)
{
    for (size_t i = 0; i < aloft_flasher_chip_count; i++) {
        if (aloft_flasher_chips[i].info->id == id) {
            return &aloft_flasher_chips[i];
        }
    }
    return NULL;
}

const struct aloft_flasher_chip *aloft_flasher_chip_by_word(const char *word)
{
    for (size_t i = 0; i < aloft_flasher_chip_count; i++) {
        if (strcmp(aloft_flasher_chips[i].info->word, word) == 0) {
            return &aloft_flasher_chips[i];
        }
    }
    return NULL;
}
