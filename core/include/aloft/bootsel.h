// Which slot boots: reading the two otadata records, and the only code that writes them. A write is
// a machine whose step does at most one flash operation.
//
// Counterparts in ESP-IDF components/app_update/esp_ota_ops.c:
//   aloft_bootsel_boot_slot     esp_ota_get_boot_partition
//   aloft_bootsel_state         esp_ota_get_state_partition
//   aloft_bootsel_set_boot      esp_ota_set_boot_partition
//   aloft_bootsel_confirm       esp_ota_mark_app_valid_cancel_rollback
//   aloft_bootsel_reject        esp_ota_mark_app_invalid_rollback_and_reboot, without the reboot
//   aloft_bootsel_mark          what bootloader_utility.c writes at a boot
//
// Life cycle of a write: one of set_boot, select, confirm, reject, mark, repair, started; then step
// until it is not AGAIN.
//
// Before its first change each call becomes a list of operations, at most 20. Y is the sector whose
// record changes, X the other; what is in brackets is there when there is something to do.
//
//   clear S         [void record S] [void first note of S] erase S
//   write S         clear S, program S (state, then seq; or both at once), check S
//   note S          program a note in S, check it
//   rewrite Y       [clear X] note X "intent", write Y, note X "done"
//
//   set_boot        to the slot that is selected already: rewrite Y
//                   to another: write Y; when the numbers are used up: write Y, write X
//                   to factory: clear Y, clear X
//   confirm, reject, mark
//                   rewrite Y; when X has no room for notes: rewrite X as it is, rewrite Y
//   repair          [write Y] note X "done"; when X has no room: [write Y] void the intent in X
//   started         [clear X] note X "done"
//
// A record is made void by one program before its sector is erased: an erase that is cut leaves
// some bits old and some set, and the state, which no CRC covers, could turn into another.
// Rewriting a record in place (PENDING, ABORTED, VALID, INVALID; NEW for the slot that is selected
// already) would lose it when power is cut between erase and program; so the intent is noted first,
// in the other sector (note.h), and our bootloader completes what it finds begun:
// aloft_bootsel_repair.
//
// Where flash encrypts, what is erased and what was torn both read as noise, so no place is taken
// for blank because of what it reads: a note goes behind the last whole one, is read back, and goes
// one place further when it is not there. A record or note that is programmed over reads as noise:
// void. A place that reads FF there was programmed, as part of a sector that was encrypted whole:
// when ESP-IDF switches encryption on, or by a tool. It is used after its sector is erased.
//
// Why it ends: the list is finite, and a note moves on only to the last place of its sector. A list
// begins a note only where 16 places are left, so that as many torn ones do not matter.
#ifndef ALOFT_BOOTSEL_H
#define ALOFT_BOOTSEL_H

#include "aloft/format/note.h"
#include "aloft/slots.h"
#include "aloft/verify.h"

enum aloft_bootsel_what {
    ALOFT_BOOTSEL_VOID,    // program zeros over it
    ALOFT_BOOTSEL_ERASE,   //
    ALOFT_BOOTSEL_PROGRAM, //
    ALOFT_BOOTSEL_CHECK,   // read it back
};

// One operation: what, in which sector, and which bytes of it. A note goes to the place that is
// next when its turn comes; off is that of the first place.
struct aloft_bootsel_op {
    uint8_t what; // enum aloft_bootsel_what
    uint8_t sector;
    uint16_t off;
    uint16_t len;
    uint16_t note; // enum aloft_note_kind; NONE: these are bytes of the record
};

#define ALOFT_BOOTSEL_OPS_MAX 20u

// A sector as it was found; then, while the list is made, as the list so far leaves it.
struct aloft_bootsel_sector {
    uint32_t flags;
    uint32_t place;         // where its next note goes
    struct aloft_note note; // its last whole one, kind NONE: there is none; then what it gets
    uint32_t cuts; // trials of that note's image, one after the other, that a loss of power ended
    uint8_t record[ALOFT_OTADATA_RECORD];
};

struct aloft_bootsel_list {
    uint32_t count;
    uint32_t done;
    struct aloft_otadata records[2]; // as those of the sectors
    struct aloft_bootsel_sector sectors[2];
    struct aloft_bootsel_op ops[ALOFT_BOOTSEL_OPS_MAX];
};

struct aloft_bootsel {
    const struct aloft_slots *slots;
    struct aloft_flash_view otadata;
    enum aloft_err (*next)(struct aloft_bootsel *); // what the next step does; NULL: no more
    enum aloft_err (*plan)(struct aloft_bootsel *); // makes the list
    enum aloft_err err;                             // of a failed machine
    uint32_t sector; // goal of confirm, reject, mark: the record of this sector becomes
    uint32_t seq;    // this, with
    uint32_t state;  // this state
    int slot;        // goal of set_boot: this slot, with `state`
    uint32_t flags;  // ALOFT_NOTE_BLAMELESS: this failed trial is not to be remembered
    bool judged;     // the slot that is to be trusted was found good
    bool fall_back;  // reject: factory is the second candidate
    union {
        struct aloft_verify verify; // of the slot that is about to be trusted; comes first
        struct aloft_bootsel_list list;
    } work;
};

// Gives back what verifying holds. Of a machine that is left before its last step, or of zeros; at
// any time, and more than once. What was written stays, and the next boot or `repair` carries it
// out.
void aloft_bootsel_end(struct aloft_bootsel *op);

