// The rules. What may run follows from what was done:
//
//   at rest                         the settled version
//   set_boot has begun              that, or the offered version
//   set_boot is done                the offered version alone; the settled one again, once the
//                                   power failed in a boot, for then the trial has failed
//   the offered version has run     the settled version alone: a trial has one chance
//   it has begun to confirm itself  both
//   it has confirmed itself         it alone: it is the settled one now
//
// A version that ran, and is neither settled nor offered anew, has had its time.
#include "judge.h"
#include <stddef.h>
#include <string.h>

enum { PENDING = 1, VALID = 2, OTADATA_LEN = 0x2000 };

#define UNDEFINED 0xFFFFFFFFu

const char *judge_sentence(enum judge_verdict verdict)
{
    static const char *const sentences[] = {
#define JUDGE_SENTENCE(name, sentence) sentence,
        JUDGE_VERDICTS(JUDGE_SENTENCE)
#undef JUDGE_SENTENCE
    };
    return sentences[verdict];
}

static uint32_t bit(int version)
{
    return 1u << version;
}

static void settle(struct judge *judge, int version)
{
    judge->settled = version;
    judge->offered = 0;
    judge->may = bit(version);
    judge->confirming = false;
    judge->standing = false;
    judge->hurt = false;
}

// The version that boots when this record no longer counts: what a failed trial goes back to.
static int fallback(const struct judge_facts *facts, int slot)
{
    int other = facts->active ^ 1;
    if (facts->active < 0 || facts->selected != slot) {
        return facts->selected < 0 ? 0 : facts->slots[facts->selected].version;
    }
    const struct judge_record *record = &facts->records[other];
    bool counts = record->sound && (record->state <= VALID || record->state == UNDEFINED);
    if (counts && facts->slots[record->slot].version > 0) {
        return facts->slots[record->slot].version;
    }
    return facts->slots[JUDGE_FACTORY].version;
}

static bool refuses(const struct judge_facts *facts, int slot)
{
    for (int i = 0; i < 2; i++) {
        const struct judge_record *record = &facts->records[i];
        bool usable = record->state <= VALID || record->state == UNDEFINED;
        if (record->sound && record->slot == slot && !usable) {
            return true;
        }
    }
    return false;
}

// The version that boots, where the selected one may have rotted: then the slots below it, factory,
// and the slots above, those that a record refuses last of all.
static int boots(const struct judge_facts *facts)
{
    int first = facts->selected == JUDGE_FACTORY ? -1 : facts->selected;
    for (int refused = 0; refused < 2 && facts->selected >= 0; refused++) {
        for (int n = 0; n <= (int)facts->ota_count; n++) {
            int slot = n <= first + 1 ? first - n : n - 1;
            int version = facts->slots[slot < 0 ? JUDGE_FACTORY : slot].version;
            bool last = slot >= 0 && slot != first && refuses(facts, slot);
            if (version > 0 && last == (refused == 1)) {
                return version;
            }
        }
    }
    return 0;
}

void judge_start(struct judge *judge, const uint8_t *origin, uint32_t size)
{
    judge->origin = origin;
    judge->size = size;
    judge_read(judge, origin, &judge->start);
    int selected = judge->start.selected;
    settle(judge, boots(&judge->start));
    const struct judge_record *active = &judge->start.records[judge->start.active & 1];
    if (judge->start.active >= 0 && active->state <= PENDING) {
        // The scenario begins in the middle of a trial.
        judge->offered = judge->settled;
        judge->settled = fallback(&judge->start, selected);
        judge->may = active->state == PENDING ? bit(judge->settled) : bit(judge->offered);
    }
}

void judge_offer(struct judge *judge, int version, const uint8_t *bytes)
{
    struct judge_facts facts;
    judge_read(judge, bytes, &facts);
    judge->standing = version == judge->settled;
    judge->confirming = false;
    judge->offered = version;
    judge->may = bit(judge->settled) | bit(version);
    if (judge->standing && facts.selected >= 0) {
        judge->settled = fallback(&facts, facts.selected);
    }
}

