// The checks have the generator's order, so that the first error is the same as there.
#include "hostlib/table/ptable_plan.h"
#include "aloft/format/otadata.h"
#include "hostlib/base/number.h"
#include "hostlib/crypto/mbed_crypto.h"
#include "hostlib/table/ptable_words.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SECTOR          0x1000u
#define NVS_WRITE_MIN   0x3000u // NVS needs three sectors to move records between
#define FLAGS_KNOWN     ((uint32_t)(ALOFT_PARTITION_ENCRYPTED | ALOFT_PARTITION_READONLY))
#define CUSTOM_TYPE     0x40u
#define SUBTYPE_PRIMARY 0u
#define ANY             0xFFu // ESP_PARTITION_TYPE_ANY, ESP_PARTITION_SUBTYPE_ANY

struct check {
    struct aloft_ptable_plan *plan;
    const struct aloft_ptable_rules *rules;
    struct aloft_message *error;
};

struct place {
    char text[64];
};

enum aloft_err aloft_ptable_plan_load(struct aloft_ptable_plan *plan, const uint8_t *table,
                                      size_t len, uint32_t flash_size)
{
    struct aloft_ptable_reader reader;
    enum aloft_ptable_row kind = ALOFT_PTABLE_PARTITION;
    memset(plan, 0, sizeof *plan);
    aloft_ptable_init(&reader, &aloft_mbed_crypto, flash_size == 0 ? UINT32_MAX : flash_size);
    len = len < ALOFT_PTABLE_LEN ? len : ALOFT_PTABLE_LEN;
    for (size_t off = 0;
         off + ALOFT_PTABLE_ROW <= len && kind != ALOFT_PTABLE_DONE && kind != ALOFT_PTABLE_BAD;
         off += ALOFT_PTABLE_ROW) {
        struct aloft_partition partition;
        kind = aloft_ptable_feed(&reader, table + off, &partition);
        if (kind == ALOFT_PTABLE_PARTITION) {
            plan->partitions[plan->count++] = partition; // the reader stops at ALOFT_PTABLE_MAX
        }
        plan->has_md5 = plan->has_md5 || kind == ALOFT_PTABLE_MD5_OK;
    }
    aloft_ptable_end(&reader);
    return kind == ALOFT_PTABLE_DONE  ? ALOFT_OK
           : kind == ALOFT_PTABLE_BAD ? reader.err
                                      : ALOFT_ERR_PTABLE_END;
}

void aloft_ptable_plan_warn(struct aloft_ptable_plan *plan, const char *format, ...)
{
    char text[sizeof plan->warnings[0].text];
    va_list args;
    if (plan->warning_count == ALOFT_PTABLE_WARNINGS_MAX) {
        return;
    }
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args); // a cut sentence is fine
    va_end(args);
    (void)aloft_message_set(&plan->warnings[plan->warning_count++], "%s", text);
}

uint64_t aloft_ptable_plan_end(const struct aloft_ptable_plan *plan)
{
    uint64_t end = 0;
    for (uint32_t i = 0; i < plan->count; i++) {
        uint64_t here = (uint64_t)plan->partitions[i].addr + plan->partitions[i].len;
        end = here > end ? here : end;
    }
    return end;
}

bool aloft_ptable_plan_is_primary(const struct aloft_partition *partition)
{
    return (partition->type == ALOFT_TYPE_BOOTLOADER || partition->type == ALOFT_TYPE_PTABLE) &&
           partition->subtype == SUBTYPE_PRIMARY;
}

static struct place place_of(const struct aloft_ptable_plan *plan, uint32_t i)
{
    struct place place;
    bool text = plan->lines[i] != 0;
    (void)snprintf(place.text, sizeof place.text, "%s %u: '%s'", text ? "line" : "row",
                   text ? plan->lines[i] : i + 1, plan->partitions[i].label);
    return place;
}

static bool is_data(const struct aloft_partition *p, uint8_t subtype)
{
    return p->type == ALOFT_TYPE_DATA && p->subtype == subtype;
}

static bool check_alignment(const struct check *c, uint32_t i)
{
    const struct aloft_partition *p = &c->plan->partitions[i];
    uint32_t unit = aloft_partition_alignment(p);
    if (aloft_ptable_conflict(p, p) == ALOFT_OK) {
        return true;
    }
    if (p->addr % unit != 0) {
        uint32_t below = p->addr - p->addr % unit;
        return aloft_message_set(
            c->error,
            "%s starts at 0x%x, but %s start at multiples of 0x%x; use 0x%x or 0x%" PRIx64,
            place_of(c->plan, i).text, p->addr,
            aloft_partition_is_app(p) ? "app partitions" : "partitions", unit, below,
            (uint64_t)below + unit);
    }
    uint32_t shorter = p->len - p->len % SECTOR;
    return aloft_message_set(
        c->error,
        "%s has size 0x%x, but an app's size is a multiple of 0x1000; use 0x%x "
        "or 0x%" PRIx64,
        place_of(c->plan, i).text, p->len, shorter, (uint64_t)shorter + SECTOR);
}

