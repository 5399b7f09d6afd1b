// The two otadata records: reading them, and the one machine that writes them. The header shows the
// list of operations of each call. Y is the sector whose record changes, X the other.
//
//   [verify_some ->] plan_* -> run_some      verify_some: set_boot and reject only
//
// Each is what `next` points to, so that a bootloader, which only marks and repairs, has no code to
// judge or to select.
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
//       B4 has no assertion: it would be one about flash.
//   B5  A sound record has the state that was meant: the half with state and CRC is programmed
//       before the half with the seq (chips that write 32 bytes at a time do both at once).
#include "aloft/bootsel.h"
#include "aloft/base/assert.h"
#include "aloft/base/bytes.h"
#include "aloft/flash/imageid.h"
#include <string.h>

static struct aloft_flash_view otadata_view(const struct aloft_slots *slots)
{
    return aloft_slots_view(slots, slots->otadata);
}

// Writing a record erases a sector, so an otadata partition that overlaps the table, a slot, or the
// space before the table is refused.
static bool lies_apart(const struct aloft_slots *slots)
{
    struct aloft_extent otadata = slots->otadata;
    bool apart = otadata.addr >= slots->ptable_addr + ALOFT_PTABLE_SECTOR;
    for (int slot = ALOFT_SLOT_TEST; slot < (int)ALOFT_OTADATA_SLOTS_MAX; slot++) {
        struct aloft_extent app = aloft_slots_extent(slots, slot);
        apart = apart && !aloft_ptable_overlap(otadata.addr, otadata.len, app.addr, app.len);
    }
    return apart;
}

static enum aloft_err read_record(const struct aloft_slots *slots, uint32_t sector,
                                  uint8_t bytes[ALOFT_OTADATA_RECORD])
{
    struct aloft_flash_view view = otadata_view(slots);
    return aloft_flash_read(&view, sector * ALOFT_OTADATA_SECTOR, bytes, ALOFT_OTADATA_RECORD);
}

enum aloft_err aloft_bootsel_read(const struct aloft_slots *slots, struct aloft_otadata records[2])
{
    uint8_t bytes[ALOFT_OTADATA_RECORD];
    memset(records, 0xFF, 2 * sizeof *records); // as erased
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
        enum aloft_err err = read_record(slots, i, bytes);
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
        int i = (n ^ active) & 1; // of two records that name the slot, the one that counts
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
    op->next = NULL;
}

// Places that a note and its DONE must find, with some to move on.
enum { ROOM = 16 };

// State of a sector. Each of these means that it is clean (B3): notes may be appended.
enum {
    SOUND = 1,  // its record is
    NOTED = 2,  // its first note is whole
    ERASED = 4, // by the list
};

// This note ends a trial that has failed.
static bool is_failure(const struct aloft_note *note)
{
    bool refused = note->state == ALOFT_OTA_INVALID || note->state == ALOFT_OTA_ABORTED;
    return refused && (note->kind & ~ALOFT_NOTE_BLAMELESS) == ALOFT_NOTE_DONE;
}

