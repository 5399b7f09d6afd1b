// One row a chip; chips of one family share their lists.
#include "hostlib/base/chip_info.h"
#include "hostlib/base/number.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>

// --- flash frequencies

#define F(code, text)                                                                              \
    {                                                                                              \
        code, text                                                                                 \
    }
static const struct aloft_chip_frequency of_80[] = {F(15, "80 MHz"), F(0, "40 MHz"), F(1, "26 MHz"),
                                                    F(2, "20 MHz"), F(0, NULL)};
static const struct aloft_chip_frequency of_80_new[] = {F(15, "80 MHz"), F(0, "40 MHz"),
                                                        F(2, "20 MHz"), F(0, NULL)};
// The ROM of the C6 divides wrongly for 80 MHz, so its images say 0 for both; esptool reads it so.
static const struct aloft_chip_frequency of_c6[] = {F(0, "80 MHz"), F(0, "40 MHz"), F(2, "20 MHz"),
                                                    F(0, NULL)};
static const struct aloft_chip_frequency of_60[] = {F(15, "60 MHz"), F(0, "30 MHz"), F(1, "20 MHz"),
                                                    F(2, "15 MHz"), F(0, NULL)};
static const struct aloft_chip_frequency of_48[] = {F(15, "48 MHz"), F(0, "24 MHz"), F(1, "16 MHz"),
                                                    F(2, "12 MHz"), F(0, NULL)};
#undef F

// --- memories

static const struct aloft_chip_memory in_esp32[] = {
    {0x3F400000, 0x3F800000, "DROM"},         {0x3F800000, 0x3FC00000, "external RAM"},
    {0x3FF80000, 0x3FF82000, "RTC DRAM"},     {0x3FFAE000, 0x40000000, "DRAM"},
    {0x40070000, 0x40080000, "cache/loader"}, {0x40080000, 0x400C0000, "IRAM"},
    {0x400C0000, 0x400C2000, "RTC IRAM"},     {0x400D0000, 0x40400000, "IROM"},
    {0x50000000, 0x50002000, "RTC data"},     {0, 0, NULL}};
static const struct aloft_chip_memory in_esp32s2[] = {
    {0x3F000000, 0x3FF80000, "DROM"},     {0x3FF9E000, 0x3FFA0000, "RTC DRAM"},
    {0x3FFB0000, 0x40000000, "DRAM"},     {0x40020000, 0x40070000, "IRAM"},
    {0x40070000, 0x40072000, "RTC IRAM"}, {0x40080000, 0x40800000, "IROM"},
    {0x50000000, 0x50002000, "RTC data"}, {0, 0, NULL}};
static const struct aloft_chip_memory in_esp32s3[] = {{0x3C000000, 0x3E000000, "DROM"},
                                                      {0x3FC88000, 0x3FD00000, "DRAM"},
                                                      {0x40370000, 0x403E0000, "IRAM"},
                                                      {0x42000000, 0x44000000, "IROM"},
                                                      {0x50000000, 0x50002000, "RTC"},
                                                      {0x600FE000, 0x60100000, "RTC fast"},
                                                      {0, 0, NULL}};
static const struct aloft_chip_memory in_esp32c2[] = {{0x3C000000, 0x3C400000, "DROM"},
                                                      {0x3FCA0000, 0x3FCE0000, "DRAM"},
                                                      {0x4037C000, 0x403C0000, "IRAM"},
                                                      {0x42000000, 0x42400000, "IROM"},
                                                      {0, 0, NULL}};
static const struct aloft_chip_memory in_esp32c3[] = {
    {0x3C000000, 0x3C800000, "DROM"}, {0x3FC80000, 0x3FCE0000, "DRAM"},
    {0x4037C000, 0x403E0000, "IRAM"}, {0x42000000, 0x42800000, "IROM"},
    {0x50000000, 0x50002000, "RTC"},  {0, 0, NULL}};
static const struct aloft_chip_memory in_esp32c6[] = {{0x40800000, 0x40880000, "RAM"},
                                                      {0x42000000, 0x43000000, "ROM"},
                                                      {0x50000000, 0x50004000, "RTC"},
                                                      {0, 0, NULL}};
static const struct aloft_chip_memory in_esp32c5[] = {{0x40800000, 0x40860000, "RAM"},
                                                      {0x42000000, 0x44000000, "ROM"},
                                                      {0x50000000, 0x50004000, "RTC"},
                                                      {0, 0, NULL}};
static const struct aloft_chip_memory in_esp32h4[] = {{0x40800000, 0x40868000, "RAM"},
                                                      {0x42000000, 0x44000000, "ROM"},
                                                      {0x50000000, 0x50004000, "RTC"},
                                                      {0, 0, NULL}};
static const struct aloft_chip_memory in_esp32p4[] = {
    {0x30100000, 0x30102000, "TCM"},          {0x40000000, 0x48000000, "ROM"},
    {0x48000000, 0x4C000000, "external RAM"}, {0x4FF00000, 0x4FFC0000, "RAM"},
    {0x50108000, 0x50110000, "RTC"},          {0, 0, NULL}};
