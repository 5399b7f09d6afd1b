// Writing NVS: the plan. First what a power cut left unfinished is completed or removed. Then the
// new value is written beside the old one, and then the old one is erased. All facts are read from
// flash at each step; RAM holds only the plan.
//
//   (phases ALOFT_NVS_DO_...)
//   tidy up   LOOK -> [CLEAN -> LOOK] [DROP -> LOOK] [copying -> LOOK]
//             -> SWEEP [purging | MARK -> SWEEP] -> TWINS [purging -> TWINS] -> BEGIN
//   write     ITEM -> [HOLES -> ITEM] [WEIGH -> FILL -> FREEING -> ERASE -> HEADER -> copying]
//             -> ENTRY <-> MARK -> CHECK -> ITEM ... -> OLD [purging -> OLD] -> DONE
//             a namespace that was made: CHECK -> TWINS
//   copying   COPY -> ENTRY <-> MARK -> COPY ... -> RELEASE -> CLEAN
//   purging   LAST -> ZEROS ... -> MARKS ... -> UNNAME -> NAME
//   a guard   its value, then DONE -> BEGIN for the list; to erase it, the list first
//
// Invariants
//   N1  Of the items of one key the newest whole one is the value: set writes it last, and judges
//       it before the older one goes. So two items of one key are there only while one is the last
//       item of the newest page, and nothing is copied before that is put in order.
//   N2  A page is erased right before it begins, even if it is blank: its erase may have been cut,
//       and what looks blank may be unstable.
//   N3  A page is erased only when one program of zeros over its header has made it void, and all
//       of its items are elsewhere. So an erase that is cut, which leaves some bits old, cannot
//       bring it back.
//   N4  Nothing is programmed behind an entry that is not blank but marked empty: ESP-IDF would
//       take all that follows for torn. Such entries are marked erased first.
//   N5  Bytes of an item are never taken for items: while any is marked written, so is the entry
//       that names them, or they are zeros.
//   N6  What a cut leaves of an item has bytes that are not marked written, or none that can be
//       told from a whole item. Where all are marked and the CRC is wrong, a bit has flipped.
//       N6 has no assertion: it is about what a cut leaves; nvs_cut_test.c cuts everywhere.
//   N7  A mark never changes by two bits in one program, which could be torn to one that says
//       written.
//   N8  What cannot be read is neither changed nor erased, but by a write of the key that it is
//       known to be of. Where nothing can be read, nothing is written.
//   N9  A guard is set before it is listed, and taken off the list before it is erased. So at every
//       cut the list names only guards that are there.
#include "aloft/nvs_write.h"
#include "aloft/base/assert.h"
#include "aloft/base/bytes.h"
#include "aloft/base/crc32.h"
#include "aloft/nvs/nvs_reclaim.h"
#include <string.h>

// The items of a value, in their order. A value that is no blob has NAMESPACE and VALUE.
enum stage { NAMESPACE, VALUE, PART, INDEX };

static void fail(struct aloft_nvs_write *op, enum aloft_err err)
{
    op->err = err;
    op->phase = ALOFT_NVS_DO_FAILED;
}

// True when the error means "not found", for any reason, and not a failure.
static bool is_absence(enum aloft_err err)
{
    return err == ALOFT_ERR_NVS_NOT_FOUND || err == ALOFT_ERR_NVS_CORRUPT ||
           err == ALOFT_ERR_NVS_UNREADABLE || err == ALOFT_ERR_NVS_TYPE;
}

// ---- tidying up

// Whether a part belongs to no blob. False when the index of its blob is damaged.
static enum aloft_err is_stray_part(const struct aloft_nvs_write *op,
                                    const struct aloft_nvs_place *place, bool *stray)
{
    struct aloft_nvs_place index;
    struct aloft_nvs_item want = place->item;
    want.type = ALOFT_NVS_BLOB_INDEX;
    want.chunk = ALOFT_NVS_NO_CHUNK;
    enum aloft_err err = aloft_nvs_find(op->nvs, &want, &index);
    if (err == ALOFT_OK) {
        *stray = !aloft_nvspage_blob_owns(&index.item, place->item.chunk);
        return err;
    }
    if (err == ALOFT_ERR_NVS_NOT_FOUND) {
        err = aloft_nvs_absent(op->nvs, &want);
        *stray = err == ALOFT_ERR_NVS_NOT_FOUND;
        err = is_absence(err) ? ALOFT_OK : err;
    }
    return err;
}

