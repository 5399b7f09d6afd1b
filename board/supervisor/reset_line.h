// What is plugged into the board's serial port: DTR and RTS through the two transistors of a
// development board, bytes, and for ports without such lines, clients that come and go.
#ifndef ALOFT_BOARD_RESET_LINE_H
#define ALOFT_BOARD_RESET_LINE_H

#include "board/supervisor/supervisor_state.h"

// The boot pin is held down.
bool aloft_reset_line_wants_download(const struct supervisor *s);

// The enable pin goes low, and comes up again.
void aloft_reset_line_press(struct supervisor *s);
void aloft_reset_line_release(struct supervisor *s);

// What the bridge tells.
struct aloft_bridge_events aloft_reset_line_events(struct supervisor *s);

#endif
