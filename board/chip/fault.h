// What the host's processor knows of a fault. One source for each kind of processor; the build
// takes the one that fits.
//
//   fault_x86_64.c   all of it
//   fault_other.c    nothing: the report then has the address and the backtrace alone
#ifndef ALOFT_BOARD_FAULT_H
#define ALOFT_BOARD_FAULT_H

#include <stdbool.h>
#include <stdint.h>

struct aloft_fault {
    bool known;
    uint64_t pc;
    uint64_t sp;
    bool store; // it was a write
};

// context: the third argument of a signal handler.
struct aloft_fault aloft_fault_read(const void *context);

// The program has jumped to where no code is: makes the context that of its caller, in which the
// stack can be walked. Reads the return address that the call has left.
void aloft_fault_return(void *context);

#endif
