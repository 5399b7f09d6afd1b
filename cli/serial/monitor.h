// The console of a board, live, until it shows a text, time is up, or somebody leaves: what
// `aloft monitor` does, and `aloft flash --monitor` at its end.
//
// Life cycle: zero it, set the options from the command line, check, open line, run.
#ifndef ALOFT_CLI_MONITOR_H
#define ALOFT_CLI_MONITOR_H

#include "cli/base/args.h"
#include "cli/serial/monitor_view.h"
#include "hostlib/serial/serial_line.h"

#define ALOFT_MONITOR_UNTIL_MAX 256u

struct aloft_monitor {
    // Set by the caller.
    const char *until;   // NULL: for ever
    const char *timeout; // seconds, as text; NULL: none
    struct aloft_serial_line line;

    // Private.
    char name[ALOFT_SERIAL_LINE_NAME_MAX + 1];
    uint32_t baud;
    uint64_t timeout_ms; // 0: none
    uint64_t deadline;
    bool keys; // standard input is a keyboard
    bool menu; // Ctrl-T was typed
    bool colour;
    bool waiting; // for a port that is gone
    bool found;   // `until` was shown; the rest of its line is waited for, a moment
    bool done;
    int status;
    struct aloft_monitor_view view;
    char seen[2 * ALOFT_MONITOR_UNTIL_MAX]; // the end of what the console has shown
    size_t seen_len;
};

// Rows of a command's table.
#define ALOFT_MONITOR_OPTIONS(m)                                                                   \
    {ALOFT_ARG_TEXT, 'u', "until", "TEXT", "stop when the console shows this", &(m).until},        \
    {                                                                                              \
        ALOFT_ARG_TEXT, 't', "timeout", "SECONDS", "stop after this time", &(m).timeout            \
    }

// What run returns, for the command's help.
#define ALOFT_MONITOR_EXITS                                                                        \
    "3 left, or --timeout ended it, before the text was shown, 128+N ended by signal N"

// False when an option makes no sense; it was named then. *status is what to return.
bool aloft_monitor_check(struct aloft_args *args, struct aloft_monitor *monitor);

// Shows the console of the open line, at its speed, and closes it. Returns the exit status.
int aloft_monitor_run(struct aloft_monitor *monitor);

#endif
