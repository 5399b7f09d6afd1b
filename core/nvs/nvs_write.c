// Writing NVS. First whatever a cut left open is put in order, then the new value goes in beside
// the old one, and then the old one goes. All facts are read from flash at each turn; what is in
// RAM is the plan alone.
//
//   tidy up   LOOK -> [CLEAN -> LOOK] [DROP -> LOOK] [copying -> LOOK] -> SWEEP [purging -> SWEEP]
//             -> TWINS [purging -> TWINS] -> BEGIN
//   write     ITEM -> [HOLES -> ITEM] [WEIGH -> FILL -> FREEING -> ERASE -> HEADER -> copying]
//             -> ENTRY <-> MARK -> CHECK -> ITEM ... -> OLD [purging -> OLD] -> DONE
//   copying   COPY -> ENTRY <-> MARK -> COPY ... -> RELEASE -> CLEAN
//   purging   PURGE ... -> MARKS ...
//
// Invariants
//   N1  Of the items of one key the newest whole one is the value: set writes it last, and judges
//   it
//       before the older one goes. So two items of one key are there only while one is the last
//       item of the newest page, and nothing is copied before that is put in order.
//   N2  A page is erased right before it begins, even if it is blank: its erase may have been cut,
//       and what looks blank may be unstable.
//   N3  A page is erased only when one program of zeros over its header has made it void, and all
//   of
//       its items are elsewhere. So an erase that is cut, which leaves some bits old, cannot bring
//       it back.
//   N4  Nothing is programmed behind an entry that is not blank but marked empty: ESP-IDF would
//       take all that follows for torn. Such entries are marked erased first.
//   N5  Bytes of an item are never taken for items: while any is marked written, so is the entry
//       that names them, or they are zeros.
#include "aloft/nvs_write.h"
#include "aloft/base/bytes.h"
#include "aloft/base/crc32.h"
#include <string.h>

enum phase {
    LOOK,
    DROP,
    SWEEP,
    TWINS,
    BEGIN,
    ITEM,
    HOLES,
    WEIGH,
    FILL,
    FREEING,
    ERASE,
    HEADER,
    COPY,
    RELEASE,
    CLEAN,
    ENTRY,
    MARK,
    CHECK,
    OLD,
    PURGE,
    MARKS,
    DONE,
    FAILED
};

// The items of a value, in their order. A value that is no blob has NAMESPACE and VALUE.
enum stage { NAMESPACE, VALUE, PART, INDEX };

static void go(struct aloft_nvs_write *op, enum phase phase)
{
    op->phase = (uint8_t)phase;
    op->scan = 0;
    op->scan_index = 0;
}

static void fail(struct aloft_nvs_write *op, enum aloft_err err)
{
    op->err = err;
    op->phase = FAILED;
}

// ---- one flash operation

static enum aloft_err prog(const struct aloft_nvs_write *op, uint32_t page, uint32_t off,
                           const void *data, uint32_t len)
{
    return aloft_flash_prog(&op->nvs->view, page * ALOFT_NVS_PAGE + off, data, len);
}

static enum aloft_err prog_state(const struct aloft_nvs_write *op, uint32_t page, uint32_t state)
{
    uint8_t bytes[4];
    aloft_put_le32(bytes, state);
    return prog(op, page, 0, bytes, sizeof bytes);
}

// Keeps N3.
static enum aloft_err prog_void(const struct aloft_nvs_write *op, uint32_t page)
{
    static const uint8_t zeros[ALOFT_NVS_MAP];
    return prog(op, page, 0, zeros, sizeof zeros);
}

// Changes the marks of entries [first, end) that share a word of the map with `first`. *end is
// lowered to the first that was not; *changed false: they were so already.
static enum aloft_err prog_marks(const struct aloft_nvs_write *op, uint32_t first, uint32_t *end,
                                 enum aloft_nvs_mark mark, bool *changed)
{
    uint8_t bytes[4];
    uint32_t off = ALOFT_NVS_MAP + first / 16 * 4;
    enum aloft_err err =
        aloft_flash_read(&op->nvs->view, op->out_page * ALOFT_NVS_PAGE + off, bytes, sizeof bytes);
    uint32_t old = aloft_get_le32(bytes);
    uint32_t word = old;
    uint32_t limit = first / 16 * 16 + 16;
    *end = *end < limit ? *end : limit;
    for (uint32_t i = first; i < *end; i++) {
        word = aloft_nvspage_word(word, i, mark);
    }
    *changed = word != old;
    aloft_put_le32(bytes, word);
    return err == ALOFT_OK && *changed ? prog(op, op->out_page, off, bytes, sizeof bytes) : err;
}

