// The partition table compiler. Whatever text it takes leads to a table that core reads back as the
// same partitions, and to a text that it takes again. Input: a byte of choices, the text.
#include "fuzz.h"
#include "hostlib/crypto/mbed_crypto.h"
#include "hostlib/table/ptable_csv.h"

static void check_same(const struct aloft_ptable_plan *a, const struct aloft_ptable_plan *b)
{
    FUZZ_CHECK(a->count == b->count);
    for (uint32_t i = 0; i < a->count; i++) {
        const struct aloft_partition *p = &a->partitions[i];
        const struct aloft_partition *q = &b->partitions[i];
        FUZZ_CHECK(p->type == q->type && p->subtype == q->subtype && p->flags == q->flags);
        FUZZ_CHECK(p->addr == q->addr && p->len == q->len);
        FUZZ_CHECK(strcmp(p->label, q->label) == 0);
    }
}

// parse(emit(x)) == x, for the binary table and for the text.
static void check_round_trips(struct aloft_ptable_plan *plan,
                              const struct aloft_ptable_rules *rules)
{
    static struct aloft_ptable_plan again;
    static char text[ALOFT_PTABLE_CSV_ROOM];
    uint8_t table[ALOFT_PTABLE_LEN];
    struct aloft_message error;
    size_t len;
    bool md5 = plan->count < ALOFT_PTABLE_MAX;
    FUZZ_CHECK(aloft_ptable_emit_all(plan->partitions, plan->count, md5 ? &aloft_mbed_crypto : NULL,
                                     table) == ALOFT_OK);
    enum aloft_err err = aloft_ptable_plan_load(&again, table, sizeof table, rules->flash_size);
    FUZZ_CHECK(err == (plan->count == 0 && !md5 ? ALOFT_ERR_PTABLE_EMPTY : ALOFT_OK));
    check_same(plan, &again);
    if (aloft_ptable_csv_emit(plan, rules, text, sizeof text, &len, &error)) {
        FUZZ_CHECK(len == strlen(text));
        FUZZ_CHECK(aloft_ptable_csv_parse(&again, text, len, rules, &error));
        check_same(plan, &again);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint32_t sizes[] = {0, 0x100000, 0x400000, 0x1000000};
    static struct aloft_ptable_plan plan;
    struct aloft_ptable_rules rules = ALOFT_PTABLE_RULES_DEFAULT;
    struct aloft_message error = {""};
    struct fuzz_input in = {data, size};
    uint8_t choice = fuzz_u8(&in);

    (void)setenv("A", "0x10000", 1); // so that $A is defined, and ${B} too
    (void)setenv("B", "nvs,data,nvs,,$A", 1);
    rules.flash_size = sizes[choice % 4];
    rules.table_addr = (choice & 4) != 0 ? 0x9000 : rules.table_addr;
    rules.bootloader_addr = (choice & 8) != 0 ? 0x1000 : rules.bootloader_addr;
    rules.recovery_addr = (choice & 16) != 0 ? 0x100000 : rules.recovery_addr;
    if (aloft_ptable_csv_parse(&plan, in.data, in.left, &rules, &error)) {
        FUZZ_CHECK(plan.count <= ALOFT_PTABLE_MAX);
        check_round_trips(&plan, &rules);
    } else {
        FUZZ_CHECK(error.text[0] != '\0');
    }
    return 0;
}
