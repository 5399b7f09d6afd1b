// The board's power supply, reset button and serial cable. It holds the flash file and retained
// memory, starts the one process that is the chip, and decides what every end of that process
// means. When it dies, however it dies, the chip dies with it.
//
// Signals: SIGTERM, SIGINT and SIGHUP pull the power, in the middle of whatever flash is doing;
// SIGUSR1 pulls it and gives it back 0.2 s later; SIGUSR2 presses the reset button.
//
// With a serial port (bridge.h) the board has the circuit of a development board: RTS without DTR
// holds the chip in reset, and DTR without RTS at the end of a reset starts the loader. A chip that
// finds nothing to boot then waits in its loader instead of ending the run.
#ifndef ALOFT_SUPERVISOR_H
#define ALOFT_SUPERVISOR_H

#include "board/supervisor/config.h"
#include "hostlib/base/message.h"

// False when the ends of the serial port are not named as they have to be. Starts nothing.
bool aloft_supervisor_check(const struct aloft_supervisor_config *config,
                            struct aloft_message *error);

// Runs the board to its end. *error says what is wrong after NO_BOOTLOADER, NO_APP and ERROR.
// Console text goes to standard output, one remark per event of the power supply to standard error.
enum aloft_supervisor_end aloft_supervisor_run(const struct aloft_supervisor_config *config,
                                               struct aloft_message *error);

#endif