// Reads both records. A table without otadata gives two empty records.
// Errors: OTADATA_SIZE, PTABLE_OVERLAP when otadata lies over the table or a slot, and those of
//         aloft_flash_read.
enum aloft_err aloft_bootsel_read(const struct aloft_slots *slots, struct aloft_otadata records[2]);

// The slot that the records select: what the next boot would try first, trials aside.
int aloft_bootsel_boot_slot(const struct aloft_slots *slots, const struct aloft_otadata records[2]);

// The state that a record gives to an OTA slot: true and *state when a sound record names it, the
// active one first. Factory and test have no state.
bool aloft_bootsel_state(const struct aloft_slots *slots, const struct aloft_otadata records[2],
                         int slot, uint32_t *state);

// The images whose trial is the last thing that a sector's notes tell of, and either failed, or was
// ended by a loss of power as the one before it: *count of them, at most two, named in ids; bit n
// of *cut: the power it was. They are forgotten when another image has its trial. Under the stock
// bootloader, which keeps no notes, aloft_bootsel_started writes them.
// Errors: those of aloft_bootsel_read.
#define ALOFT_BOOTSEL_CUTS 2u
enum aloft_err aloft_bootsel_failed(const struct aloft_slots *slots, uint8_t ids[2][ALOFT_NOTE_ID],
                                    uint32_t *count, uint32_t *cut);

// Makes `slot` the one that boots, after verifying its image whole by the rules, signature and
// security version included. trial: write NEW, so that the
// app must confirm; else UNDEFINED. Factory: both records are erased, the inactive one first.
// Flash:      verify reads; then one operation a step: at most two erases and eight programs; for
//             the slot that is selected already, as confirm. Nothing, when the record is so
//             already.
// Power loss: the old choice holds until the new record's program is complete; from then on the new
//             one holds.
// Errors:     SLOT_UNKNOWN, NO_OTADATA, OTADATA_SIZE, those of aloft_verify_step, FLASH_*.
void aloft_bootsel_set_boot(struct aloft_bootsel *op, const struct aloft_slots *slots,
                            const struct aloft_image_rules *rules, int slot, bool trial);

// As set_boot, with this state. For the engine, which gives a fallback that runs a record of its
// own before an update; the state is NEW or VALID, for UNDEFINED would be rewritten at the app's
// next confirm, and the notes of a failed release be lost with the sector.
void aloft_bootsel_select(struct aloft_bootsel *op, const struct aloft_slots *slots,
                          const struct aloft_image_rules *rules, int slot, uint32_t state);

// The running app is good: its record becomes VALID. Already VALID, factory or test: nothing to do.
// Flash:      in place, under a note: at most two erases and eight programs, one a step; two erases
//             and twelve programs once in sixty times, when the other sector is full of notes.
// Power loss: with our bootloader the old state or the new one, never neither. With the stock
//             bootloader the record can be lost between erase and program, as with the stock
//             library.
// Errors:     NOT_SELECTED when otadata does not select the running slot; FLASH_*.
void aloft_bootsel_confirm(struct aloft_bootsel *op, const struct aloft_slots *slots, int running);

// The running app is bad: its record becomes INVALID, if another app exists to go back to that is
// good by the rules: one that they no longer let boot does not count. The caller restarts
// afterwards.
// Flash, power loss: as confirm.
// Errors:     NO_ROLLBACK, also for an app that boots because otadata selects none, as factory does
//             when otadata is erased; NOT_SELECTED when it selects another one; FLASH_*.
void aloft_bootsel_reject(struct aloft_bootsel *op, const struct aloft_slots *slots,
                          const struct aloft_image_rules *rules, int running);

// Gives sector 0 or 1 this record, in place. For the bootloader. blameless: if the record ends a
// trial, that is not remembered against the image (aloft_bootsel_failed); power was cut.
// Flash, power loss: as confirm.
void aloft_bootsel_mark(struct aloft_bootsel *op, const struct aloft_slots *slots, uint32_t sector,
                        const struct aloft_otadata *record, bool blameless);

// Completes or closes a rewrite in place that power has cut. For the bootloader, before it looks at
// the records. When there is nothing to repair, nothing is changed.
// Flash, power loss: as confirm; it can be cut and begun again any number of times.
void aloft_bootsel_repair(struct aloft_bootsel *op, const struct aloft_slots *slots);

// Notes the trials whose end nobody has noted: the stock bootloader writes ABORTED and its library
// INVALID without a note, and no bootloader notes at once what it could not start. For the app,
// once at its start, before anything else writes otadata: the reset that it comes from is the one
// that ended the trial. power_on: power was off before it. What lies in the slot then is what has
// failed (aloft_bootsel_failed), whatever is written there later.
// Flash:      for each trial one program; before it, a sector is erased that holds nothing that
//             counts. Nothing, when all is noted, the record is the running app's, or the sector of
//             a record that counts is full of notes.
// Power loss: no record changes. The trial is noted, or the next start does that; it comes from a
//             loss of power then, so the release may be tried once more.
// Errors:     those of aloft_bootsel_read, NO_OTADATA, FLASH_*.
void aloft_bootsel_started(struct aloft_bootsel *op, const struct aloft_slots *slots, int running,
                           bool power_on);

// One operation of the list; or reading at most 4 KiB. DONE: the records are written and read back.
enum aloft_step aloft_bootsel_step(struct aloft_bootsel *op);

#endif
