// Opens and closes what a running board holds: signals, wires, flash, eFuses, ROM, retained memory,
// serial ends.
#ifndef ALOFT_BOARD_WIRING_H
#define ALOFT_BOARD_WIRING_H

#include "board/supervisor/supervisor_state.h"

// A fresh state. Close it in any case.
void aloft_wiring_init(struct supervisor *s, const struct aloft_supervisor_config *config);

// False with a sentence: what could not be opened.
bool aloft_wiring_open(struct supervisor *s, struct aloft_message *error);

void aloft_wiring_close(struct supervisor *s);

#endif
