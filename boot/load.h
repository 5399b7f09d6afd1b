// Loads one slot: judges the image and hands its segments to the port in the same pass, so that the
// bytes that will run are the bytes that were hashed.
#ifndef ALOFT_BOOT_LOAD_H
#define ALOFT_BOOT_LOAD_H

#include "boot.h"

// Starts loading boot->slot from boot->extent. False when the table has no such slot.
bool aloft_boot_load_begin(struct aloft_boot *boot);

// Reads and loads up to 4 KiB. DONE: boot->image says what is loaded. FAILED: boot->err, and the
// port has forgotten what it was given. Power loss: nothing changes.
enum aloft_step aloft_boot_load_step(struct aloft_boot *boot);

#endif
