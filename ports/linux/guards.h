// Guards and secrets of the virtual board: the values of NVS, namespace aloft, in the first NVS
// partition of the table.
//
// A guard that cannot be read is shut, and its owner sets it again: over the serial port (`aloft
// secret set`, `aloft nvs set`), or by a signed update. Where updates must be signed, the running
// app's setting `restore_KEY` is what the owner says of a guard that is damaged: it is written to
// NVS at the app's start. Without demand for signatures anybody's app could say that, and the
// setting does nothing.
#ifndef ALOFT_GUARDS_H
#define ALOFT_GUARDS_H

#include "board/chip/board.h"
#include "ports/port.h"

// Errors: NVS_NOT_FOUND when it is not set, those of aloft_nvs_get_str, and of the table.
enum aloft_err aloft_guards_read(struct aloft_board *board, const char *key, char *out,
                                 uint32_t size);

// Sets damaged guards again from the settings of the app that runs.
// Flash, power loss: as aloft_nvs_set_str; what was not set again is next time.
void aloft_guards_restore(struct aloft_port *port);

#endif