// Completes an item of which only a mark is missing, so that ESP-IDF reads it, too.
static void complete(struct aloft_nvs_write *op, const struct aloft_nvs_cursor *cursor)
{
    const struct aloft_nvs_place *place = &cursor->place;
    for (uint32_t i = place->index; i < place->index + place->item.span; i++) {
        if (aloft_nvspage_mark(&cursor->header, i) == ALOFT_NVS_EMPTY) {
            op->out_page = place->page;
            op->out_index = i;
            op->out_span = 1;
            op->out_done = 0;
            op->back = ALOFT_NVS_DO_SWEEP;
            op->phase = ALOFT_NVS_DO_MARK;
        }
    }
}

// What to do with one sound item: what a cut has left of it goes, or is completed.
static enum aloft_err sweep_item(struct aloft_nvs_write *op, const struct aloft_nvs_cursor *cursor)
{
    bool good = false;
    bool stray = false;
    enum aloft_err err = aloft_nvs_judge(op->nvs, &cursor->place, &good);
    if (err == ALOFT_OK && good && cursor->place.item.type == ALOFT_NVS_BLOB_DATA) {
        err = is_stray_part(op, &cursor->place, &stray);
    }
    if (err != ALOFT_OK || (!good && cursor->unmarked == 0)) {
        return err; // a bit has flipped (N6, N8)
    }
    if (!good || stray || !aloft_nvs_is_whole(cursor)) {
        aloft_nvs_begin_purge(op, &cursor->place);
    } else if (cursor->unmarked == 1) {
        complete(op, cursor);
    }
    return ALOFT_OK;
}

static enum aloft_err sweep(struct aloft_nvs_write *op)
{
    struct aloft_nvs_cursor cursor = {.damaged = true, .page = op->scan, .index = op->scan_index};
    uint32_t page = op->scan;
    bool found = true;
    enum aloft_err err = ALOFT_OK;
    while (err == ALOFT_OK && op->phase == ALOFT_NVS_DO_SWEEP) {
        err = aloft_nvs_next(op->nvs, &cursor, &found);
        if (err != ALOFT_OK || !found || cursor.page != page) {
            break;
        }
        op->scan_index = cursor.index;
        bool unknown = cursor.place.damage == ALOFT_NVS_UNKNOWN_ITEM;
        op->unknown = op->unknown || (unknown && cursor.header.live);
        if (cursor.place.damage != ALOFT_NVS_SOUND) {
            continue;
        }
        op->known = true;
        err = sweep_item(op, &cursor);
        if (cursor.place.item.type == ALOFT_NVS_BLOB_DATA) {
            return err; // a walk is enough for one step
        }
    }
    if (err != ALOFT_OK || op->phase != ALOFT_NVS_DO_SWEEP) {
        return err;
    }
    op->scan = page + 1;
    op->scan_index = 0;
    if (op->scan < op->nvs->pages) {
        return ALOFT_OK;
    }
    aloft_nvs_go(op, ALOFT_NVS_DO_TWINS);
    return op->unknown && !op->known ? ALOFT_ERR_NVS_UNREADABLE : ALOFT_OK; // keeps N8
}

// The last item that was written may have an older twin (N1).
static enum aloft_err purge_twin(struct aloft_nvs_write *op)
{
    struct aloft_nvs_cursor cursor = {.damaged = true};
    struct aloft_nvs_place last = {.page = op->nvs->pages};
    struct aloft_nvs_place place;
    bool found = op->newest != op->nvs->pages;
    enum aloft_err err = ALOFT_OK;
    for (uint32_t index = 0; found && err == ALOFT_OK; index = place.index + place.item.span) {
        err = aloft_nvs_next_good(op->nvs, op->newest, index, &place, &found);
        if (found) {
            last = place;
        }
    }
    found = last.page != op->nvs->pages;
    while (found && err == ALOFT_OK) {
        err = aloft_nvs_next(op->nvs, &cursor, &found);
        bool itself = cursor.place.page == last.page && cursor.place.index == last.index;
        bool known = cursor.place.damage != ALOFT_NVS_UNKNOWN_ITEM;
        if (err == ALOFT_OK && found && known && !itself &&
            aloft_nvspage_twins(&cursor.place.item, &last.item)) {
            aloft_nvs_begin_purge(op, &cursor.place);
            return ALOFT_OK;
        }
    }
    aloft_nvs_go(op, ALOFT_NVS_DO_BEGIN);
    return err;
}

// ---- deciding what to write

