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

#include "hostlib/base/message.h"
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
    struct aloft_nor_plan
        plan; // of the first power-on; its seed is for all torn operations, 0: any
};

enum aloft_supervisor_end {
    ALOFT_SUPERVISOR_SEEN,    // the text was shown
    ALOFT_SUPERVISOR_TIMEOUT, // it was not, in time
    ALOFT_SUPERVISOR_RESETS,  // it was not, and the board wants one reset more than allowed
    ALOFT_SUPERVISOR_NO_BOOTLOADER,
    ALOFT_SUPERVISOR_NO_APP,
    ALOFT_SUPERVISOR_POWER_CUT, // by signal or plan
    ALOFT_SUPERVISOR_ERROR,     // the board could not be started; see the message
};

// False when the ends of the serial port are not named as they have to be. Starts nothing.
bool aloft_supervisor_check(const struct aloft_supervisor_config *config,
                            struct aloft_message *error);

// Runs the board to its end. *error says what is wrong after NO_BOOTLOADER, NO_APP and ERROR.
// Console text goes to standard output, one remark per event of the power supply to standard error.
enum aloft_supervisor_end aloft_supervisor_run(const struct aloft_supervisor_config *config,
                                               struct aloft_message *error);

#endif
