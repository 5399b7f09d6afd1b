// One loop over two descriptors: the line, and the keyboard when there is one. The terminal's
// settings are put back however the program ends, short of SIGKILL.
#include "cli/serial/monitor.h"
#include "cli/base/ui.h"
#include "hostlib/base/clock.h"
#include "hostlib/flasher/flasher.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { EXIT_NOT_SEEN = 3, EXIT_SIGNAL = 128 }; // as aloft board run has them
enum { POLL_MS = 200, REOPEN_MS = 250, LINE_END_MS = 300, WRITE_MS = 1000, READS = 64 };
enum { KEY_QUIT = 0x1D, KEY_MENU = 0x14, KEY_RESET = 0x12, KEY_HELP = 0x08 }; // Ctrl-] T R H

static volatile sig_atomic_t caught; // the signal that ends the program

static void on_signal(int number)
{
    caught = number;
}

static void say(struct aloft_monitor *monitor, const char *text)
{
    uint8_t out[ALOFT_MONITOR_VIEW_OUT];
    size_t len = aloft_monitor_view_reset(&monitor->view, out);
    (void)fwrite(out, 1, len, stdout); // main checks stdout at the end
    aloft_ui_note("%s", text);
}

// --- the console

// True once the text has been shown, wherever reads cut it.
static bool is_seen(struct aloft_monitor *monitor, uint8_t byte)
{
    size_t len = strlen(monitor->until);
    if (monitor->seen_len == sizeof monitor->seen) {
        monitor->seen_len = len - 1;
        memmove(monitor->seen, monitor->seen + sizeof monitor->seen - (len - 1), len - 1);
    }
    monitor->seen[monitor->seen_len++] = (char)byte;
    return monitor->seen_len >= len &&
           memcmp(monitor->seen + monitor->seen_len - len, monitor->until, len) == 0;
}

static void show(struct aloft_monitor *monitor, const uint8_t *bytes, size_t len)
{
    uint8_t out[ALOFT_MONITOR_VIEW_OUT];
    for (size_t i = 0; i < len && !monitor->done; i++) {
        size_t count = 1;
        out[0] = bytes[i];
        if (monitor->colour) {
            count = aloft_monitor_view_feed(&monitor->view, bytes[i], out);
        }
        (void)fwrite(out, 1, count, stdout); // the loop looks at ferror
        if (monitor->found) {
            monitor->done = bytes[i] == '\n';
        } else if (monitor->until != NULL && is_seen(monitor, bytes[i])) {
            monitor->found = true;
            monitor->status = ALOFT_EXIT_GOOD;
            monitor->deadline = aloft_clock_ms() + LINE_END_MS;
            monitor->done = bytes[i] == '\n';
        }
    }
}

static void lose(struct aloft_monitor *monitor)
{
    if (!monitor->waiting) {
        say(monitor, monitor->line.error.text);
        say(monitor, "waiting for it to come back");
    }
    aloft_serial_line_close(&monitor->line);
    monitor->waiting = true;
}

static void pump(struct aloft_monitor *monitor)
{
    uint8_t bytes[4096];
    uint8_t held[ALOFT_MONITOR_VIEW_OUT];
    size_t got;
    for (int i = 0; i < READS && !monitor->done && !monitor->waiting; i++) {
        enum aloft_serial_line_result result =
            aloft_serial_line_read(&monitor->line, bytes, sizeof bytes, 0, &got);
        if (result == ALOFT_SERIAL_LINE_GONE) {
            lose(monitor);
        }
        if (result != ALOFT_SERIAL_LINE_OK) {
            break;
        }
        show(monitor, bytes, got);
    }
    // A prompt has no line end, so what is held does not wait for one.
    (void)fwrite(held, 1, aloft_monitor_view_flush(&monitor->view, held), stdout);
    (void)fflush(stdout);
    if (ferror(stdout)) {
        monitor->done = true; // nobody reads us any more; main says so
        monitor->status = ALOFT_EXIT_BAD;
    }
}

// --- keys

static void reset_chip(struct aloft_monitor *monitor)
{
    switch (aloft_flasher_reset_chip(&monitor->line)) {
    case ALOFT_SERIAL_LINE_OK:
        break;
    case ALOFT_SERIAL_LINE_GONE:
        lose(monitor);
        break;
    case ALOFT_SERIAL_LINE_NONE:
    case ALOFT_SERIAL_LINE_TIMEOUT:
    case ALOFT_SERIAL_LINE_REFUSED:
        say(monitor, monitor->line.error.text);
        say(monitor, "so the chip cannot be reset from here; press its RESET button");
        break;
    }
}

static void send_key(struct aloft_monitor *monitor, uint8_t key)
{
    if (aloft_serial_line_write(&monitor->line, &key, 1, WRITE_MS) == ALOFT_SERIAL_LINE_GONE) {
        lose(monitor);
    }
}

static void menu_key(struct aloft_monitor *monitor, uint8_t key)
{
    switch (key) {
    case KEY_RESET:
    case 'r':
        reset_chip(monitor);
        break;
    case KEY_HELP:
    case 'h':
        say(monitor,
            "Ctrl-] leaves; Ctrl-T then Ctrl-R resets the chip, Ctrl-H prints this, Ctrl-T "
            "and Ctrl-] send themselves");
        break;
    default:
        send_key(monitor, key);
        break;
    }
}

static void take_key(struct aloft_monitor *monitor, uint8_t key)
{
    if (monitor->menu) {
        monitor->menu = false;
        menu_key(monitor, key);
    } else if (key == KEY_QUIT) {
        bool missed = monitor->until != NULL && !monitor->found;
        monitor->done = true;
        monitor->status = missed ? EXIT_NOT_SEEN : ALOFT_EXIT_GOOD;
    } else if (key == KEY_MENU) {
        monitor->menu = true;
    } else if (!monitor->waiting) {
        send_key(monitor, key);
    }
}

