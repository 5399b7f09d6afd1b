// A good table has rows and, usually, an MD5, so code in its place is not taken for one.
#include "hostlib/table/table_find.h"
#include "aloft/base/bytes.h"
#include "aloft/slots.h"
#include "hostlib/crypto/mbed_crypto.h"
#include <string.h>

enum { IMAGE_MAGIC = 0xE9, CHIP_OFF = 12 };

uint32_t aloft_table_find(const struct aloft_flash *flash, uint32_t asked)
{
    struct aloft_slots slots;
    if (asked != 0) {
        return asked;
    }
    for (uint32_t addr = ALOFT_PTABLE_ADDR_DEFAULT; addr <= ALOFT_TABLE_FIND_LAST;
         addr += ALOFT_PTABLE_SECTOR) {
        if (aloft_slots_load(&slots, flash, &aloft_mbed_crypto, addr) == ALOFT_OK) {
            return addr;
        }
    }
    return ALOFT_PTABLE_ADDR_DEFAULT;
}

static bool has_table(const struct aloft_flash *flash, uint32_t asked)
{
    struct aloft_slots slots;
    return aloft_slots_load(&slots, flash, &aloft_mbed_crypto, aloft_table_find(flash, asked)) ==
           ALOFT_OK;
}

// Its table is good, but for a partition that reaches beyond its end.
static bool is_cut_off(const struct aloft_flash *flash, uint32_t asked)
{
    struct aloft_flash larger = *flash;
    larger.geometry.size = ALOFT_FLASH_FILE_MAX;
    return !has_table(flash, asked) && has_table(&larger, asked);
}

uint32_t aloft_table_find_file(struct aloft_flash_file *file, uint32_t asked)
{
    if (file->dump && is_cut_off(&file->flash, asked)) {
        file->flash.geometry.size = ALOFT_FLASH_FILE_MAX;
        file->cells.geometry.size = ALOFT_FLASH_FILE_MAX;
        file->crypt.flash.geometry.size = ALOFT_FLASH_FILE_MAX;
    }
    return aloft_table_find(&file->flash, asked);
}

static enum aloft_err read_bytes(void *ctx, uint32_t addr, void *buf, uint32_t len)
{
    const struct aloft_table_bytes *bytes = ctx;
    uint32_t there = addr < bytes->len ? bytes->len - addr : 0;
    there = there < len ? there : len;
    memset((uint8_t *)buf + there, 0xFF, len - there);
    if (there > 0) {
        memcpy(buf, bytes->data + addr, there);
    }
    return ALOFT_OK;
}

struct aloft_flash aloft_table_flash_of(const struct aloft_table_bytes *bytes)
{
    static const struct aloft_flash_ops ops = {.read = read_bytes};
    uint32_t size =
        aloft_flash_file_is_size(bytes->len) ? bytes->len : (uint32_t)ALOFT_FLASH_FILE_MAX;
    struct aloft_flash flash = {
        .ops = &ops,
        .ctx = (void *)(uintptr_t)bytes, // only read
        .geometry = {size, ALOFT_FLASH_FILE_SECTOR, ALOFT_FLASH_FILE_SECTOR, 1}};
    if (is_cut_off(&flash, 0)) {
        flash.geometry.size = ALOFT_FLASH_FILE_MAX;
    }
    return flash;
}

uint32_t aloft_table_find_in(const uint8_t *data, size_t len, uint32_t asked)
{
    const struct aloft_table_bytes bytes = {data, (uint32_t)len};
    const struct aloft_flash flash = aloft_table_flash_of(&bytes);
    return aloft_table_find(&flash, asked);
}

// A table is rows and FF, code has its zeros; of 3,072 random bytes no value comes 64 times.
static bool is_noise(const uint8_t table[ALOFT_PTABLE_LEN])
{
    enum { COMMON = 64 };
    uint32_t counts[256] = {0};
    for (uint32_t i = 0; i < ALOFT_PTABLE_LEN; i++) {
        if (++counts[table[i]] == COMMON) {
            return false;
        }
    }
    return true;
}

const char *aloft_table_find_note(const struct aloft_flash *flash, uint32_t addr)
{
    uint8_t table[ALOFT_PTABLE_LEN];
    const struct aloft_flash_view view = {flash, addr, sizeof table};
    if (aloft_flash_read(&view, 0, table, sizeof table) != ALOFT_OK || !is_noise(table)) {
        return "";
    }
    return "; this looks like encrypted flash: read it with its key (`aloft read-flash "
           "--flash-key`), or put the eFuse file of its board beside it";
}

const struct aloft_chip_info *aloft_table_find_chip(const struct aloft_flash *flash)
{
    static const uint32_t places[] = {0x1000, 0x0, 0x2000};
    uint8_t head[CHIP_OFF + 2];
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        const struct aloft_flash_view view = {flash, places[i], sizeof head};
        const struct aloft_chip_info *info = NULL;
        if (aloft_flash_read(&view, 0, head, sizeof head) == ALOFT_OK && head[0] == IMAGE_MAGIC) {
            info = aloft_chip_info_find(aloft_get_le16(head + CHIP_OFF));
        }
        if (info != NULL && info->bootloader_addr == places[i]) {
            return info;
        }
    }
    return NULL;
}
