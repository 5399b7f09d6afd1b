// A good table has rows and, usually, an MD5, so code in its place is not taken for one.
#include "hostlib/table_find.h"
#include "aloft/slots.h"
#include "hostlib/mbed_crypto.h"

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
