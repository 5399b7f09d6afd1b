// Who is who in the partition table: factory, test, ota_0..15, otadata, and from these the running
// slot and the slot that the next update goes to. Reads flash, never writes it.
//
// Counterparts in ESP-IDF components/app_update: aloft_slots_find is esp_ota_get_running_partition
// once the port has said where the app runs; aloft_slots_next is esp_ota_get_next_update_partition.
// In bootloader_support, aloft_slots_load is bootloader_utility_load_partition_table.
#ifndef ALOFT_SLOTS_H
#define ALOFT_SLOTS_H

#include "aloft/flash.h"
#include "aloft/format/otadata.h"
#include "aloft/format/ptable.h"
#include <stdbool.h>
#include <stdint.h>

// A slot is named by a small number: 0..15 is ota_0..ota_15, and two more.
#define ALOFT_SLOT_FACTORY (-1)
#define ALOFT_SLOT_TEST    (-2)
#define ALOFT_SLOT_NONE    (-99)

struct aloft_extent {
    uint32_t addr; // in the chip
    uint32_t len;  // bytes; 0: no such partition
};

struct aloft_slots {
    const struct aloft_flash *flash;
    uint32_t ptable_addr;
    struct aloft_extent factory;
    struct aloft_extent test;
    struct aloft_extent otadata;
    struct aloft_extent ota[ALOFT_OTADATA_SLOTS_MAX];
    uint32_t ota_count; // rows of type app with subtype 1x, as the stock bootloader counts
};

// Calls fn for every partition of the table in flash, in its order; a reader with the one job.
// ALOFT_OK when the table is good; fn may stop the walk by returning a fault.
// Reads:  at most 3 KiB, a row at a time.
// Errors: those of aloft_ptable_feed and aloft_flash_read, and what fn returns.
typedef enum aloft_err aloft_partition_fn(void *ctx, const struct aloft_partition *partition);
enum aloft_err aloft_slots_walk(const struct aloft_flash *flash, const struct aloft_crypto *crypto,
                                uint32_t ptable_addr, aloft_partition_fn *fn, void *ctx);

// Reads the table at ptable_addr and fills in all of slots. flash must outlive slots.
// Errors: those of aloft_slots_walk.
enum aloft_err aloft_slots_load(struct aloft_slots *slots, const struct aloft_flash *flash,
                                const struct aloft_crypto *crypto, uint32_t ptable_addr);

// What the stock bootloader does not look at and an update must: that no partition overlaps a slot,
// otadata or the table, that slots are aligned, and that ota_0.. are numbered without a gap.
// Errors: PTABLE_OVERLAP, PTABLE_ALIGN, PTABLE_GAP, NO_OTA_SLOT, NO_OTADATA, OTADATA_SIZE, and
//         those of aloft_slots_walk.
enum aloft_err aloft_slots_check(const struct aloft_slots *slots,
                                 const struct aloft_crypto *crypto);

// The extent of a slot; len 0 when the table has none of that name.
struct aloft_extent aloft_slots_extent(const struct aloft_slots *slots, int slot);

// The slot that starts at addr, ALOFT_SLOT_NONE when there is none.
int aloft_slots_find(const struct aloft_slots *slots, uint32_t addr);

// The slot that an update goes to when `running` runs: the next OTA slot, round the ring, ota_0
// from factory and test. Never the running one. ALOFT_SLOT_NONE when there is none.
int aloft_slots_next(const struct aloft_slots *slots, int running);

// A checked view of a slot, and of otadata.
struct aloft_flash_view aloft_slots_slot_view(const struct aloft_slots *slots, int slot);
struct aloft_flash_view aloft_slots_view(const struct aloft_slots *slots,
                                         struct aloft_extent extent);

// A checked view of any partition, through `raw` when the chip encrypts and the partition is plain.
struct aloft_flash_view aloft_partition_view(const struct aloft_flash *flash,
                                             const struct aloft_partition *partition);

// "factory", "test", "ota_0".. into text of at least 8 bytes.
#define ALOFT_SLOT_NAME 8
void aloft_slot_name(int slot, char text[ALOFT_SLOT_NAME]);

#endif