// ---- writing one item: its entries, each with its mark

static enum aloft_err write_entry(struct aloft_nvs_write *op)
{
    uint8_t bytes[ALOFT_NVS_ENTRY];
    uint32_t k = op->out_done;
    enum aloft_err err = ALOFT_OK;
    if (op->out_data == NULL && k > 0) {
        err =
            aloft_flash_read(&op->nvs->view, aloft_nvs_entry_off(op->from_page, op->from_index + k),
                             bytes, sizeof bytes);
    } else if (k > 0) {
        uint32_t at = (k - 1) * ALOFT_NVS_ENTRY;
        uint32_t left = op->out_len - at;
        memset(bytes, 0xFF, sizeof bytes);
        memcpy(bytes, op->out_data + at, left < sizeof bytes ? left : sizeof bytes);
    } else {
        memcpy(bytes, op->out_head, sizeof bytes);
    }
    op->phase = MARK;
    if (err != ALOFT_OK) {
        return err;
    }
    return prog(op, op->out_page, aloft_nvspage_entry(op->out_index + k), bytes, sizeof bytes);
}

static enum aloft_err write_mark(struct aloft_nvs_write *op)
{
    bool changed;
    uint32_t first = op->out_index + op->out_done;
    uint32_t end = first + 1;
    enum aloft_err err = prog_marks(op, first, &end, ALOFT_NVS_WRITTEN, &changed);
    op->out_done++;
    op->phase = op->out_done < op->out_span ? ENTRY : op->back;
    return err;
}

// ---- purging one item: zeros, from its last entry to the one that names it (N5); then the marks

static void begin_purge(struct aloft_nvs_write *op, const struct aloft_nvs_place *place)
{
    op->out_page = place->page;
    op->out_index = place->index;
    op->out_span = place->item.span;
    op->out_done = 0;
    op->back = op->phase;
    op->phase = PURGE;
}

static enum aloft_err purge_entry(struct aloft_nvs_write *op)
{
    static const uint8_t zeros[ALOFT_NVS_ENTRY];
    uint32_t index = op->out_index + op->out_span - 1 - op->out_done;
    op->out_done++;
    if (op->out_done == op->out_span) {
        op->out_done = 0;
        op->phase = MARKS;
    }
    return prog(op, op->out_page, aloft_nvspage_entry(index), zeros, sizeof zeros);
}

static enum aloft_err purge_marks(struct aloft_nvs_write *op)
{
    bool changed;
    uint32_t end = op->out_index + op->out_span;
    enum aloft_err err =
        prog_marks(op, op->out_index + op->out_done, &end, ALOFT_NVS_ERASED, &changed);
    op->out_done = end - op->out_index;
    if (op->out_done == op->out_span) {
        op->phase = op->back;
    }
    return err;
}

// ---- tidying up

// What all headers say together.
struct headers {
    struct aloft_nvs_page newest;
    uint32_t live;
    uint32_t free;     // a page that is not live, round the ring from the newest
    uint32_t freeing;  // from op->scan on
    uint32_t released; // has a void header
};

static enum aloft_err read_headers(struct aloft_nvs_write *op, struct headers *out)
{
    struct aloft_nvs_page page;
    uint32_t none = op->nvs->pages;
    uint32_t first_free = none;
    uint32_t next_free = none;
    memset(out, 0, sizeof *out);
    out->freeing = none;
    out->released = none;
    op->newest = none;
    op->seq = 0;
    for (uint32_t i = 0; i < none; i++) {
        enum aloft_err err = aloft_nvs_read_page(op->nvs, i, &page);
        if (err != ALOFT_OK) {
            return err;
        }
        if (!page.live) {
            out->released = page.state == 0 && page.seq == 0 ? i : out->released;
            first_free = first_free == none ? i : first_free;
            next_free = next_free == none && op->newest != none ? i : next_free;
            continue;
        }
        out->live++;
        if (op->newest == none || page.seq > op->seq) {
            op->newest = i;
            op->seq = page.seq;
            out->newest = page;
            next_free = none;
        }
        if (page.state == (uint32_t)ALOFT_NVS_FREEING && i >= op->scan && out->freeing == none) {
            out->freeing = i;
        }
    }
    out->free = next_free != none ? next_free : first_free;
    return ALOFT_OK;
}

