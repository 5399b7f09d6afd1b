// Notes beside the otadata records: what a rewrite of the other sector's record is about to do, and
// that it is done. They make a rewrite in place safe against power cuts; bootsel.h says how. The
// stock bootloader and library look only at the first 32 bytes of each sector and never see them.
//
// A note is 32 bytes, whole write units, appended from offset 256 of the sector on, in other pages
// than the record. What tells a note from all else is its magic and its CRC, never that other bytes
// read FF: where flash encrypts, blank bytes read as noise.
// Format: ours; docs/SPEC.md, "otadata notes".
#ifndef ALOFT_NOTE_H
#define ALOFT_NOTE_H

#include <stdbool.h>
#include <stdint.h>

#define ALOFT_NOTE_OFF   256u // of the first note in its sector
#define ALOFT_NOTE_LEN   32u
#define ALOFT_NOTE_COUNT 120u   // notes that fit
#define ALOFT_NOTE_MAGIC "ANOT" // its first 4 bytes
#define ALOFT_NOTE_ID    12u    // bytes that name an image: see below

enum aloft_note_kind {
    ALOFT_NOTE_NONE = 0,
    ALOFT_NOTE_INTENT = 1, // the other sector's record is about to become {seq, state}
    ALOFT_NOTE_DONE = 2,   // it has become so
};

// Added to either kind: the trial that this ends was ended by a loss of power, which says nothing
// about the image.
#define ALOFT_NOTE_BLAMELESS 0x100u

// What tells one image from another: the first bytes of its digest, then the CRC-32 of its head
// (the first 288 bytes), which is known before a download is complete.
enum { ALOFT_NOTE_ID_DIGEST = 0, ALOFT_NOTE_ID_HEAD = 8 };

struct aloft_note {
    uint32_t kind; // enum aloft_note_kind
    uint32_t seq;
    uint32_t state;
    uint8_t id[ALOFT_NOTE_ID]; // of the image in the slot that seq selects
};

// False when the bytes are no note, but blank, torn, noise or something else; *out is as it was.
bool aloft_note_parse(const uint8_t bytes[ALOFT_NOTE_LEN], struct aloft_note *out);
void aloft_note_emit(const struct aloft_note *note, uint8_t bytes[ALOFT_NOTE_LEN]);

#endif
