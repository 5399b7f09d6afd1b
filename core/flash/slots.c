// Roles are collected in one pass over the table; a second pass, needed only before flash is
// written, holds every row against them.
#include "aloft/slots.h"
#include <string.h>

#define OTA_MASK 0xF0u

static enum aloft_err walk(struct aloft_ptable_reader *reader, const struct aloft_flash_view *view,
                           aloft_partition_fn *fn, void *ctx)
{
    struct aloft_partition partition;
    uint8_t row[ALOFT_PTABLE_ROW];
    for (uint32_t off = 0; off < ALOFT_PTABLE_LEN; off += ALOFT_PTABLE_ROW) {
        enum aloft_err err = aloft_flash_read(view, off, row, sizeof row);
        if (err != ALOFT_OK) {
            return err;
        }
        enum aloft_ptable_row kind = aloft_ptable_feed(reader, row, &partition);
        if (kind == ALOFT_PTABLE_BAD) {
            return reader->err;
        }
        if (kind == ALOFT_PTABLE_DONE) {
            return ALOFT_OK;
        }
        err = kind == ALOFT_PTABLE_PARTITION ? fn(ctx, &partition) : ALOFT_OK;
        if (err != ALOFT_OK) {
            return err;
        }
    }
    return ALOFT_ERR_PTABLE_END;
}

enum aloft_err aloft_slots_walk(const struct aloft_flash *flash, const struct aloft_crypto *crypto,
                                uint32_t ptable_addr, aloft_partition_fn *fn, void *ctx)
{
    const struct aloft_flash_view view = {flash, ptable_addr, ALOFT_PTABLE_LEN};
    struct aloft_ptable_reader reader;
    aloft_ptable_init(&reader, crypto, flash->geometry.size);
    enum aloft_err err = walk(&reader, &view, fn, ctx);
    aloft_ptable_end(&reader);
    return err;
}

static bool is_ota(const struct aloft_partition *partition)
{
    return partition->type == ALOFT_TYPE_APP && (partition->subtype & OTA_MASK) == ALOFT_APP_OTA_0;
}

// Where the extent of a row is kept; ALOFT_SLOT_NONE and OTADATA are no slots.
#define OTADATA ((int)ALOFT_OTADATA_SLOTS_MAX)
static int role_of(const struct aloft_partition *row)
{
    if (row->type == ALOFT_TYPE_DATA && row->subtype == ALOFT_DATA_OTA) {
        return OTADATA;
    }
    if (is_ota(row)) {
        return row->subtype & 0x0F;
    }
    if (row->type != ALOFT_TYPE_APP) {
        return ALOFT_SLOT_NONE;
    }
    return row->subtype == ALOFT_APP_FACTORY ? ALOFT_SLOT_FACTORY
           : row->subtype == ALOFT_APP_TEST  ? ALOFT_SLOT_TEST
                                             : ALOFT_SLOT_NONE;
}

// The extent of a role, for who owns the slots to change; NULL when the subtype is no role.
static struct aloft_extent *extent_of(const struct aloft_slots *slots, int role)
{
    const struct aloft_extent *extent = role == ALOFT_SLOT_TEST              ? &slots->test
                                        : role == ALOFT_SLOT_FACTORY         ? &slots->factory
                                        : role == OTADATA                    ? &slots->otadata
                                        : (uint32_t)role < (uint32_t)OTADATA ? &slots->ota[role]
                                                                             : NULL;
    return (struct aloft_extent *)(uintptr_t)extent;
}

static enum aloft_err note_role(void *ctx, const struct aloft_partition *partition)
{
    struct aloft_slots *slots = ctx;
    struct aloft_extent *extent = extent_of(slots, role_of(partition));
    if (extent != NULL) {
        *extent = (struct aloft_extent){partition->addr, partition->len};
    }
    slots->ota_count += is_ota(partition);
    return ALOFT_OK;
}

enum aloft_err aloft_slots_load(struct aloft_slots *slots, const struct aloft_flash *flash,
                                const struct aloft_crypto *crypto, uint32_t ptable_addr)
{
    memset(slots, 0, sizeof *slots);
    slots->flash = flash;
    slots->ptable_addr = ptable_addr;
    enum aloft_err err = aloft_slots_walk(flash, crypto, ptable_addr, note_role, slots);
    // More rows than numbers means doubles, which aloft_slots_check reports; indexing stays safe.
    if (slots->ota_count > ALOFT_OTADATA_SLOTS_MAX) {
        slots->ota_count = ALOFT_OTADATA_SLOTS_MAX;
    }
    ALOFT_ASSERT(slots->ota_count <= ALOFT_OTADATA_SLOTS_MAX);
    return err;
}

struct check {
    const struct aloft_slots *slots;
};

static bool overlap(const struct aloft_extent *extent, const struct aloft_partition *row)
{
    return aloft_ptable_overlap(extent->addr, extent->len, row->addr, row->len);
}