// A page half copied is dropped and begun again, as ESP-IDF does.
static enum aloft_err look(struct aloft_nvs_write *op)
{
    struct headers headers;
    enum aloft_err err = read_headers(op, &headers);
    uint32_t victim = headers.freeing;
    op->victim = headers.released;
    op->after = LOOK;
    if (err == ALOFT_OK && headers.released != op->nvs->pages) {
        op->phase = CLEAN;
        return ALOFT_OK;
    }
    if (err != ALOFT_OK || victim == op->nvs->pages) {
        go(op, SWEEP);
        return err;
    }
    bool copied = headers.newest.state == (uint32_t)ALOFT_NVS_ACTIVE;
    bool copy = false;
    if (copied) {
        err = aloft_nvs_is_copy(op->nvs, op->newest, victim, &copy);
    }
    op->victim = victim;
    op->target = headers.free;
    if (copy) {
        op->phase = DROP;
    } else if (copied || headers.free == op->nvs->pages) {
        op->scan = victim + 1; // not a page that is being copied, whatever it says
    } else {
        op->phase = ERASE;
    }
    return err;
}

// Items that are not whole or not good, and parts of no blob, go.
static enum aloft_err sweep(struct aloft_nvs_write *op)
{
    struct aloft_nvs_cursor cursor = {.page = op->scan, .index = op->scan_index};
    uint32_t page = op->scan;
    bool found;
    bool good = false;
    enum aloft_err err = ALOFT_OK;
    while (cursor.page == page && err == ALOFT_OK) {
        struct aloft_nvs_place *place = &cursor.place;
        struct aloft_nvs_place index;
        err = aloft_nvs_next(op->nvs, &cursor, &found);
        if (err != ALOFT_OK || !found || cursor.page != page) {
            break;
        }
        op->scan_index = cursor.index;
        err = aloft_nvs_judge(op->nvs, place, &good);
        if (err == ALOFT_OK && good && place->item.type == ALOFT_NVS_BLOB_DATA) {
            struct aloft_nvs_item want = place->item;
            want.type = ALOFT_NVS_BLOB_INDEX;
            want.chunk = ALOFT_NVS_NO_CHUNK;
            err = aloft_nvs_find(op->nvs, &want, &index);
            good = err == ALOFT_OK && aloft_nvspage_blob_owns(&index.item, place->item.chunk);
            err = err == ALOFT_ERR_NVS_NOT_FOUND ? ALOFT_OK : err;
        }
        if (err == ALOFT_OK && !(good && cursor.whole)) {
            begin_purge(op, place);
            return ALOFT_OK;
        }
        if (place->item.type == ALOFT_NVS_BLOB_DATA) {
            return err; // a walk is enough for one step
        }
    }
    op->scan = page + 1;
    op->scan_index = 0;
    if (op->scan == op->nvs->pages) {
        go(op, TWINS);
    }
    return err;
}

// The last item that was written may have an older twin (N1).
static enum aloft_err purge_twin(struct aloft_nvs_write *op)
{
    struct aloft_nvs_cursor cursor = {.page = 0};
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
        if (err == ALOFT_OK && found && !itself &&
            aloft_nvspage_twins(&cursor.place.item, &last.item)) {
            begin_purge(op, &cursor.place);
            return ALOFT_OK;
        }
    }
    go(op, BEGIN);
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

