// Releases that this device has come back from: the one memory of them, asked by everything that
// installs. Who fetches them again would install them again, and come back again.
//
// Life cycle: read it before the slot is erased, ask it when the head of an image has passed and
// when its digest is known.
//
// It knows, each by the image's name (note.h):
//   F1  a release whose trial failed, by the notes beside otadata, until another has its trial
//       (aloft_bootsel_failed). One trial that a loss of power ended is not held against it.
//       F1 has no assertion: it would be one about flash; bootsel.h keeps those notes.
//   F2  of trials whose end the bootloader has not noted: the app does so at its start
//       (aloft_bootsel_started). Those are all of the stock bootloader's, and an image that ours
//       has put on trial and could not start. F2 has no assertion, as F1.
//   F3  a release whose last two trials a loss of power has ended, but only while the device has
//       just started (ALOFT_FAILED_REST_MS): what pulls the supply down at every start is not
//       fetched again at once, and what met two thunderstorms is, a while later. The count is that
//       of the notes, so no reset and no cut loses it; the wait needs no clock but the time since
//       the start. An owner who brings the release does not wait. The count begins again when a
//       sector that is full of notes is rewritten, once in sixty rewrites: one more trial, then.
//       F3 has no assertion: it would be one about flash.
#ifndef ALOFT_FAILED_H
#define ALOFT_FAILED_H

#include "aloft/format/note.h"
#include "aloft/image.h"
#include "aloft/slots.h"

#define ALOFT_FAILED_MAX     3u       // two by notes, and one that a port may add
#define ALOFT_FAILED_REST_MS 1200000u // 20 min

struct aloft_failed {
    uint32_t count;
    uint32_t cut; // bit n: power ended its trials
    bool just_started;
    uint8_t id[ALOFT_FAILED_MAX][ALOFT_NOTE_ID];
};

// Reads what the notes tell. just_started: it is asked for a server, and less than
// ALOFT_FAILED_REST_MS after the start; else F3 does not count.
// Power loss: nothing changes.
// Errors:     those of aloft_bootsel_read; count is 0 then.
enum aloft_err aloft_failed_read(struct aloft_failed *failed, const struct aloft_slots *slots,
                                 bool just_started);

// Adds the image in the view, whatever it is; a full list stays as it is.
void aloft_failed_add(struct aloft_failed *failed, const struct aloft_flash_view *view);

// Is it one of these? By the first ALOFT_IMAGE_HEAD_LEN bytes of an image with a descriptor, which
// holds the program's own digest: equal heads are equal programs. By the digest that is appended.
// Errors: TRIAL_FAILED; TRIAL_POWER for one that is known by F3.
enum aloft_err aloft_failed_judge_head(const struct aloft_failed *failed,
                                       const uint8_t head[ALOFT_IMAGE_HEAD_LEN]);
enum aloft_err aloft_failed_judge_digest(const struct aloft_failed *failed,
                                         const uint8_t digest[ALOFT_SHA256_LEN]);

#endif
