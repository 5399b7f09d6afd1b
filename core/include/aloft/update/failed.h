// Releases that this device has come back from: the one memory of them, asked by everything that
// installs. Who fetches them again would install them again, and come back again.
//
// Life cycle: read it before the slot is erased, ask it when the head of an image has passed and
// when its digest is known.
//
// It knows, each by the image's name (note.h):
//   F1  a release whose trial failed, by the notes beside otadata, until another has its trial
//       (aloft_bootsel_failed). A trial that a loss of power ended is not held against it.
//       F1 has no assertion: it would be one about flash; bootsel.h keeps those notes.
//   F2  an image that the bootloader has put on trial at this very boot and could not start: its
//       record is PENDING and another slot runs. The next boot makes it F1.
//       F2 has no assertion: it would be one about flash.
// With the stock bootloader there are no notes, and F2 alone is known.
#ifndef ALOFT_FAILED_H
#define ALOFT_FAILED_H

#include "aloft/format/note.h"
#include "aloft/image.h"
#include "aloft/slots.h"

#define ALOFT_FAILED_MAX 4u // two by notes, two by records

struct aloft_failed {
    uint32_t count;
    uint8_t id[ALOFT_FAILED_MAX][ALOFT_NOTE_ID];
};

// Reads what flash tells. running: the slot that runs.
// Power loss: nothing changes.
// Errors:     those of aloft_bootsel_read; count is 0 then.
enum aloft_err aloft_failed_read(struct aloft_failed *failed, const struct aloft_slots *slots,
                                 int running);

// Adds the image in the view, whatever it is; a full list stays as it is.
void aloft_failed_add(struct aloft_failed *failed, const struct aloft_flash_view *view);

// Is it one of these? By the first ALOFT_IMAGE_HEAD_LEN bytes of an image with a descriptor, which
// holds the program's own digest: equal heads are equal programs. By the digest that is appended.
bool aloft_failed_is_head(const struct aloft_failed *failed,
                          const uint8_t head[ALOFT_IMAGE_HEAD_LEN]);
bool aloft_failed_is_digest(const struct aloft_failed *failed,
                            const uint8_t digest[ALOFT_SHA256_LEN]);

#endif
