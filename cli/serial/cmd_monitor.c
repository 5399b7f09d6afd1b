// aloft monitor: the command line of monitor.h.
#include "cli/base/commands.h"
#include "cli/base/ui.h"
#include "cli/serial/monitor.h"
#include "cli/serial/port.h"
#include "hostlib/flasher/flasher.h"

struct wish {
    const char *port;
    uint32_t baud;
    bool reset;
};

static int start(struct aloft_monitor *monitor, const struct wish *wish)
{
    char name[ALOFT_SERIAL_LINE_NAME_MAX + 1];
    struct aloft_message error;
    if (!aloft_port_choose(wish->port, name, &error)) {
        aloft_ui_error("%s", error.text);
        return ALOFT_EXIT_BAD;
    }
    if (!aloft_serial_line_open(&monitor->line, name, wish->baud)) {
        aloft_ui_error("%s", monitor->line.error.text);
        return ALOFT_EXIT_BAD;
    }
    // Opening a terminal device asserts both lines; a chip must not stay in reset for that.
    (void)aloft_serial_line_set_lines(&monitor->line, false, false);
    if (wish->reset && aloft_flasher_reset_chip(&monitor->line) != ALOFT_SERIAL_LINE_OK) {
        aloft_ui_error("%s; leave out --reset, and press the board's RESET button",
                       monitor->line.error.text);
        aloft_serial_line_close(&monitor->line);
        return ALOFT_EXIT_BAD;
    }
    return aloft_monitor_run(monitor);
}

int cmd_monitor(int argc, char **argv)
{
    struct aloft_monitor monitor = {.until = NULL};
    struct wish wish = {.baud = ALOFT_FLASHER_BAUD};
    struct aloft_args args = {
        .command = "aloft monitor",
        .about = "Shows the console of the board at a serial port, and sends it what is typed\n"
                 "at a terminal; a pipe is not read.\n"
                 "Ctrl-] leaves. Ctrl-T Ctrl-R resets the chip, where the port has DTR and RTS.\n"
                 "A port that goes away is waited for. On a terminal, levels have colours.",
        .examples = "  aloft monitor --port /dev/ttyUSB0\n"
                    "  aloft monitor --until 'Hello world!' --timeout 30 >console.log",
        .exits = "0 the text was shown, or left without one to wait for, 1 "
                 "failed,\n" ALOFT_MONITOR_EXITS,
        .options = {{ALOFT_ARG_TEXT, 'p', "port", "PORT",
                     "serial port; else $ALOFT_PORT, $ESPPORT, or the only one", &wish.port},
                    {ALOFT_ARG_SIZE, 'b', "baud", "N", "speed of the console [115200]", &wish.baud},
                    {ALOFT_ARG_FLAG, 'r', "reset", NULL, "reset the chip first", &wish.reset},
                    ALOFT_MONITOR_OPTIONS(monitor)},
    };
    if (!aloft_args_read(&args, argc, argv) || !aloft_monitor_check(&args, &monitor)) {
        return args.status;
    }
    return start(&monitor, &wish);
}
