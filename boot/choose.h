// Which slot to boot: a function from facts to a plan. No I/O. For every pair of records that
// conforming writers leave, the choice is that of ESP-IDF's bootloader
// (components/bootloader_support/src/bootloader_utility.c); docs/SPEC.md lists where ours differs.
#ifndef ALOFT_BOOT_CHOOSE_H
#define ALOFT_BOOT_CHOOSE_H

#include "aloft/format/otadata.h"
#include "aloft/slots.h"

struct aloft_boot_facts {
    bool has_otadata; // the table has a usable otadata partition
    bool trials;      // unconfirmed apps are rolled back
    struct aloft_otadata records[2];
    uint32_t ota_count;
    bool has_factory;
};

// Why this plan; the console says it.
enum aloft_boot_reason {
    ALOFT_BOOT_SELECTED,   // an otadata record names the slot
    ALOFT_BOOT_NO_OTADATA, // factory, as there is no otadata
    ALOFT_BOOT_FACTORY,    // both records are empty or refused: factory
    ALOFT_BOOT_FIRST_OTA,  // the same without a factory app: ota_0
    ALOFT_BOOT_BAD_RECORDS // records exist but none is sound: factory, or all slots in turn
};

struct aloft_boot_plan {
    enum aloft_boot_reason reason;
    int first;                       // slot to try first
    struct aloft_otadata records[2]; // as they are to be when the app starts
    bool save[2];                    // this one has changed: ABORTED, or PENDING
    uint32_t refused; // OTA slots that come last, bit n for ota_n: their record says INVALID or
                      // ABORTED
    bool set_actual;  // after a load from an OTA slot, write record 0 for it
};

// Records that say ABORTED are to be saved before one that says PENDING, and all before a load.
struct aloft_boot_plan aloft_boot_choose(const struct aloft_boot_facts *facts);

// The n-th slot to try, from 0: first; then downward to ota_0, factory; then upward; then test; in
// the end, in the same order, those that are refused (ESP-IDF's bootloader does not put them back).
// ALOFT_SLOT_NONE after the last. Slots that the table lacks may be among them.
int aloft_boot_candidate(const struct aloft_boot_plan *plan, uint32_t ota_count, uint32_t n);

#endif
