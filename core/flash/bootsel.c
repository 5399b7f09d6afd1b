// The two otadata records: who reads them how, and the one machine that writes them. Y is the
// sector that is written, X the other.
//
//   set_boot                VERIFY -> write Y -> DONE, or to factory: erase Y -> erase X -> DONE
//   reject                  VERIFY [VERIFY] -> in place
//   confirm, mark, repair   in place
//
//   write Y:   LOOK -> VOID -> VOID_NOTES -> ERASE -> PROG_TAIL -> PROG -> CHECK
//   in place:  PLAN -> [CLEAN X] -> NOTE in X -> NOTE_CHECK -> write Y -> CLOSE in X
//
// Two jobs come with one before them in the other sector (`then`): a rewrite in place when X has no
// room for notes rewrites X as it is first; and set_boot, when the numbers are used up, first gives
// the old choice a low number in Y, then writes the new one to X.
//
// Invariants
//   B1  At every moment one of these can be read back: the old record, the new record, or a note in
//       X that says what Y's record is to become.
//   B2  No record is written for a slot whose image was not judged good in this machine, except
//       state changes of the record that is being run, and copies of a record that stands.
//   B3  A record or note is programmed only into a sector that is clean: erased, to the end, since
//       it last held anything. The proof is on flash: a sound record, or a whole first note. Both
//       are made void before the sector is erased again, so the proof cannot outlive the erase.
//   B4  What is void stays void however its erase is cut: a void record has neither seq nor CRC.
//   B5  A sound record has the state that was meant: the half with state and CRC is programmed
//       before the half with the seq (chips that write 32 bytes at a time do both at once).
#include "aloft/bootsel.h"
#include "aloft/base/bytes.h"
#include "aloft/base/crc32.h"
#include <string.h>

enum phase {
    VERIFY,
    PLAN,
    CLEAN,
    NOTE,
    NOTE_CHECK,
    LOOK,
    VOID,
    VOID_NOTES,
    ERASE,
    PROG_TAIL,
    PROG,
    CHECK,
    CLOSE,
    NEXT,
    DONE,
    FAILED
};

enum { TAIL = 16 }; // offset of the half of a record that holds state and CRC

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
        int i = n ^ (active == 1); // of two records that name the slot, the one that counts
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
    op->otadata = otadata_view(slots);
    op->phase = LOOK;
    enum aloft_err err = aloft_bootsel_read(slots, records);
    if (err == ALOFT_OK && slots->otadata.len == 0) {
        err = ALOFT_ERR_NO_OTADATA;
    }
    if (err != ALOFT_OK) {
        fail(op, err);
    }
    return err == ALOFT_OK;
}

// What the sector says besides its record.
struct notes {
    struct aloft_note last; // kind NONE: there is none
    uint32_t next;          // index behind the last one, whole or torn
    bool clean;             // keeps B3: something may be appended
};

static uint32_t note_off(uint32_t sector, uint32_t index)
{
    return sector * ALOFT_OTADATA_SECTOR + ALOFT_NOTE_OFF + index * ALOFT_NOTE_LEN;
}

// What a sector says whose record is this.
// A valid note never stands behind a blank one: what was torn is never blank, and is passed by.
static enum aloft_err read_notes(const struct aloft_slots *slots, uint32_t sector,
                                 const struct aloft_otadata *record, struct notes *out)
{
    struct aloft_flash_view view = otadata_view(slots);
    uint8_t bytes[ALOFT_NOTE_LEN];
    memset(out, 0, sizeof *out);
    out->clean = aloft_otadata_sound(record);
    for (uint32_t i = 0; i < ALOFT_NOTE_COUNT; i++) {
        struct aloft_note note;
        enum aloft_err err = aloft_flash_read(&view, note_off(sector, i), bytes, sizeof bytes);
        if (err != ALOFT_OK) {
            return err;
        }
        if (aloft_note_parse(bytes, &note)) {
            out->last = note;
            out->clean = out->clean || i == 0;
        } else if (aloft_bytes_are(bytes, sizeof bytes, 0xFF)) {
            break;
        }
        out->next = i + 1;
    }
    return ALOFT_OK;
}

