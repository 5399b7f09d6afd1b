// Loads one slot. The loader says on the console what it does, up to "Loaded app from partition",
// or why it refuses the image.
//
// boot/load.c judges the image and hands its segments to the port in the same pass, so that the
// bytes that will run are the bytes that were hashed. A platform with such a loader of its own is
// linked with that one instead: ports/esp-idf/bootloader.
#ifndef ALOFT_BOOT_LOAD_H
#define ALOFT_BOOT_LOAD_H

#include "boot.h"

// Starts loading boot->slot from boot->extent. False when the table has no such slot.
bool aloft_boot_load_begin(struct aloft_boot *boot);

// Reads and loads up to 4 KiB; a loader of the platform all of it. DONE: the image is good and
// loaded; boot->image says what it is, as far as the loader tells. FAILED: boot->err, and the port
// has forgotten what it was given. Power loss: nothing changes.
enum aloft_step aloft_boot_load_step(struct aloft_boot *boot);

#endif