void judge_offered(struct judge *judge)
{
    judge->may = bit(judge->offered);
    judge->standing = false;
    judge->hurt = false; // whatever could not be written before, this record is new
}

void judge_confirm(struct judge *judge)
{
    judge->confirming = true;
    judge->may = bit(judge->settled) | bit(judge->offered);
}

void judge_confirmed(struct judge *judge)
{
    settle(judge, judge->offered);
}

void judge_reject(struct judge *judge, int version, const uint8_t *bytes)
{
    struct judge_facts facts;
    if (version != judge->settled) {
        return; // on trial: it has had its one chance anyway
    }
    judge_read(judge, bytes, &facts);
    judge->settled = fallback(&facts, facts.selected);
    judge->offered = version;
    judge->standing = true;
    judge->may = bit(version) | bit(judge->settled);
}

bool judge_forlorn(const struct judge *judge, int version, const uint8_t *bytes)
{
    struct judge_facts facts;
    judge_read(judge, bytes, &facts);
    for (int i = 0; i < JUDGE_SLOTS; i++) {
        if (facts.slots[i].version > 0 && facts.slots[i].version != version) {
            return false;
        }
    }
    return true;
}

enum judge_verdict judge_rejected(struct judge *judge, int version, const uint8_t *bytes)
{
    settle(judge, judge->settled);
    return judge_forlorn(judge, version, bytes) ? JUDGE_FORLORN : JUDGE_GOOD;
}

void judge_cut_in_boot(struct judge *judge)
{
    if (judge->offered != 0 && !judge->untried) {
        judge->may |= bit(judge->settled);
    }
}

static bool frozen(const struct judge *judge, const uint8_t *bytes)
{
    const struct judge_facts *start = &judge->start;
    uint32_t from = 0;
    // In the order of their addresses: otadata lies before the slots.
    if (memcmp(bytes, judge->origin, start->otadata) != 0) {
        return false;
    }
    from = start->otadata + OTADATA_LEN;
    for (uint32_t i = 0; i < start->ota_count; i++) {
        const struct judge_slot *slot = &start->slots[i];
        if (memcmp(bytes + from, judge->origin + from, slot->addr - from) != 0) {
            return false;
        }
        from = slot->addr + slot->len;
    }
    return memcmp(bytes + from, judge->origin + from, judge->size - from) == 0;
}

// Every version that may have to run lies whole in some slot.
static bool there(const struct judge *judge, const struct judge_facts *facts)
{
    uint32_t found = 0;
    for (int i = 0; i < JUDGE_SLOTS; i++) {
        found |= facts->slots[i].version > 0 ? bit(facts->slots[i].version) : 0;
    }
    found |= bit(0); // version 0 stands for none: nothing to go back to
    return (judge->may & ~found) == 0 && (found & bit(judge->settled)) != 0;
}

// The active record, if any, selects a whole image.
static bool leads_somewhere(const struct judge_facts *facts)
{
    return facts->active < 0 || facts->slots[facts->selected].version != 0;
}

// It does not, but it is a choice from before the scenario, whose image had rotted.
static bool was_so(const struct judge *judge, const struct judge_facts *facts)
{
    const struct judge_facts *start = &judge->start;
    for (int i = 0; i < 2 && facts->active >= 0; i++) {
        const struct judge_record *record = &start->records[i];
        if (record->sound && record->seq == facts->records[facts->active].seq &&
            start->slots[record->slot].version == 0) {
            return true;
        }
    }
    return false;
}

// Once the first byte of an image is there, its download cannot go on: it is selected, or fetched
// again.
enum judge_verdict judge_goes_on(const uint8_t *slot, uint32_t fed, uint32_t off, uint32_t most)
{
    return fed <= off + most || slot[0] == 0xE9 ? JUDGE_GOOD : JUDGE_WASTED;
}