// Reads a sector into `out`, which is zero before. Its last whole note is the one that counts: in
// front of it there may be torn ones, and what lies behind it is blank, torn, or noise.
static enum aloft_err read_sector(const struct aloft_slots *slots, uint32_t sector,
                                  struct aloft_bootsel_sector *out, struct aloft_otadata *record)
{
    struct aloft_flash_view view = otadata_view(slots);
    uint32_t off = sector * ALOFT_OTADATA_SECTOR;
    enum aloft_err err = aloft_flash_read(&view, off, out->record, sizeof out->record);
    aloft_otadata_parse(out->record, record);
    if (aloft_otadata_sound(record)) {
        out->flags = SOUND;
    } else {
        memset(out->record, 0xFF, sizeof out->record); // no label counts
    }
    off += ALOFT_NOTE_OFF;
    uint8_t bytes[ALOFT_NOTE_LEN];
    for (uint32_t place = 0; place < ALOFT_NOTE_COUNT && err == ALOFT_OK; place++) {
        struct aloft_note note;
        err = aloft_flash_read(&view, off, bytes, sizeof bytes);
        if (err == ALOFT_OK && aloft_note_parse(bytes, &note)) {
            bool same = memcmp(note.id, out->note.id, sizeof note.id) == 0;
            out->cuts = same ? out->cuts : 0;
            out->cuts += is_failure(&note) && note.kind != ALOFT_NOTE_DONE;
            out->note = note;
            out->place = place + 1;
            out->flags |= place == 0 ? NOTED : 0;
        }
        off += ALOFT_NOTE_LEN;
    }
    // Erased cells read FF on a plain chip only: this sector was encrypted whole, and is full.
    if (err == ALOFT_OK && view.flash->geometry.write_unit > 1 &&
        aloft_get_le32(bytes) == 0xFFFFFFFFu) {
        out->place = ALOFT_NOTE_COUNT;
    }
    return err;
}

enum aloft_err aloft_bootsel_failed(const struct aloft_slots *slots, uint8_t ids[2][ALOFT_NOTE_ID],
                                    uint32_t *count, uint32_t *cut)
{
    struct aloft_otadata records[2];
    enum aloft_err err = aloft_bootsel_read(slots, records);
    *count = 0;
    *cut = 0;
    for (uint32_t i = 0; i < 2 && err == ALOFT_OK; i++) {
        struct aloft_bootsel_sector sector = {0};
        err = read_sector(slots, i, &sector, &records[i]);
        uint32_t power = sector.note.kind != ALOFT_NOTE_DONE;
        if (sector.flags != 0 && is_failure(&sector.note) &&
            (power == 0 || sector.cuts >= ALOFT_BOOTSEL_CUTS)) {
            *cut |= power << *count;
            memcpy(ids[(*count)++], sector.note.id, ALOFT_NOTE_ID);
        }
    }
    return err;
}

static bool is_sound(const struct aloft_bootsel_sector *sector)
{
    return (sector->flags & SOUND) != 0;
}

static struct aloft_bootsel_op *add(struct aloft_bootsel_list *list, enum aloft_bootsel_what what,
                                    uint32_t s, uint32_t off, uint32_t len)
{
    ALOFT_ASSERT(list->count < ALOFT_BOOTSEL_OPS_MAX);
    struct aloft_bootsel_op *item = &list->ops[list->count++];
    item->what = (uint8_t)what;
    item->sector = (uint8_t)s;
    item->off = (uint16_t)off;
    item->len = (uint16_t)len;
    return item;
}

static void add_clear(struct aloft_bootsel_list *list, uint32_t s)
{
    struct aloft_bootsel_sector *sector = &list->sectors[s];
    if (is_sound(sector)) {
        add(list, ALOFT_BOOTSEL_VOID, s, 0, ALOFT_OTADATA_RECORD);
    }
    if ((sector->flags & NOTED) != 0) {
        add(list, ALOFT_BOOTSEL_VOID, s, ALOFT_NOTE_OFF, ALOFT_NOTE_LEN);
    }
    add(list, ALOFT_BOOTSEL_ERASE, s, 0, ALOFT_OTADATA_SECTOR);
    sector->flags = ERASED;
    sector->note.kind = ALOFT_NOTE_NONE;
}

static void add_write(struct aloft_bootsel *op, uint32_t s)
{
    struct aloft_bootsel_list *list = &op->work.list;
    uint32_t half = ALOFT_OTADATA_RECORD / 2;
    uint32_t part = op->otadata.flash->geometry.write_unit > half ? ALOFT_OTADATA_RECORD : half;
    add_clear(list, s);
    for (uint32_t off = ALOFT_OTADATA_RECORD; off > 0;) { // the last part first
        off -= part;
        add(list, ALOFT_BOOTSEL_PROGRAM, s, off, part);
    }
    ALOFT_INVARIANT("B5", list->ops[list->count - 1].off == 0);
    add(list, ALOFT_BOOTSEL_CHECK, s, 0, ALOFT_OTADATA_RECORD);
    list->sectors[s].flags |= SOUND;
}

