// How the owner of a device repairs a damaged guard.
//
// A guard that cannot be read is shut, and its owner sets it again: over the serial port (`aloft
// secret set`, `aloft nvs set`), or by a signed update. Where updates must be signed, the running
// app's setting `restore_KEY` is what the owner says of a guard that is damaged: it is written to
// NVS at the app's start. Without demand for signatures anybody's app could say that, and the
// setting does nothing.
#ifndef ALOFT_GUARDS_RESTORE_H
#define ALOFT_GUARDS_RESTORE_H

#include "ports/linux/device.h"

// Sets damaged guards again from the settings of the app that runs.
// Flash, power loss: as aloft_nvs_set_str; what was not set again is next time.
void aloft_guards_restore(struct aloft_device *device);

#endif