static bool check_flags(const struct check *c, uint32_t i)
{
    const struct aloft_partition *p = &c->plan->partitions[i];
    bool readonly = (p->flags & ALOFT_PARTITION_READONLY) != 0;
    bool must_write = is_data(p, ALOFT_DATA_OTA) || is_data(p, ALOFT_DATA_COREDUMP);
    if (readonly && must_write) {
        return aloft_message_set(c->error,
                                 "%s is flagged readonly, but %s data is written by the device; "
                                 "remove the flag",
                                 place_of(c->plan, i).text,
                                 is_data(p, ALOFT_DATA_OTA) ? "ota" : "coredump");
    }
    if (is_data(p, ALOFT_DATA_NVS) && p->len < NVS_WRITE_MIN && !readonly) {
        return aloft_message_set(c->error,
                                 "%s is an NVS partition of 0x%x bytes, but one that is written "
                                 "needs 0x3000; enlarge it, or flag it readonly",
                                 place_of(c->plan, i).text, p->len);
    }
    return true;
}

static void warn_of(const struct check *c, uint32_t i)
{
    const struct aloft_partition *p = &c->plan->partitions[i];
    const char *kind;
    if (aloft_ptable_words_mislead(c->rules->own_words, p, &kind)) {
        aloft_ptable_plan_warn(c->plan,
                               "%s is named like a partition %s, but its type is 0x%x and its "
                               "subtype 0x%x; check that the columns are not mixed up",
                               place_of(c->plan, i).text, kind, p->type, p->subtype);
    }
    if ((p->flags & ~FLAGS_KNOWN) != 0) {
        aloft_ptable_plan_warn(c->plan, "%s has unknown flags 0x%x; a newer tool may have made it",
                               place_of(c->plan, i).text, p->flags & ~FLAGS_KNOWN);
    }
    if (p->type > ALOFT_TYPE_PTABLE && p->type < CUSTOM_TYPE) {
        aloft_ptable_plan_warn(
            c->plan,
            "%s has type 0x%x, which ESP-IDF keeps for itself; types of your own "
            "start at 0x40",
            place_of(c->plan, i).text, p->type);
    }
    if (p->type == ANY || p->subtype == ANY) {
        aloft_ptable_plan_warn(c->plan,
                               "%s has %s 0xff, which means \"any\" where ESP-IDF looks for "
                               "partitions; find it by its name",
                               place_of(c->plan, i).text, p->type == ANY ? "type" : "subtype");
    }
    if (p->len == 0) {
        aloft_ptable_plan_warn(c->plan, "%s has size 0 and can hold nothing",
                               place_of(c->plan, i).text);
    }
}

static bool check_names(const struct check *c)
{
    const struct aloft_ptable_plan *plan = c->plan;
    for (uint32_t i = 0; i < plan->count; i++) {
        for (uint32_t k = 0; k < i; k++) {
            if (strcmp(plan->partitions[i].label, plan->partitions[k].label) == 0) {
                return aloft_message_set(c->error,
                                         "%s has the name of the partition on %s %u; names must be "
                                         "unique in their first 16 bytes, so rename one of them",
                                         place_of(plan, i).text, plan->lines[k] ? "line" : "row",
                                         plan->lines[k] ? plan->lines[k] : k + 1);
            }
        }
    }
    return true;
}

static bool check_below_table(const struct check *c, uint32_t i)
{
    const struct aloft_partition *p = &c->plan->partitions[i];
    uint64_t first = (uint64_t)c->rules->table_addr + ALOFT_PTABLE_SECTOR;
    if (aloft_ptable_plan_is_primary(p) || p->addr >= first) {
        return true;
    }
    return aloft_message_set(c->error,
                             "%s starts at 0x%x, but the bootloader and the partition table occupy "
                             "everything below 0x%" PRIx64 "; use 0x%" PRIx64 " or higher",
                             place_of(c->plan, i).text, p->addr, first, first);
}

static bool check_overlap(const struct check *c)
{
    const struct aloft_partition *p = c->plan->partitions;
    for (uint32_t i = 0; i < c->plan->count; i++) {
        if (!check_below_table(c, i)) {
            return false;
        }
        for (uint32_t k = 0; k < i; k++) {
            if (aloft_ptable_conflict(&p[i], &p[k]) != ALOFT_ERR_PTABLE_OVERLAP) {
                continue;
            }
            return aloft_message_set(c->error,
                                     "%s occupies 0x%x..0x%" PRIx64 ", which overlaps '%s' at "
                                     "0x%x..0x%" PRIx64 "; move or shrink one of them",
                                     place_of(c->plan, i).text, p[i].addr,
                                     (uint64_t)p[i].addr + p[i].len, p[k].label, p[k].addr,
                                     (uint64_t)p[k].addr + p[k].len);
        }
    }
    return true;
}

