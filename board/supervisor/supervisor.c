// One loop over signals, console and clock.
#include "board/supervisor/supervisor.h"
#include "board/supervisor/chip_process.h"
#include "board/supervisor/gdb.h"
#include "board/supervisor/reset_line.h"
#include "board/supervisor/wiring.h"
#include <poll.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define OFF_TIME_NS (200u * ALOFT_SUPERVISOR_NS_PER_MS)

enum { LOOK_EVERY_MS = 500, GDB_LOOK_MS = 50, PAUSE_MS = 1500, OWN_FDS = 3 };

static void on_signal(struct supervisor *s)
{
    struct signalfd_siginfo info;
    int status;
    if (read(s->signal_fd, &info, sizeof info) != (ssize_t)sizeof info) {
        return;
    }
    if (info.ssi_signo == SIGCHLD) {
        if (s->chip != 0 && waitpid(s->chip, &status, WNOHANG) == s->chip) {
            aloft_chip_ended(s, status);
        }
        aloft_gdb_look(s);
        return;
    }
    if (info.ssi_signo == SIGINT && s->gdb != 0) {
        return; // Ctrl-C is for gdb
    }
    if (info.ssi_signo == SIGUSR2) {
        fprintf(stderr, "aloft: reset button\n");
        aloft_reset_line_press(s);
        aloft_reset_line_release(s);
        return;
    }
    aloft_chip_power_off(s, true);
    if (info.ssi_signo != SIGUSR1) {
        fprintf(stderr, "aloft: power off\n");
        aloft_supervisor_finish(s, ALOFT_SUPERVISOR_POWER_CUT);
        return;
    }
    const struct timespec off = {0, OFF_TIME_NS};
    fprintf(stderr, "aloft: power off and on\n");
    (void)nanosleep(&off, NULL);
    if (!s->stop) {
        aloft_chip_power_on(s, false, aloft_reset_line_wants_download(s));
    }
}

// Was this program itself held up, by Ctrl-Z or by a reader of the console that paused? Then the
// chip was held up by its full serial line, and its watchdog has to wait, too.
static void forgive_pause(struct supervisor *s, uint64_t now)
{
    if (now - s->last_look_ns > (uint64_t)PAUSE_MS * ALOFT_SUPERVISOR_NS_PER_MS) {
        uint64_t due = now + (uint64_t)ALOFT_BOARD_BOOT_WATCHDOG_MS * ALOFT_SUPERVISOR_NS_PER_MS;
        if (atomic_load(&s->retained->watchdog_ns) < due) {
            atomic_store(&s->retained->watchdog_ns, due);
        }
    }
    s->last_look_ns = now;
}

static void check_clock(struct supervisor *s)
{
    uint64_t now = aloft_board_clock_ns();
    forgive_pause(s, now);
    if (s->deadline_ns != 0 && now >= s->deadline_ns) {
        aloft_supervisor_finish(s, s->seen ? ALOFT_SUPERVISOR_SEEN : ALOFT_SUPERVISOR_TIMEOUT);
        return;
    }
    if (s->release_ns != 0 && now >= s->release_ns) {
        aloft_reset_line_release(s);
    }
    aloft_gdb_look(s);
    if (s->chip != 0 && s->gdb == 0 && now >= atomic_load(&s->retained->watchdog_ns)) {
        aloft_chip_watchdog(s);
    }
    if (s->crash_ns != 0 && now >= s->crash_ns) {
        aloft_chip_after_crash(s);
    }
}

static int poll_ms(const struct supervisor *s)
{
    uint64_t now = aloft_board_clock_ns();
    uint64_t due = s->chip != 0 ? atomic_load(&s->retained->watchdog_ns) : UINT64_MAX;
    const uint64_t others[] = {s->deadline_ns, s->release_ns, s->crash_ns};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        due = others[i] != 0 && others[i] < due ? others[i] : due;
    }
    if (s->config->gdb) {
        return GDB_LOOK_MS;
    }
    int most = s->bridge != NULL ? aloft_bridge_wait_ms(s->bridge) : -1;
    most = most < 0 || most > LOOK_EVERY_MS ? LOOK_EVERY_MS : most;
    uint64_t ms = due <= now ? 0 : (due - now) / ALOFT_SUPERVISOR_NS_PER_MS + 1;
    return ms < (uint64_t)most ? (int)ms : most;
}

static void supervise(struct supervisor *s)
{
    s->last_look_ns = aloft_board_clock_ns();
    aloft_chip_power_on(s, true, s->config->download);
    while (!s->stop) {
        struct pollfd fds[OWN_FDS + ALOFT_BRIDGE_FDS_MAX] = {
            {s->signal_fd, POLLIN, 0}, {s->console_fd[0], POLLIN, 0}, {s->serial_fd[0], POLLIN, 0}};
        size_t count = s->bridge == NULL ? 0 : aloft_bridge_fds(s->bridge, fds + OWN_FDS);
        (void)poll(fds, OWN_FDS + count, poll_ms(s)); // whatever it says, looking does no harm
        aloft_chip_drain(s);
        if (s->bridge != NULL && !s->stop) {
            aloft_bridge_handle(s->bridge);
        }
        if (fds[0].revents != 0 && !s->stop) {
            on_signal(s);
        }
        if (!s->stop) {
            check_clock(s);
        }
    }
    aloft_gdb_end(s);
    aloft_chip_power_off(s, s->end == ALOFT_SUPERVISOR_POWER_CUT);
}

bool aloft_supervisor_check(const struct aloft_supervisor_config *config,
                            struct aloft_message *error)
{
    if (config->serial_count > ALOFT_BRIDGE_ENDS_MAX) {
        return aloft_message_set(error, "--serial: a board has at most %u serial ends",
                                 ALOFT_BRIDGE_ENDS_MAX);
    }
    for (size_t i = 0; i < config->serial_count; i++) {
        if (!aloft_bridge_check(config->serial[i], error)) {
            return false;
        }
    }
    return true;
}

static void say_end(const struct supervisor *s, struct aloft_message *error)
{
    if (s->end == ALOFT_SUPERVISOR_NO_BOOTLOADER || s->end == ALOFT_SUPERVISOR_NO_APP) {
        aloft_chip_why_nothing(s, s->end, error);
    } else if (s->end == ALOFT_SUPERVISOR_ERROR) {
        (void)aloft_message_set(error, "the board stopped");
    }
}

enum aloft_supervisor_end aloft_supervisor_run(const struct aloft_supervisor_config *config,
                                               struct aloft_message *error)
{
    struct supervisor s;
    aloft_wiring_init(&s, config);
    if (config->timeout_ms != 0) {
        s.deadline_ns = aloft_board_clock_ns() + config->timeout_ms * ALOFT_SUPERVISOR_NS_PER_MS;
    }
    if (aloft_wiring_open(&s, error)) {
        supervise(&s);
        say_end(&s, error);
    }
    aloft_wiring_close(&s);
    return s.end;
}
