// The inside of a board that runs: what the loop (supervisor.c), the chip's process
// (chip_process.c), its reset line (reset_line.c) and its wiring (wiring.c) share. Nobody else
// includes this.
#ifndef ALOFT_BOARD_SUPERVISOR_STATE_H
#define ALOFT_BOARD_SUPERVISOR_STATE_H

#include "board/chip/board.h"
#include "board/serial/bridge.h"
#include "board/supervisor/config.h"
#include "hostlib/base/message.h"
#include "hostlib/flash/efuse_file.h"
#include "hostlib/flash/flash_file.h"
#include <signal.h>
#include <sys/types.h>

#define ALOFT_SUPERVISOR_NS_PER_MS 1000000u
#define ALOFT_SUPERVISOR_CHUNK     4096 // bytes of the console at once

struct supervisor {
    const struct aloft_supervisor_config *config;
    struct aloft_flash_file flash;
    bool flash_open;
    struct aloft_efuse_file efuse;
    uint8_t *flash_bytes;
    int rom_fd;
    int retained_fd;
    int console_fd[2]; // read here, write in the chip
    int serial_fd[2];  // likewise: what the loader sends
    int input_fd[2];   // read in the chip, write here
    int signal_fd;
    struct aloft_bridge *bridge;  // NULL: nothing is plugged in
    struct aloft_message nothing; // why nothing could be booted last
    bool dtr, rts;
    uint64_t release_ns; // when the chip comes out of reset; 0: it is not on its way
    sigset_t old_mask;
    struct aloft_retained *retained;
    struct aloft_nor nor; // to finish or tear what the chip left
    size_t retained_len;
    uint32_t seed;
    pid_t chip; // 0: power is off
    uint32_t boots_at_start;
    uint32_t crashes;      // in a row, each soon after the reset of the one before
    uint32_t crashed_boot; // the last of them
    enum aloft_board_reset crash_reason;
    uint64_t crash_ns; // when the chip starts again after a crash; 0: it is not waiting for that
    pid_t gdb;         // 0: none runs
    pid_t debugged;    // the process that gdb was started on, or told of
    bool barked;       // the watchdog has told the app to end
    bool seen;         // the text was shown; the rest of its line may still come
    bool stop;         // the run is over
    bool closed;       // nobody reads our console
    enum aloft_supervisor_end end;
    uint64_t deadline_ns;  // 0: none
    uint64_t last_look_ns; // at the clock
    size_t tail_len;       // bytes of `tail`: the console's last ones, for the search
    char tail[ALOFT_SUPERVISOR_UNTIL_MAX + ALOFT_SUPERVISOR_CHUNK];
};

#endif