static enum aloft_err same_value(const struct aloft_nvs_write *op,
                                 const struct aloft_nvs_place *place, bool *same)
{
    if (op->want.type == ALOFT_NVS_BLOB_INDEX) {
        return aloft_nvs_compare_blob(op->nvs, place, op->data, op->len, same);
    }
    // A number is its data; a string's data are its length and CRC, and its bytes are looked at.
    *same = memcmp(place->item.data, op->want.data, sizeof op->want.data) == 0;
    if (*same && op->want.type == ALOFT_NVS_STR) {
        return aloft_nvs_compare(op->nvs, place, op->data, same);
    }
    return ALOFT_OK;
}

// The number of the value's namespace, or the one that it gets: its own when only its name is
// damaged. *there false: it has to be made.
static enum aloft_err choose_ns(struct aloft_nvs_write *op, bool *there)
{
    enum aloft_err err = aloft_nvs_find_ns(op->nvs, op->ns, &op->want.ns);
    *there = err == ALOFT_OK;
    if (err == ALOFT_ERR_NVS_CORRUPT && op->want.ns != 0) {
        return ALOFT_OK;
    }
    bool none = is_absence(err);
    return none && !op->erase ? aloft_nvs_free_ns(op->nvs, &op->want.ns) : err;
}

static enum aloft_err begin_erase(struct aloft_nvs_write *op)
{
    bool there;
    enum aloft_err err = choose_ns(op, &there);
    op->phase = ALOFT_NVS_DO_OLD;
    if (is_absence(err) && (op->twice || op->erased)) { // it is not on the list, or was only there
        op->phase = ALOFT_NVS_DO_DONE;
        return ALOFT_OK;
    }
    return err;
}

static enum aloft_err begin_value(struct aloft_nvs_write *op)
{
    struct aloft_nvs_place place;
    bool blob = op->want.type == ALOFT_NVS_BLOB_INDEX;
    bool same = false;
    bool there;
    uint8_t start = 0;
    op->new_page = op->nvs->pages;
    op->parts = 0;
    op->sent = 0;
    if (op->erase) {
        return begin_erase(op);
    }
    enum aloft_err err = choose_ns(op, &there);
    if (err == ALOFT_OK && there && op->bare) {
        op->phase = ALOFT_NVS_DO_DONE;
        return err;
    }
    op->stage = !there ? NAMESPACE : blob ? PART : VALUE;
    if (err == ALOFT_OK && there) {
        err = aloft_nvs_find(op->nvs, &op->want, &place);
        if (err == ALOFT_OK) {
            err = same_value(op, &place, &same);
            start = aloft_nvspage_blob_owns(&place.item, 0) ? ALOFT_NVS_CHUNK_TOP : 0;
        } else if (err == ALOFT_ERR_NVS_NOT_FOUND) {
            err = ALOFT_OK;
        }
    }
    if (blob) {
        aloft_nvspage_blob_describe(&op->want, op->len, 0, start);
    }
    op->phase = same ? ALOFT_NVS_DO_DONE : ALOFT_NVS_DO_ITEM;
    return err;
}

static uint8_t blob_start(const struct aloft_nvs_write *op)
{
    return op->want.data[5];
}

// Makes out_entry and out_data of the next item, which may use `room` entries of the page. Returns
// the entries that it needs: more than `room` when another page is needed first.
static uint32_t prepare_item(struct aloft_nvs_write *op, uint32_t room)
{
    struct aloft_nvs_item item = op->want;
    op->out_data = op->data;
    op->out_len = op->len;
    if (op->stage == NAMESPACE) {
        (void)aloft_nvs_want(&item, 0, ALOFT_NVS_U8, op->ns); // the name was judged at the start
        item.data[0] = op->want.ns;
    } else if (op->stage == PART) {
        uint32_t left = op->len - op->sent;
        uint32_t bytes = room < 2 ? 0 : (room - 1) * ALOFT_NVS_ENTRY;
        if (bytes == 0 && (left > 0 || room == 0)) {
            return left > 0 ? 2 : 1;
        }
        op->out_data += op->sent;
        op->out_len = bytes < left ? bytes : left;
        item.type = ALOFT_NVS_BLOB_DATA;
        item.chunk = (uint8_t)(blob_start(op) + op->parts);
        aloft_nvspage_describe(&item, op->out_len,
                               aloft_crc32(0xFFFFFFFFu, op->out_data, op->out_len));
    } else if (op->stage == INDEX) {
        aloft_nvspage_blob_describe(&item, op->len, op->parts, blob_start(op));
    }
    op->out_span = item.span;
    aloft_nvspage_item_emit(&item, op->out_entry);
    return item.span;
}