// The CRC of the head of what lies in the slot.
static uint32_t head_crc(const struct aloft_flash_view *view)
{
    uint8_t piece[32];
    uint32_t crc = 0;
    for (uint32_t off = 0; off < ALOFT_IMAGE_HEAD_LEN; off += (uint32_t)sizeof piece) {
        if (aloft_flash_read(view, off, piece, sizeof piece) != ALOFT_OK) {
            return 0;
        }
        crc = aloft_crc32(crc, piece, sizeof piece);
    }
    return crc;
}

// Names the image that seq selects. It is only walked, not judged; what cannot be read is named
// with zeros, which is not the name of what was noted.
static void read_id(const struct aloft_slots *slots, uint32_t seq, uint8_t id[ALOFT_NOTE_ID])
{
    int slot = (int)aloft_otadata_slot(seq, slots->ota_count);
    struct aloft_flash_view view = aloft_slots_slot_view(slots, slot);
    uint8_t head[ALOFT_IMAGE_HEADER];
    uint32_t off = ALOFT_IMAGE_HEADER;
    memset(id, 0, ALOFT_NOTE_ID);
    aloft_put_le32(id + ALOFT_NOTE_ID_HEAD, head_crc(&view));
    if (aloft_flash_read(&view, 0, head, sizeof head) != ALOFT_OK || head[23] == 0) {
        return;
    }
    for (uint32_t i = 0; i < head[1]; i++) {
        uint8_t segment[ALOFT_IMAGE_SEGMENT_HEAD];
        if (aloft_flash_read(&view, off, segment, sizeof segment) != ALOFT_OK) {
            return;
        }
        uint32_t len = aloft_get_le32(segment + 4);
        if (len > view.len) {
            return;
        }
        off += ALOFT_IMAGE_SEGMENT_HEAD + len;
    }
    (void)aloft_flash_read(&view, (off | 15) + 1, id, ALOFT_NOTE_ID_HEAD);
}

enum aloft_err aloft_bootsel_failed(const struct aloft_slots *slots, uint8_t ids[2][ALOFT_NOTE_ID],
                                    uint32_t *count)
{
    struct aloft_otadata records[2];
    enum aloft_err err = aloft_bootsel_read(slots, records);
    *count = 0;
    for (uint32_t i = 0; i < 2 && err == ALOFT_OK; i++) {
        struct notes notes;
        err = read_notes(slots, i, &records[i], &notes);
        uint32_t state = notes.last.state;
        if (notes.clean && notes.last.kind == ALOFT_NOTE_DONE &&
            (state == ALOFT_OTA_INVALID || state == ALOFT_OTA_ABORTED)) {
            memcpy(ids[(*count)++], notes.last.id, ALOFT_NOTE_ID);
        }
    }
    return err;
}

// X is full of notes: rewrite it as it is, under a note in Y, and come back. When Y is full as
// well, that is done without a note: of the two records it is the one that does not count now.
static void make_room(struct aloft_bootsel *op, const struct aloft_otadata records[2])
{
    struct notes notes;
    uint32_t full = op->sector ^ 1;
    enum aloft_err err = read_notes(op->slots, op->sector, &records[op->sector], &notes);
    if (err != ALOFT_OK) {
        fail(op, err);
        return;
    }
    op->next = op->record;
    op->then = true;
    op->record = records[full];
    op->sector = full;
    op->noted = notes.next + 1u < ALOFT_NOTE_COUNT;
    op->note_index = notes.next;
    op->phase = op->noted ? NOTE : LOOK;
    read_id(op->slots, op->record.seq, op->id);
}

// op->record is to replace the record in op->sector. There is something to lose only when that is
// sound, and only then a note is needed.
static void rewrite_in_place(struct aloft_bootsel *op, const struct aloft_otadata records[2])
{
    struct notes notes;
    uint32_t other = op->sector ^ 1;
    op->write = true;
    op->phase = LOOK;
    if (!aloft_otadata_sound(&records[op->sector]) || op->slots->ota_count == 0) {
        return;
    }
    enum aloft_err err = read_notes(op->slots, other, &records[other], &notes);
    if (err != ALOFT_OK) {
        fail(op, err);
        return;
    }
    bool room = notes.next + 1u < ALOFT_NOTE_COUNT;
    if (!room && aloft_otadata_sound(&records[other])) {
        make_room(op, records);
        return;
    }
    room = room && notes.clean;
    op->noted = true;
    op->note_index = room ? notes.next : 0;
    op->phase = room ? NOTE : CLEAN;
    read_id(op->slots, op->record.seq, op->id);
}

