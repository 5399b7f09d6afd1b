// The boot decision, pure. Byte path 10/12: facts from flash become a slot number.
//
//   normalise  a record that is still PENDING has failed its trial: it becomes ABORTED
//   decide     which slot comes first, which last
//   begin      a NEW record that is chosen becomes PENDING
//
// Invariants
//   C1  What comes first is named by a record that counts, or no record counts.
//   C2  At most one trial begins, and it is that of the slot which comes first.
//   C3  Only a sound record is saved; a sector without a sound record is not written.
#include "choose.h"
#include "aloft/base/assert.h"

// An app that was started on trial and never confirmed itself.
static void normalise(struct aloft_boot_plan *plan)
{
    for (int i = 0; i < 2; i++) {
        struct aloft_otadata *record = &plan->records[i];
        if (record->state == ALOFT_OTA_PENDING && aloft_otadata_sound(record)) {
            record->state = ALOFT_OTA_ABORTED;
            plan->save[i] = true;
        }
    }
}

// It selects nothing: blank, INVALID or ABORTED.
static bool is_silent(const struct aloft_otadata *record)
{
    return record->seq == 0xFFFFFFFFu || record->state == ALOFT_OTA_INVALID ||
           record->state == ALOFT_OTA_ABORTED;
}

// No record counts.
static void decide_without(struct aloft_boot_plan *plan, const struct aloft_boot_facts *facts)
{
    const struct aloft_otadata *records = plan->records;
    bool silent = is_silent(&records[0]) && is_silent(&records[1]);
    plan->first = ALOFT_SLOT_FACTORY;
    if (!silent && facts->ota_count > 0) {
        plan->reason = ALOFT_BOOT_BAD_RECORDS;
    } else if (facts->has_factory || facts->ota_count == 0) {
        plan->reason = ALOFT_BOOT_FACTORY;
    } else {
        plan->reason = ALOFT_BOOT_FIRST_OTA;
        plan->first = 0;
        plan->set_actual = !aloft_otadata_sound(&records[0]) && !aloft_otadata_sound(&records[1]);
    }
}

static void decide(struct aloft_boot_plan *plan, const struct aloft_boot_facts *facts)
{
    int active = facts->ota_count > 0 ? aloft_otadata_active(plan->records) : -1;
    if (active >= 0) {
        plan->reason = ALOFT_BOOT_SELECTED;
        plan->first = (int)aloft_otadata_slot(plan->records[active].seq, facts->ota_count);
    } else {
        decide_without(plan, facts);
    }
    for (int i = 0; i < 2 && facts->ota_count > 0; i++) {
        const struct aloft_otadata *record = &plan->records[i];
        if (aloft_otadata_refused(record)) {
            plan->refused |= 1u << aloft_otadata_slot(record->seq, facts->ota_count);
        }
    }
    if (plan->first >= 0) {
        plan->refused &= ~(1u << plan->first); // it comes first
    }
}

// The trial is noted before its app can run.
static void begin(struct aloft_boot_plan *plan)
{
    int active = aloft_otadata_active(plan->records);
    if (plan->reason == ALOFT_BOOT_SELECTED && plan->records[active].state == ALOFT_OTA_NEW) {
        ALOFT_INVARIANT("C2", !plan->save[active]);
        plan->records[active].state = ALOFT_OTA_PENDING;
        plan->save[active] = true;
    }
}

struct aloft_boot_plan aloft_boot_choose(const struct aloft_boot_facts *facts)
{
    struct aloft_boot_plan plan = {.reason = ALOFT_BOOT_NO_OTADATA,
                                   .first = ALOFT_SLOT_FACTORY,
                                   .records = {facts->records[0], facts->records[1]}};
    if (!facts->has_otadata) {
        return plan;
    }
    if (facts->trials) {
        normalise(&plan);
    }
    decide(&plan, facts);
    if (facts->trials) {
        begin(&plan);
    }
    ALOFT_INVARIANT("C1", (plan.reason == ALOFT_BOOT_SELECTED) ==
                              (facts->ota_count > 0 && aloft_otadata_active(plan.records) >= 0));
    ALOFT_INVARIANT("C3", (!plan.save[0] || aloft_otadata_sound(&plan.records[0])) &&
                              (!plan.save[1] || aloft_otadata_sound(&plan.records[1])));
    return plan;
}

// The order in which ESP-IDF's bootloader goes through the slots.
static int in_turn(const struct aloft_boot_plan *plan, uint32_t ota_count, uint32_t n)
{
    // Counting down from `first` ends at factory (-1): first + 2 candidates.
    uint32_t down = (uint32_t)(plan->first + 2);
    if (n < down) {
        return plan->first - (int)n;
    }
    uint32_t up = (uint32_t)(plan->first + 1) + (n - down);
    return up < ota_count ? (int)up : ALOFT_SLOT_TEST;
}

// An app that is known to be bad would run, crash, and be chosen again for ever, while a good one
// waits behind it.
int aloft_boot_candidate(const struct aloft_boot_plan *plan, uint32_t ota_count, uint32_t n)
{
    for (uint32_t last = 0; last < 2; last++) {
        for (uint32_t i = 0; i < ota_count + 2; i++) {
            int slot = in_turn(plan, ota_count, i);
            uint32_t refused = slot >= 0 ? plan->refused >> slot & 1 : 0;
            if (refused == last && n-- == 0) {
                return slot;
            }
        }
    }
    return ALOFT_SLOT_NONE;
}
