// The chip's process resets itself by fexecve, unseen from here; what ends the process is told
// apart by what it left in retained memory:
//
//   halt said          nothing bootable, resets used up, planned power cut: the run is over
//   killed by us       power off, or a watchdog that left nothing: reset, reason watchdog
//   a record left      a crash, or the watchdog's signal: told on the console, then reset
//   anything else      a crash: reset, reason panic
//
// A flash operation that was under way when the process ended is torn when the power was cut, and
// completed when it was not: a chip finishes its erase even if the CPU is reset.
#include "board/supervisor/chip_process.h"
#include "board/chip/panic.h"
#include "board/serial/descriptor.h"
#include "board/supervisor/panic_report.h"
#include "board/supervisor/settle.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHUNKS_A_TURN = 32 }; // more than a pipe holds

enum { LINE_REST_MS = 300, LAST_WORDS_MS = 1000 };
enum { CRASH_LOOP = 3, CRASH_LOOP_MS = 10000, CRASH_PAUSE_MS = 1000 };

void aloft_supervisor_finish(struct supervisor *s, enum aloft_supervisor_end end)
{
    s->stop = true;
    s->end = end;
}

static void show(struct supervisor *s, const char *text, size_t len)
{
    while (len > 0) {
        ssize_t n = write(STDOUT_FILENO, text, len);
        if (n < 0 && errno != EINTR) {
            s->closed = true;
            return;
        }
        if (n > 0) {
            text += n;
            len -= (size_t)n;
        }
    }
}

// Shows what came, up to the end of the line in which the text was seen.
static void console_text(struct supervisor *s, const char *text, size_t len)
{
    if (s->stop) {
        return;
    }
    const char *until = s->config->until;
    size_t until_len = until == NULL ? 0 : strlen(until);
    size_t from = 0; // where the end of the line is to be looked for
    if (until_len > 0 && !s->seen) {
        memcpy(s->tail + s->tail_len, text, len);
        size_t have = s->tail_len + len;
        const char *hit = memmem(s->tail, have, until, until_len);
        s->seen = hit != NULL;
        size_t hit_end = hit == NULL ? 0 : (size_t)(hit - s->tail) + until_len;
        from = hit_end > s->tail_len ? hit_end - s->tail_len : 0;
        size_t keep = have < until_len - 1 ? have : until_len - 1;
        memmove(s->tail, s->tail + have - keep, keep);
        s->tail_len = keep;
        if (s->seen) {
            s->deadline_ns =
                aloft_board_clock_ns() + (uint64_t)LINE_REST_MS * ALOFT_SUPERVISOR_NS_PER_MS;
        }
    }
    const char *newline = s->seen ? memchr(text + from, '\n', len - from) : NULL;
    show(s, text, newline == NULL ? len : (size_t)(newline - text) + 1);
    if (newline != NULL) {
        aloft_supervisor_finish(s, ALOFT_SUPERVISOR_SEEN);
    }
}

// The serial port gets the line ends that terminals want.
static void send_console(struct supervisor *s, const char *text, size_t len)
{
    char wired[2 * ALOFT_SUPERVISOR_CHUNK];
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\n') {
            wired[n++] = '\r';
        }
        wired[n++] = text[i];
    }
    aloft_bridge_send(s->bridge, wired, n);
}

// Reads what is there. The write ends stay open here, so there is never an end of file.
void aloft_chip_drain(struct supervisor *s)
{
    char chunk[ALOFT_SUPERVISOR_CHUNK];
    ssize_t n;
    // A chip that prints without end must not keep the deadline, or a reset, waiting.
    for (int i = 0; i < CHUNKS_A_TURN && (n = read(s->console_fd[0], chunk, sizeof chunk)) > 0;
         i++) {
        console_text(s, chunk, (size_t)n);
        if (s->bridge != NULL) {
            send_console(s, chunk, (size_t)n);
        }
    }
    for (int i = 0; i < CHUNKS_A_TURN && (n = read(s->serial_fd[0], chunk, sizeof chunk)) > 0;
         i++) {
        if (s->bridge != NULL) {
            aloft_bridge_send(s->bridge, chunk, (size_t)n);
        }
    }
    if (s->closed && !s->stop) {
        aloft_supervisor_finish(s, ALOFT_SUPERVISOR_POWER_CUT);
    }
}

void aloft_chip_settle(struct supervisor *s, bool power_cut)
{
    const struct aloft_settle settle = {
        .retained = s->retained,
        .nor = &s->nor,
        .efuse = &s->efuse,
        .mix = s->config->plan.mix,
        .seed = s->seed + s->retained->operations,
    };
    aloft_settle(&settle, power_cut);
}

