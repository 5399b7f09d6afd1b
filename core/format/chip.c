// The chips. Ranges of RAM are rounded out to 64 KiB: they are to catch a wrong address, not to
// check how much memory is used.
#include "aloft/chip.h"
#include <stddef.h>

#define SHIFT 16

// The last range of the ESP32 is the virtual board's, which is an ESP32 to the outside.
const struct aloft_chip aloft_chip_esp32 = {
    ALOFT_CHIP_ESP32,
    16,
    16,
    {{0x3F40, 0x3F80}, {0x400D, 0x4040}},
    {{0x3FF8, 0x4000}, {0x4007, 0x400D}, {0x5000, 0x5001}, {0xA10F, 0xA20F}}};
const struct aloft_chip aloft_chip_esp32s2 = {
    ALOFT_CHIP_ESP32S2,
    16,
    16,
    {{0x3F00, 0x3FF8}, {0x4008, 0x4080}},
    {{0x3FF9, 0x4000}, {0x4002, 0x4008}, {0x5000, 0x5001}}};
const struct aloft_chip aloft_chip_esp32c3 = {
    ALOFT_CHIP_ESP32C3,
    16,
    16,
    {{0x3C00, 0x3C80}, {0x4200, 0x4280}},
    {{0x3FC8, 0x3FCE}, {0x4037, 0x403E}, {0x5000, 0x5001}, {0x600F, 0x6010}}};
const struct aloft_chip aloft_chip_esp32s3 = {
    ALOFT_CHIP_ESP32S3,
    16,
    16,
    {{0x3C00, 0x3E00}, {0x4200, 0x4400}},
    {{0x3FC8, 0x3FD0}, {0x4037, 0x403F}, {0x5000, 0x5001}, {0x600F, 0x6010}}};
const struct aloft_chip aloft_chip_esp32c2 = {ALOFT_CHIP_ESP32C2,
                                              14,
                                              16,
                                              {{0x3C00, 0x3C40}, {0x4200, 0x4240}},
                                              {{0x3FCA, 0x3FCE}, {0x4037, 0x403C}}};

// Data and instructions share one range, and RAM lies below it.
#define NEW_CHIP(id, map_end)                                                                      \
    {                                                                                              \
        id, 13, 16, {{0x4200, map_end}},                                                           \
        {                                                                                          \
            {0x4080, 0x4088}, {0x5000, 0x5001},                                                    \
            {                                                                                      \
                0x600F, 0x6010                                                                     \
            }                                                                                      \
        }                                                                                          \
    }
const struct aloft_chip aloft_chip_esp32c6 = NEW_CHIP(ALOFT_CHIP_ESP32C6, 0x4300);
const struct aloft_chip aloft_chip_esp32h2 = NEW_CHIP(ALOFT_CHIP_ESP32H2, 0x4300);
const struct aloft_chip aloft_chip_esp32h21 = NEW_CHIP(ALOFT_CHIP_ESP32H21, 0x4300);
const struct aloft_chip aloft_chip_esp32c61 = NEW_CHIP(ALOFT_CHIP_ESP32C61, 0x4400);
const struct aloft_chip aloft_chip_esp32c5 = NEW_CHIP(ALOFT_CHIP_ESP32C5, 0x4400);
const struct aloft_chip aloft_chip_esp32h4 = NEW_CHIP(ALOFT_CHIP_ESP32H4, 0x4400);

const struct aloft_chip aloft_chip_esp32p4 = {
    ALOFT_CHIP_ESP32P4,
    16,
    16,
    {{0x4000, 0x4C00}},
    {{0x4FF0, 0x4FFC}, {0x5010, 0x5011}, {0x3010, 0x3011}}};
const struct aloft_chip aloft_chip_esp32s31 = {
    ALOFT_CHIP_ESP32S31, 15, 18, {{0x4000, 0x5400}}, {{0x2F00, 0x2F08}, {0x2E00, 0x2E01}}};

const struct aloft_chip *aloft_chip_find(uint16_t id)
{
    static const struct aloft_chip *const chips[] = {
        &aloft_chip_esp32,    &aloft_chip_esp32s2, &aloft_chip_esp32c3,  &aloft_chip_esp32s3,
        &aloft_chip_esp32c2,  &aloft_chip_esp32c6, &aloft_chip_esp32h2,  &aloft_chip_esp32p4,
        &aloft_chip_esp32c61, &aloft_chip_esp32c5, &aloft_chip_esp32h21, &aloft_chip_esp32h4,
        &aloft_chip_esp32s31};
    for (size_t i = 0; i < sizeof chips / sizeof chips[0]; i++) {
        if (chips[i]->id == id) {
            return chips[i];
        }
    }
    return NULL;
}

static bool within(const uint16_t (*range)[2], uint32_t count, uint32_t addr, uint32_t len)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t off = addr - ((uint32_t)range[i][0] << SHIFT); // huge below the range
        uint32_t size = (uint32_t)(range[i][1] - range[i][0]) << SHIFT;
        if (off <= size && len <= size - off) {
            return true;
        }
    }
    return false;
}

bool aloft_chip_maps(const struct aloft_chip *chip, uint32_t addr)
{
    return within(chip->map, 2, addr, 1);
}

bool aloft_chip_loads(const struct aloft_chip *chip, uint32_t addr, uint32_t len)
{
    return within(chip->load, 4, addr, len);
}
