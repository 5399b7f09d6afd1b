// A good table has rows and, usually, an MD5, so code in its place is not taken for one.
#include "hostlib/table/table_find.h"
#include "aloft/slots.h"
#include "hostlib/crypto/mbed_crypto.h"
#include "hostlib/flash/flash_file.h"
#include <string.h>

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

static enum aloft_err read_bytes(void *ctx, uint32_t addr, void *buf, uint32_t len)
{
    const uint8_t *bytes = ctx;
    memcpy(buf, bytes + addr, len); // the range was checked against the geometry
    return ALOFT_OK;
}

uint32_t aloft_table_find_in(const uint8_t *bytes, size_t len, uint32_t asked)
{
    static const struct aloft_flash_ops ops = {.read = read_bytes};
    const struct aloft_flash flash = {
        .ops = &ops,
        .ctx = (void *)(uintptr_t)bytes, // only read
        .geometry = {(uint32_t)len, ALOFT_FLASH_FILE_SECTOR, ALOFT_FLASH_FILE_SECTOR, 1}};
    bool flash_like = aloft_flash_file_is_size(len);
    return aloft_table_find(&flash, asked == 0 && !flash_like ? ALOFT_PTABLE_ADDR_DEFAULT : asked);
}