static enum aloft_err begin_value(struct aloft_nvs_write *op)
{
    struct aloft_nvs_place place;
    bool blob = op->want.type == ALOFT_NVS_BLOB_INDEX;
    bool same = false;
    uint8_t start = 0;
    enum aloft_err err = aloft_nvs_find_ns(op->nvs, op->ns, &op->want.ns);
    op->new_page = op->nvs->pages;
    op->phase = OLD;
    if (op->erase) {
        return err;
    }
    if (op->bare && err == ALOFT_OK) {
        op->phase = DONE;
        return err;
    }
    op->stage = blob ? PART : VALUE;
    if (err == ALOFT_ERR_NVS_NOT_FOUND) {
        op->stage = NAMESPACE;
        err = aloft_nvs_free_ns(op->nvs, &op->want.ns);
    } else if (err == ALOFT_OK) {
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
    op->phase = same ? DONE : ITEM;
    return err;
}

static uint8_t blob_start(const struct aloft_nvs_write *op)
{
    return op->want.data[5];
}

// Makes out_head and out_data of the next item, which may use `room` entries of the page. Returns
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
    aloft_nvspage_item_emit(&item, op->out_head);
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

// The first entry before `end` that is marked empty; `end`: none.
static uint32_t first_hole(const struct aloft_nvs_page *page, uint32_t end)
{
    uint32_t i = 0;
    while (i < end && aloft_nvspage_mark(page, i) != ALOFT_NVS_EMPTY) {
        i++;
    }
    return i;
}

static enum aloft_err next_item(struct aloft_nvs_write *op)
{
    struct headers headers;
    uint32_t room = 0;
    uint32_t index = 0;
    enum aloft_err err = read_headers(op, &headers);
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
        op->phase = HOLES;
        return ALOFT_OK;
    }
    op->out_done = 0;
    op->out_index = index;
    op->back = CHECK;
    uint32_t needed = prepare_item(op, room);
    if (needed <= room) {
        op->phase = ENTRY;
        return ALOFT_OK;
    }
    op->target = headers.free;
    op->victim = op->nvs->pages;
    op->after = ITEM;
    if (headers.free == op->nvs->pages || op->seq >= 0xFFFFFFFEu) {
        return ALOFT_ERR_NVS_FULL;
    }
    uint32_t free = op->nvs->pages - headers.live;
    go(op, free < 2 ? WEIGH : active ? FILL : ERASE);
    op->scan_index = ALOFT_NVS_ENTRIES - needed + 1; // used entries must be fewer
    return ALOFT_OK;
}

// Marks the holes that share a word with the first (N4).
static enum aloft_err close_holes(struct aloft_nvs_write *op)
{
    bool changed;
    uint32_t end = op->out_index + 1;
    enum aloft_err err = prog_marks(op, op->out_index, &end, ALOFT_NVS_ERASED, &changed);
    op->phase = ITEM;
    return err;
}

// The page with the fewest entries that are worth copying is the victim.
static enum aloft_err weigh(struct aloft_nvs_write *op)
{
    struct aloft_nvs_page page;
    struct aloft_nvs_place place;
    uint32_t used = 0;
    bool found = true;
    enum aloft_err err = aloft_nvs_read_page(op->nvs, op->scan, &page);
    for (uint32_t index = 0; err == ALOFT_OK && found; index = place.index + place.item.span) {
        err = aloft_nvs_next_good(op->nvs, op->scan, index, &place, &found);
        used += found ? place.item.span : 0;
    }
    if (err == ALOFT_OK && page.live && used < op->scan_index) {
        op->scan_index = used;
        op->victim = op->scan;
    }
    op->scan++;
    if (err != ALOFT_OK || op->scan < op->nvs->pages) {
        return err;
    }
    if (op->victim == op->nvs->pages) {
        return ALOFT_ERR_NVS_FULL;
    }
    op->phase = FILL;
    return ALOFT_OK;
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
    op->phase = ITEM;
    if (op->stage == NAMESPACE) {
        op->stage = op->want.type == ALOFT_NVS_BLOB_INDEX ? PART : VALUE;
        op->phase = op->bare ? DONE : ITEM;
    } else if (op->stage == PART) {
        op->parts++;
        op->sent += op->out_len;
        op->stage = op->sent == op->len ? INDEX : PART;
    } else {
        op->phase = OLD;
    }
    bool too_many = op->stage == PART && op->parts == ALOFT_NVS_CHUNKS;
    return too_many ? ALOFT_ERR_NVS_FULL : ALOFT_OK;
}

// Whether the item is of this key, and not of the value that was just written.
static bool obsolete(const struct aloft_nvs_write *op, const struct aloft_nvs_place *place)
{
    const struct aloft_nvs_item *item = &place->item;
    struct aloft_nvs_item index;
    if (item->ns != op->want.ns || memcmp(item->key, op->want.key, sizeof item->key) != 0) {
        return false;
    }
    if (op->erase || item->type != ALOFT_NVS_BLOB_DATA) {
        return place->page != op->new_page || place->index != op->new_index;
    }
    aloft_nvspage_blob_describe(&index, op->len, op->parts, blob_start(op));
    return op->want.type != ALOFT_NVS_BLOB_INDEX || !aloft_nvspage_blob_owns(&index, item->chunk);
}

