// How a program of the board comes to what it shares with the others.
#ifndef ALOFT_BOARD_ATTACH_H
#define ALOFT_BOARD_ATTACH_H

#include "board/chip/board.h"

// Maps flash and retained memory. A board without its supervisor is no board: it says so and exits.
void aloft_board_attach(struct aloft_board *board, const char *name, uint32_t watchdog_ms);

#endif
