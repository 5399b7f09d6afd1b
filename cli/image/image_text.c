// Tables of names. Sources: ESP-IDF components/bootloader_support/include/esp_app_format.h and
// components/soc/*/include/soc/soc.h.
#include "cli/image/image_text.h"
#include "aloft/chip.h"
#include "hostlib/base/number.h"
#include <ctype.h>
#include <stddef.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct chip_name {
    uint16_t id;
    const char *name;
};

static const struct chip_name chips[] = {
    {0, "ESP32"},      {2, "ESP32-S2"},  {5, "ESP32-C3"},   {9, "ESP32-S3"},   {12, "ESP32-C2"},
    {13, "ESP32-C6"},  {16, "ESP32-H2"}, {18, "ESP32-P4"},  {20, "ESP32-C61"}, {23, "ESP32-C5"},
    {25, "ESP32-H21"}, {28, "ESP32-H4"}, {32, "ESP32-S31"},
};

struct memory {
    uint16_t chip_id;
    uint32_t low;
    uint32_t high;
    const char *name;
};

static const struct memory memories[] = {
    {0, 0x3F400000, 0x3F800000, "DROM"},         {0, 0x3F800000, 0x3FC00000, "external RAM"},
    {0, 0x3FF80000, 0x3FF82000, "RTC DRAM"},     {0, 0x3FFAE000, 0x40000000, "DRAM"},
    {0, 0x40070000, 0x40080000, "cache/loader"}, {0, 0x40080000, 0x400AA000, "IRAM"},
    {0, 0x400C0000, 0x400C2000, "RTC IRAM"},     {0, 0x400D0000, 0x40400000, "IROM"},
    {0, 0x50000000, 0x50002000, "RTC data"},     {2, 0x3F000000, 0x3FF80000, "DROM"},
    {2, 0x40080000, 0x40800000, "IROM"},         {5, 0x3C000000, 0x3C800000, "DROM"},
    {5, 0x3FC80000, 0x3FCE0000, "DRAM"},         {5, 0x4037C000, 0x403E0000, "IRAM"},
    {5, 0x42000000, 0x42800000, "IROM"},         {5, 0x50000000, 0x50002000, "RTC"},
    {9, 0x3C000000, 0x3E000000, "DROM"},         {9, 0x3FC88000, 0x3FD00000, "DRAM"},
    {9, 0x40370000, 0x403E0000, "IRAM"},         {9, 0x42000000, 0x44000000, "IROM"},
    {9, 0x50000000, 0x50002000, "RTC"},          {13, 0x40800000, 0x40880000, "RAM"},
    {13, 0x42000000, 0x43000000, "ROM"},         {13, 0x50000000, 0x50004000, "RTC"},
};

const char *aloft_image_text_chip(uint16_t id)
{
    for (size_t i = 0; i < COUNT(chips); i++) {
        if (chips[i].id == id) {
            return chips[i].name;
        }
    }
    return NULL;
}

// "esp32-c3", "ESP32C3" and "Esp32-C3" are one name.
static bool same_chip(const char *a, const char *b)
{
    for (;; a++, b++) {
        while (*a == '-') {
            a++;
        }
        while (*b == '-') {
            b++;
        }
        if (tolower((unsigned char)*a) != tolower((unsigned char)*b)) {
            return false;
        }
        if (*a == '\0') {
            return true;
        }
    }
}

bool aloft_image_text_chip_id(const char *name, uint16_t *id)
{
    int64_t number;
    for (size_t i = 0; i < COUNT(chips); i++) {
        if (same_chip(chips[i].name, name)) {
            *id = chips[i].id;
            return true;
        }
    }
    if (!aloft_number_parse(name, &number) || number < 0 || number >= UINT16_MAX) {
        return false;
    }
    *id = (uint16_t)number;
    return true;
}

const char *aloft_image_text_spi_mode(uint8_t mode)
{
    static const char *const names[] = {"QIO", "QOUT", "DIO", "DOUT", "FAST_READ", "SLOW_READ"};
    return mode < COUNT(names) ? names[mode] : "?";
}

const char *aloft_image_text_spi_speed(uint16_t chip_id, uint8_t speed_size)
{
    static const char *const names[] = {"40 MHz", "26 MHz", "20 MHz"};
    unsigned speed = speed_size & 0x0Fu;
    bool known = chip_id == ALOFT_CHIP_ESP32 || chip_id == ALOFT_CHIP_ESP32S2 ||
                 chip_id == ALOFT_CHIP_ESP32C3 || chip_id == ALOFT_CHIP_ESP32S3;
    if (!known) {
        return "?";
    }
    return speed == 0x0F ? "80 MHz" : speed < COUNT(names) ? names[speed] : "?";
}

const char *aloft_image_text_flash_size(uint8_t speed_size)
{
    static const char *const names[] = {"1 MB",  "2 MB",  "4 MB",  "8 MB",
                                        "16 MB", "32 MB", "64 MB", "128 MB"};
    unsigned size = speed_size >> 4;
    return size < COUNT(names) ? names[size] : "?";
}

const char *aloft_image_text_memory(uint16_t chip_id, uint32_t addr)
{
    if (addr == ALOFT_NATIVE_ADDR) {
        return "native";
    }
    if (addr < 0x10000) {
        return "padding";
    }
    for (size_t i = 0; i < COUNT(memories); i++) {
        if (memories[i].chip_id == chip_id && addr >= memories[i].low && addr < memories[i].high) {
            return memories[i].name;
        }
    }
    return "";
}