static void verify_slot(struct aloft_bootsel *op, const struct aloft_image_rules *rules, int slot)
{
    struct aloft_flash_view view = aloft_slots_slot_view(op->slots, slot);
    op->phase = VERIFY;
    aloft_verify_init(&op->verify, &view, rules);
}

void aloft_bootsel_select(struct aloft_bootsel *op, const struct aloft_slots *slots,
                          const struct aloft_image_rules *rules, int slot, uint32_t state)
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
    op->record.state = state;
    if (active >= 0 && aloft_bootsel_boot_slot(slots, records) == slot) {
        op->sector = (uint32_t)active;
        op->record.seq = current;
        op->in_place = true;
        return;
    }
    op->record.seq = aloft_otadata_next_seq(current, (uint32_t)slot, slots->ota_count);
    if (op->record.seq == 0) {
        // The numbers are used up: begin again at the bottom, the old choice first, so that there
        // is something to go back to.
        uint32_t old = aloft_otadata_slot(current, slots->ota_count) + 1;
        op->next.seq = aloft_otadata_next_seq(old, (uint32_t)slot, slots->ota_count);
        op->next.state = state;
        op->then = true;
        op->record.seq = old;
        op->record.state = records[active].state;
    }
}

void aloft_bootsel_set_boot(struct aloft_bootsel *op, const struct aloft_slots *slots,
                            const struct aloft_image_rules *rules, int slot, bool trial)
{
    aloft_bootsel_select(op, slots, rules, slot, trial ? ALOFT_OTA_NEW : ALOFT_OTA_UNDEFINED);
}

// The running app changes the state of its own record. False when it has none to change: it boots
// without one, which is this fault, or another app is selected.
static bool own_record(struct aloft_bootsel *op, const struct aloft_otadata records[2], int running,
                       enum aloft_err unrecorded)
{
    int active = aloft_otadata_active(records);
    bool selected = aloft_bootsel_boot_slot(op->slots, records) == running;
    if (active < 0 || running < 0 || !selected) {
        fail(op, selected ? unrecorded : ALOFT_ERR_NOT_SELECTED);
        return false;
    }
    op->sector = (uint32_t)active;
    op->record = records[active];
    op->in_place = true;
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
    if (!start(op, slots, records) || !own_record(op, records, running, ALOFT_ERR_NOT_SELECTED)) {
        return;
    }
    if (op->record.state == ALOFT_OTA_VALID) {
        op->phase = DONE;
        return;
    }
    op->record.state = ALOFT_OTA_VALID;
    rewrite_in_place(op, records);
}

