// Pages of NVS that begin and pages that are freed. Keeps N2 and N3 of nvs_write.c, and N8: a page
// with something damaged in it is neither copied nor erased.
#include "aloft/nvs/nvs_reclaim.h"
#include "aloft/base/assert.h"
#include "aloft/base/bytes.h"
#include <string.h>

static enum aloft_err prog_state(const struct aloft_nvs_write *op, uint32_t page, uint32_t state)
{
    uint8_t bytes[4];
    aloft_put_le32(bytes, state);
    return aloft_nvs_prog(op, page, 0, bytes, sizeof bytes);
}

// Keeps N3.
static enum aloft_err prog_void(const struct aloft_nvs_write *op, uint32_t page)
{
    static const uint8_t zeros[ALOFT_NVS_MAP];
    return aloft_nvs_prog(op, page, 0, zeros, sizeof zeros);
}

// Whether a page has no sound header, and whether it is blank besides.
static bool is_dead(const struct aloft_nvs_write *op, uint32_t index, bool blank)
{
    struct aloft_nvs_page page;
    return aloft_nvs_read_page(op->nvs, index, &page) != ALOFT_OK ||
           (!page.live && (!blank || (page.state == 0xFFFFFFFFu && !aloft_nvspage_is_used(&page))));
}

// Notes a page that has no sound header.
static void note_dead(const struct aloft_nvs_write *op, const struct aloft_nvs_page *page,
                      uint32_t index, uint32_t *next_free, struct aloft_nvs_headers *out)
{
    uint32_t none = op->nvs->pages;
    bool used = aloft_nvspage_is_used(page);
    if ((used || page->state != 0xFFFFFFFFu) && index >= op->scan_index && out->lost == none) {
        out->lost = index;
    }
    if (!used) {
        out->free_count++;
        out->free = out->free == none ? index : out->free;
        *next_free = *next_free == none && op->newest != none ? index : *next_free;
    }
}

