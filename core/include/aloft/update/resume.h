// Notes of progress in the spare slot's unused tail, so that a download goes on after a reset where
// it stopped. What the notes say is a hint: the bytes in the slot are read and judged again, and
// the whole image is judged from flash at the end as always.
//
// The tail is erased once when an update begins (one sector, or one block when a sector is too
// short for the notes) and then only appended to, in write units of 16 bytes or the chip's own,
// each with a CRC, none programmed twice. Format: ours; docs/SPEC.md, "Resume notes".
//
//   head notes: what the artifact is (length, ETag, URL) and the image's first bytes, which are in
//               RAM until the very end and would be lost
//   kept:       when a stage is active, what it needs to go on
//   progress:   everything below this offset is programmed and was read back
#ifndef ALOFT_RESUME_H
#define ALOFT_RESUME_H

#include "aloft/flash.h"
#include "aloft/update/stage.h"
#include <stdbool.h>
#include <stdint.h>

#define ALOFT_RESUME_TAG_MAX 128u // bytes of an ETag that can be kept, quotes included
#define ALOFT_RESUME_INTERVAL                                                                      \
    3584u // bytes between two notes, less what a stage keeps; with what
          // waits in RAM below 4 KiB

// What proves that an artifact is the one that was begun.
struct aloft_artifact {
    uint32_t len;     // bytes; 0: not known, which cannot be resumed
    uint32_t url_crc; // CRC-32 of the URL that was asked for
    uint32_t tag_len; // 0: the server gave no strong ETag, which cannot be resumed
    char tag[ALOFT_RESUME_TAG_MAX];
};

struct aloft_resume {
    struct aloft_flash_view view; // of the slot
    uint32_t area;                // offset of the notes in the slot; 0: no room, or not resumable
    uint32_t area_len;            // what one erase of it takes: sector or block
    uint32_t interval;            // bytes between two notes
    uint32_t next;                // index of the next write unit
    uint32_t noted;               // offset in the image of the last progress note
    uint32_t ahead; // ALOFT_STAGE_AHEAD when a stage is active, or, before that is known, may be:
                    // what is left at the end of the area for what it keeps. Else 0
};

// Chooses where the notes of this artifact go. area 0 afterwards: there is no room, or no artifact
// (NULL), and a reset means starting again. stage: there must be room for what it keeps; NULL:
// there is none. Touches no flash.
void aloft_resume_plan(struct aloft_resume *resume, const struct aloft_flash_view *slot,
                       const struct aloft_artifact *artifact, const struct aloft_stage *stage);

// Erases the area.
// Flash:      one erase.
// Power loss: the notes of an older download may be gone.
enum aloft_err aloft_resume_erase(struct aloft_resume *resume);

// Writes the next head note. *done when all of them stand. head is what the writer keeps back;
// resume->ahead is right by now.
// Flash:      one program.
// Power loss: head notes that are not complete count as none.
enum aloft_err aloft_resume_write_head(struct aloft_resume *resume,
                                       const struct aloft_artifact *artifact, const uint8_t *head,
                                       uint32_t head_len, bool *done);

// True when a progress note is due at this offset.
bool aloft_resume_due(const struct aloft_resume *resume, uint32_t off);

// Notes that everything below off is in flash. A note that cannot be written is no fault of the
// update: the next one may succeed.
// Flash:      one program.
// Power loss: this note may be missing.
void aloft_resume_write_progress(struct aloft_resume *resume, uint32_t off);

// Reads the notes in a slot. True when a download was begun there and can go on: *artifact says
// which, head (at least ALOFT_RESUME_HEAD_MAX bytes) its first bytes, resume->noted where to go on.
// Reads at most 64 KiB; touches nothing.
#define ALOFT_RESUME_HEAD_MAX 32u
bool aloft_resume_read(struct aloft_resume *resume, const struct aloft_flash_view *slot,
                       struct aloft_artifact *artifact, uint8_t *head);

#endif