static void add_note(struct aloft_bootsel_list *list, uint32_t s, enum aloft_note_kind kind)
{
    ALOFT_INVARIANT("B3", list->sectors[s].flags != 0);
    list->sectors[s].flags |= NOTED;
    add(list, ALOFT_BOOTSEL_PROGRAM, s, ALOFT_NOTE_OFF, ALOFT_NOTE_LEN)->note = (uint16_t)kind;
    add(list, ALOFT_BOOTSEL_CHECK, s, ALOFT_NOTE_OFF, ALOFT_NOTE_LEN)->note = (uint16_t)kind;
}

static void set_record(struct aloft_bootsel_list *list, uint32_t s, uint32_t seq, uint32_t state)
{
    list->records[s].seq = seq;
    list->records[s].state = state;
    aloft_otadata_set(&list->records[s], list->sectors[s].record);
}

static void add_record(struct aloft_bootsel *op, uint32_t s, uint32_t seq, uint32_t state)
{
    set_record(&op->work.list, s, seq, state);
    add_write(op, s);
}

// Is there room in the sector for a note, its DONE, and some that are torn?
static bool has_room(const struct aloft_bootsel_sector *sector)
{
    return (sector->flags & ERASED) != 0 || sector->place <= ALOFT_NOTE_COUNT - ROOM;
}

static void name_image(const struct aloft_slots *slots, uint32_t seq, uint8_t id[ALOFT_NOTE_ID])
{
    int slot = (int)aloft_otadata_slot(seq, slots->ota_count);
    struct aloft_flash_view view = aloft_slots_slot_view(slots, slot);
    aloft_imageid_read(&view, id);
}

// The other sector gets a note of what the record of sector s is; false: there is no room. What it
// held without being needed is erased first.
static bool add_named_note(struct aloft_bootsel *op, uint32_t s, uint32_t flags,
                           enum aloft_note_kind kind)
{
    struct aloft_bootsel_list *list = &op->work.list;
    uint32_t x = s ^ 1;
    struct aloft_bootsel_sector *other = &list->sectors[x];
    if (!is_sound(other) && (other->flags == 0 || !has_room(other))) {
        add_clear(list, x); // it holds nothing that is needed
    }
    if (!has_room(other)) {
        return false;
    }
    other->note.kind = flags;
    other->note.seq = list->records[s].seq;
    other->note.state = list->records[s].state;
    name_image(op->slots, other->note.seq, other->note.id);
    add_note(list, x, kind);
    return true;
}

// Sector s gets its record in place, under a note in the other. Without room for that it goes
// without: the caller has made room, s holds the record that does not count, or neither has room.
static void add_rewrite(struct aloft_bootsel *op, uint32_t s, uint32_t flags)
{
    struct aloft_bootsel_list *list = &op->work.list;
    bool noted = add_named_note(op, s, flags, ALOFT_NOTE_INTENT);
    ALOFT_INVARIANT("B1", noted || is_sound(&list->sectors[s ^ 1]));
    add_write(op, s);
    if (noted) {
        add_note(list, s ^ 1, ALOFT_NOTE_DONE);
    }
}

// Does the sector have an intent that may not be carried out yet?
static bool has_intent(const struct aloft_bootsel_sector *sector)
{
    uint32_t kind = sector->note.kind & ~ALOFT_NOTE_BLAMELESS;
    return sector->flags != 0 && kind == ALOFT_NOTE_INTENT && sector->note.seq != 0;
}

// Closes the intent in sector x: notes that it is done, or voids it when there is no room for a
// note.
static void add_close(struct aloft_bootsel_list *list, uint32_t x)
{
    struct aloft_bootsel_sector *sector = &list->sectors[x];
    if (sector->place < ALOFT_NOTE_COUNT) { // nothing clears a sector with an intent
        add_note(list, x, ALOFT_NOTE_DONE);
    } else {
        add(list, ALOFT_BOOTSEL_VOID, x, ALOFT_NOTE_OFF + (sector->place - 1) * ALOFT_NOTE_LEN,
            ALOFT_NOTE_LEN);
    }
}

