// One conversation of a command with a chip's loader: the options that all such commands have, the
// line, the flasher, and the progress that is shown meanwhile.
//
// Life cycle: set the defaults with ALOFT_SESSION_DEFAULTS, read the command line, check, open,
// work with session.flasher, close.
#ifndef ALOFT_CLI_SESSION_H
#define ALOFT_CLI_SESSION_H

#include "cli/base/args.h"
#include "cli/base/progress.h"
#include "hostlib/flasher/flasher.h"

struct aloft_session {
    // Options.
    const char *port; // NULL: chosen by aloft_port_choose
    uint32_t baud;    // while flash is read and written; the loader is found at 115,200
    const char *chip;
    const char *before;
    const char *after;
    uint32_t flash_size; // 0: as the flash says
    bool quiet;          // no word about the chip, as for --json

    struct aloft_serial_line line;
    struct aloft_flasher flasher;
    struct aloft_progress progress;
};

#define ALOFT_SESSION_DEFAULTS .baud = 460800, .chip = "auto", .before = "reset", .after = "reset"

// Rows of a command's table.
#define ALOFT_SESSION_OPTIONS(s)                                                                   \
    {ALOFT_ARG_TEXT,                                                                               \
     'p',                                                                                          \
     "port",                                                                                       \
     "PORT",                                                                                       \
     "serial port; else $ALOFT_PORT, $ESPPORT, or the only one",                                   \
     &(s).port},                                                                                   \
        {ALOFT_ARG_SIZE, 'b', "baud", "N", "speed while flash is read and written [460800]",       \
         &(s).baud},                                                                               \
        {ALOFT_ARG_TEXT, 0, "chip", "CHIP", "auto, esp32, esp32s3 or esp32c3 [auto]", &(s).chip},  \
        {ALOFT_ARG_TEXT, 0, "before", "HOW", "reset, or no-reset: it is in its loader [reset]",    \
         &(s).before},                                                                             \
        {ALOFT_ARG_TEXT, 0, "after", "HOW", "reset, run (ask the loader) or no-reset [reset]",     \
         &(s).after},                                                                              \
    {                                                                                              \
        ALOFT_ARG_SIZE, 0, "flash-size", "SIZE", "of a flash that does not tell its own",          \
            &(s).flash_size                                                                        \
    }

// False when an option makes no sense: it was named, and args->status is what to return.
bool aloft_session_check(struct aloft_args *args, const struct aloft_session *session);

// Opens the port, finds the chip and its flash, and says what they are. False when that failed and
// was said.
bool aloft_session_open(struct aloft_session *session);

// Has the flasher draw session->progress again, after a command set flasher.progress to NULL.
void aloft_session_show_progress(struct aloft_session *session);

// Says what the flasher said last. Returns ALOFT_EXIT_BAD.
int aloft_session_failed(const struct aloft_session *session);

// Lets the chip go as --after says; the line stays open, at the speed of consoles. status: of the
// command so far; a chip that cannot be let go spoils a good one.
int aloft_session_let_go(struct aloft_session *session, int status);

// The same, and closes the line.
int aloft_session_close(struct aloft_session *session, int status);

// "24:0a:c4:00:00:01" into text, which has 18 bytes; returns text.
const char *aloft_session_mac(const uint8_t mac[6], char text[18]);

#endif
