// gdb on a board that runs: `aloft board run --gdb`. Each app waits at its start (chip/debugger.h);
// gdb is started on it with its ELF, stops at the app's entry, and has the terminal until it ends,
// which ends the run. The board's watchdogs wait as long.
#ifndef ALOFT_BOARD_GDB_H
#define ALOFT_BOARD_GDB_H

#include "board/supervisor/supervisor_state.h"

// Starts gdb when an app waits, lets the app go when gdb is there, and ends the run with gdb. Call
// it a few times a second.
void aloft_gdb_look(struct supervisor *s);

// Ends a gdb that runs.
void aloft_gdb_end(struct supervisor *s);

#endif