// The child's side of the fork: take the descriptors to their places and become the ROM.
static _Noreturn void become_chip(struct supervisor *s, pid_t parent)
{
    static char *const argv[] = {"rom", NULL};
    static char *const envp[] = {NULL};
    // The parent may have died before the first line; then nobody would ever kill this process.
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent) {
        _exit(1);
    }
    (void)setpgid(0, 0); // Ctrl-C is for the power supply, which makes a power cut of it
    int flash =
        fcntl(s->flash.fd, F_DUPFD, ALOFT_DESCRIPTOR_HIGH); // it may be in the way where it is
    bool placed = flash >= 0 && dup2(s->input_fd[0], 0) >= 0 && dup2(s->console_fd[1], 1) >= 0 &&
                  dup2(s->console_fd[1], 2) >= 0 && dup2(flash, ALOFT_BOARD_FLASH_FD) >= 0 &&
                  dup2(s->retained_fd, ALOFT_BOARD_RETAINED_FD) >= 0 &&
                  dup2(s->rom_fd, ALOFT_BOARD_ROM_FD) >= 0 &&
                  dup2(s->serial_fd[1], ALOFT_BOARD_SERIAL_FD) >= 0 &&
                  dup2(s->efuse.fd, ALOFT_BOARD_EFUSE_FD) >= 0;
    if (placed && close_range(ALOFT_BOARD_EFUSE_FD + 1, UINT_MAX, 0) == 0) {
        (void)sigprocmask(SIG_SETMASK, &s->old_mask, NULL);
        (void)fexecve(ALOFT_BOARD_ROM_FD, argv, envp);
    }
    _exit(1);
}

static void start_chip(struct supervisor *s)
{
    pid_t parent = getpid();
    s->boots_at_start = s->retained->boots;
    s->crash_ns = 0;
    s->barked = false;
    s->retained->halt = ALOFT_BOARD_RUNS;
    atomic_store(&s->retained->watchdog_ns,
                 aloft_board_clock_ns() +
                     (uint64_t)ALOFT_BOARD_BOOT_WATCHDOG_MS * ALOFT_SUPERVISOR_NS_PER_MS);
    s->chip = fork();
    if (s->chip == 0) {
        become_chip(s, parent);
    }
    if (s->chip < 0) {
        s->chip = 0;
        fprintf(stderr, "aloft: cannot start the chip's process: %s\n", strerror(errno));
        aloft_supervisor_finish(s, ALOFT_SUPERVISOR_ERROR);
    }
}

// A chip that starts has heard nothing yet.
static void forget_input(struct supervisor *s)
{
    char chunk[ALOFT_SUPERVISOR_CHUNK];
    while (read(s->input_fd[0], chunk, sizeof chunk) > 0) {
    }
}

void aloft_chip_power_on(struct supervisor *s, bool with_plan, bool download)
{
    const struct aloft_supervisor_config *config = s->config;
    struct aloft_retained *retained = s->retained;
    memset(retained, 0, sizeof *retained); // the sectors behind it are the flash chip's
    retained->magic = ALOFT_RETAINED_MAGIC;
    retained->config.flash_size = s->flash.flash.geometry.size;
    retained->config.ptable_addr = config->ptable_addr;
    retained->config.resets_max = config->resets_max;
    retained->config.fast = config->fast;
    retained->config.trials = config->trials;
    retained->config.debug = config->gdb;
    if (with_plan) {
        retained->config.plan = config->plan;
        retained->config.plan.seed = s->seed;
    }
    retained->crc = aloft_retained_crc(retained);
    retained->reset = ALOFT_BOARD_RESET_POWER_ON;
    s->crashed_boot = 0;
    s->crashes = 0;
    retained->noise = s->seed;
    retained->download = download;
    aloft_nor_power_on(&s->nor);
    forget_input(s);
    start_chip(s);
}

// Ends the chip's process and says how it had ended.
int aloft_chip_end(struct supervisor *s)
{
    int status = 0;
    (void)kill(s->chip, SIGKILL); // it may have ended by itself already
    while (waitpid(s->chip, &status, 0) < 0 && errno == EINTR) {
    }
    s->chip = 0;
    aloft_chip_drain(s);
    return status;
}

void aloft_chip_power_off(struct supervisor *s, bool cut)
{
    if (s->chip != 0) {
        (void)aloft_chip_end(s);
        aloft_chip_settle(s, cut);
    }
}

void aloft_chip_reset(struct supervisor *s, enum aloft_board_reset reason)
{
    aloft_chip_settle(s, false);
    forget_input(s);
    s->retained->reset = reason;
    if (!s->stop) {
        start_chip(s);
    }
}

// On the console, as the chip would: on the screen and on the serial port.
static void say_panic(struct supervisor *s, int status)
{
    char text[ALOFT_PANIC_REPORT_MAX];
    aloft_panic_report(s, status, text);
    for (size_t len = strlen(text), n, at = 0; at < len; at += n) {
        n = len - at < ALOFT_SUPERVISOR_CHUNK ? len - at : ALOFT_SUPERVISOR_CHUNK;
        console_text(s, text + at, n);
        if (s->bridge != NULL) {
            send_console(s, text + at, n);
        }
    }
}

