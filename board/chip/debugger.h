// A board that is started for a debugger: each app waits for it before it begins.
#ifndef ALOFT_BOARD_DEBUGGER_H
#define ALOFT_BOARD_DEBUGGER_H

#include "board/chip/board.h"

// Waits until the supervisor has seen the debugger at this process; at once on other boards.
void aloft_debugger_wait(struct aloft_board *board);

#endif
