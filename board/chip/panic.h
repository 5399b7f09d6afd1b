// The panic handler of an app: when it dies, it leaves cause, registers and a walk of its stack in
// retained memory, and ends. The supervisor prints them (board/supervisor/panic_report.h).
//
// A program of the board is Linux code, so PC, SP and addresses are those of a Linux process. Apps
// are linked to fixed addresses, so a PC of theirs is one of their ELF, as on a chip.
#ifndef ALOFT_BOARD_PANIC_H
#define ALOFT_BOARD_PANIC_H

#include "board/chip/retained.h"
#include <signal.h>

// Told to a program that does nothing else any more, by the supervisor, or to one of its tasks.
#define ALOFT_PANIC_WATCHDOG_SIGNAL SIGXCPU

// From now on this program leaves a record in retained->panic. elf_sha256: of its descriptor.
void aloft_panic_arm(struct aloft_retained *retained, const uint8_t elf_sha256[32]);

// The calling thread gets a stack for the handler, without which an overflow of its own stack
// leaves no record. The thread that arms has one.
void aloft_panic_thread(void);

// Names the task that did not report to the task watchdog in time; else it is IDLE0 that could not
// run.
void aloft_panic_late(const char *task);

#endif
