// Seam 1 on the virtual board: the NOR model over the flash file, taking the time that a chip takes
// and keeping the supervisor informed of what it is doing.
#ifndef ALOFT_FLASH_PORT_H
#define ALOFT_FLASH_PORT_H

#include "ports/linux/board.h"

// Fills in board->nor and board->flash; bytes are the mapped flash file.
void aloft_flash_port_init(struct aloft_board *board, uint8_t *bytes);

#endif