// The first entry behind all that is marked or not blank.
static enum aloft_err first_free(const struct aloft_nvs_write *op,
                                 const struct aloft_nvs_page *page, uint32_t *index)
{
    uint8_t bytes[ALOFT_NVS_ENTRY];
    *index = 0;
    for (uint32_t i = ALOFT_NVS_ENTRIES; i > 0 && *index == 0; i--) {
        enum aloft_err err = aloft_flash_read(
            &op->nvs->view, aloft_nvs_entry_off(op->newest, i - 1), bytes, sizeof bytes);
        if (err != ALOFT_OK) {
            return err;
        }
        if (aloft_nvspage_mark(page, i - 1) != ALOFT_NVS_EMPTY ||
            !aloft_bytes_are(bytes, sizeof bytes, 0xFF)) {
            *index = i;
        }
    }
    return ALOFT_OK;
}

// The first entry before `end` that is marked empty, or on its way from there to erased; `end`:
// none.
static uint32_t first_hole(const struct aloft_nvs_page *page, uint32_t end)
{
    uint32_t i = 0;
    while (i < end && aloft_nvspage_mark(page, i) != ALOFT_NVS_EMPTY &&
           aloft_nvspage_mark(page, i) != ALOFT_NVS_ILLEGAL) {
        i++;
    }
    return i;
}

static enum aloft_err next_item(struct aloft_nvs_write *op)
{
    struct aloft_nvs_headers headers;
    uint32_t room = 0;
    uint32_t index = 0;
    enum aloft_err err = aloft_nvs_read_headers(op, &headers);
    bool active = err == ALOFT_OK && op->newest != op->nvs->pages &&
                  headers.newest.state == (uint32_t)ALOFT_NVS_ACTIVE;
    if (active) {
        err = first_free(op, &headers.newest, &index);
        room = ALOFT_NVS_ENTRIES - index;
    }
    if (err != ALOFT_OK) {
        return err;
    }
    op->out_page = op->newest;
    op->out_index = first_hole(&headers.newest, index);
    if (active && op->out_index < index) {
        op->phase = ALOFT_NVS_DO_HOLES; // keeps N4
        return ALOFT_OK;
    }
    ALOFT_INVARIANT("N4", !active || first_hole(&headers.newest, index) == index);
    op->out_done = 0;
    op->out_index = index;
    op->back = ALOFT_NVS_DO_CHECK;
    uint32_t needed = prepare_item(op, room);
    if (needed <= room) {
        op->phase = ALOFT_NVS_DO_ENTRY;
        return ALOFT_OK;
    }
    return aloft_nvs_begin(op, &headers, needed, active);
}

// The item that was written must be there before the older one goes (N1).
static enum aloft_err check_item(struct aloft_nvs_write *op)
{
    struct aloft_nvs_place place;
    bool found;
    enum aloft_err err = aloft_nvs_next_good(op->nvs, op->out_page, op->out_index, &place, &found);
    if (err != ALOFT_OK) {
        return err;
    }
    if (!found || place.index != op->out_index) {
        return ALOFT_ERR_FLASH_VERIFY;
    }
    op->new_page = op->out_page;
    op->new_index = op->out_index;
    op->phase = ALOFT_NVS_DO_ITEM;
    if (op->stage == NAMESPACE) {
        aloft_nvs_go(
            op, ALOFT_NVS_DO_TWINS); // a damaged entry of this namespace goes; then it is found
    } else if (op->stage == PART) {
        op->parts++;
        op->sent += op->out_len;
        op->stage = op->sent == op->len ? INDEX : PART;
    } else {
        op->phase = ALOFT_NVS_DO_OLD;
    }
    bool too_many = op->stage == PART && op->parts == ALOFT_NVS_CHUNKS;
    return too_many ? ALOFT_ERR_NVS_FULL : ALOFT_OK;
}

// Whether the item is of this key, and not of the value that was just written.
static bool obsolete(const struct aloft_nvs_write *op, const struct aloft_nvs_place *place)
{
    const struct aloft_nvs_item *item = &place->item;
    struct aloft_nvs_item index;
    if (place->damage == ALOFT_NVS_UNKNOWN_ITEM || !aloft_nvspage_same_key(item, &op->want)) {
        return false;
    }
    if (op->erase || item->type != ALOFT_NVS_BLOB_DATA) {
        return place->page != op->new_page || place->index != op->new_index;
    }
    aloft_nvspage_blob_describe(&index, op->len, op->parts, blob_start(op));
    return op->want.type != ALOFT_NVS_BLOB_INDEX || !aloft_nvspage_blob_owns(&index, item->chunk);
}

