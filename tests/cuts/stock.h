// The stock scheme, in its smallest form: ESP-IDF's two records, erased and rewritten in place,
// with rollback on. For comparison only: what it loses when power is cut, ours must not. After
// components/app_update/esp_ota_ops.c and bootloader_support/src/bootloader_utility.c.
#ifndef ALOFT_CUTS_STOCK_H
#define ALOFT_CUTS_STOCK_H

#include "hostlib/flash/nor.h"
#include <stdbool.h>

enum { STOCK_FACTORY = -1 };

struct stock {
    struct aloft_nor *nor;
    uint32_t otadata; // address
    uint32_t ota_count;
    bool untried; // built without rollback
};

// The bootloader: marks and chooses. Returns the slot; images are taken for good.
int stock_boot(const struct stock *stock);

// The library, with the machine's end at the first operation that fails.
void stock_set_boot(const struct stock *stock, int slot);
void stock_confirm(const struct stock *stock);
void stock_reject(const struct stock *stock);

#endif