void aloft_bootsel_reject(struct aloft_bootsel *op, const struct aloft_slots *slots,
                          const struct aloft_image_rules *rules, int running)
{
    struct aloft_otadata records[2];
    if (!start(op, slots, records) || !own_record(op, records, running, ALOFT_ERR_NO_ROLLBACK)) {
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

void aloft_bootsel_mark(struct aloft_bootsel *op, const struct aloft_slots *slots, uint32_t sector,
                        const struct aloft_otadata *record, bool blameless)
{
    struct aloft_otadata records[2];
    if (!start(op, slots, records)) {
        return;
    }
    op->sector = sector;
    op->record = *record;
    op->blameless = blameless ? ALOFT_NOTE_BLAMELESS : 0;
    rewrite_in_place(op, records);
}

// Is the note in the other sector still to be carried out on this record?
static bool still_due(const struct aloft_bootsel *op, const struct aloft_note *note,
                      const struct aloft_otadata *record)
{
    uint8_t id[ALOFT_NOTE_ID];
    if (aloft_otadata_sound(record) && (record->seq != note->seq || record->state == note->state)) {
        return false; // carried out already, or overtaken
    }
    read_id(op->slots, note->seq, id);
    return memcmp(id, note->id, sizeof id) == 0;
}

void aloft_bootsel_repair(struct aloft_bootsel *op, const struct aloft_slots *slots)
{
    struct aloft_otadata records[2];
    if (!start(op, slots, records)) {
        return;
    }
    op->phase = DONE;
    for (uint32_t other = 0; other < 2 && slots->ota_count > 0; other++) {
        struct notes notes;
        enum aloft_err err = read_notes(slots, other, &records[other], &notes);
        if (err != ALOFT_OK) {
            fail(op, err);
            return;
        }
        uint32_t kind = notes.last.kind & ~ALOFT_NOTE_BLAMELESS;
        if (!notes.clean || kind != ALOFT_NOTE_INTENT || notes.last.seq == 0) {
            continue;
        }
        op->sector = other ^ 1;
        op->record.seq = notes.last.seq;
        op->record.state = notes.last.state;
        op->blameless = notes.last.kind & ALOFT_NOTE_BLAMELESS;
        op->write = true;
        op->noted = true;
        memcpy(op->id, notes.last.id, sizeof op->id);
        // Where the intent lies or seems to. In the very last place only a torn DONE of this intent
        // can lie, which is programmed again.
        op->note_index = notes.next - (notes.next < ALOFT_NOTE_COUNT ? 1 : 2);
        op->phase = still_due(op, &notes.last, &records[op->sector]) ? LOOK : CLOSE;
        return;
    }
}

// The image is trusted; the active record is to be rewritten.
static enum aloft_err plan(struct aloft_bootsel *op)
{
    struct aloft_otadata records[2];
    enum aloft_err err = aloft_bootsel_read(op->slots, records);
    if (err == ALOFT_OK) {
        rewrite_in_place(op, records);
    }
    return err != ALOFT_OK ? err : op->err;
}

static enum aloft_err verify_some(struct aloft_bootsel *op)
{
    enum aloft_step step = aloft_verify_step(&op->verify);
    if (step == ALOFT_STEP_DONE) {
        op->phase = op->in_place ? PLAN : LOOK;
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

// Writes or checks the note at note_index of the other sector.
static enum aloft_err note_some(struct aloft_bootsel *op, enum aloft_note_kind kind, uint32_t index)
{
    struct aloft_note note = {.kind = kind | op->blameless};
    uint8_t bytes[ALOFT_NOTE_LEN];
    uint32_t off = note_off(op->sector ^ 1, index);
    note.seq = op->record.seq;
    note.state = op->record.state;
    memcpy(note.id, op->id, sizeof note.id);
    aloft_note_emit(&note, bytes);
    if (op->phase != NOTE_CHECK) {
        return aloft_flash_prog(&op->otadata, off, bytes, sizeof bytes);
    }
    enum aloft_err err = aloft_flash_compare(&op->otadata, off, bytes, sizeof bytes);
    op->phase = LOOK;
    if (err == ALOFT_ERR_FLASH_VERIFY && index + 2u < ALOFT_NOTE_COUNT) {
        op->note_index++; // the torn rest of an earlier note lies here: take the next place
        op->phase = NOTE;
        err = ALOFT_OK;
    }
    return err;
}

// One program that leaves nothing to read where a record or note was (B4). off: in Y.
static enum aloft_err make_void(struct aloft_bootsel *op, uint32_t off)
{
    uint8_t zeros[ALOFT_OTADATA_RECORD];
    memset(zeros, 0, sizeof zeros);
    off += op->sector * ALOFT_OTADATA_SECTOR;
    return aloft_flash_prog(&op->otadata, off, zeros, sizeof zeros);
}

// What stands in Y and must be made void before its erase.
static enum aloft_err look(struct aloft_bootsel *op)
{
    struct aloft_otadata records[2];
    struct aloft_note note;
    uint8_t bytes[ALOFT_NOTE_LEN];
    enum aloft_err err = aloft_bootsel_read(op->slots, records);
    if (err == ALOFT_OK) {
        err = aloft_flash_read(&op->otadata, note_off(op->sector, 0), bytes, sizeof bytes);
    }
    op->void_note = aloft_note_parse(bytes, &note);
    op->phase = aloft_otadata_sound(&records[op->sector]) ? VOID
                : op->void_note                           ? VOID_NOTES
                                                          : ERASE;
    return err;
}

// The first job of two is done. Its sector is X now, erased anew, with one record and no notes.
static enum aloft_err next_job(struct aloft_bootsel *op)
{
    struct aloft_otadata records[2];
    enum aloft_err err = aloft_bootsel_read(op->slots, records);
    bool in_place = op->next.seq == records[op->sector ^ 1].seq;
    op->then = false;
    op->noted = false;
    op->sector ^= 1;
    op->record = op->next;
    op->phase = LOOK;
    if (err == ALOFT_OK && in_place) {
        rewrite_in_place(op, records);
    }
    return err;
}

// One sector is finished.
static void turn(struct aloft_bootsel *op)
{
    op->phase = op->noted ? CLOSE : op->then ? NEXT : DONE;
    if (op->erase_other) {
        op->erase_other = false;
        op->write = false;
        op->sector ^= 1;
        op->phase = LOOK;
    }
}

static enum aloft_err erase_sector(const struct aloft_bootsel *op, uint32_t sector)
{
    return aloft_flash_erase(&op->otadata, sector * ALOFT_OTADATA_SECTOR, ALOFT_OTADATA_SECTOR);
}

// Byte path 9/12: from core/update/engine.c; PROG is the durable point: before it the old image
// boots, after it the new one, on trial.
static enum aloft_err write_record(struct aloft_bootsel *op)
{
    uint8_t bytes[ALOFT_OTADATA_RECORD];
    uint32_t off = op->sector * ALOFT_OTADATA_SECTOR;
    uint32_t tail = op->otadata.flash->geometry.write_unit > TAIL ? 0 : TAIL; // keeps B5
    enum aloft_err err;

    aloft_otadata_emit(&op->record, bytes);
    if (op->phase == ERASE) {
        err = erase_sector(op, op->sector);
        op->phase = tail != 0 ? PROG_TAIL : PROG;
        if (!op->write) {
            turn(op);
        }
    } else if (op->phase == PROG_TAIL) {
        err = aloft_flash_prog(&op->otadata, off + tail, bytes + tail, sizeof bytes - tail);
        op->phase = PROG;
    } else if (op->phase == PROG) {
        err = aloft_flash_prog(&op->otadata, off, bytes, tail != 0 ? tail : sizeof bytes);
        op->phase = CHECK;
    } else {
        err = aloft_flash_compare(&op->otadata, off, bytes, sizeof bytes);
        if (err == ALOFT_OK) {
            turn(op);
        } else {
            (void)make_void(op, 0); // a bit did not take: the state may be another
        }
    }
    return err;
}

static enum aloft_err advance(struct aloft_bootsel *op)
{
    enum aloft_err err = ALOFT_OK;
    switch ((enum phase)op->phase) {
    case VERIFY:
        return verify_some(op);
    case PLAN:
        return plan(op);
    case CLEAN:
        op->phase = NOTE;
        return erase_sector(op, op->sector ^ 1);
    case NOTE:
        err = note_some(op, ALOFT_NOTE_INTENT, op->note_index);
        op->phase = NOTE_CHECK;
        return err;
    case NOTE_CHECK:
        return note_some(op, ALOFT_NOTE_INTENT, op->note_index);
    case LOOK:
        return look(op);
    case VOID:
        op->phase = op->void_note ? VOID_NOTES : ERASE;
        return make_void(op, 0);
    case VOID_NOTES:
        op->phase = ERASE;
        return make_void(op, ALOFT_NOTE_OFF);
    case ERASE:
    case PROG_TAIL:
    case PROG:
    case CHECK:
        return write_record(op);
    case CLOSE:
        err = note_some(op, ALOFT_NOTE_DONE, op->note_index + 1);
        op->phase = op->then ? NEXT : DONE;
        return err;
    case NEXT:
        return next_job(op);
    case DONE:
    case FAILED:
        break;
    }
    return op->err;
}

enum aloft_step aloft_bootsel_step(struct aloft_bootsel *op)
{
    enum aloft_err err = advance(op);
    if (err != ALOFT_OK) {
        fail(op, err);
    }
    if (op->phase == FAILED) {
        return ALOFT_STEP_FAILED;
    }
    return op->phase == DONE ? ALOFT_STEP_DONE : ALOFT_STEP_AGAIN;
}
