// Writing one item of NVS, and taking one away. The order of marks and bytes is such that a cut
// never leaves what a flipped bit could have made (N5 to N7 of nvs_write.c).
#include "aloft/nvs/nvs_item.h"
#include "aloft/base/assert.h"
#include "aloft/base/bytes.h"
#include <string.h>

void aloft_nvs_go(struct aloft_nvs_write *op, enum aloft_nvs_phase phase)
{
    op->phase = (uint8_t)phase;
    op->scan = 0;
    op->scan_index = 0;
}

enum aloft_err aloft_nvs_prog(const struct aloft_nvs_write *op, uint32_t page, uint32_t off,
                              const void *data, uint32_t len)
{
    ALOFT_ASSERT(page < op->nvs->pages && off + len <= ALOFT_NVS_PAGE);
    return aloft_flash_prog(&op->nvs->view, page * ALOFT_NVS_PAGE + off, data, len);
}

// Whether no mark changes by two bits.
static bool changes_single_bits(uint32_t old, uint32_t word)
{
    uint32_t changed = old ^ word;
    return (changed & changed >> 1 & 0x55555555u) == 0;
}

// Whether entry index of page out_page is marked written.
static bool is_marked(const struct aloft_nvs_write *op, uint32_t index)
{
    struct aloft_nvs_page page;
    return aloft_nvs_read_page(op->nvs, op->out_page, &page) != ALOFT_OK ||
           aloft_nvspage_mark(&page, index) == ALOFT_NVS_WRITTEN;
}

// One program of a word of the map: the marks of entries [first, end) that share it with `first`.
// Returns in *end the first entry that is not done. Two bits are never cleared at once, as a torn
// program would leave either: from empty to erased goes by way of illegal, and then *end is first.
static enum aloft_err prog_marks(const struct aloft_nvs_write *op, uint32_t first, uint32_t *end,
                                 enum aloft_nvs_mark mark)
{
    uint8_t bytes[4];
    uint32_t off = ALOFT_NVS_MAP + first / 16 * 4;
    enum aloft_err err =
        aloft_flash_read(&op->nvs->view, op->out_page * ALOFT_NVS_PAGE + off, bytes, sizeof bytes);
    uint32_t old = aloft_get_le32(bytes);
    uint32_t word = old;
    uint32_t half = old;
    uint32_t limit = first / 16 * 16 + 16;
    *end = *end < limit ? *end : limit;
    for (uint32_t i = first; i < *end; i++) {
        bool empty = (old >> i % 16 * 2 & 3) == ALOFT_NVS_EMPTY;
        word = aloft_nvspage_word(word, i, mark);
        half = empty ? aloft_nvspage_word(half, i, ALOFT_NVS_ILLEGAL) : half;
    }
    if (mark == ALOFT_NVS_ERASED && half != old) {
        word = half;
        *end = first;
    }
    ALOFT_INVARIANT("N7", changes_single_bits(old, word));
    aloft_put_le32(bytes, word);
    if (err != ALOFT_OK || word == old) {
        return err;
    }
    return aloft_nvs_prog(op, op->out_page, off, bytes, sizeof bytes);
}

enum aloft_err aloft_nvs_write_entry(struct aloft_nvs_write *op)
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
        memcpy(bytes, op->out_entry, sizeof bytes);
    }
    ALOFT_ASSERT(k < op->out_span && op->out_index + op->out_span <= ALOFT_NVS_ENTRIES);
    ALOFT_INVARIANT("N5", k == 0 || is_marked(op, op->out_index));
    op->phase = ALOFT_NVS_DO_MARK;
    if (err != ALOFT_OK) {
        return err;
    }
    return aloft_nvs_prog(op, op->out_page, aloft_nvspage_entry(op->out_index + k), bytes,
                          sizeof bytes);
}

enum aloft_err aloft_nvs_write_mark(struct aloft_nvs_write *op)
{
    uint32_t first = op->out_index + op->out_done;
    uint32_t end = first + 1;
    enum aloft_err err = prog_marks(op, first, &end, ALOFT_NVS_WRITTEN);
    op->out_done++;
    op->phase = op->out_done < op->out_span ? ALOFT_NVS_DO_ENTRY : op->back;
    return err;
}

enum aloft_err aloft_nvs_close_holes(struct aloft_nvs_write *op)
{
    uint32_t end = op->out_index + 1;
    op->phase = ALOFT_NVS_DO_ITEM;
    return prog_marks(op, op->out_index, &end, ALOFT_NVS_ERASED);
}

// ---- purging: first the last entry's mark says that the item goes; then its bytes become zeros,
// then all marks but its name's go, then that one, and the name last (N5, N6)

void aloft_nvs_begin_purge(struct aloft_nvs_write *op, const struct aloft_nvs_place *place)
{
    ALOFT_INVARIANT("N8", place->damage != ALOFT_NVS_UNKNOWN_ITEM);
    op->out_page = place->page;
    op->out_index = place->index;
    op->out_span = place->item.span;
    op->out_done = op->out_span - 1;
    op->back = op->phase;
    op->phase = ALOFT_NVS_DO_LAST;
}

// The marks from entry out_done on, up to `end` of the item's. True: all of them are erased.
static enum aloft_err purge_marks(struct aloft_nvs_write *op, uint32_t end, bool *done)
{
    uint32_t wanted = op->out_index + end;
    uint32_t reached = wanted;
    enum aloft_err err = prog_marks(op, op->out_index + op->out_done, &reached, ALOFT_NVS_ERASED);
    op->out_done = reached - op->out_index;
    *done = reached == wanted;
    return err;
}

static enum aloft_err purge_bytes(struct aloft_nvs_write *op, uint32_t entry)
{
    static const uint8_t zeros[ALOFT_NVS_ENTRY];
    return aloft_nvs_prog(op, op->out_page, aloft_nvspage_entry(op->out_index + entry), zeros,
                          sizeof zeros);
}

enum aloft_err aloft_nvs_purge(struct aloft_nvs_write *op)
{
    bool done = true;
    enum aloft_err err = ALOFT_OK;
    switch (op->phase) {
    case ALOFT_NVS_DO_LAST:
        err = purge_marks(op, op->out_span, &done);
        if (done) {
            op->out_done = op->out_span - 1;
            op->phase = op->out_span > 1 ? ALOFT_NVS_DO_ZEROS : ALOFT_NVS_DO_NAME;
        }
        return err;
    case ALOFT_NVS_DO_ZEROS:
        err = purge_bytes(op, op->out_done);
        op->out_done--;
        if (op->out_done == 0) {
            op->out_done = 1;
            op->phase = ALOFT_NVS_DO_MARKS;
        }
        return err;
    case ALOFT_NVS_DO_MARKS:
        err = purge_marks(op, op->out_span, &done);
        if (done) {
            op->out_done = 0;
            op->phase = ALOFT_NVS_DO_UNNAME;
        }
        return err;
    case ALOFT_NVS_DO_UNNAME:
        err = purge_marks(op, 1, &done);
        op->phase = done ? ALOFT_NVS_DO_NAME : ALOFT_NVS_DO_UNNAME;
        return err;
    default:
        op->phase = op->back;
        return purge_bytes(op, 0);
    }
}