static const uint8_t zeros[ALOFT_OTADATA_RECORD]; // what void is

// Compares what was programmed with what was meant. A note that differs is torn: it is written
// again at the next place. A record that differs is voided, because its state may have another
// meaning.
static enum aloft_err check_some(struct aloft_bootsel *op, const struct aloft_bootsel_op *item,
                                 uint32_t off, const uint8_t *bytes)
{
    struct aloft_bootsel_list *list = &op->work.list;
    enum aloft_err err = aloft_flash_compare(&op->otadata, off, bytes, item->len);
    if (item->note != ALOFT_NOTE_NONE) {
        list->sectors[item->sector].place++;
        if (err == ALOFT_ERR_FLASH_VERIFY) {
            list->done -= 2; // its program, and this
            err = ALOFT_OK;
        }
    } else if (err != ALOFT_OK) {
        (void)aloft_flash_prog(&op->otadata, off, zeros, sizeof zeros); // it has failed anyway
    }
    return err;
}

// Byte path 9/12: from core/update/engine.c; the program of the record's last part is the durable
// point: before it the old image boots, after it the new one, on trial.
static enum aloft_err run_some(struct aloft_bootsel *op)
{
    struct aloft_bootsel_list *list = &op->work.list;
    if (list->done == list->count) {
        op->next = NULL;
        return ALOFT_OK;
    }
    const struct aloft_bootsel_op *item = &list->ops[list->done];
    struct aloft_bootsel_sector *sector = &list->sectors[item->sector];
    uint32_t off = item->sector * ALOFT_OTADATA_SECTOR + item->off;
    uint8_t note[ALOFT_NOTE_LEN];
    const uint8_t *bytes = sector->record + item->off;
    if (item->note != ALOFT_NOTE_NONE) {
        if (sector->place >= ALOFT_NOTE_COUNT) {
            return ALOFT_ERR_FLASH_VERIFY;
        }
        off += sector->place * ALOFT_NOTE_LEN;
        sector->note.kind = (sector->note.kind & ALOFT_NOTE_BLAMELESS) | item->note;
        aloft_note_emit(&sector->note, note);
        bytes = note;
    }
    list->done++;
    switch ((enum aloft_bootsel_what)item->what) {
    case ALOFT_BOOTSEL_ERASE:
        sector->place = 0;
        return aloft_flash_erase(&op->otadata, off, item->len);
    case ALOFT_BOOTSEL_VOID:
        bytes = zeros;
        break;
    case ALOFT_BOOTSEL_PROGRAM:
        break;
    case ALOFT_BOOTSEL_CHECK:
        return check_some(op, item, off, bytes);
    }
    return aloft_flash_prog(&op->otadata, off, bytes, item->len);
}

// The sectors as they are, an empty list, and what comes when it is made.
static enum aloft_err begin_list(struct aloft_bootsel *op)
{
    struct aloft_bootsel_list *list = &op->work.list;
    enum aloft_err err = ALOFT_OK;
    memset(list, 0, sizeof *list);
    op->next = run_some;
    for (uint32_t i = 0; i < 2 && err == ALOFT_OK; i++) {
        err = read_sector(op->slots, i, &list->sectors[i], &list->records[i]);
    }
    return err;
}