// Holds one row against every role. A row is allowed to be the role itself, and primary bootloader
// and table rows are allowed where they describe what lies there.
static enum aloft_err check_row(void *ctx, const struct aloft_partition *row)
{
    const struct aloft_slots *slots = ((struct check *)ctx)->slots;
    const struct aloft_extent table = {slots->ptable_addr, ALOFT_PTABLE_SECTOR};
    int own = role_of(row);
    const struct aloft_extent *extent = extent_of(slots, own);
    bool needs_alignment = row->type == ALOFT_TYPE_APP || own == OTADATA;
    if (needs_alignment && aloft_ptable_conflict(row, row) != ALOFT_OK) {
        return ALOFT_ERR_PTABLE_ALIGN;
    }
    if (row->type != ALOFT_TYPE_PTABLE && overlap(&table, row)) {
        return ALOFT_ERR_PTABLE_OVERLAP;
    }
    if (needs_alignment && row->addr < slots->ptable_addr) {
        return ALOFT_ERR_PTABLE_OVERLAP; // the bootloader is there
    }
    // A second row of a role: the bootloader would take the last one, an app the first.
    if (extent != NULL && (extent->addr != row->addr || extent->len != row->len)) {
        return ALOFT_ERR_PTABLE_GAP;
    }
    for (int role = ALOFT_SLOT_TEST; role <= OTADATA; role++) {
        if (role != own && overlap(extent_of(slots, role), row)) {
            return ALOFT_ERR_PTABLE_OVERLAP;
        }
    }
    return ALOFT_OK;
}

enum aloft_err aloft_slots_check(const struct aloft_slots *slots, const struct aloft_crypto *crypto)
{
    struct check check = {slots};
    if (slots->ota_count == 0) {
        return ALOFT_ERR_NO_OTA_SLOT;
    }
    if (slots->otadata.len == 0) {
        return ALOFT_ERR_NO_OTADATA;
    }
    if (slots->otadata.len != ALOFT_OTADATA_LEN) {
        return ALOFT_ERR_OTADATA_SIZE;
    }
    for (uint32_t i = 0; i < ALOFT_OTADATA_SLOTS_MAX; i++) {
        if ((slots->ota[i].len != 0) != (i < slots->ota_count)) {
            return ALOFT_ERR_PTABLE_GAP;
        }
    }
    return aloft_slots_walk(slots->flash, crypto, slots->ptable_addr, check_row, &check);
}

struct aloft_extent aloft_slots_extent(const struct aloft_slots *slots, int slot)
{
    const struct aloft_extent *extent = slot != OTADATA ? extent_of(slots, slot) : NULL;
    return extent != NULL ? *extent : (struct aloft_extent){0, 0};
}

int aloft_slots_find(const struct aloft_slots *slots, uint32_t addr)
{
    for (int slot = ALOFT_SLOT_TEST; slot < (int)ALOFT_OTADATA_SLOTS_MAX; slot++) {
        struct aloft_extent extent = aloft_slots_extent(slots, slot);
        if (extent.len != 0 && extent.addr == addr) {
            return slot;
        }
    }
    return ALOFT_SLOT_NONE;
}

int aloft_slots_next(const struct aloft_slots *slots, int running)
{
    int count = (int)slots->ota_count;
    int next = running >= 0 ? running + 1 : 0;
    for (int i = 0; i < count; i++, next++) {
        int slot = next % count;
        if (slot != running && aloft_slots_extent(slots, slot).len != 0) {
            return slot;
        }
    }
    return ALOFT_SLOT_NONE;
}

struct aloft_flash_view aloft_slots_view(const struct aloft_slots *slots,
                                         struct aloft_extent extent)
{
    return (struct aloft_flash_view){slots->flash, extent.addr, extent.len};
}

struct aloft_flash_view aloft_slots_slot_view(const struct aloft_slots *slots, int slot)
{
    return aloft_slots_view(slots, aloft_slots_extent(slots, slot));
}

struct aloft_flash_view aloft_partition_view(const struct aloft_flash *flash,
                                             const struct aloft_partition *partition)
{
    bool plain = flash->raw != NULL && !aloft_partition_is_encrypted(partition);
    return (struct aloft_flash_view){plain ? flash->raw : flash, partition->addr, partition->len};
}

void aloft_slot_name(int slot, char text[ALOFT_SLOT_NAME])
{
    const char *name = slot == ALOFT_SLOT_FACTORY ? "factory"
                       : slot == ALOFT_SLOT_TEST  ? "test"
                       : slot < 0                 ? "none"
                                                  : "ota_";
    ALOFT_ASSERT(slot < (int)ALOFT_OTADATA_SLOTS_MAX); // two digits
    memcpy(text, name, strlen(name) + 1);
    if (slot >= 0) {
        text += 4;
        if (slot >= 10) {
            *text++ = '1';
        }
        *text++ = (char)('0' + slot % 10);
        *text = 0;
    }
}
