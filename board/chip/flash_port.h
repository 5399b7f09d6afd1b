// Seam 1 on the virtual board: the NOR model over the flash file, taking the time that a chip takes
// and keeping the supervisor informed of what it is doing.
#ifndef ALOFT_FLASH_PORT_H
#define ALOFT_FLASH_PORT_H

#include "board/chip/board.h"

// Fills in board->nor, board->cells and board->flash, which encrypts when the eFuses say so; bytes
// are the mapped flash file. The struct stays where it is.
void aloft_flash_port_init(struct aloft_board *board, uint8_t *bytes);

// Around every operation that a power cut can fall into: it is published and takes its time; and it
// is over, which the program does not survive when the cut plan says so. addr, data and len are
// what the supervisor needs to finish it or to tear it.
void aloft_flash_port_begin(struct aloft_board *board, uint32_t kind, uint32_t addr,
                            const void *data, uint32_t len, uint32_t busy_us);
void aloft_flash_port_end(struct aloft_board *board);

#endif