// A crash soon after a start, and again and again, is slowed down: nobody could read what a board
// says that crashes a hundred times a second, and its flash would suffer.
static void reset_after_crash(struct supervisor *s, enum aloft_board_reset reason)
{
    uint64_t lived = aloft_board_clock_ns() - s->retained->start_ns;
    bool again = s->retained->boots == s->crashed_boot + 1 &&
                 lived < (uint64_t)CRASH_LOOP_MS * ALOFT_SUPERVISOR_NS_PER_MS;
    s->crashes = again ? s->crashes + 1 : 1;
    s->crashed_boot = s->retained->boots;
    if (s->crashes < CRASH_LOOP) {
        aloft_chip_reset(s, reason);
        return;
    }
    if (s->crashes == CRASH_LOOP) {
        fprintf(stderr,
                "aloft: crash loop: %d crashes in a row; from now on the board waits a "
                "second before each reset\n",
                CRASH_LOOP);
    }
    s->crash_reason = reason;
    s->crash_ns = aloft_board_clock_ns() + (uint64_t)CRASH_PAUSE_MS * ALOFT_SUPERVISOR_NS_PER_MS;
}

void aloft_chip_after_crash(struct supervisor *s)
{
    aloft_chip_reset(s, s->crash_reason);
}

void aloft_chip_watchdog(struct supervisor *s)
{
    if (!s->barked) {
        fprintf(stderr, "aloft: the watchdog was not fed; reset\n");
    }
    if (!s->barked && atomic_load(&s->retained->panic.armed) != 0 &&
        kill(s->chip, ALOFT_PANIC_WATCHDOG_SIGNAL) == 0) {
        s->barked = true; // now it says where it is, or is killed
        atomic_store(&s->retained->watchdog_ns,
                     aloft_board_clock_ns() + (uint64_t)LAST_WORDS_MS * ALOFT_SUPERVISOR_NS_PER_MS);
        return;
    }
    (void)aloft_chip_end(s);
    aloft_chip_settle(s, false);
    reset_after_crash(s, ALOFT_BOARD_RESET_WATCHDOG);
}

void aloft_chip_why_nothing(const struct supervisor *s, enum aloft_supervisor_end end,
                            struct aloft_message *out)
{
    enum aloft_err err = s->retained->halt_err;
    if (end == ALOFT_SUPERVISOR_NO_BOOTLOADER) {
        (void)aloft_message_set(out, "no bootloader at 0x%x: %s: %s", ALOFT_BOARD_BOOTLOADER_ADDR,
                                aloft_err_name(err), aloft_err_sentence(err));
    } else if (err != ALOFT_OK) {
        (void)aloft_message_set(out, "no bootable app: %s: %s", aloft_err_name(err),
                                aloft_err_sentence(err));
    } else {
        (void)aloft_message_set(out, "no bootable app: the table has no app partition");
    }
}

// Nothing bootable is in flash. A chip would try for ever; one with a serial port is more use in
// its loader.
static void nothing_to_boot(struct supervisor *s, enum aloft_supervisor_end end)
{
    struct aloft_message why;
    if (s->bridge == NULL) {
        aloft_supervisor_finish(s, end);
        return;
    }
    aloft_chip_why_nothing(s, end, &why);
    if (strcmp(why.text, s->nothing.text) != 0) { // a flasher resets the chip often
        fprintf(stderr, "aloft: %s; the chip waits for a first flash on its serial port\n",
                why.text);
    }
    s->nothing = why;
    s->retained->download = true;
    aloft_chip_reset(s, ALOFT_BOARD_RESET_WATCHDOG);
}

// The chip's process ended without our doing.
void aloft_chip_ended(struct supervisor *s, int status)
{
    s->chip = 0;
    aloft_chip_drain(s);
    switch (s->retained->halt) {
    case ALOFT_BOARD_NO_BOOTLOADER:
        nothing_to_boot(s, ALOFT_SUPERVISOR_NO_BOOTLOADER);
        return;
    case ALOFT_BOARD_NO_APP:
        nothing_to_boot(s, ALOFT_SUPERVISOR_NO_APP);
        return;
    case ALOFT_BOARD_NO_RESETS:
        aloft_supervisor_finish(s, s->stop ? s->end : ALOFT_SUPERVISOR_RESETS);
        return;
    case ALOFT_BOARD_POWER_CUT:
        fprintf(stderr, "aloft: power was cut at flash operation %u, as planned\n",
                (unsigned)s->retained->operations);
        aloft_supervisor_finish(s, ALOFT_SUPERVISOR_POWER_CUT);
        return;
    case ALOFT_BOARD_RESETS:
        aloft_chip_reset(s, s->retained->reset);
        return;
    case ALOFT_BOARD_RUNS:
        break;
    }
    if (s->retained->boots == s->boots_at_start) {
        fprintf(stderr, "aloft: the board's ROM program does not start; install aloft again\n");
        aloft_supervisor_finish(s, ALOFT_SUPERVISOR_ERROR);
        return;
    }
    aloft_chip_settle(s, false);
    say_panic(s, status);
    bool barked = atomic_load(&s->retained->panic.cause) == ALOFT_PANIC_TASK_WATCHDOG;
    reset_after_crash(s, barked ? ALOFT_BOARD_RESET_WATCHDOG : ALOFT_BOARD_RESET_PANIC);
}