// Purges what is obsolete, one item at a time. Parts of a blob come last: without their index they
// are never read.
static enum aloft_err purge_old(struct aloft_nvs_write *op)
{
    struct aloft_nvs_cursor cursor = {.damaged = true};
    struct aloft_nvs_place old = {.page = 0};
    enum aloft_err err;
    bool found;
    bool any = false;
    ALOFT_INVARIANT("N1", op->erase || op->new_page != op->nvs->pages); // it was judged
    while ((err = aloft_nvs_next(op->nvs, &cursor, &found)) == ALOFT_OK && found) {
        bool part = cursor.place.item.type == ALOFT_NVS_BLOB_DATA;
        if ((!any || !part) && obsolete(op, &cursor.place)) {
            old = cursor.place;
            any = true;
        }
    }
    if (err != ALOFT_OK || !any) {
        op->phase = ALOFT_NVS_DO_DONE;
        bool none = err == ALOFT_OK && op->erase && !op->erased && !op->twice;
        return none ? aloft_nvs_absent(op->nvs, &op->want) : err;
    }
    op->erased = true;
    aloft_nvs_begin_purge(op, &old);
    return ALOFT_OK;
}

// ---- a guard: its value and its name in the list (N9)

static void name_ns(struct aloft_nvs_write *op, const char *ns)
{
    size_t len = strlen(ns);
    ALOFT_ASSERT(len < sizeof op->ns);
    memset(op->ns, 0, sizeof op->ns);
    memcpy(op->ns, ns, len);
}

// Whether the value that was set can be read.
static bool is_there(const struct aloft_nvs_write *op)
{
    struct aloft_nvs_place place;
    return aloft_nvs_find(op->nvs, &op->want, &place) != ALOFT_ERR_NVS_NOT_FOUND;
}

static void begin_second(struct aloft_nvs_write *op)
{
    char key[ALOFT_NVS_NAME];
    ALOFT_INVARIANT("N9", op->erase || is_there(op));
    memcpy(key, op->want.key, sizeof key);
    op->twice = false;
    name_ns(op, op->erase ? ALOFT_NVS_GUARDED : ALOFT_NVS_GUARDS);
    (void)aloft_nvs_want(&op->want, 0, ALOFT_NVS_U8, key); // it was judged at the start
    op->want.data[0] = 1;
    aloft_nvs_go(op, ALOFT_NVS_DO_BEGIN);
}

// ---- the machine

static enum aloft_err advance(struct aloft_nvs_write *op)
{
    switch ((enum aloft_nvs_phase)op->phase) {
    case ALOFT_NVS_DO_LOOK:
        return aloft_nvs_look(op);
    case ALOFT_NVS_DO_SWEEP:
        return sweep(op);
    case ALOFT_NVS_DO_TWINS:
        return purge_twin(op);
    case ALOFT_NVS_DO_BEGIN:
        return begin_value(op);
    case ALOFT_NVS_DO_ITEM:
        return next_item(op);
    case ALOFT_NVS_DO_HOLES:
        return aloft_nvs_close_holes(op);
    case ALOFT_NVS_DO_DROP:
    case ALOFT_NVS_DO_WEIGH:
    case ALOFT_NVS_DO_FILL:
    case ALOFT_NVS_DO_FREEING:
    case ALOFT_NVS_DO_ERASE:
    case ALOFT_NVS_DO_HEADER:
    case ALOFT_NVS_DO_COPY:
    case ALOFT_NVS_DO_RELEASE:
    case ALOFT_NVS_DO_CLEAN:
        return aloft_nvs_reclaim(op);
    case ALOFT_NVS_DO_ENTRY:
        return aloft_nvs_write_entry(op);
    case ALOFT_NVS_DO_MARK:
        return aloft_nvs_write_mark(op);
    case ALOFT_NVS_DO_CHECK:
        return check_item(op);
    case ALOFT_NVS_DO_OLD:
        return purge_old(op);
    case ALOFT_NVS_DO_LAST:
    case ALOFT_NVS_DO_ZEROS:
    case ALOFT_NVS_DO_MARKS:
    case ALOFT_NVS_DO_UNNAME:
    case ALOFT_NVS_DO_NAME:
        return aloft_nvs_purge(op);
    case ALOFT_NVS_DO_DONE:
    case ALOFT_NVS_DO_FAILED:
        break;
    }
    return op->err;
}