static const struct aloft_chip_memory in_esp32s31[] = {{0x2E000000, 0x2E008000, "RTC"},
                                                       {0x2F000000, 0x2F080000, "RAM"},
                                                       {0x40000000, 0x50000000, "ROM"},
                                                       {0x50000000, 0x54000000, "external RAM"},
                                                       {0, 0, NULL}};

// --- rows

const struct aloft_chip_info aloft_chip_infos[ALOFT_CHIP_ROWS] = {
    {"ESP32", "esp32", ALOFT_CHIP_ESP32, 0x1000, of_80, in_esp32, 0x00F01D83, false},
    {"ESP32-S2", "esp32s2", ALOFT_CHIP_ESP32S2, 0x1000, of_80, in_esp32s2, 0x000007C6, true},
    {"ESP32-S3", "esp32s3", ALOFT_CHIP_ESP32S3, 0x0000, of_80, in_esp32s3, 0, true},
    {"ESP32-C2", "esp32c2", ALOFT_CHIP_ESP32C2, 0x0000, of_60, in_esp32c2, 0, true},
    {"ESP32-C3", "esp32c3", ALOFT_CHIP_ESP32C3, 0x0000, of_80, in_esp32c3, 0, true},
    {"ESP32-C5", "esp32c5", ALOFT_CHIP_ESP32C5, 0x2000, of_80_new, in_esp32c5, 0, true},
    {"ESP32-C6", "esp32c6", ALOFT_CHIP_ESP32C6, 0x0000, of_c6, in_esp32c6, 0, true},
    {"ESP32-C61", "esp32c61", ALOFT_CHIP_ESP32C61, 0x0000, of_80_new, in_esp32c5, 0, true},
    {"ESP32-H2", "esp32h2", ALOFT_CHIP_ESP32H2, 0x0000, of_48, in_esp32c6, 0, true},
    {"ESP32-H21", "esp32h21", ALOFT_CHIP_ESP32H21, 0x0000, of_48, in_esp32c6, 0, true},
    {"ESP32-H4", "esp32h4", ALOFT_CHIP_ESP32H4, 0x2000, of_48, in_esp32h4, 0, true},
    {"ESP32-P4", "esp32p4", ALOFT_CHIP_ESP32P4, 0x2000, of_80, in_esp32p4, 0, true},
    {"ESP32-S31", "esp32s31", ALOFT_CHIP_ESP32S31, 0x2000, of_80_new, in_esp32s31, 0, true},
};

const struct aloft_chip_info *aloft_chip_info_find(uint32_t id)
{
    for (size_t i = 0; i < ALOFT_CHIP_ROWS; i++) {
        if (aloft_chip_infos[i].id == id) {
            return &aloft_chip_infos[i];
        }
    }
    return NULL;
}

const struct aloft_chip_info *aloft_chip_info_by_magic(uint32_t magic)
{
    // Early C3s can be told by a number here, too; later ones only by their id.
    if (magic == 0x6921506F || magic == 0x1B31506F) {
        return &aloft_chip_infos[ALOFT_CHIP_ROW_ESP32C3];
    }
    for (size_t i = 0; i < ALOFT_CHIP_ROWS; i++) {
        if (magic != 0 && aloft_chip_infos[i].magic == magic) {
            return &aloft_chip_infos[i];
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

const struct aloft_chip_info *aloft_chip_info_named(const char *text)
{
    int64_t number;
    for (size_t i = 0; i < ALOFT_CHIP_ROWS; i++) {
        if (same_chip(aloft_chip_infos[i].name, text)) {
            return &aloft_chip_infos[i];
        }
    }
    bool is_id = aloft_number_parse(text, &number) && number >= 0 && number < UINT16_MAX;
    return is_id ? aloft_chip_info_find((uint32_t)number) : NULL;
}

const char *aloft_chip_info_text(uint32_t id, char room[ALOFT_CHIP_INFO_TEXT])
{
    const struct aloft_chip_info *info = aloft_chip_info_find(id);
    if (info != NULL) {
        return info->name;
    }
    (void)snprintf(room, ALOFT_CHIP_INFO_TEXT, "unknown chip %u", (unsigned)id);
    return room;
}

const char *aloft_chip_info_frequency(uint16_t id, uint8_t speed_size)
{
    const struct aloft_chip_info *info = aloft_chip_info_find(id);
    const struct aloft_chip_frequency *of = info != NULL ? info->frequencies : NULL;
    for (; of != NULL && of->text != NULL; of++) {
        if (of->code == (speed_size & 0x0Fu)) {
            return of->text;
        }
    }
    return "?";
}

const char *aloft_chip_info_memory(uint16_t id, uint32_t addr)
{
    const struct aloft_chip_info *info = aloft_chip_info_find(id);
    const struct aloft_chip_memory *in = info != NULL ? info->memories : NULL;
    if (addr == ALOFT_NATIVE_ADDR) {
        return "native";
    }
    if (addr < ALOFT_CHIP_PADDING_END) {
        return "padding";
    }
    for (; in != NULL && in->name != NULL; in++) {
        if (addr >= in->low && addr < in->high) {
            return in->name;
        }
    }
    return "";
}
