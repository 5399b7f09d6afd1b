// The chip table. A chip that is missing here is still parsed; only its mapping goes unchecked.
#include "aloft/chip.h"
#include <stddef.h>

static const struct aloft_chip chips[] = {
    {ALOFT_CHIP_ESP32, 0x1000, {{0x3F400000, 0x3F800000}, {0x400D0000, 0x40400000}}},
    {ALOFT_CHIP_ESP32S2, 0x1000, {{0x3F000000, 0x3FF80000}, {0x40080000, 0x40800000}}},
    {ALOFT_CHIP_ESP32C3, 0x0000, {{0x3C000000, 0x3C800000}, {0x42000000, 0x42800000}}},
    {ALOFT_CHIP_ESP32S3, 0x0000, {{0x3C000000, 0x3E000000}, {0x42000000, 0x44000000}}},
};

const struct aloft_chip *aloft_chip_find(uint16_t id)
{
    for (size_t i = 0; i < sizeof chips / sizeof chips[0]; i++) {
        if (chips[i].id == id) {
            return &chips[i];
        }
    }
    return NULL;
}

bool aloft_chip_maps(const struct aloft_chip *chip, uint32_t addr)
{
    for (int i = 0; i < 2; i++) {
        if (addr >= chip->map[i][0] && addr < chip->map[i][1]) {
            return true;
        }
    }
    return false;
}
