// Gives a program of the board what it shares with the others.
#ifndef ALOFT_BOARD_ATTACH_H
#define ALOFT_BOARD_ATTACH_H

#include "board/chip/board.h"

// Maps flash and retained memory. Without the supervisor it prints an error and exits.
void aloft_board_attach(struct aloft_board *board, const char *name, uint32_t watchdog_ms);

#endif
