// Puts a stream of bytes into a slot: erases just ahead, programs page by page, reads each page
// back. The first bytes are kept in RAM and programmed last, so half an image never looks like one.
//
// Life cycle: init; feed and step in turn; flush and step; last of all complete and step.
#ifndef ALOFT_WRITER_H
#define ALOFT_WRITER_H

#include "aloft/flash.h"
#include <stdbool.h>
#include <stdint.h>

#define ALOFT_WRITER_FIRST  32u  // the most that is kept back: 16 bytes, or the write unit
#define ALOFT_WRITER_BUFFER 320u // a page, and the rest of an image's head

struct aloft_writer {
    struct aloft_flash_view view;
    uint32_t len;    // bytes that will come in all; 0: not known. May be set before the first step
    uint32_t keep;   // what lies from here on is not erased before its place is needed. Likewise
    uint32_t off;    // of buffer[0] in the view; a multiple of the page
    uint32_t erased; // everything below this was erased since init
    uint32_t fill;   // bytes in buffer
    uint32_t in_flight;                // bytes of buffer that were programmed and not yet read back
    uint32_t first_len;                // bytes that are kept back
    uint8_t first[ALOFT_WRITER_FIRST]; // these two begin at a word, as many a chip wants what it
    uint8_t buffer[ALOFT_WRITER_BUFFER]; // programs and reads
    enum aloft_err err;
    bool flushing;
    bool completing;
};

// len: bytes that will come in all, 0 when not known. Whole blocks are erased at once where they
// pay; without a length, wherever they lie inside the view.
void aloft_writer_init(struct aloft_writer *writer, const struct aloft_flash_view *view,
                       uint32_t len);

// Takes bytes into RAM, no more than there is room for. Touches no flash.
void aloft_writer_feed(struct aloft_writer *writer, const uint8_t *data, uint32_t len);

// Goes on at off, the start of a sector: everything below is in the view, but its first bytes,
// which are these. What follows is erased again, because its state is not known.
void aloft_writer_resume(struct aloft_writer *writer, uint32_t off, const uint8_t *first);

// How many bytes the next feed may have. 0: step first.
uint32_t aloft_writer_room(const struct aloft_writer *writer);

// No more bytes will come: also the last, partial page is to be programmed.
void aloft_writer_flush(struct aloft_writer *writer);

// Everything else is in flash and good: program the first bytes, too.
void aloft_writer_complete(struct aloft_writer *writer);

// Flash:      one erase, one program, or reading one page back.
// Power loss: the view holds a prefix of the stream without its first 16 bytes, then one page or
//             erase unit in any mix. Only the step after aloft_writer_complete completes the image.
// Errors:     FLASH_ERASE, FLASH_PROG, FLASH_VERIFY, FLASH_RANGE when more was fed than fits.
// DONE:       nothing to do before the next feed, flush or complete.
enum aloft_step aloft_writer_step(struct aloft_writer *writer);

#endif