enum aloft_step aloft_nvs_step(struct aloft_nvs_write *op)
{
    enum aloft_err err = advance(op);
    if (err != ALOFT_OK) {
        fail(op, err);
    }
    if (op->phase == ALOFT_NVS_DO_FAILED) {
        return ALOFT_STEP_FAILED;
    }
    if (op->phase == ALOFT_NVS_DO_DONE && op->twice) {
        begin_second(op);
    }
    return op->phase == ALOFT_NVS_DO_DONE ? ALOFT_STEP_DONE : ALOFT_STEP_AGAIN;
}

// ---- beginning

// False: a name is not allowed, or the partition cannot be written; the machine has failed.
static bool start(struct aloft_nvs_write *op, const struct aloft_nvs *nvs, const char *ns,
                  const char *key, uint8_t type)
{
    struct aloft_nvs_item space;
    memset(op, 0, sizeof *op);
    op->nvs = nvs;
    enum aloft_err err = aloft_nvs_want(&space, 0, ALOFT_NVS_U8, ns);
    if (err == ALOFT_OK) {
        err = aloft_nvs_want(&op->want, 0, type, key);
    }
    if (err != ALOFT_OK) {
        fail(op, err);
        return false;
    }
    if (nvs->pages < ALOFT_NVS_PAGES_MIN) {
        fail(op, ALOFT_ERR_NVS_SIZE);
        return false;
    }
    memcpy(op->ns, space.key, sizeof op->ns);
    op->twice = strcmp(ns, ALOFT_NVS_GUARDED) == 0;
    aloft_nvs_go(op, ALOFT_NVS_DO_LOOK);
    return true;
}

void aloft_nvs_set_str(struct aloft_nvs_write *op, const struct aloft_nvs *nvs, const char *ns,
                       const char *key, const char *text)
{
    size_t len = strlen(text) + 1;
    if (!start(op, nvs, ns, key, ALOFT_NVS_STR)) {
        return;
    }
    if (len > ALOFT_NVS_ITEM_MAX) {
        fail(op, ALOFT_ERR_NVS_LEN);
        return;
    }
    op->data = (const uint8_t *)text;
    op->len = (uint32_t)len;
    aloft_nvspage_describe(&op->want, op->len, aloft_crc32(0xFFFFFFFFu, op->data, op->len));
}

void aloft_nvs_set_blob(struct aloft_nvs_write *op, const struct aloft_nvs *nvs, const char *ns,
                        const char *key, const void *data, uint32_t len)
{
    if (!start(op, nvs, ns, key, ALOFT_NVS_BLOB_INDEX)) {
        return;
    }
    uint32_t parts = nvs->pages - 1 < ALOFT_NVS_CHUNKS ? nvs->pages - 1 : ALOFT_NVS_CHUNKS;
    if (len > parts * ALOFT_NVS_ITEM_MAX) {
        fail(op, ALOFT_ERR_NVS_LEN);
        return;
    }
    op->data = data;
    op->len = len;
}

void aloft_nvs_set_number(struct aloft_nvs_write *op, const struct aloft_nvs *nvs, const char *ns,
                          const char *key, enum aloft_nvs_type type, uint64_t value)
{
    ALOFT_ASSERT(aloft_nvspage_number_len((uint8_t)type) != 0);
    if (!start(op, nvs, ns, key, (uint8_t)type)) {
        return;
    }
    for (uint32_t i = 0; i < aloft_nvspage_number_len((uint8_t)type); i++) {
        op->want.data[i] = (uint8_t)(value >> 8 * i);
    }
}

void aloft_nvs_erase(struct aloft_nvs_write *op, const struct aloft_nvs *nvs, const char *ns,
                     const char *key)
{
    if (start(op, nvs, ns, key, ALOFT_NVS_U8)) {
        op->erase = true;
        if (op->twice) {
            name_ns(op, ALOFT_NVS_GUARDS);
        }
    }
}

void aloft_nvs_make_ns(struct aloft_nvs_write *op, const struct aloft_nvs *nvs, const char *ns)
{
    if (start(op, nvs, ns, ns, ALOFT_NVS_U8)) {
        op->bare = true;
        op->twice = false;
    }
}
