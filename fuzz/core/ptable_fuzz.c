// The binary partition table, as a chip holds it: the row reader, the roles that slots makes of it,
// and the tool's plan all agree; what slots_check lets through is safe to write to; and a table
// that is read can be written again. Input: choices, which read fails, the table.
#include "aloft/slots.h"
#include "fuzz.h"
#include "hostlib/crypto/mbed_crypto.h"
#include "hostlib/table/ptable_csv.h"
#include "repair.h"
#include "soft_crypto.h"

#define TABLE ALOFT_PTABLE_ADDR_DEFAULT

static struct {
    uint8_t table[ALOFT_PTABLE_LEN];
    uint32_t reads_left; // then one fails; 0: none does
} chip;

static enum aloft_err read_op(void *ctx, uint32_t addr, void *buf, uint32_t len)
{
    (void)ctx;
    if (chip.reads_left > 0 && --chip.reads_left == 0) {
        return ALOFT_ERR_FLASH_READ;
    }
    memset(buf, 0xFF, len);
    for (uint32_t i = 0; i < len; i++) {
        if (addr + i >= TABLE && addr + i - TABLE < sizeof chip.table) {
            ((uint8_t *)buf)[i] = chip.table[addr + i - TABLE];
        }
    }
    return ALOFT_OK;
}

static bool apart(struct aloft_extent a, struct aloft_extent b)
{
    uint64_t a_end = (uint64_t)a.addr + a.len;
    uint64_t b_end = (uint64_t)b.addr + b.len;
    return a.len == 0 || b.len == 0 || a_end <= b.addr || b_end <= a.addr;
}

// What an update relies on once aloft_slots_check has said that a table is fit for updates.
static void check_fit(const struct aloft_slots *slots, uint32_t size)
{
    struct aloft_extent all[20] = {slots->otadata, {TABLE, ALOFT_PTABLE_SECTOR}};
    FUZZ_CHECK(slots->ota_count >= 1 && slots->ota_count <= ALOFT_OTADATA_SLOTS_MAX);
    for (int slot = ALOFT_SLOT_TEST; slot < 16; slot++) {
        struct aloft_extent extent = aloft_slots_extent(slots, slot);
        all[slot + 4] = extent;
        FUZZ_CHECK(slot < 0 || (extent.len != 0) == (slot < (int)slots->ota_count));
        FUZZ_CHECK(extent.addr % 0x10000 == 0 && extent.len % 0x1000 == 0);
        FUZZ_CHECK(extent.len == 0 || aloft_slots_find(slots, extent.addr) == slot);
    }
    for (int i = 0; i < 20; i++) {
        FUZZ_CHECK((uint64_t)all[i].addr + all[i].len <= size);
        for (int j = 0; j < i; j++) {
            FUZZ_CHECK(apart(all[i], all[j]));
        }
    }
    for (int running = ALOFT_SLOT_TEST; running < 16; running++) {
        int next = aloft_slots_next(slots, running);
        FUZZ_CHECK(next != running);
        FUZZ_CHECK(next == ALOFT_SLOT_NONE ? slots->ota_count == 1 && running == 0
                                           : next >= 0 && next < (int)slots->ota_count);
    }
}

static void check_slots(const struct aloft_ptable_plan *plan, enum aloft_err plan_err,
                        uint32_t size, uint32_t fail_read)
{
    static const struct aloft_flash_ops ops = {read_op, NULL, NULL}; // nothing here may write
    struct aloft_flash flash = {&ops, NULL, {size, 0x1000, 0x10000, 1}, NULL};
    struct aloft_slots slots;
    chip.reads_left = fail_read;
    enum aloft_err err = aloft_slots_load(&slots, &flash, &aloft_soft_crypto, TABLE);
    FUZZ_CHECK(err == plan_err || err == ALOFT_ERR_FLASH_READ);
    if (err != ALOFT_OK) {
        return;
    }
    uint32_t rows = 0;
    for (uint32_t i = 0; i < plan->count; i++) {
        rows += plan->partitions[i].type == 0 && plan->partitions[i].subtype >> 4 == 1;
    }
    FUZZ_CHECK(slots.ota_count == (rows < 16 ? rows : 16));
    if (aloft_slots_check(&slots, &aloft_soft_crypto) == ALOFT_OK) {
        check_fit(&slots, size);
    }
}

// The text form has words for two flags only (plan_check warns of others), and rows for bootloader
// and table get their place from the build, whatever the text says.
static void check_same(const struct aloft_ptable_plan *a, const struct aloft_ptable_plan *b,
                       bool text)
{
    uint32_t flags = text ? ALOFT_PARTITION_ENCRYPTED | ALOFT_PARTITION_READONLY : UINT32_MAX;
    FUZZ_CHECK(a->count == b->count);
    for (uint32_t i = 0; i < a->count; i++) {
        const struct aloft_partition *p = &a->partitions[i];
        const struct aloft_partition *q = &b->partitions[i];
        bool own = p->type == ALOFT_TYPE_BOOTLOADER || p->type == ALOFT_TYPE_PTABLE;
        FUZZ_CHECK(p->type == q->type && p->subtype == q->subtype);
        FUZZ_CHECK(((p->flags ^ q->flags) & flags) == 0);
        FUZZ_CHECK((text && own) || (p->addr == q->addr && p->len == q->len));
        FUZZ_CHECK(strcmp(p->label, q->label) == 0);
    }
}

// What is read can be written, and reads back the same; as text only if the text is taken.
static void check_round_trips(struct aloft_ptable_plan *plan)
{
    static struct aloft_ptable_plan again;
    static char text[ALOFT_PTABLE_CSV_ROOM];
    static const struct aloft_ptable_rules rules = ALOFT_PTABLE_RULES_DEFAULT;
    uint8_t table[ALOFT_PTABLE_LEN];
    struct aloft_message error;
    size_t len;
    FUZZ_CHECK(aloft_ptable_emit_all(plan->partitions, plan->count,
                                     plan->has_md5 ? &aloft_mbed_crypto : NULL, table) == ALOFT_OK);
    FUZZ_CHECK(aloft_ptable_plan_load(&again, table, sizeof table, 0) == ALOFT_OK);
    FUZZ_CHECK(again.has_md5 == plan->has_md5);
    check_same(plan, &again, false);
    if (!aloft_ptable_plan_check(plan, &rules, &error) ||
        !aloft_ptable_csv_emit(plan, &rules, text, sizeof text, &len, &error) ||
        !aloft_ptable_csv_parse(&again, text, len, &rules, &error)) {
        FUZZ_CHECK(error.text[0] != '\0');
        return;
    }
    check_same(plan, &again, true);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint32_t sizes[] = {0x80000, 0x400000, 0x1000000, 0xFFFFF000};
    static struct aloft_ptable_plan plan;
    struct fuzz_input in = {data, size};
    uint8_t choice = fuzz_u8(&in);
    uint8_t fail_read = fuzz_u8(&in);
    uint32_t flash_size = sizes[choice % 4];

    memset(&chip, 0xFF, sizeof chip);
    (void)fuzz_bytes(&in, chip.table, sizeof chip.table);
    if ((choice & 4) != 0) {
        repair_table(chip.table, sizeof chip.table);
    }
    enum aloft_err err = aloft_ptable_plan_load(&plan, chip.table, sizeof chip.table, flash_size);
    FUZZ_CHECK(plan.count <= ALOFT_PTABLE_MAX);
    check_slots(&plan, err, flash_size, (choice & 8) != 0 ? fail_read : 0);
    if (err == ALOFT_OK) {
        check_round_trips(&plan);
    }
    return 0;
}
