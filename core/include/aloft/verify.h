// Reads an image back from flash and judges it whole, a few KiB a step. The engine does so before
// an update is complete, set_boot before it names a slot, and the bootloader while it loads: the
// sink gets exactly the bytes that are judged, so what runs is what was hashed.
//
// With a trust in the rules, the last step also judges the signature sector: the hash that ran with
// the image goes on over its padding, so what is signed is what was judged and loaded.
//
// Life cycle: init, step until it is not AGAIN. One that is left before ends by aloft_verify_end.
#ifndef ALOFT_VERIFY_H
#define ALOFT_VERIFY_H

#include "aloft/flash.h"
#include "aloft/image.h"

#define ALOFT_VERIFY_STEP 4096u // the most that one step reads

// Gets what the judge saw: a segment's announcement (ALOFT_IMAGE_SEGMENT, no data), its data in
// order (ALOFT_IMAGE_DATA), and that the head has passed (ALOFT_IMAGE_DESC, no data). image->facts
// names the segment. A fault that it returns ends the judging.
typedef enum aloft_err aloft_verify_sink(void *ctx, const struct aloft_image *image,
                                         enum aloft_image_event event, const uint8_t *data,
                                         uint32_t len);

// Judges the bytes of a whole file in order, read back from flash, wherever they came from; `left`
// are still to come: after the last of them, none. A fault refuses the file.
struct aloft_file_check {
    enum aloft_err (*judge)(void *ctx, const uint8_t *data, uint32_t len, uint32_t left);
    void *ctx;
};

struct aloft_verify {
    struct aloft_flash_view view;
    const struct aloft_file_check *check; // judges the bytes that step reads, too; NULL: none
    struct aloft_image image;             // facts are here, during and after
    const uint8_t *first; // stands in for the first first_len bytes of flash; NULL: nothing does
    uint32_t first_len;
    uint32_t len; // judge exactly these bytes; 0: until the image ends
    uint32_t off;
    aloft_verify_sink *sink; // may be NULL
    void *ctx;
    enum aloft_err err;
};

// Judges what the view holds by these rules; rules.len_max is replaced by the view's length, and
// alone by false, for there may be anything behind an image in its slot. The caller may then set
// first, sink, check, and len, then also image.rules.alone.
void aloft_verify_init(struct aloft_verify *verify, const struct aloft_flash_view *view,
                       const struct aloft_image_rules *rules);

// Judges bytes that do not come from the view: the engine's stream. OK, a fault of the image, or
// the sink's.
enum aloft_err aloft_verify_feed(struct aloft_verify *verify, const uint8_t *data, uint32_t len);

// Gives its hash back; the facts stay. At any time, and more than once.
void aloft_verify_end(struct aloft_verify *verify);

// Reads and judges up to 4 KiB; the last step also the signature sector.
// Power loss: nothing changes.
// Errors:     those of aloft_image_next, aloft_image_finish and aloft_flash_read, of the sink and
//             of the check; with a trust, those of aloft_trust_judge.
enum aloft_step aloft_verify_step(struct aloft_verify *verify);

#endif