// The record of sector y is to become {seq, op->state}, in place when there is one.
static void add_change(struct aloft_bootsel *op, uint32_t y, uint32_t seq)
{
    struct aloft_bootsel_list *list = &op->work.list;
    const struct aloft_otadata *record = &list->records[y];
    const struct aloft_bootsel_sector *other = &list->sectors[y ^ 1];
    if (!is_sound(&list->sectors[y]) || op->slots->ota_count == 0) {
        add_record(op, y, seq, op->state); // no record is lost by the erase
        return;
    }
    if (record->seq == seq && record->state == op->state) {
        if (has_intent(other)) {
            add_close(list, y ^ 1); // its intent is done, or no longer valid
        }
        return;
    }
    set_record(list, y, seq, op->state);
    // Neither has room when both were encrypted whole: y goes without a note then, as in stock.
    // What a cut can lose is y, never the fallback.
    if (is_sound(other) && !has_room(other) && has_room(&list->sectors[y])) {
        add_rewrite(op, y ^ 1, ALOFT_NOTE_BLAMELESS); // as it is
    }
    add_rewrite(op, y, op->flags);
}

static enum aloft_err plan_record(struct aloft_bootsel *op)
{
    enum aloft_err err = begin_list(op);
    if (err == ALOFT_OK) {
        add_change(op, op->sector, op->seq);
    }
    return err;
}

static enum aloft_err plan_select(struct aloft_bootsel *op)
{
    struct aloft_bootsel_list *list = &op->work.list;
    uint32_t slots = op->slots->ota_count;
    enum aloft_err err = begin_list(op);
    int active = aloft_otadata_active(list->records);
    uint32_t y = active == 0 ? 1 : 0;
    ALOFT_INVARIANT("B2", op->judged);
    if (err != ALOFT_OK) {
        return err;
    }
    if (op->slot == ALOFT_SLOT_FACTORY) {
        add_clear(list, y); // the inactive record goes first, the active one last (B1)
        add_clear(list, y ^ 1);
        return ALOFT_OK;
    }
    uint32_t current = active >= 0 ? list->records[active].seq : 0;
    if (current != 0 && (int)aloft_otadata_slot(current, slots) == op->slot) {
        add_change(op, y ^ 1, current);
        return ALOFT_OK;
    }
    // Above all that notes tell of: what is noted of a release that has failed is not of this one.
    uint32_t last = current;
    for (uint32_t i = 0; i < 2; i++) {
        uint32_t noted = list->sectors[i].note.seq;
        last = last < noted ? noted : last;
    }
    uint32_t seq = aloft_otadata_next_seq(last, (uint32_t)op->slot, slots);
    if (seq == 0) {
        // The numbers are used up: begin again at the bottom, the old choice first, if there is
        // one, so that there is something to go back to.
        uint32_t old = 0;
        if (active >= 0) {
            old = aloft_otadata_slot(current, slots) + 1;
            add_record(op, y, old, list->records[active].state);
            y ^= 1;
        }
        seq = aloft_otadata_next_seq(old, (uint32_t)op->slot, slots);
    }
    add_record(op, y, seq, op->state);
    return ALOFT_OK;
}

// Is the intent in sector x still to be carried out? Not when it is done, when a newer record
// exists, or when the slot holds another image.
static bool is_due(const struct aloft_bootsel *op, uint32_t x)
{
    const struct aloft_bootsel_list *list = &op->work.list;
    const struct aloft_note *intent = &list->sectors[x].note;
    const struct aloft_otadata *record = &list->records[x ^ 1];
    uint8_t id[ALOFT_NOTE_ID];
    if (!has_intent(&list->sectors[x]) ||
        (is_sound(&list->sectors[x ^ 1]) &&
         (record->seq != intent->seq || record->state == intent->state))) {
        return false;
    }
    name_image(op->slots, intent->seq, id);
    return memcmp(id, intent->id, sizeof id) == 0;
}

// Carries out the intent that is due (of two, only one can be: room for notes is made when the
// other is done), and closes both.
static enum aloft_err plan_repair(struct aloft_bootsel *op)
{
    struct aloft_bootsel_list *list = &op->work.list;
    enum aloft_err err = begin_list(op);
    if (err != ALOFT_OK || op->slots->ota_count == 0) { // no note names an image
        return err;
    }
    for (uint32_t x = 0; x < 2; x++) {
        const struct aloft_note *intent = &list->sectors[x].note;
        if (is_due(op, x)) {
            add_record(op, x ^ 1, intent->seq, intent->state); // an intent in that one is gone
        }
    }
    for (uint32_t x = 0; x < 2; x++) {
        if (has_intent(&list->sectors[x])) {
            add_close(list, x);
        }
    }
    return ALOFT_OK;
}

