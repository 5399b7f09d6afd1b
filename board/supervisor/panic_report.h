// What the console of the board shows when its program has died, in the words and shapes of
// ESP-IDF's panic handler and task watchdog, and behind them, each line after "---" as ESP-IDF's
// monitor prints it, the functions, files and lines of the backtrace.
#ifndef ALOFT_BOARD_PANIC_REPORT_H
#define ALOFT_BOARD_PANIC_REPORT_H

#include "board/supervisor/supervisor_state.h"

#define ALOFT_PANIC_REPORT_MAX 16384u

// Writes the report of the program that ended with this wait status, with a NUL. Reads the ELF of
// the app, when it is found (symbols.h).
void aloft_panic_report(const struct supervisor *s, int status, char out[ALOFT_PANIC_REPORT_MAX]);

#endif
