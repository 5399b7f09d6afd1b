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
// Life cycle of a write: one of set_boot, confirm, reject, mark, repair; then step until it is not
// AGAIN.
//
// Rewriting a record in place (PENDING, ABORTED, VALID, INVALID; NEW for the slot that is active
// already) would lose it when power is cut between erase and program. So the intent is noted first,
// in the other sector (note.h), and our bootloader completes what it finds begun:
// aloft_bootsel_repair. A record is also made void by one program before its sector is erased: an
// erase that is cut leaves some bits old and some set, and the state, which no CRC covers, could
// turn into another.
#ifndef ALOFT_BOOTSEL_H
#define ALOFT_BOOTSEL_H

#include "aloft/format/note.h"
#include "aloft/slots.h"
#include "aloft/verify.h"

struct aloft_bootsel {
    const struct aloft_slots *slots;
    struct aloft_flash_view otadata;
    struct aloft_otadata record;
    struct aloft_otadata next; // goes to the other sector when `record` is done
    uint32_t phase;
    uint32_t sector;            // 0 or 1: written, or only erased
    uint32_t note_index;        // where the next note goes, in the other sector
    enum aloft_err err;         // of a failed machine
    uint32_t blameless;         // flag of notes: this failed trial is not to be remembered
    bool void_note;             // the sector's first note is to be made void, too
    bool in_place;              // once the image is trusted, the active record is rewritten
    bool write;                 // a record goes to `sector` after its erase
    bool noted;                 // the rewrite is in place and goes under a note
    bool erase_other;           // the other sector is erased last
    bool then;                  // `next` is to be written, too
    bool fall_back;             // reject: factory is the second candidate
    uint8_t id[ALOFT_NOTE_ID];  // names the image that record.seq selects
    struct aloft_verify verify; // of the slot that is about to be trusted
};

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

// The images whose trial is the last thing that a sector's notes tell of, and failed: *count of
// them, at most two, named in ids. They are forgotten when another image has its trial. With the
// stock bootloader there are none: it keeps no notes. Errors: those of aloft_bootsel_read.
enum aloft_err aloft_bootsel_failed(const struct aloft_slots *slots, uint8_t ids[2][ALOFT_NOTE_ID],
                                    uint32_t *count);

// Makes `slot` the one that boots, after verifying its image whole by the rules, signature and
// security version included. trial: write NEW, so that the
// app must confirm; else UNDEFINED. Factory: both records are erased, the inactive one first.
// Flash:      verify reads; at most two erases and eight programs, one a step; for the slot that is
//             active already, as confirm.
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
// Flash:      in place, under a note: at most two erases and seven programs, one a step; twice that
//             once in sixty times, when the other sector is full of notes.
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
// the records. DONE at the first step when there is nothing to repair.
// Flash, power loss: as confirm; it can be cut and begun again any number of times.
void aloft_bootsel_repair(struct aloft_bootsel *op, const struct aloft_slots *slots);

// At most one erase or program, after a look at what it replaces; or reading at most 4 KiB. DONE:
// the records are written and read back.
enum aloft_step aloft_bootsel_step(struct aloft_bootsel *op);

#endif
