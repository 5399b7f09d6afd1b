// The two otadata records: who reads them how, and the one machine that writes them.
//
//   set_boot: VERIFY ---------------> ERASE -> PROG -> CHECK -> [ERASE_OTHER] -> DONE
//   reject:   VERIFY [-> VERIFY] ---> ERASE -> PROG -> CHECK -> DONE
//   confirm, mark: -----------------> ERASE -> PROG -> CHECK -> DONE
//   factory:  VERIFY ---------------> ERASE -------------------> ERASE_OTHER  -> DONE
//
// Invariants
//   B1  set_boot never touches the active record before the new one is complete and read back; the
//       one exception, selecting the slot that is active already, rewrites it in place as the stock
//       library does.
//   B2  No record is written for a slot whose image was not judged good in this machine, except
//   state
//       changes of the record that is being run.
//   B3  A record is programmed only into a sector that this machine has just erased.
#include "aloft/bootsel.h"
#include <string.h>

enum phase { VERIFY, ERASE, PROG, CHECK, ERASE_OTHER, DONE, FAILED };

static struct aloft_flash_view otadata_view(const struct aloft_slots *slots)
{
    return aloft_slots_view(slots, slots->otadata);
}

// Writing a record erases a sector, so otadata that lies over the table, a slot, or what is before
// the table is no otadata.
static bool lies_apart(const struct aloft_slots *slots)
{
    struct aloft_partition otadata = {.addr = slots->otadata.addr, .len = slots->otadata.len};
    bool apart = otadata.addr >= slots->ptable_addr + ALOFT_PTABLE_SECTOR;
    for (int slot = ALOFT_SLOT_TEST; slot < (int)ALOFT_OTADATA_SLOTS_MAX; slot++) {
        struct aloft_extent extent = aloft_slots_extent(slots, slot);
        struct aloft_partition app = {.addr = extent.addr, .len = extent.len};
        apart = apart && aloft_ptable_conflict(&otadata, &app) == ALOFT_OK;
    }
    return apart;
}

enum aloft_err aloft_bootsel_read(const struct aloft_slots *slots, struct aloft_otadata records[2])
{
    struct aloft_flash_view view = otadata_view(slots);
    uint8_t bytes[ALOFT_OTADATA_RECORD];
    memset(bytes, 0xFF, sizeof bytes);
    for (uint32_t i = 0; i < 2; i++) {
        aloft_otadata_parse(bytes, &records[i]);
    }
    if (slots->otadata.len == 0) {
        return ALOFT_OK;
    }
    if (slots->otadata.len < ALOFT_OTADATA_LEN) {
        return ALOFT_ERR_OTADATA_SIZE;
    }
    if (!lies_apart(slots)) {
        return ALOFT_ERR_PTABLE_OVERLAP;
    }
    for (uint32_t i = 0; i < 2; i++) {
        enum aloft_err err = aloft_flash_read(&view, i * ALOFT_OTADATA_SECTOR, bytes, sizeof bytes);
        if (err != ALOFT_OK) {
            return err;
        }
        aloft_otadata_parse(bytes, &records[i]);
    }
    return ALOFT_OK;
}

int aloft_bootsel_boot_slot(const struct aloft_slots *slots, const struct aloft_otadata records[2])
{
    int active = aloft_otadata_active(records);
    if (active >= 0 && slots->ota_count > 0) {
        return (int)aloft_otadata_slot(records[active].seq, slots->ota_count);
    }
    if (slots->factory.len != 0) {
        return ALOFT_SLOT_FACTORY;
    }
    return slots->ota_count > 0 ? 0 : ALOFT_SLOT_NONE;
}

bool aloft_bootsel_state(const struct aloft_slots *slots, const struct aloft_otadata records[2],
                         int slot, uint32_t *state)
{
    int active = aloft_otadata_active(records);
    for (int n = 0; n < 2 && slots->ota_count > 0; n++) {
        int i = active == 1 ? 1 - n : n; // of two records that name the slot, the one that counts
        if (aloft_otadata_sound(&records[i]) &&
            (int)aloft_otadata_slot(records[i].seq, slots->ota_count) == slot) {
            *state = records[i].state;
            return true;
        }
    }
    return false;
}