enum judge_verdict judge_flash(const struct judge *judge, const uint8_t *bytes)
{
    struct judge_facts facts;
    judge_read(judge, bytes, &facts);
    if (!facts.table) {
        return JUDGE_TABLE;
    }
    if (!frozen(judge, bytes)) {
        return JUDGE_FROZEN;
    }
    if (!there(judge, &facts)) {
        return JUDGE_LOST;
    }
    if (!facts.progress && !judge->stale) {
        return JUDGE_NOTES;
    }
    return leads_somewhere(&facts) || was_so(judge, &facts) ? JUDGE_GOOD : JUDGE_CHOICE;
}

// The data of the image's segments, as they lie in the published file, are what was loaded.
static bool same_payload(const struct judge_artifact *artifact, const uint8_t *payload,
                         uint32_t len)
{
    const uint8_t *p = artifact->bytes + 24;
    uint32_t off = 0;
    for (uint32_t i = 0; i < artifact->bytes[1]; i++) {
        uint32_t part = (uint32_t)p[4] | (uint32_t)p[5] << 8 | (uint32_t)p[6] << 16;
        if (part > len - off || memcmp(p + 8, payload + off, part) != 0) {
            return false;
        }
        off += part;
        p += 8 + part;
    }
    return off == len;
}

// Whether the offered version, which runs, may run.
static enum judge_verdict runs_on_trial(struct judge *judge, const struct judge_facts *facts,
                                        int slot)
{
    if (slot == JUDGE_FACTORY) {
        settle(judge, judge->offered); // factory needs no trial
        return JUDGE_GOOD;
    }
    const struct judge_record *active = &facts->records[facts->active & 1];
    bool selected = facts->active >= 0 && facts->selected == slot;
    if (selected && active->state == PENDING) {
        judge->may = bit(judge->settled);
        return JUDGE_GOOD;
    }
    bool confirmed = selected && (active->state == VALID || active->state == UNDEFINED);
    if (confirmed && (judge->confirming || judge->standing || judge->untried)) {
        settle(judge, judge->offered);
        return JUDGE_GOOD;
    }
    return JUDGE_TRIAL;
}

enum judge_verdict judge_boot(struct judge *judge, const uint8_t *bytes, int slot,
                              const uint8_t *payload, uint32_t len)
{
    struct judge_facts facts;
    enum judge_verdict verdict = judge_flash(judge, bytes);
    if (verdict != JUDGE_GOOD) {
        return verdict;
    }
    if (slot < 0) {
        return JUDGE_NOTHING;
    }
    judge_read(judge, bytes, &facts);
    int version = facts.slots[slot].version;
    if (version <= 0) {
        return JUDGE_BROKEN;
    }
    if (judge->settled == 0) {
        settle(judge, version); // no version is settled yet: any whole one will do
    }
    if (judge->hurt && version == judge->offered) {
        judge->may = bit(judge->offered) | bit(judge->settled);
        return JUDGE_GOOD; // on trial, though no record may say so
    }
    judge->may |= judge->hurt ? bit(judge->settled) : 0;
    if (!same_payload(&judge->artifacts[version], payload, len)) {
        return JUDGE_BYTES;
    }
    if ((judge->may & bit(version)) == 0) {
        return JUDGE_WRONG;
    }
    if (version == judge->settled) {
        settle(judge, version);
        return JUDGE_GOOD;
    }
    return runs_on_trial(judge, &facts, slot);
}

enum judge_verdict judge_end(const struct judge *judge, const uint8_t *bytes, int wanted)
{
    struct judge_facts facts;
    enum judge_verdict verdict = judge_flash(judge, bytes);
    if (verdict != JUDGE_GOOD) {
        return verdict;
    }
    judge_read(judge, bytes, &facts);
    if (facts.selected < 0 || facts.slots[facts.selected].version != wanted ||
        judge->settled != wanted) {
        return JUDGE_OUTCOME;
    }
    const struct judge_record *active = &facts.records[facts.active & 1];
    if (facts.active >= 0 && active->state != VALID && active->state != UNDEFINED) {
        return JUDGE_OUTCOME;
    }
    return facts.open_note ? JUDGE_NOTE : JUDGE_GOOD;
}
