// The name of the image in a slot, by which notes remember it (ALOFT_NOTE_ID in note.h): read
// without judging the image. Images of the same bytes have the same name.
#ifndef ALOFT_IMAGEID_H
#define ALOFT_IMAGEID_H

#include "aloft/flash.h"
#include "aloft/format/note.h"

// Reads the name of what lies in the view. What cannot be read is zeros in the name, which then
// equals no name that was noted.
// Reads: at most 450 bytes. Power loss: nothing changes.
void aloft_imageid_read(const struct aloft_flash_view *view, uint8_t id[ALOFT_NOTE_ID]);

#endif