static void fail(struct aloft_bootsel *op, enum aloft_err err)
{
    op->err = err;
    op->phase = FAILED;
}

// A fresh machine that has read the records, or has failed to.
static bool start(struct aloft_bootsel *op, const struct aloft_slots *slots,
                  struct aloft_otadata records[2])
{
    memset(op, 0, sizeof *op);
    op->slots = slots;
    op->phase = ERASE;
    enum aloft_err err = aloft_bootsel_read(slots, records);
    if (err == ALOFT_OK && slots->otadata.len == 0) {
        err = ALOFT_ERR_NO_OTADATA;
    }
    if (err != ALOFT_OK) {
        fail(op, err);
    }
    return err == ALOFT_OK;
}

static void verify_slot(struct aloft_bootsel *op, const struct aloft_image_rules *rules, int slot)
{
    struct aloft_flash_view view = aloft_slots_view(op->slots, aloft_slots_extent(op->slots, slot));
    op->phase = VERIFY;
    aloft_verify_init(&op->verify, &view, rules);
}

void aloft_bootsel_set_boot(struct aloft_bootsel *op, const struct aloft_slots *slots,
                            const struct aloft_image_rules *rules, int slot, bool trial)
{
    struct aloft_otadata records[2];
    if (!start(op, slots, records)) {
        return;
    }
    bool known = slot == ALOFT_SLOT_FACTORY || (slot >= 0 && slot < (int)slots->ota_count);
    if (!known || aloft_slots_extent(slots, slot).len == 0) {
        fail(op, ALOFT_ERR_SLOT_UNKNOWN);
        return;
    }
    int active = aloft_otadata_active(records);
    op->sector = active == 0 ? 1 : 0;
    verify_slot(op, rules, slot);
    if (slot == ALOFT_SLOT_FACTORY) {
        op->erase_other = true; // the inactive record goes first, the active one last (B1)
        return;
    }
    uint32_t current = active >= 0 ? records[active].seq : 0;
    op->write = true;
    op->record.state = trial ? ALOFT_OTA_NEW : ALOFT_OTA_UNDEFINED;
    if (active >= 0 && (int)aloft_otadata_slot(current, slots->ota_count) == slot) {
        op->sector = (uint8_t)active;
        op->record.seq = current;
        return;
    }
    op->record.seq = aloft_otadata_next_seq(current, (uint32_t)slot, slots->ota_count);
    if (op->record.seq == 0) {
        // The numbers are used up: begin again at the bottom, and take the old record away only
        // after the new one stands.
        op->record.seq = aloft_otadata_next_seq(0, (uint32_t)slot, slots->ota_count);
        op->erase_other = true;
    }
}

// The running app changes the state of its own record. False when it has none to change.
static bool own_record(struct aloft_bootsel *op, const struct aloft_otadata records[2], int running)
{
    int active = aloft_otadata_active(records);
    if (active < 0 || op->slots->ota_count == 0 ||
        (int)aloft_otadata_slot(records[active].seq, op->slots->ota_count) != running) {
        fail(op, ALOFT_ERR_NOT_SELECTED);
        return false;
    }
    op->sector = (uint8_t)active;
    op->record = records[active];
    op->write = true;
    return true;
}

// Byte path 12/12: the app that the byte is part of runs, and says that it is good.
void aloft_bootsel_confirm(struct aloft_bootsel *op, const struct aloft_slots *slots, int running)
{
    struct aloft_otadata records[2];
    if (running < 0) { // factory and test need no confirmation
        memset(op, 0, sizeof *op);
        op->phase = DONE;
        return;
    }
    if (!start(op, slots, records) || !own_record(op, records, running)) {
        return;
    }
    if (op->record.state == ALOFT_OTA_VALID) {
        op->phase = DONE;
        return;
    }
    op->record.state = ALOFT_OTA_VALID;
}