// A trial that has ended, by its record or because another slot runs, and of which no note tells.
static enum aloft_err plan_started(struct aloft_bootsel *op)
{
    struct aloft_bootsel_list *list = &op->work.list;
    enum aloft_err err = begin_list(op);
    for (uint32_t s = 0; s < 2 && err == ALOFT_OK && op->slots->ota_count > 0; s++) {
        struct aloft_otadata *record = &list->records[s];
        const struct aloft_note *note = &list->sectors[s ^ 1].note;
        if (record->state == ALOFT_OTA_PENDING) {
            record->state = ALOFT_OTA_ABORTED; // it could not be started
        }
        if (aloft_otadata_refused(record) &&
            (note->seq != record->seq || note->state != record->state) &&
            (int)aloft_otadata_slot(record->seq, op->slots->ota_count) != op->slot) {
            (void)add_named_note(op, s, op->flags, ALOFT_NOTE_DONE);
        }
    }
    return err;
}

// A fresh machine that has read the records, or has failed to.
static bool start(struct aloft_bootsel *op, enum aloft_err plan(struct aloft_bootsel *),
                  const struct aloft_slots *slots, struct aloft_otadata records[2])
{
    memset(op, 0, sizeof *op);
    op->slots = slots;
    op->otadata = otadata_view(slots);
    op->plan = plan;
    op->next = plan;
    enum aloft_err err = aloft_bootsel_read(slots, records);
    if (err == ALOFT_OK && slots->otadata.len == 0) {
        err = ALOFT_ERR_NO_OTADATA;
    }
    if (err != ALOFT_OK) {
        fail(op, err);
    }
    return err == ALOFT_OK;
}

static enum aloft_err verify_some(struct aloft_bootsel *op)
{
    struct aloft_verify *verify = &op->work.verify;
    enum aloft_step step = aloft_verify_step(verify);
    if (step == ALOFT_STEP_DONE) {
        op->judged = true;
        op->next = op->plan;
    }
    if (step != ALOFT_STEP_FAILED) {
        return ALOFT_OK;
    }
    if (op->fall_back) {
        struct aloft_image_rules rules = verify->image.rules;
        struct aloft_flash_view view = aloft_slots_slot_view(op->slots, ALOFT_SLOT_FACTORY);
        op->fall_back = false;
        aloft_verify_init(verify, &view, &rules);
        return ALOFT_OK;
    }
    return op->plan == plan_record ? ALOFT_ERR_NO_ROLLBACK : verify->err;
}

static void verify_slot(struct aloft_bootsel *op, const struct aloft_image_rules *rules, int slot)
{
    struct aloft_flash_view view = aloft_slots_slot_view(op->slots, slot);
    op->next = verify_some;
    aloft_verify_init(&op->work.verify, &view, rules);
}

void aloft_bootsel_end(struct aloft_bootsel *op)
{
    if (op->next == verify_some) {
        aloft_verify_end(&op->work.verify);
    }
}

void aloft_bootsel_select(struct aloft_bootsel *op, const struct aloft_slots *slots,
                          const struct aloft_image_rules *rules, int slot, uint32_t state)
{
    struct aloft_otadata records[2];
    if (!start(op, plan_select, slots, records)) {
        return;
    }
    bool known = slot != ALOFT_SLOT_TEST && slot < (int)slots->ota_count;
    if (!known || aloft_slots_extent(slots, slot).len == 0) {
        fail(op, ALOFT_ERR_SLOT_UNKNOWN);
        return;
    }
    op->slot = slot;
    op->state = state;
    verify_slot(op, rules, slot);
}

void aloft_bootsel_set_boot(struct aloft_bootsel *op, const struct aloft_slots *slots,
                            const struct aloft_image_rules *rules, int slot, bool trial)
{
    aloft_bootsel_select(op, slots, rules, slot, trial ? ALOFT_OTA_NEW : ALOFT_OTA_UNDEFINED);
}