enum aloft_err aloft_nvs_read_headers(struct aloft_nvs_write *op, struct aloft_nvs_headers *out)
{
    struct aloft_nvs_page page;
    uint32_t none = op->nvs->pages;
    uint32_t next_free = none;
    memset(out, 0, sizeof *out);
    out->free = out->freeing = out->lost = none;
    op->newest = none;
    op->seq = 0;
    for (uint32_t i = 0; i < none; i++) {
        enum aloft_err err = aloft_nvs_read_page(op->nvs, i, &page);
        if (err != ALOFT_OK) {
            return err;
        }
        if (!page.live) {
            note_dead(op, &page, i, &next_free, out);
            continue;
        }
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
    out->free = next_free != none ? next_free : out->free;
    return ALOFT_OK;
}

// A page that has marks and no sound header: made void and not yet erased, when all that is in it
// is elsewhere, and then it is erased; or its header is damaged, and it stays (N8).
static enum aloft_err look_at_lost(struct aloft_nvs_write *op,
                                   const struct aloft_nvs_headers *headers)
{
    struct aloft_nvs_place place;
    bool copy = false;
    uint32_t none = op->nvs->pages;
    enum aloft_err err = ALOFT_OK;
    if (op->newest != none) { // else nothing in it can be read: it may not be a copy of others
        err = aloft_nvs_next_good(op->nvs, op->newest, 0, &place, &copy);
    }
    if (err == ALOFT_OK && copy) {
        err = aloft_nvs_is_copy(op->nvs, headers->lost, op->newest, &copy);
    }
    if (err == ALOFT_OK && !copy && headers->freeing != none) {
        err = aloft_nvs_is_copy(op->nvs, headers->lost, headers->freeing, &copy);
    }
    op->victim = headers->lost;
    op->scan_index = headers->lost + 1;
    op->phase = copy ? ALOFT_NVS_DO_CLEAN : ALOFT_NVS_DO_LOOK;
    return err;
}

enum aloft_err aloft_nvs_look(struct aloft_nvs_write *op)
{
    struct aloft_nvs_headers headers;
    uint32_t none = op->nvs->pages;
    enum aloft_err err = aloft_nvs_read_headers(op, &headers);
    uint32_t victim = headers.freeing;
    op->after = ALOFT_NVS_DO_LOOK;
    if (err == ALOFT_OK && headers.lost != none) {
        return look_at_lost(op, &headers);
    }
    if (err != ALOFT_OK || victim == none) {
        aloft_nvs_go(op, ALOFT_NVS_DO_SWEEP);
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
        op->phase = ALOFT_NVS_DO_DROP;
    } else if (copied || headers.free == none) {
        op->scan = victim + 1; // not a page that is being copied, whatever it says
    } else {
        op->phase = ALOFT_NVS_DO_ERASE;
    }
    return err;
}

// How many entries of page op->scan are worth copying; more than a page has when something in it is
// damaged.
static enum aloft_err weigh_page(const struct aloft_nvs_write *op, uint32_t *used)
{
    struct aloft_nvs_cursor cursor = {.damaged = true, .page = op->scan};
    enum aloft_err err;
    bool found;
    bool bad = false;
    bool good = false;
    *used = 0;
    while ((err = aloft_nvs_next(op->nvs, &cursor, &found)) == ALOFT_OK && found &&
           cursor.page == op->scan) {
        err = aloft_nvs_is_damaged(op->nvs, &cursor, &bad);
        if (err == ALOFT_OK && cursor.place.damage == ALOFT_NVS_SOUND &&
            aloft_nvs_is_whole(&cursor)) {
            err = aloft_nvs_judge(op->nvs, &cursor.place, &good);
            *used += good ? cursor.place.item.span : 0;
        }
        if (err != ALOFT_OK || bad) {
            *used = ALOFT_NVS_ENTRIES + 1;
            return err;
        }
    }
    return err;
}

// The page with the fewest entries that are worth copying is the victim.
static enum aloft_err weigh(struct aloft_nvs_write *op)
{
    uint32_t used;
    enum aloft_err err = weigh_page(op, &used);
    struct aloft_nvs_page page;
    if (err == ALOFT_OK) {
        err = aloft_nvs_read_page(op->nvs, op->scan, &page);
    }
    if (err != ALOFT_OK) {
        return err;
    }
    if (page.live && used < op->scan_index) {
        op->scan_index = used;
        op->victim = op->scan;
    }
    op->scan++;
    if (op->scan < op->nvs->pages) {
        return ALOFT_OK;
    }
    if (op->victim == op->nvs->pages) {
        return ALOFT_ERR_NVS_FULL;
    }
    op->phase = ALOFT_NVS_DO_FILL;
    return ALOFT_OK;
}

enum aloft_err aloft_nvs_begin(struct aloft_nvs_write *op, const struct aloft_nvs_headers *headers,
                               uint32_t needed, bool active)
{
    ALOFT_ASSERT(needed > 0 && needed <= ALOFT_NVS_ENTRIES);
    op->target = headers->free;
    op->victim = op->nvs->pages;
    op->after = ALOFT_NVS_DO_ITEM;
    if (headers->free == op->nvs->pages && headers->lost != op->nvs->pages && !op->again) {
        op->again = true; // a torn erase looked free at first; now it is erased once more
        aloft_nvs_go(op, ALOFT_NVS_DO_LOOK);
        return ALOFT_OK;
    }
    if (headers->free == op->nvs->pages || op->seq >= 0xFFFFFFFEu) {
        return ALOFT_ERR_NVS_FULL;
    }
    aloft_nvs_go(op, headers->free_count < 2 ? ALOFT_NVS_DO_WEIGH
                     : active                ? ALOFT_NVS_DO_FILL
                                             : ALOFT_NVS_DO_ERASE);
    op->scan_index = ALOFT_NVS_ENTRIES - needed + 1; // used entries must be fewer
    return ALOFT_OK;
}

static enum aloft_err begin_page(struct aloft_nvs_write *op)
{
    uint8_t header[ALOFT_NVS_MAP];
    uint32_t off = op->target * ALOFT_NVS_PAGE;
    bool copying = op->victim != op->nvs->pages;
    ALOFT_ASSERT(op->target < op->nvs->pages && op->target != op->victim);
    switch (op->phase) {
    case ALOFT_NVS_DO_FILL:
        op->phase = copying ? ALOFT_NVS_DO_FREEING : ALOFT_NVS_DO_ERASE;
        return prog_state(op, op->newest, (uint32_t)ALOFT_NVS_FULL);
    case ALOFT_NVS_DO_FREEING:
        op->phase = ALOFT_NVS_DO_ERASE;
        return prog_state(op, op->victim, (uint32_t)ALOFT_NVS_FREEING);
    case ALOFT_NVS_DO_ERASE:
        op->phase = ALOFT_NVS_DO_HEADER;
        return aloft_flash_erase(&op->nvs->view, off, ALOFT_NVS_PAGE);
    default:
        aloft_nvs_go(op, copying ? ALOFT_NVS_DO_COPY : op->after);
        ALOFT_INVARIANT("N2", is_dead(op, op->target, true));
        op->seq = op->newest == op->nvs->pages ? 0 : op->seq + 1;
        aloft_nvspage_emit(op->seq, header);
        return aloft_nvs_prog(op, op->target, 0, header, sizeof header);
    }
}

// op->scan is the next entry of the new page, op->scan_index that of the old one.
static enum aloft_err copy_item(struct aloft_nvs_write *op)
{
    struct aloft_nvs_place place;
    bool found;
    enum aloft_err err = aloft_nvs_next_good(op->nvs, op->victim, op->scan_index, &place, &found);
    if (err != ALOFT_OK || !found) {
        op->phase = ALOFT_NVS_DO_RELEASE;
        return err;
    }
    op->back = ALOFT_NVS_DO_COPY;
    op->phase = ALOFT_NVS_DO_ENTRY;
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
                            op->out_entry, sizeof op->out_entry);
}

enum aloft_err aloft_nvs_reclaim(struct aloft_nvs_write *op)
{
    switch (op->phase) {
    case ALOFT_NVS_DO_DROP:
        aloft_nvs_go(op, ALOFT_NVS_DO_LOOK);
        return prog_void(op, op->newest);
    case ALOFT_NVS_DO_WEIGH:
        return weigh(op);
    case ALOFT_NVS_DO_COPY:
        return copy_item(op);
    case ALOFT_NVS_DO_RELEASE:
        op->phase = ALOFT_NVS_DO_CLEAN;
        return prog_void(op, op->victim);
    case ALOFT_NVS_DO_CLEAN:
        ALOFT_INVARIANT("N3", is_dead(op, op->victim, false));
        aloft_nvs_go(op, (enum aloft_nvs_phase)op->after);
        return aloft_flash_erase(&op->nvs->view, op->victim * ALOFT_NVS_PAGE, ALOFT_NVS_PAGE);
    default:
        return begin_page(op);
    }
}