void aloft_bootsel_reject(struct aloft_bootsel *op, const struct aloft_slots *slots,
                          const struct aloft_image_rules *rules, int running)
{
    struct aloft_otadata records[2];
    if (!start(op, slots, records) || !own_record(op, records, running)) {
        return;
    }
    op->record.state = ALOFT_OTA_INVALID;
    const struct aloft_otadata *other = &records[op->sector ^ 1];
    bool factory = slots->factory.len != 0;
    if (aloft_otadata_usable(other) &&
        (int)aloft_otadata_slot(other->seq, slots->ota_count) != running) {
        op->fall_back = factory;
        verify_slot(op, rules, (int)aloft_otadata_slot(other->seq, slots->ota_count));
    } else if (factory) {
        verify_slot(op, rules, ALOFT_SLOT_FACTORY);
    } else {
        fail(op, ALOFT_ERR_NO_ROLLBACK);
    }
}

void aloft_bootsel_mark(struct aloft_bootsel *op, const struct aloft_slots *slots, uint8_t sector,
                        uint32_t seq, uint32_t state)
{
    memset(op, 0, sizeof *op);
    op->slots = slots;
    op->phase = ERASE;
    op->sector = sector;
    op->write = true;
    op->record.seq = seq;
    op->record.state = state;
}

static enum aloft_err verified(struct aloft_bootsel *op)
{
    enum aloft_step step = aloft_verify_step(&op->verify);
    if (step == ALOFT_STEP_DONE) {
        op->phase = ERASE;
    }
    if (step != ALOFT_STEP_FAILED) {
        return ALOFT_OK;
    }
    if (op->fall_back) {
        struct aloft_image_rules rules = op->verify.image.rules;
        op->fall_back = false;
        verify_slot(op, &rules, ALOFT_SLOT_FACTORY);
        return ALOFT_OK;
    }
    bool rejecting = op->record.state == ALOFT_OTA_INVALID;
    return rejecting ? ALOFT_ERR_NO_ROLLBACK : op->verify.err;
}

// Byte path 9/12: from core/update/engine.c; PROG is the durable point: before it the old image
// boots, after it the new one, on trial.
static enum aloft_err write_record(struct aloft_bootsel *op)
{
    struct aloft_flash_view view = otadata_view(op->slots);
    uint8_t bytes[ALOFT_OTADATA_RECORD];
    uint32_t off = op->sector * ALOFT_OTADATA_SECTOR;
    enum aloft_err err;

    aloft_otadata_emit(&op->record, bytes);
    if (op->phase == ERASE) {
        err = aloft_flash_erase(&view, off, ALOFT_OTADATA_SECTOR);
        op->phase = op->write ? PROG : ERASE_OTHER;
    } else if (op->phase == PROG) {
        err = aloft_flash_prog(&view, off, bytes, sizeof bytes);
        op->phase = CHECK;
    } else if (op->phase == CHECK) {
        err = aloft_flash_compare(&view, off, bytes, sizeof bytes);
        op->phase = op->erase_other ? ERASE_OTHER : DONE;
    } else {
        err = aloft_flash_erase(&view, ALOFT_OTADATA_SECTOR - off, ALOFT_OTADATA_SECTOR);
        op->phase = DONE;
    }
    return err;
}

enum aloft_step aloft_bootsel_step(struct aloft_bootsel *op)
{
    if (op->phase != DONE && op->phase != FAILED) {
        enum aloft_err err = op->phase == VERIFY ? verified(op) : write_record(op);
        if (err != ALOFT_OK) {
            fail(op, err);
        }
    }
    if (op->phase == FAILED) {
        return ALOFT_STEP_FAILED;
    }
    return op->phase == DONE ? ALOFT_STEP_DONE : ALOFT_STEP_AGAIN;
}
