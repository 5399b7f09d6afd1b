// What a run of a board is given, and how it ends. Users include supervisor.h.
#ifndef ALOFT_SUPERVISOR_CONFIG_H
#define ALOFT_SUPERVISOR_CONFIG_H

#include "hostlib/flash/nor.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ALOFT_SUPERVISOR_ANY       0xFFFFFFFFu
#define ALOFT_SUPERVISOR_UNTIL_MAX 256u

struct aloft_supervisor_config {
    const char *flash;         // path of the flash file
    const char *until;         // stop when the console shows this; NULL: never
    uint64_t timeout_ms;       // 0: none
    uint32_t resets_max;       // ALOFT_SUPERVISOR_ANY: any number
    uint32_t ptable_addr;      // where the table lies; 0: where the bootloader was built to look
    bool fast;                 // flash and Wi-Fi take no time
    bool trials;               // roll back apps that do not confirm themselves
    bool download;             // the first power-on starts the loader
    const char *const *serial; // ends of the serial port, as aloft_bridge_add takes them
    size_t serial_count;
    bool gdb;               // gdb gets each app before it begins, and the terminal
    const char *const *elf; // where the ELF of the app may be, files and folders (symbols.h)
    size_t elf_count;
    struct aloft_nor_plan
        plan; // of the first power-on; its seed is for all torn operations, 0: any
};

enum aloft_supervisor_end {
    ALOFT_SUPERVISOR_SEEN,    // the text was shown
    ALOFT_SUPERVISOR_TIMEOUT, // it was not, in time
    ALOFT_SUPERVISOR_RESETS,  // it was not, and the board wants one reset more than allowed
    ALOFT_SUPERVISOR_NO_BOOTLOADER,
    ALOFT_SUPERVISOR_NO_APP,
    ALOFT_SUPERVISOR_DEBUGGED,  // gdb has ended
    ALOFT_SUPERVISOR_POWER_CUT, // by signal or plan
    ALOFT_SUPERVISOR_ERROR,     // the board could not be started; see the message
};

#endif