static bool check_otadata(const struct check *c, uint8_t subtype, const char *word)
{
    bool seen = false;
    for (uint32_t i = 0; i < c->plan->count; i++) {
        const struct aloft_partition *p = &c->plan->partitions[i];
        if (!is_data(p, subtype)) {
            continue;
        }
        if (seen) {
            return aloft_message_set(
                c->error,
                "%s is a second data,%s partition, and a table has at most one; "
                "remove one of them",
                place_of(c->plan, i).text, word);
        }
        if (p->len != 0x2000) {
            return aloft_message_set(
                c->error,
                "%s has size 0x%x, but a data,%s partition has exactly 0x2000; "
                "write 0x2000 or 8K",
                place_of(c->plan, i).text, p->len, word);
        }
        seen = true;
    }
    return true;
}

static bool check_fit(const struct check *c)
{
    for (uint32_t i = 0; i < c->plan->count; i++) {
        const struct aloft_partition *p = &c->plan->partitions[i];
        uint64_t end = (uint64_t)p->addr + p->len;
        uint32_t size = c->rules->flash_size;
        if (size != 0 && end > size) {
            char flash[16];
            aloft_number_emit_size(size, flash);
            return aloft_message_set(c->error,
                                     "%s ends at 0x%" PRIx64 ", but the flash chip ends at 0x%x "
                                     "(%sB); shrink the table, or use a larger chip",
                                     place_of(c->plan, i).text, end, size, flash);
        }
    }
    return true;
}

// --- tables that boot and cannot be updated

// The row of every OTA slot, counted from 1; 0: there is none.
struct slot_rows {
    uint32_t row[ALOFT_OTADATA_SLOTS_MAX];
    uint32_t top; // one more than the highest number
    bool factory;
    bool otadata;
};

static bool is_slot(const struct aloft_partition *p)
{
    return aloft_partition_is_app(p) && (p->subtype & 0xF0u) == ALOFT_APP_OTA_0;
}

// Collects the slots, and warns of those that no update can go to.
static struct slot_rows collect_slots(const struct check *c)
{
    struct slot_rows slots = {0};
    for (uint32_t i = 0; i < c->plan->count; i++) {
        const struct aloft_partition *p = &c->plan->partitions[i];
        uint32_t number = p->subtype & 0x0Fu;
        slots.otadata = slots.otadata || is_data(p, ALOFT_DATA_OTA);
        slots.factory =
            slots.factory || (aloft_partition_is_app(p) && p->subtype == ALOFT_APP_FACTORY);
        if (!is_slot(p)) {
            continue;
        }
        if (slots.row[number] != 0) {
            aloft_ptable_plan_warn(c->plan,
                                   "%s is ota_%u, and so is '%s': the bootloader takes one and the "
                                   "app the other, so no update is made; number the slots ota_0, "
                                   "ota_1, ...",
                                   place_of(c->plan, i).text, number,
                                   c->plan->partitions[slots.row[number] - 1].label);
        }
        if ((p->flags & ALOFT_PARTITION_READONLY) != 0) {
            aloft_ptable_plan_warn(c->plan,
                                   "%s is a slot and flagged readonly, so no update can be written "
                                   "there; remove the flag",
                                   place_of(c->plan, i).text);
        }
        slots.row[number] = i + 1;
        slots.top = number + 1 > slots.top ? number + 1 : slots.top;
    }
    return slots;
}

static void warn_of_updates(const struct check *c)
{
    struct slot_rows slots = collect_slots(c);
    uint32_t missing = 0;
    while (missing < slots.top && slots.row[missing] != 0) {
        missing++;
    }
    if (slots.top == 0 && slots.otadata) {
        aloft_ptable_plan_warn(c->plan,
                               "there is otadata and no OTA slot, so no update has a place "
                               "to go; add app partitions ota_0 and ota_1");
    }
    if (slots.top > 0 && !slots.otadata) {
        aloft_ptable_plan_warn(c->plan,
                               "there are OTA slots and no otadata, so nothing can record which of "
                               "them boots and no update can be made; add a row "
                               "\"otadata, data, ota, , 0x2000\"");
    }
    if (missing < slots.top) {
        uint32_t next = missing;
        while (slots.row[next] == 0) {
            next++;
        }
        aloft_ptable_plan_warn(c->plan,
                               "%s is ota_%u and there is no ota_%u: slots are counted from ota_0 "
                               "without a gap, so no update can be made; make it ota_%u",
                               place_of(c->plan, slots.row[next] - 1).text, next, missing, missing);
    } else if (slots.top == 1 && !slots.factory) {
        aloft_ptable_plan_warn(c->plan,
                               "%s is the only place for an app, and an app is not updated while "
                               "it runs; add ota_1",
                               place_of(c->plan, slots.row[0] - 1).text);
    }
}

bool aloft_ptable_plan_check(struct aloft_ptable_plan *plan, const struct aloft_ptable_rules *rules,
                             struct aloft_message *error)
{
    struct check c = {plan, rules, error};
    for (uint32_t i = 0; i < plan->count; i++) {
        if (!check_alignment(&c, i) || !check_flags(&c, i)) {
            return false;
        }
        warn_of(&c, i);
    }
    if (!check_names(&c) || !check_overlap(&c) || !check_otadata(&c, ALOFT_DATA_OTA, "ota") ||
        !check_otadata(&c, ALOFT_DATA_TEE_OTA, "tee_ota") || !check_fit(&c)) {
        return false;
    }
    warn_of_updates(&c);
    return true;
}
