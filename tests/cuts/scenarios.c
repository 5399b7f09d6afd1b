// The scenarios. Most have a name in the table; those with damaged records are made by counting.
#include "scenario.h"
#include <stdio.h>
#include <string.h>

enum { NEW, PENDING, VALID, ABORTED = 4 };

#define FACTORY (-1) // as a slot
#define ALL     0xFE // versions

// clang-format off
static const struct scenario table[] = {
    // name, OTA slots, factory, download, images in ota_0..3 and factory, records, then the rest
    // Everything from set_boot on: the second cut is exhaustive.
    {"set-boot-other", 2, true, false, {V1, V2, 0, 0, BIG}, {{1, VALID}, {0, 0}},
     .script = {{SET, 1}}, .wanted = V2},
    {"set-boot-back", 2, true, false, {V1, V2, 0, 0, BIG}, {{1, VALID}, {2, VALID}},
     .script = {{SET, 0}}, .wanted = V1},
    {"set-boot-no-factory", 2, false, false, {V1, V2}, {{1, VALID}, {2, VALID}},
     .script = {{SET, 0}}, .wanted = V1},
    {"set-boot-from-factory", 2, true, false, {V2, 0, 0, 0, V1}, {{0, 0}, {0, 0}},
     .script = {{SET, 0}}, .wanted = V2},
    {"set-boot-active", 2, true, false, {V1, V2, 0, 0, BIG}, {{1, VALID}, {2, VALID}},
     .script = {{AGAIN, 1}}, .wanted = V2},
    {"set-boot-active-no-factory", 2, false, false, {V1, V2}, {{1, VALID}, {2, VALID}},
     .script = {{AGAIN, 1}}, .wanted = V2},
    {"set-boot-active-only", 2, true, false, {V2, 0, 0, 0, V1}, {{1, VALID}, {0, 0}},
     .script = {{AGAIN, 0}}, .wanted = V2},
    {"set-boot-active-notes-full", 2, true, false, {V1, V2, 0, 0, BIG}, {{1, VALID}, {2, VALID}},
     .notes = 120, .script = {{AGAIN, 1}}, .wanted = V2},
    // What a cut left of a note is not blank, though it may read so.
    {"set-boot-active-torn-note", 2, true, false, {V1, V2, 0, 0, BIG}, {{1, VALID}, {2, VALID}},
     .notes = 4, .torn = 1, .script = {{AGAIN, 1}}, .wanted = V2},
    {"set-boot-factory", 2, true, false, {V2, V3, 0, 0, V1}, {{1, VALID}, {2, VALID}},
     .script = {{SET, FACTORY}}, .wanted = V1},
    {"set-boot-factory-one-record", 2, true, false, {V2, 0, 0, 0, V1}, {{1, VALID}, {0, 0}},
     .script = {{SET, FACTORY}}, .wanted = V1},
    {"set-boot-factory-and-back", 2, true, false, {V2, V3, 0, 0, V1}, {{1, VALID}, {2, VALID}},
     .script = {{SET, FACTORY}, {SET, 0}}, .wanted = V2},
    {"set-boot-three-slots", 3, true, false, {V1, V2, V3, 0, BIG}, {{1, VALID}, {2, VALID}},
     .script = {{SET, 2}, {SET, 0}}, .wanted = V1},
    {"set-boot-four-slots", 4, false, false, {V1, V2, V3, BIG}, {{3, VALID}, {2, VALID}},
     .script = {{SET, 3}, {SET, 1}}, .wanted = V2},
    {"set-boot-numbers-used-up", 2, true, false, {V1, V2, 0, 0, BIG},
     {{0xFFFFFFFE, VALID}, {0xFFFFFFFD, VALID}}, .script = {{SET, 0}}, .wanted = V1},
    {"set-boot-untried", 2, true, false, {V1, V2, 0, 0, BIG}, {{1, VALID}, {2, VALID}},
     .untried = true, .script = {{SET, 0}, {AGAIN, 0}}, .wanted = V1},
    {"first-trial-boot", 2, true, false, {V1, V2, 0, 0, BIG}, {{1, VALID}, {2, NEW}},
     .script = {{SET, 1}}, .wanted = V2},
    {"first-trial-boot-of-all", 2, true, false, {V2, 0, 0, 0, V1}, {{1, NEW}, {0, 0}},
     .script = {{SET, 0}}, .wanted = V2},
    {"first-trial-boot-no-factory", 2, false, false, {V1, V2}, {{3, NEW}, {2, VALID}},
     .script = {{SET, 0}}, .wanted = V1},
    {"first-boot-no-factory", 2, false, false, {V1}, {{0, 0}, {0, 0}},
     .wanted = V1},
    {"confirm", 2, true, false, {V1, V2, 0, 0, BIG}, {{1, VALID}, {2, PENDING}},
     .open_trial = true, .script = {{SET, 1}}, .wanted = V2},
    {"confirm-no-factory", 2, false, false, {V1, V2}, {{3, PENDING}, {2, VALID}},
     .open_trial = true, .script = {{SET, 0}}, .wanted = V1},
    {"confirm-first-of-all", 2, true, false, {V2, 0, 0, 0, V1}, {{1, PENDING}, {0, 0}},
     .open_trial = true, .script = {{SET, 0}}, .wanted = V2},
    {"confirm-after-many", 2, true, false, {V1, V2, 0, 0, BIG}, {{1, VALID}, {2, PENDING}},
     .notes = 60, .open_trial = true, .script = {{SET, 1}}, .wanted = V2},
    {"confirm-notes-full", 2, true, false, {V1, V2, 0, 0, BIG}, {{1, VALID}, {2, PENDING}},
     .notes = 120, .open_trial = true, .script = {{SET, 1}}, .wanted = V2},
    {"confirm-notes-almost-full", 2, true, false, {V1, V2, 0, 0, BIG}, {{1, VALID}, {2, PENDING}},
     .notes = 118, .open_trial = true, .script = {{SET, 1}}, .wanted = V2},
    {"confirm-torn-notes", 2, true, false, {V1, V2, 0, 0, BIG}, {{1, VALID}, {2, PENDING}},
     .notes = 4, .torn = 3, .open_trial = true, .script = {{SET, 1}}, .wanted = V2},
    {"first-trial-boot-notes-full", 2, true, false, {V1, V2, 0, 0, BIG}, {{1, VALID}, {2, NEW}},
     .notes = 119, .script = {{SET, 1}}, .wanted = V2},
    {"rollback-by-crash-notes-full", 2, true, false, {V1, V2, 0, 0, BIG}, {{1, VALID}, {2, NEW}},
     .notes = 118, .manner = {[V2] = CRASHES}, .wanted = V1},
    {"rollback-by-app", 2, true, false, {V1, V2, 0, 0, BIG}, {{1, VALID}, {2, PENDING}},
     .open_trial = true, .manner = {[V2] = REJECTS}, .wanted = V1},
    {"rollback-by-app-to-factory", 2, true, false, {V2, 0, 0, 0, V1}, {{1, PENDING}, {0, 0}},
     .open_trial = true, .manner = {[V2] = REJECTS}, .wanted = V1},
    {"rollback-of-a-confirmed-app", 2, true, false, {V1, V2, 0, 0, BIG}, {{1, VALID}, {2, VALID}},
     .script = {{DISOWN, V2}}, .wanted = V1},
    {"rollback-by-crash", 2, true, false, {V1, V2, 0, 0, BIG}, {{1, VALID}, {2, NEW}},
     .manner = {[V2] = CRASHES}, .wanted = V1},
    {"rollback-by-crash-no-factory", 2, false, false, {V1, V2}, {{1, VALID}, {2, NEW}},
     .manner = {[V2] = CRASHES}, .wanted = V1},
    {"rollback-by-crash-to-factory", 2, true, false, {V2, 0, 0, 0, V1}, {{1, NEW}, {0, 0}},
     .manner = {[V2] = CRASHES}, .wanted = V1},
    {"rollback-by-watchdog", 2, true, false, {V1, V2, 0, 0, BIG}, {{3, NEW}, {2, VALID}},
     .manner = {[V1] = HANGS}, .wanted = V2},
    // The owner makes another choice when power is back.
    {"set-boot-then-active-again", 2, true, false, {V1, V2, 0, 0, BIG}, {{1, VALID}, {2, VALID}},
     .notes = 4, .script = {{ONCE, 0}, {AGAIN, 1}}, .wanted = V2},
    {"set-boot-to-what-rotted", 2, true, false, {V1, V2, 0, 0, BIG}, {{1, VALID}, {2, VALID}},
     .rotten = 1, .script = {{ONCE, 0}, {AGAIN, 1}}, .wanted = V2},
    {"rollback-then-another-slot", 3, false, false, {V1, V2, V3}, {{1, VALID}, {2, NEW}},
     .manner = {[V2] = CRASHES}, .script = {{SET, 2}}, .wanted = V3},
    {"rollback-by-app-to-what-rotted", 2, false, false, {V1, V2}, {{1, VALID}, {2, PENDING}},
     .rotten = 1, .open_trial = true, .manner = {[V2] = REJECTS}, .script = {{UPDATE, V3}},
     .wanted = V3},
    {"rollback-by-app-past-what-rotted", 2, true, false, {V3, V2, 0, 0, V1},
     {{1, VALID}, {2, PENDING}}, .rotten = 1, .open_trial = true, .manner = {[V2] = REJECTS},
     .script = {{UPDATE, BIG}}, .wanted = BIG},
    // What is selected has rotted, a fallback runs, and its update goes over the rotten one. Here
    // the second cut is exhaustive though it is a download.
    {"rotten-then-update", 2, false, false, {V2, V1}, {{3, VALID}, {2, VALID}},
     .rotten = 1, .script = {{UPDATE, V3}}, .wanted = V3},
    {"rotten-then-update-from-factory", 2, true, false, {V2, V3, 0, 0, V1}, {{1, VALID}, {0, 0}},
     .rotten = 1, .script = {{UPDATE, V3}}, .wanted = V3},
    // Downloads that go on where they stopped. The first has every second cut, too.
    {"resume", 2, true, false, {V1, V2, 0, 0, V3}, {{1, VALID}, {2, VALID}},
     .tagged = ALL, .script = {{UPDATE, BIG}}, .wanted = BIG},
    // An erase of the slot's only block, for the image, once took the notes with it.
    {"resume-of-three-notes", 2, true, true, {V2, 0, 0, 0, V1}, {{1, VALID}, {0, 0}},
     .tagged = ALL, .script = {{UPDATE, HUGE}}, .wanted = HUGE},
    {"resume-after-disconnect", 2, true, true, {V2, 0, 0, 0, V1}, {{1, VALID}, {0, 0}},
     .tagged = ALL, .script = {{PART, HUGE}, {UPDATE, HUGE}}, .wanted = HUGE},
    {"resume-after-reset", 2, false, true, {V1, V2}, {{1, VALID}, {2, VALID}},
     .tagged = ALL, .script = {{PART, HUGE}, {RESTART, 0}, {UPDATE, HUGE}}, .wanted = HUGE},
    {"resume-by-another", 2, true, true, {V1, V2, 0, 0, V2}, {{1, VALID}, {2, VALID}},
     .tagged = ALL, .script = {{PART, HUGE}, {RESTART, 0}, {UPDATE, BIG}}, .wanted = BIG},
    {"resume-by-one-without-a-tag", 2, true, true, {V1, V2, 0, 0, V2}, {{1, VALID}, {2, VALID}},
     .tagged = 1 << HUGE, .stale = true,
     .script = {{PART, HUGE}, {PART, BIG}, {UPDATE, HUGE}}, .wanted = HUGE},
    {"resume-over-old-notes", 2, false, true, {V1}, {{1, VALID}, {0, 0}},
     .tagged = ALL, .script = {{UPDATE, BIG}, {UPDATE, V3}, {UPDATE, HUGE}}, .wanted = HUGE},
    {"resume-then-trial-fails", 2, true, true, {V1, V2, 0, 0, V3}, {{1, VALID}, {2, VALID}},
     .tagged = ALL, .manner = {[BIG] = CRASHES}, .script = {{UPDATE, BIG}, {UPDATE, HUGE}},
     .wanted = HUGE},
    {"resume-over-what-rotted", 2, false, true, {V2, V1}, {{3, VALID}, {2, VALID}},
     .rotten = 1, .tagged = ALL, .script = {{PART, BIG}, {UPDATE, BIG}}, .wanted = BIG},
    // Encrypted ones: what comes is not what is written, and the header must outlive the power.
    {"encrypted-update", 2, true, true, {V1, V2, 0, 0, BIG}, {{1, VALID}, {2, VALID}},
     .sealed = ALL, .script = {{UPDATE, V3}}, .wanted = V3},
    {"encrypted-resume", 2, true, false, {V1, V2, 0, 0, V3}, {{1, VALID}, {2, VALID}},
     .tagged = ALL, .sealed = ALL, .script = {{UPDATE, BIG}}, .wanted = BIG},
    {"encrypted-resume-of-four-notes", 2, true, true, {V2, 0, 0, 0, V1}, {{1, VALID}, {0, 0}},
     .tagged = ALL, .sealed = ALL, .script = {{UPDATE, HUGE}}, .wanted = HUGE},
    {"encrypted-resume-after-reset", 2, false, true, {V1, V2}, {{1, VALID}, {2, VALID}},
     .tagged = ALL, .sealed = ALL, .script = {{PART, HUGE}, {RESTART, 0}, {UPDATE, HUGE}},
     .wanted = HUGE},
    {"encrypted-resume-by-a-plain-one", 2, true, true, {V1, V2, 0, 0, V2}, {{1, VALID}, {2, VALID}},
     .tagged = ALL, .sealed = 1 << HUGE,
     .script = {{PART, HUGE}, {RESTART, 0}, {UPDATE, BIG}}, .wanted = BIG},
    {"plain-resume-by-an-encrypted-one", 2, true, true, {V1, V2, 0, 0, V2},
     {{1, VALID}, {2, VALID}}, .tagged = ALL, .sealed = 1 << BIG,
     .script = {{PART, HUGE}, {RESTART, 0}, {UPDATE, BIG}}, .wanted = BIG},
    // What comes is expanded, or shrunk, or both, or decrypted first.
    {"expand-resume", 2, true, false, {V1, V2, 0, 0, V3}, {{1, VALID}, {2, VALID}},
     .tagged = ALL, .row = 1, .script = {{UPDATE, BIG}}, .wanted = BIG},
    {"expand-resume-by-frames", 2, true, true, {V1, V2, 0, 0, V3}, {{1, VALID}, {2, VALID}},
     .tagged = ALL, .row = 3, .script = {{UPDATE, HUGE}}, .wanted = HUGE},
    {"shrink-resume-after-reset", 2, false, true, {V1, V2}, {{1, VALID}, {2, VALID}},
     .tagged = ALL, .row = 4, .script = {{PART, HUGE}, {RESTART, 0}, {UPDATE, HUGE}},
     .wanted = HUGE},
    {"expand-shrink-resume", 2, true, true, {V2, 0, 0, 0, V1}, {{1, VALID}, {0, 0}},
     .tagged = ALL, .row = 6, .script = {{UPDATE, HUGE}}, .wanted = HUGE},
    {"shrink-expand-resume", 2, true, true, {V2, 0, 0, 0, V1}, {{1, VALID}, {0, 0}},
     .tagged = ALL, .row = 8, .script = {{UPDATE, HUGE}}, .wanted = HUGE},
    {"encrypted-expand-resume", 2, true, true, {V1, V2, 0, 0, V3}, {{1, VALID}, {2, VALID}},
     .tagged = ALL, .sealed = ALL, .row = 3, .script = {{UPDATE, HUGE}}, .wanted = HUGE},
    {"encrypted-shrink-resume-after-reset", 2, false, true, {V1, V2}, {{1, VALID}, {2, VALID}},
     .tagged = ALL, .sealed = 1 << HUGE, .row = 4,
     .script = {{PART, HUGE}, {RESTART, 0}, {UPDATE, HUGE}}, .wanted = HUGE},
    // Whole updates: the second cut is sampled unless all are asked for.
    {"rotten-both-records-factory-runs", 2, true, true, {V2, V3, 0, 0, V1},
     {{3, VALID}, {2, VALID}}, .rotten = 3, .script = {{UPDATE, BIG}}, .wanted = BIG},
    {"rotten-upper-slot", 2, true, true, {V1, V2, 0, 0, BIG}, {{1, VALID}, {2, VALID}},
     .rotten = 2, .script = {{UPDATE, V3}}, .wanted = V3},
    {"rotten-and-no-record-of-the-other", 2, false, true, {V2, V1}, {{1, VALID}, {0, 0}},
     .rotten = 1, .script = {{UPDATE, V3}}, .wanted = V3},
    {"rotten-and-no-record-at-all", 2, false, true, {V2, V1}, {{0, 0}, {0, 0}},
     .rotten = 1, .script = {{UPDATE, V3}}, .wanted = V3},
    {"rotten-and-the-other-refused", 2, false, true, {V2, V1}, {{3, VALID}, {2, ABORTED}},
     .rotten = 1, .script = {{UPDATE, V3}}, .wanted = V3},
    {"rotten-of-three-slots", 3, false, true, {V2, V1, BIG}, {{4, VALID}, {2, VALID}},
     .rotten = 1, .script = {{UPDATE, V3}, {UPDATE, BIG}}, .wanted = BIG},
    {"rotten-then-update-that-fails", 2, false, true, {V2, V1}, {{3, VALID}, {2, VALID}},
     .rotten = 1, .manner = {[V3] = CRASHES}, .script = {{UPDATE, V3}}, .wanted = V1},
    {"update-from-factory", 2, true, true, {0, 0, 0, 0, V1}, {{0, 0}, {0, 0}},
     .script = {{UPDATE, V2}}, .wanted = V2},
    {"update-from-ota-0", 2, true, true, {V2, 0, 0, 0, V1}, {{1, VALID}, {0, 0}},
     .script = {{UPDATE, V3}}, .wanted = V3},
    {"update-from-ota-1", 2, true, true, {V1, V2, 0, 0, BIG}, {{1, VALID}, {2, VALID}},
     .script = {{UPDATE, V3}}, .wanted = V3},
    {"update-no-factory", 2, false, true, {V1}, {{1, VALID}, {0, 0}},
     .script = {{UPDATE, V2}}, .wanted = V2},
    {"update-three-slots", 3, true, true, {V1, V2, BIG, 0, HUGE}, {{3, VALID}, {2, VALID}},
     .script = {{UPDATE, V3}}, .wanted = V3},
    {"update-four-slots", 4, false, true, {V1, V2, BIG, 0}, {{3, VALID}, {2, VALID}},
     .script = {{UPDATE, V3}}, .wanted = V3},
    {"update-two-sectors", 2, true, true, {V2, 0, 0, 0, V1}, {{1, VALID}, {0, 0}},
     .script = {{UPDATE, BIG}}, .wanted = BIG},
    {"update-block", 2, true, true, {V2, 0, 0, 0, V1}, {{1, VALID}, {0, 0}},
     .script = {{UPDATE, HUGE}}, .wanted = HUGE},
    {"update-untried", 2, false, true, {V1}, {{1, VALID}, {0, 0}},
     .untried = true, .script = {{UPDATE, V2}, {UPDATE, V3}}, .wanted = V3},
    {"update-twice", 2, true, true, {0, 0, 0, 0, V1}, {{0, 0}, {0, 0}},
     .script = {{UPDATE, V2}, {UPDATE, V3}}, .wanted = V3},
    {"update-numbers-used-up", 2, true, true, {V1, V2, 0, 0, BIG},
     {{0xFFFFFFFE, VALID}, {0xFFFFFFFD, VALID}}, .script = {{UPDATE, V3}}, .wanted = V3},
    {"update-by-another", 2, true, true, {V1, 0, 0, 0, BIG}, {{1, VALID}, {0, 0}},
     .script = {{PART, V2}, {UPDATE, V3}}, .wanted = V3},
    {"update-by-another-after-reset", 2, true, true, {V1, V2, 0, 0, BIG}, {{1, VALID}, {2, VALID}},
     .script = {{PART, BIG}, {RESTART, 0}, {UPDATE, V3}}, .wanted = V3},
    {"update-that-fails-then-a-good-one", 2, true, true, {V1, 0, 0, 0, BIG}, {{1, VALID}, {0, 0}},
     .manner = {[V2] = CRASHES}, .script = {{UPDATE, V2}, {UPDATE, V3}}, .wanted = V3},
    {"update-that-rejects-itself", 2, false, true, {V1}, {{1, VALID}, {0, 0}},
     .manner = {[V2] = REJECTS}, .script = {{UPDATE, V2}}, .wanted = V1},
    // Signed images. V1 is signed by A, V2 and HUGE by A and B, V3 by B, BIG by a stranger.
    {"signed-update", 2, true, true, {V1, 0, 0, 0, HUGE}, {{1, VALID}, {0, 0}},
     .is_signed = true, .script = {{UPDATE, V2}}, .wanted = V2},
    {"signed-update-by-a-stranger", 2, true, true, {V1, V2, 0, 0, HUGE}, {{1, VALID}, {2, VALID}},
     .is_signed = true, .script = {{DENIED, BIG}, {UPDATE, V3}}, .wanted = V3},
    {"signed-stranger-is-selected", 2, true, true, {V1, BIG, 0, 0, HUGE}, {{1, VALID}, {2, VALID}},
     .is_signed = true, .script = {{UPDATE, V2}}, .wanted = V2},
    {"signed-key-rotation", 2, true, true, {V1, 0, 0, 0, HUGE}, {{1, VALID}, {0, 0}},
     .is_signed = true, .script = {{UPDATE, V2}, {REVOKE, 1}, {DENIED, V1}, {UPDATE, V3}},
     .wanted = V3},
    {"signed-counter-burn", 2, true, true, {V1, 0, 0, 0, HUGE}, {{1, VALID}, {0, 0}},
     .is_signed = true, .script = {{UPDATE, V2}, {BURN, 2}, {DENIED, V1}, {UPDATE, V3}},
     .wanted = V3},
    {"signed-rollback-past-a-revoked-key", 2, true, true, {V1, V2, 0, 0, HUGE},
     {{1, VALID}, {2, PENDING}}, .is_signed = true, .revoked = 1, .open_trial = true,
     .manner = {[V2] = REJECTS}, .script = {{UPDATE, V3}}, .wanted = V3},
    {"update-after-set-boot-factory", 2, true, true, {V2, 0, 0, 0, V1}, {{1, VALID}, {0, 0}},
     .script = {{SET, FACTORY}, {UPDATE, V3}}, .wanted = V3},
};
// clang-format on