static void take_keys(struct aloft_monitor *monitor)
{
    uint8_t keys[64];
    ssize_t count = read(STDIN_FILENO, keys, sizeof keys);
    if (count == 0 || (count < 0 && errno != EINTR && errno != EAGAIN)) {
        monitor->keys = false; // the terminal went away; the console goes on until a signal
    }
    for (ssize_t i = 0; i < count && !monitor->done; i++) {
        take_key(monitor, keys[i]);
    }
}

// --- the loop

static void try_again(struct aloft_monitor *monitor)
{
    if (!aloft_serial_line_open(&monitor->line, monitor->name, monitor->baud)) {
        return;
    }
    (void)aloft_serial_line_set_lines(&monitor->line, false, false); // lines without lines are fine
    monitor->waiting = false;
    say(monitor, "it is back");
}

static void wait_for_bytes(struct aloft_monitor *monitor)
{
    int pause = monitor->waiting ? REOPEN_MS : POLL_MS;
    if (monitor->deadline != 0) {
        int left = aloft_clock_left_ms(monitor->deadline);
        pause = left < pause ? left : pause;
    }
    struct pollfd fds[] = {
        {.fd = monitor->keys ? STDIN_FILENO : -1, .events = POLLIN},
        {.fd = monitor->waiting ? -1 : monitor->line.fd, .events = POLLIN},
    };
    if (poll(fds, COUNT(fds), pause) > 0 && fds[0].revents != 0) {
        take_keys(monitor);
    }
}

static bool is_late(struct aloft_monitor *monitor)
{
    if (monitor->deadline == 0 || aloft_clock_left_ms(monitor->deadline) > 0) {
        return false;
    }
    if (monitor->found) {
        (void)fputc('\n', stdout); // a prompt, whose line goes no further
        return true;
    }
    monitor->status = monitor->until == NULL ? ALOFT_EXIT_GOOD : EXIT_NOT_SEEN;
    if (monitor->until != NULL) {
        (void)fflush(stdout);
        aloft_ui_error("stopped by --timeout; the console did not show '%s'", monitor->until);
    }
    return true;
}

static void loop(struct aloft_monitor *monitor)
{
    while (!monitor->done && caught == 0) {
        if (monitor->waiting) {
            try_again(monitor);
        }
        pump(monitor);
        if (monitor->done || is_late(monitor)) {
            break;
        }
        wait_for_bytes(monitor);
    }
    if (caught != 0) {
        monitor->status = EXIT_SIGNAL + caught;
    }
}

static void catch_signals(void)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    const struct sigaction action = {.sa_handler = on_signal};
    for (size_t i = 0; i < COUNT(numbers); i++) {
        (void)sigaction(numbers[i], &action, NULL); // these numbers can be caught
    }
}

// Keys come one by one and unchanged; output stays as the terminal has it.
static void make_raw(struct termios *settings)
{
    settings->c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG | IEXTEN);
    settings->c_iflag &= ~(tcflag_t)(IXON | ICRNL | INLCR | IGNCR);
    settings->c_cc[VMIN] = 1;
    settings->c_cc[VTIME] = 0;
}

int aloft_monitor_run(struct aloft_monitor *monitor)
{
    struct termios before = {0};
    uint8_t out[ALOFT_MONITOR_VIEW_OUT];
    (void)snprintf(monitor->name, sizeof monitor->name, "%s", monitor->line.name);
    monitor->baud = monitor->line.baud;
    monitor->deadline = monitor->timeout_ms == 0 ? 0 : aloft_clock_ms() + monitor->timeout_ms;
    monitor->keys = isatty(STDIN_FILENO) == 1 && tcgetattr(STDIN_FILENO, &before) == 0;
    monitor->colour = aloft_ui_colour(STDOUT_FILENO);
    catch_signals();
    if (monitor->keys) {
        struct termios raw = before;
        make_raw(&raw);
        aloft_ui_note("%s at %u baud; Ctrl-] leaves, Ctrl-T Ctrl-H helps", monitor->name,
                      (unsigned)monitor->baud);
        (void)tcsetattr(STDIN_FILENO, TCSANOW, &raw); // keys that come by lines still come
    }
    bool restore = monitor->keys;
    loop(monitor);
    (void)fwrite(out, 1, aloft_monitor_view_reset(&monitor->view, out), stdout);
    (void)fflush(stdout); // main checks
    if (restore) {
        (void)tcsetattr(STDIN_FILENO, TCSADRAIN, &before); // nothing better can be done
    }
    aloft_serial_line_close(&monitor->line);
    return monitor->status;
}

bool aloft_monitor_check(struct aloft_args *args, struct aloft_monitor *monitor)
{
    const char *text = monitor->timeout;
    char *end = NULL;
    double seconds = text == NULL ? 0 : strtod(text, &end);
    if (text != NULL && (end == text || *end != '\0' || !(seconds > 0 && seconds <= 1e6))) {
        (void)aloft_args_wrong(args, "--timeout '%s' is not a number of seconds", text);
        return false;
    }
    monitor->timeout_ms = (uint64_t)(seconds * 1000);
    if (monitor->until != NULL &&
        (monitor->until[0] == '\0' || strlen(monitor->until) >= ALOFT_MONITOR_UNTIL_MAX)) {
        (void)aloft_args_wrong(args, "--until: the text must have 1 to %u bytes",
                               ALOFT_MONITOR_UNTIL_MAX - 1);
        return false;
    }
    return true;
}