static void change_record(struct aloft_bootsel *op, uint32_t sector, uint32_t seq, uint32_t state)
{
    op->sector = sector;
    op->seq = seq;
    op->state = state;
}

// The running app changes the state of its own record. False when it has none to change: it boots
// without one, which is this fault, or another app is selected.
static bool own_record(struct aloft_bootsel *op, const struct aloft_otadata records[2], int running,
                       uint32_t state, enum aloft_err unrecorded)
{
    int active = aloft_otadata_active(records);
    bool selected = aloft_bootsel_boot_slot(op->slots, records) == running;
    if (active < 0 || running < 0 || !selected) {
        fail(op, selected ? unrecorded : ALOFT_ERR_NOT_SELECTED);
        return false;
    }
    change_record(op, (uint32_t)active, records[active].seq, state);
    return true;
}

// Byte path 12/12: the app that the byte is part of runs, and says that it is good.
void aloft_bootsel_confirm(struct aloft_bootsel *op, const struct aloft_slots *slots, int running)
{
    struct aloft_otadata records[2];
    if (running < 0) { // factory and test need no confirmation
        memset(op, 0, sizeof *op);
    } else if (start(op, plan_record, slots, records)) {
        (void)own_record(op, records, running, ALOFT_OTA_VALID, ALOFT_ERR_NOT_SELECTED);
    }
}

void aloft_bootsel_reject(struct aloft_bootsel *op, const struct aloft_slots *slots,
                          const struct aloft_image_rules *rules, int running)
{
    struct aloft_otadata records[2];
    if (!start(op, plan_record, slots, records) ||
        !own_record(op, records, running, ALOFT_OTA_INVALID, ALOFT_ERR_NO_ROLLBACK)) {
        return;
    }
    const struct aloft_otadata *other = &records[op->sector ^ 1];
    bool factory = slots->factory.len != 0;
    int back = ALOFT_SLOT_FACTORY;
    if (aloft_otadata_usable(other)) {
        back = (int)aloft_otadata_slot(other->seq, slots->ota_count);
        back = back == running ? ALOFT_SLOT_FACTORY : back;
    }
    if (back == ALOFT_SLOT_FACTORY && !factory) {
        fail(op, ALOFT_ERR_NO_ROLLBACK);
        return;
    }
    op->fall_back = factory && back != ALOFT_SLOT_FACTORY;
    verify_slot(op, rules, back);
}

void aloft_bootsel_mark(struct aloft_bootsel *op, const struct aloft_slots *slots, uint32_t sector,
                        const struct aloft_otadata *record, bool blameless)
{
    struct aloft_otadata records[2];
    ALOFT_ASSERT(sector < 2);
    if (start(op, plan_record, slots, records)) {
        change_record(op, sector, record->seq, record->state);
        op->flags = blameless ? ALOFT_NOTE_BLAMELESS : 0;
    }
}

void aloft_bootsel_repair(struct aloft_bootsel *op, const struct aloft_slots *slots)
{
    struct aloft_otadata records[2];
    (void)start(op, plan_repair, slots, records); // the step says what it has failed of
}

void aloft_bootsel_started(struct aloft_bootsel *op, const struct aloft_slots *slots, int running,
                           bool power_on)
{
    struct aloft_otadata records[2];
    if (start(op, plan_started, slots, records)) {
        op->slot = running;
        op->flags = power_on ? ALOFT_NOTE_BLAMELESS : 0;
    }
}

enum aloft_step aloft_bootsel_step(struct aloft_bootsel *op)
{
    enum aloft_err err = op->next != NULL ? op->next(op) : op->err;
    if (err != ALOFT_OK) {
        fail(op, err);
        return ALOFT_STEP_FAILED;
    }
    return op->next == NULL ? ALOFT_STEP_DONE : ALOFT_STEP_AGAIN;
}
