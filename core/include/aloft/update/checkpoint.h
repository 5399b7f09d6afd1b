// Checkpoints of a download, in the unused tail of the spare slot, so that it goes on after a reset
// where it stopped. What they say is a hint: the bytes in the slot are read and judged again, and
// the whole image is judged from flash at the end as always.
//
// The slot's last sector is erased once when an update begins, and then only appended to: what the
// stages keep, the opening record, and then a checkpoint each time that whole sectors of the image
// are in flash. Each record has a CRC and is programmed once. Format: ours; docs/SPEC.md,
// "Checkpoints".
//
// Invariants
//   K1  The area is the slot's last sector, behind the image where that is known to end. Where it
//   is
//       not known, checkpoints end before the image comes to the area.
//   K2  What the stages keep, and then the opening record, are complete before the first page of
//       the image is programmed; checkpoints come after them.
//   K3  No record is programmed twice after the erase.
//   K4  A checkpoint is at the start of a sector of the image: the download goes on with a sector
//       that is erased first, so nothing that was programmed behind the checkpoint remains.
#ifndef ALOFT_CHECKPOINT_H
#define ALOFT_CHECKPOINT_H

#include "aloft/flash.h"
#include "aloft/update/resume.h"
#include "aloft/update/stage.h"
#include <stdbool.h>
#include <stdint.h>

#define ALOFT_CHECKPOINT_FIRST 32u // the most of an image's first bytes that are kept

struct aloft_checkpoint {
    struct aloft_flash_view view;    // of the slot
    uint32_t area;                   // offset in the slot; 0: no room, or nothing to go on with
    uint32_t interval;               // bytes of the image between two checkpoints
    uint32_t pages;                  // before the first checkpoint: opening record and what is kept
    uint32_t record;                 // bytes of a checkpoint
    uint32_t next;                   // index of the next page to open with, then of a checkpoint
    uint32_t last;                   // byte of the image that the last one is at
    uint32_t kept_crc;               // of what the stages keep
    const struct aloft_stage *stage; // the first; NULL: none
    bool active[ALOFT_STAGES];       // of each stage
};

// Chooses how often checkpoints of this artifact are written. area 0 afterwards: there is no room,
// or no artifact (NULL), and a reset means starting again. The stages know by now whether they are
// active. image_len: 0 when it is not known. stage: the first, or NULL. Touches no flash.
void aloft_checkpoint_plan(struct aloft_checkpoint *checkpoint, const struct aloft_flash_view *slot,
                           const struct aloft_artifact *artifact, const struct aloft_stage *stage,
                           const struct aloft_stages *stages, uint32_t image_len);

// Erases the slot's last sector, also when no checkpoints will be written: those of another
// download, and what older firmware wrote in their place, must not outlive what they are about.
// Flash:      one erase.
// Power loss: the checkpoints of an older download may be gone.
enum aloft_err aloft_checkpoint_erase(const struct aloft_checkpoint *checkpoint);

// Writes the next page of what comes before the checkpoints. *done when all of them stand. first:
// the image's first bytes, which the writer keeps back.
// Flash:      one program.
// Power loss: without the opening record, which is the last page, there are no checkpoints.
enum aloft_err aloft_checkpoint_open(struct aloft_checkpoint *checkpoint,
                                     const struct aloft_artifact *artifact, const uint8_t *first,
                                     uint32_t first_len, bool *done);

// Is a checkpoint wanted at this byte of the image?
bool aloft_checkpoint_due(const struct aloft_checkpoint *checkpoint, uint32_t image);

// Writes one: the image is in flash up to there. One that cannot be written is no fault of the
// update: the next may succeed.
// Flash:      one program.
// Power loss: this checkpoint may be missing.
void aloft_checkpoint_write(struct aloft_checkpoint *checkpoint,
                            const struct aloft_restart *restart);

// Reads the checkpoints in a slot. True when a download was begun there that firmware with these
// stages (stage: the first, or NULL) can go on with: *artifact says which, `first`
// (ALOFT_CHECKPOINT_FIRST bytes) its image's first bytes, *restart where. False also when the image
// is complete. Reads at most 4 KiB; changes nothing.
bool aloft_checkpoint_read(struct aloft_checkpoint *checkpoint, const struct aloft_flash_view *slot,
                           const struct aloft_stage *stage, struct aloft_artifact *artifact,
                           uint8_t *first, struct aloft_restart *restart);

// After that: reads what the active stages keep into their memory. False: it is damaged.
bool aloft_checkpoint_read_kept(const struct aloft_checkpoint *checkpoint);

#endif
