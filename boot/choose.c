// The boot decision, pure. Byte path 10/12: facts from flash become a slot number.
//
// With trials on, a record that is still PENDING at a boot has failed its trial: its app was
// started and never confirmed itself. It is marked ABORTED before the choice is made.
#include "choose.h"

static bool failed_trial(const struct aloft_otadata *record)
{
    return record->state == ALOFT_OTA_PENDING && aloft_otadata_sound(record);
}

// Neither record has anything to say: blank, or refused for good.
static bool blank_or_refused(const struct aloft_otadata *record)
{
    return record->seq == 0xFFFFFFFFu || record->state == ALOFT_OTA_INVALID ||
           record->state == ALOFT_OTA_ABORTED;
}

static bool initial(const struct aloft_otadata *record)
{
    return record->seq == 0xFFFFFFFFu || !aloft_otadata_sound(record);
}

static struct aloft_boot_plan no_record(const struct aloft_boot_facts *facts,
                                        const struct aloft_otadata records[2],
                                        struct aloft_boot_plan plan)
{
    bool silent = blank_or_refused(&records[0]) && blank_or_refused(&records[1]);
    plan.first = ALOFT_SLOT_FACTORY;
    if (!silent && facts->ota_count > 0) {
        plan.reason = ALOFT_BOOT_BAD_RECORDS;
    } else if (facts->has_factory || facts->ota_count == 0) {
        plan.reason = ALOFT_BOOT_FACTORY;
    } else {
        plan.reason = ALOFT_BOOT_FIRST_OTA;
        plan.first = 0;
        plan.set_actual = initial(&records[0]) && initial(&records[1]);
    }
    return plan;
}

// Bit n: a record refuses ota_n. What is to be tried first is no matter of this.
static uint32_t refused_slots(const struct aloft_boot_facts *facts,
                              const struct aloft_otadata records[2], int first)
{
    uint32_t refused = 0;
    for (int i = 0; i < 2 && facts->ota_count > 0; i++) {
        if (aloft_otadata_sound(&records[i]) && !aloft_otadata_usable(&records[i])) {
            refused |= 1u << aloft_otadata_slot(records[i].seq, facts->ota_count);
        }
    }
    return first >= 0 ? refused & ~(1u << first) : refused;
}

struct aloft_boot_plan aloft_boot_choose(const struct aloft_boot_facts *facts)
{
    struct aloft_boot_plan plan = {.pending = -1, .first = ALOFT_SLOT_FACTORY};
    struct aloft_otadata records[2] = {facts->records[0], facts->records[1]};
    if (!facts->has_otadata) {
        plan.reason = ALOFT_BOOT_NO_OTADATA;
        return plan;
    }
    for (int i = 0; i < 2 && facts->trials; i++) {
        plan.abort[i] = failed_trial(&records[i]);
        if (plan.abort[i]) {
            records[i].state = ALOFT_OTA_ABORTED;
        }
    }
    int active = facts->ota_count > 0 ? aloft_otadata_active(records) : -1;
    if (active < 0) {
        plan = no_record(facts, records, plan);
        plan.refused = refused_slots(facts, records, plan.first);
        return plan;
    }
    plan.reason = ALOFT_BOOT_SELECTED;
    plan.first = (int)aloft_otadata_slot(records[active].seq, facts->ota_count);
    plan.refused = refused_slots(facts, records, plan.first);
    if (facts->trials && records[active].state == ALOFT_OTA_NEW) {
        plan.pending = (int8_t)active;
    }
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
