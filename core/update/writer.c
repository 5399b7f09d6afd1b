// Erase ahead, program, read back. The buffer always starts at a page of the view, so a program is
// always a page or the last part of one.
//
// Invariants
//   W1  A page is programmed only inside what was erased since init: `off` + page <= `erased`.
//   W2  Bytes [0, first_len) of the view stay erased until aloft_writer_complete.
//   W3  A byte leaves the buffer only after it was read back.
#include "aloft/update/writer.h"
#include "aloft/base/bytes.h"
#include <string.h>

// A block erase takes 150 ms and a sector erase 45 ms (typical of the W25Q32 class): a block pays
// from its fourth sector on.
#define BLOCK_PAYS_FROM_SECTORS 4u

void aloft_writer_init(struct aloft_writer *writer, const struct aloft_flash_view *view,
                       uint32_t len)
{
    uint32_t unit = view->flash->geometry.write_unit;
    memset(writer, 0, sizeof *writer);
    writer->view = *view;
    writer->len = len;
    writer->keep = view->len;
    writer->first_len = unit < 16 ? 16 : unit;
    ALOFT_ASSERT(unit >= 1 && unit <= ALOFT_WRITER_FIRST);
    memset(writer->first, 0xFF, sizeof writer->first);
}

void aloft_writer_resume(struct aloft_writer *writer, uint32_t off, const uint8_t *first)
{
    ALOFT_INVARIANT("W1", off % writer->view.flash->geometry.sector == 0 && off > 0);
    writer->off = off;
    writer->erased = off;
    memcpy(writer->first, first, writer->first_len);
}

// While a page is being programmed the buffer is needed for reading back.
uint32_t aloft_writer_room(const struct aloft_writer *writer)
{
    return writer->in_flight != 0 ? 0 : ALOFT_WRITER_BUFFER - writer->fill;
}

// Byte path 6/12: from core/update/engine.c; waits in RAM for its page.
void aloft_writer_feed(struct aloft_writer *writer, const uint8_t *data, uint32_t len)
{
    ALOFT_INVARIANT("W3", len <= aloft_writer_room(writer));
    memcpy(writer->buffer + writer->fill, data, len);
    uint32_t at = writer->off + writer->fill;
    for (uint32_t i = 0; i < len && at + i < writer->first_len; i++) {
        writer->first[at + i] = data[i];
    }
    writer->fill += len;
}

void aloft_writer_flush(struct aloft_writer *writer)
{
    writer->flushing = true;
}

void aloft_writer_complete(struct aloft_writer *writer)
{
    ALOFT_INVARIANT("W2", writer->fill == 0 && writer->in_flight == 0);
    writer->completing = true;
}

// The largest unit that starts here, lies inside the view, and is worth its time. A length that is
// not known is 0, and then all that is left counts as needed.
static uint32_t erase_len(const struct aloft_writer *writer)
{
    const struct aloft_flash_geometry *geometry = &writer->view.flash->geometry;
    uint32_t end = writer->erased < writer->keep ? writer->keep : writer->view.len;
    uint32_t left = end - writer->erased;                     // before what is to be kept
    uint32_t behind_first = writer->len - 1 - writer->erased; // bytes needed, but one
    bool aligned = (writer->view.addr + writer->erased) % geometry->block == 0;
    bool pays = behind_first >= (BLOCK_PAYS_FROM_SECTORS - 1) * geometry->sector;
    return aligned && pays && left >= geometry->block ? geometry->block : geometry->sector;
}

static enum aloft_err erase_ahead(struct aloft_writer *writer)
{
    uint32_t len = erase_len(writer);
    enum aloft_err err = aloft_flash_erase(&writer->view, writer->erased, len);
    writer->erased += len;
    return err;
}

// The first bytes of the first page are left for later (W2).
static uint32_t skip(const struct aloft_writer *writer)
{
    return writer->off == 0 ? writer->first_len : 0;
}

static enum aloft_err prog_page(struct aloft_writer *writer)
{
    uint32_t unit = writer->view.flash->geometry.write_unit;
    ALOFT_ASSERT(writer->off % ALOFT_FLASH_PAGE == 0);
    ALOFT_INVARIANT("W1", writer->off + ALOFT_FLASH_PAGE <= writer->erased);
    uint32_t len = writer->fill < ALOFT_FLASH_PAGE ? writer->fill : ALOFT_FLASH_PAGE;
    uint32_t padded = aloft_align_up(len, unit);
    memset(writer->buffer + len, 0xFF, padded - len);
    writer->in_flight = padded;
    uint32_t from = skip(writer);
    if (padded <= from) {
        return ALOFT_OK;
    }
    return aloft_flash_prog(&writer->view, writer->off + from, writer->buffer + from,
                            padded - from);
}

static enum aloft_err check_page(struct aloft_writer *writer)
{
    uint32_t from = skip(writer);
    uint32_t len = writer->in_flight;
    enum aloft_err err = ALOFT_OK;
    if (len > from) {
        err = aloft_flash_compare(&writer->view, writer->off + from, writer->buffer + from,
                                  len - from);
    }
    uint32_t gone = len < writer->fill ? len : writer->fill;
    memmove(writer->buffer, writer->buffer + gone, writer->fill - gone);
    writer->fill -= gone;
    writer->off += len;
    writer->in_flight = 0;
    return err;
}

static enum aloft_err write_first(struct aloft_writer *writer)
{
    if (writer->in_flight == 0) {
        writer->in_flight = writer->first_len;
        return aloft_flash_prog(&writer->view, 0, writer->first, writer->first_len);
    }
    writer->in_flight = 0;
    writer->completing = false;
    return aloft_flash_compare(&writer->view, 0, writer->first, writer->first_len);
}

static bool page_due(const struct aloft_writer *writer)
{
    return writer->fill >= ALOFT_FLASH_PAGE || (writer->flushing && writer->fill > 0);
}

enum aloft_step aloft_writer_step(struct aloft_writer *writer)
{
    if (writer->err != ALOFT_OK) {
        return ALOFT_STEP_FAILED;
    }
    if (writer->completing) {
        writer->err = write_first(writer);
    } else if (writer->in_flight != 0) {
        writer->err = check_page(writer);
    } else if (!page_due(writer)) {
        return ALOFT_STEP_DONE;
    } else if (writer->erased <= writer->off) {
        writer->err = erase_ahead(writer);
    } else {
        writer->err = prog_page(writer);
    }
    return writer->err == ALOFT_OK ? ALOFT_STEP_AGAIN : ALOFT_STEP_FAILED;
}
