// Registers of x86-64, and the page fault's error code.
#include "board/chip/fault.h"
#include <string.h>
#include <ucontext.h>

enum { ERROR_WRITE = 2 };

struct aloft_fault aloft_fault_read(const void *context)
{
    const greg_t *registers = ((const ucontext_t *)context)->uc_mcontext.gregs;
    return (struct aloft_fault){
        .known = true,
        .pc = (uint64_t)registers[REG_RIP],
        .sp = (uint64_t)registers[REG_RSP],
        .store = (registers[REG_ERR] & ERROR_WRITE) != 0,
    };
}

void aloft_fault_return(void *context)
{
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    memcpy(&registers[REG_RIP], (const void *)(uintptr_t)registers[REG_RSP], sizeof(greg_t));
    registers[REG_RSP] += (greg_t)sizeof(greg_t);
}
