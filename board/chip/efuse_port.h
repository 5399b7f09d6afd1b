// The board's eFuses: its programs read them, and a confirmed app burns the security version. A
// burn is an operation of the board as a flash operation is: it takes time, counts, and can be cut.
#ifndef ALOFT_EFUSE_PORT_H
#define ALOFT_EFUSE_PORT_H

#include "aloft/efuse.h"
#include "board/chip/board.h"

// What is burned, as software reads it. Prints an error and exits when the eFuse file cannot be
// read.
void aloft_efuse_port_read(struct aloft_efuse_words *words, struct aloft_efuse *out);

// Burns a plan, a step at a time.
// Power loss: as aloft/efuse.h says of the plan.
// Errors:     EFUSE_PROTECTED, EFUSE_BURN, EFUSE_READ.
enum aloft_err aloft_efuse_port_burn(struct aloft_board *board,
                                     const struct aloft_efuse_plan *plan);

#endif