static struct scenario all[SCENARIOS_MAX];
static char names[SCENARIOS_MAX][SCENARIO_NAME_MAX];

// Again, on a chip that encrypts its flash in these units.
static void add_encrypted(uint32_t *count, const struct scenario *plain, uint8_t unit)
{
    struct scenario *scenario = &all[*count];
    *scenario = *plain;
    (void)snprintf(names[*count], SCENARIO_NAME_MAX, "%s@%u", plain->name, (unsigned)unit);
    scenario->name = names[(*count)++];
    scenario->unit = unit;
}

// An update from a device whose records are damaged: `which` of them, in this way.
static void add_damaged(uint32_t *count, enum damage damage, uint8_t which, bool factory)
{
    static const char *const kinds[] = {"",        "blank",     "random", "seq-0",      "seq-last",
                                        "bad-crc", "bad-state", "torn",   "half-erased"};
    static const char *const places[] = {"", "first", "second", "both"};
    struct scenario *scenario = &all[*count];
    *scenario = (struct scenario){.name = names[*count],
                                  .ota = 2,
                                  .factory = factory,
                                  .download = true,
                                  .images = {V1, V2, 0, 0, factory ? BIG : NO_IMAGE},
                                  .records = {{1, VALID}, {2, VALID}},
                                  .damage = damage,
                                  .damaged = which,
                                  .script = {{UPDATE, V3}},
                                  .wanted = V3};
    (void)snprintf(names[*count], SCENARIO_NAME_MAX, "damage-%s-%s%s", kinds[damage], places[which],
                   factory ? "" : "-no-factory");
    (*count)++;
}

const struct scenario *scenarios(uint32_t *count)
{
    static uint32_t made;
    if (made == 0) {
        made = sizeof table / sizeof table[0];
        memcpy(all, table, sizeof table);
        for (int damage = BLANK; damage <= HALF_ERASED; damage++) {
            for (uint8_t which = 1; which <= 3; which++) {
                add_damaged(&made, (enum damage)damage, which, true);
                add_damaged(&made, (enum damage)damage, which, false);
            }
        }
        uint32_t plain = made;
        for (uint32_t i = 0; i < 2 * plain; i++) {
            add_encrypted(&made, &all[i / 2], i % 2 == 0 ? 16 : 32);
        }
    }
    *count = made;
    return all;
}