// Purges what is obsolete, one item at a time, and parts of a blob last: without their index they
// are nothing.
static enum aloft_err purge_old(struct aloft_nvs_write *op)
{
    struct aloft_nvs_cursor cursor = {.page = 0};
    struct aloft_nvs_place old = {.page = 0};
    enum aloft_err err;
    bool found;
    bool any = false;
    while ((err = aloft_nvs_next(op->nvs, &cursor, &found)) == ALOFT_OK && found) {
        bool part = cursor.place.item.type == ALOFT_NVS_BLOB_DATA;
        if ((!any || !part) && obsolete(op, &cursor.place)) {
            old = cursor.place;
            any = true;
        }
    }
    if (err != ALOFT_OK || !any) {
        op->phase = DONE;
        return err == ALOFT_OK && op->erase && !op->erased ? ALOFT_ERR_NVS_NOT_FOUND : err;
    }
    op->erased = true;
    begin_purge(op, &old);
    return ALOFT_OK;
}

// ---- a page that begins, and what is copied into it

static enum aloft_err begin_page(struct aloft_nvs_write *op)
{
    uint8_t header[ALOFT_NVS_MAP];
    uint32_t off = op->target * ALOFT_NVS_PAGE;
    bool copying = op->victim != op->nvs->pages;
    switch (op->phase) {
    case FILL:
        op->phase = copying ? FREEING : ERASE;
        return prog_state(op, op->newest, (uint32_t)ALOFT_NVS_FULL);
    case FREEING:
        op->phase = ERASE;
        return prog_state(op, op->victim, (uint32_t)ALOFT_NVS_FREEING);
    case ERASE:
        op->phase = HEADER;
        return aloft_flash_erase(&op->nvs->view, off, ALOFT_NVS_PAGE);
    default:
        go(op, copying ? COPY : op->after);
        op->seq = op->newest == op->nvs->pages ? 0 : op->seq + 1;
        aloft_nvspage_emit(op->seq, header);
        return prog(op, op->target, 0, header, sizeof header);
    }
}

// op->scan is the next entry of the new page, op->scan_index that of the old one.
static enum aloft_err copy_item(struct aloft_nvs_write *op)
{
    struct aloft_nvs_place place;
    bool found;
    enum aloft_err err = aloft_nvs_next_good(op->nvs, op->victim, op->scan_index, &place, &found);
    if (err != ALOFT_OK || !found) {
        op->phase = RELEASE;
        return err;
    }
    op->back = COPY;
    op->phase = ENTRY;
    op->out_page = op->target;
    op->out_index = op->scan;
    op->out_span = place.item.span;
    op->out_done = 0;
    op->out_data = NULL;
    op->from_page = op->victim;
    op->from_index = place.index;
    op->scan += place.item.span;
    op->scan_index = place.index + place.item.span;
    return aloft_flash_read(&op->nvs->view, aloft_nvs_entry_off(op->victim, place.index),
                            op->out_head, sizeof op->out_head);
}

// ---- the machine

static enum aloft_err advance(struct aloft_nvs_write *op)
{
    switch ((enum phase)op->phase) {
    case LOOK:
        return look(op);
    case DROP:
        go(op, LOOK);
        return prog_void(op, op->newest);
    case SWEEP:
        return sweep(op);
    case TWINS:
        return purge_twin(op);
    case BEGIN:
        return begin_value(op);
    case ITEM:
        return next_item(op);
    case HOLES:
        return close_holes(op);
    case WEIGH:
        return weigh(op);
    case FILL:
    case FREEING:
    case ERASE:
    case HEADER:
        return begin_page(op);
    case COPY:
        return copy_item(op);
    case RELEASE:
        op->phase = CLEAN;
        return prog_void(op, op->victim);
    case CLEAN:
        go(op, op->after);
        return aloft_flash_erase(&op->nvs->view, op->victim * ALOFT_NVS_PAGE, ALOFT_NVS_PAGE);
    case ENTRY:
        return write_entry(op);
    case MARK:
        return write_mark(op);
    case CHECK:
        return check_item(op);
    case OLD:
        return purge_old(op);
    case PURGE:
        return purge_entry(op);
    case MARKS:
        return purge_marks(op);
    case DONE:
    case FAILED:
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
    if (op->phase == FAILED) {
        return ALOFT_STEP_FAILED;
    }
    return op->phase == DONE ? ALOFT_STEP_DONE : ALOFT_STEP_AGAIN;
}

// ---- beginning

// False: a name is no name, and the machine has failed.
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
    memcpy(op->ns, space.key, sizeof op->ns);
    go(op, LOOK);
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
    }
}

void aloft_nvs_make_ns(struct aloft_nvs_write *op, const struct aloft_nvs *nvs, const char *ns)
{
    if (start(op, nvs, ns, ns, ALOFT_NVS_U8)) {
        op->bare = true;
    }
}
