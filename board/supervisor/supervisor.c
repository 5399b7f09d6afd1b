// One loop over signals, console and clock. The chip's process resets itself by fexecve, unseen
// from here; what ends the process is told apart by what it left in retained memory:
//
//   halt said          nothing bootable, resets used up, planned power cut: the run is over
//   killed by us       power off, or the watchdog: reset, reason watchdog
//   anything else      a crash: reset, reason panic
//
// A flash operation that was under way when the process ended is torn when the power was cut, and
// completed when it was not: a chip finishes its erase even if the CPU is reset.
#include "board/supervisor/supervisor.h"
#include "board/chip/board.h"
#include "board/chip/efuse_file.h"
#include "board/serial/bridge.h"
#include "board/serial/descriptor.h"
#include "board/supervisor/settle.h"
#include "hostlib/flash/flash_file.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_MS   1000000u
#define OFF_TIME_NS (200u * NS_PER_MS)
// The capacitor at the chip's enable pin: a reset ends this long after the lines let go of it, and
// what they say then is where it starts. Hosts that move one line after the other rely on it.
#define ENABLE_DELAY_NS (5u * NS_PER_MS)
// Over a network the second line comes late: pyserial gives every answer 50 ms. Both lines on, in a
// reset, are a host between its two steps; it may take this long.
#define BETWEEN_LINES_NS (1000u * NS_PER_MS)

enum {
    CONSOLE_CHUNK = 4096,
    LINE_REST_MS = 300,
    LOOK_EVERY_MS = 500,
    PAUSE_MS = 1500,
    OLD_CHIP_TRIES = 1500,
    OWN_FDS = 3
};

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
    bool seen;   // the text was shown; the rest of its line may still come
    bool stop;   // the run is over
    bool closed; // nobody reads our console
    enum aloft_supervisor_end end;
    uint64_t deadline_ns;  // 0: none
    uint64_t last_look_ns; // at the clock
    size_t tail_len;       // bytes of `tail`: the console's last ones, for the search
    char tail[ALOFT_SUPERVISOR_UNTIL_MAX + CONSOLE_CHUNK];
};

static void finish(struct supervisor *s, enum aloft_supervisor_end end)
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
            s->deadline_ns = aloft_board_clock_ns() + (uint64_t)LINE_REST_MS * NS_PER_MS;
        }
    }
    const char *newline = s->seen ? memchr(text + from, '\n', len - from) : NULL;
    show(s, text, newline == NULL ? len : (size_t)(newline - text) + 1);
    if (newline != NULL) {
        finish(s, ALOFT_SUPERVISOR_SEEN);
    }
}

// The serial port gets the line ends that terminals want.
static void send_console(struct supervisor *s, const char *text, size_t len)
{
    char wired[2 * CONSOLE_CHUNK];
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
static void drain_console(struct supervisor *s)
{
    char chunk[CONSOLE_CHUNK];
    ssize_t n;
    while ((n = read(s->console_fd[0], chunk, sizeof chunk)) > 0) {
        console_text(s, chunk, (size_t)n);
        if (s->bridge != NULL) {
            send_console(s, chunk, (size_t)n);
        }
    }
    while ((n = read(s->serial_fd[0], chunk, sizeof chunk)) > 0) {
        if (s->bridge != NULL) {
            aloft_bridge_send(s->bridge, chunk, (size_t)n);
        }
    }
    if (s->closed && !s->stop) {
        finish(s, ALOFT_SUPERVISOR_POWER_CUT);
    }
}

static void settle_operation(struct supervisor *s, bool power_cut)
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
    s->retained->halt = ALOFT_BOARD_RUNS;
    atomic_store(&s->retained->watchdog_ns,
                 aloft_board_clock_ns() + (uint64_t)ALOFT_BOARD_BOOT_WATCHDOG_MS * NS_PER_MS);
    s->chip = fork();
    if (s->chip == 0) {
        become_chip(s, parent);
    }
    if (s->chip < 0) {
        s->chip = 0;
        fprintf(stderr, "aloft: cannot start the chip's process: %s\n", strerror(errno));
        finish(s, ALOFT_SUPERVISOR_ERROR);
    }
}

// A chip that starts has heard nothing yet.
static void forget_input(struct supervisor *s)
{
    char chunk[CONSOLE_CHUNK];
    while (read(s->input_fd[0], chunk, sizeof chunk) > 0) {
    }
}

static void power_on(struct supervisor *s, bool with_plan, bool download)
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
    if (with_plan) {
        retained->config.plan = config->plan;
        retained->config.plan.seed = s->seed;
    }
    retained->crc = aloft_retained_crc(retained);
    retained->reset = ALOFT_RESET_POWER_ON;
    retained->noise = s->seed;
    retained->download = download;
    aloft_nor_power_on(&s->nor);
    forget_input(s);
    start_chip(s);
}

// Ends the chip's process and says how it had ended.
static int end_chip(struct supervisor *s)
{
    int status = 0;
    (void)kill(s->chip, SIGKILL); // it may have ended by itself already
    while (waitpid(s->chip, &status, 0) < 0 && errno == EINTR) {
    }
    s->chip = 0;
    drain_console(s);
    return status;
}

static void power_off(struct supervisor *s, bool cut)
{
    if (s->chip != 0) {
        (void)end_chip(s);
        settle_operation(s, cut);
    }
}

static void reset_chip(struct supervisor *s, enum aloft_port_reset reason)
{
    settle_operation(s, false);
    forget_input(s);
    s->retained->reset = reason;
    if (!s->stop) {
        start_chip(s);
    }
}

static void say_panic(struct supervisor *s, int status)
{
    char text[160];
    int cause = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    const char *name = cause == SIGSEGV || cause == SIGBUS   ? "LoadProhibited"
                       : cause == SIGILL || cause == SIGTRAP ? "IllegalInstruction"
                       : cause == SIGFPE                     ? "IntegerDivideByZero"
                       : cause == SIGABRT                    ? "abort() was called"
                       : cause != 0                          ? strsignal(cause)
                                                             : "the program ended";
    int len = snprintf(text, sizeof text,
                       "Guru Meditation Error: Core  0 panic'ed (%s). Exception was unhandled.\n"
                       "\nRebooting...\n",
                       name);
    console_text(s, text, (size_t)len);
}

static void why_nothing(const struct supervisor *s, enum aloft_supervisor_end end,
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
        finish(s, end);
        return;
    }
    why_nothing(s, end, &why);
    if (strcmp(why.text, s->nothing.text) != 0) { // a flasher resets the chip often
        fprintf(stderr, "aloft: %s; the chip waits for a first flash on its serial port\n",
                why.text);
    }
    s->nothing = why;
    s->retained->download = true;
    reset_chip(s, ALOFT_RESET_WATCHDOG);
}

// The chip's process ended without our doing.
static void chip_ended(struct supervisor *s, int status)
{
    s->chip = 0;
    drain_console(s);
    switch (s->retained->halt) {
    case ALOFT_BOARD_NO_BOOTLOADER:
        nothing_to_boot(s, ALOFT_SUPERVISOR_NO_BOOTLOADER);
        return;
    case ALOFT_BOARD_NO_APP:
        nothing_to_boot(s, ALOFT_SUPERVISOR_NO_APP);
        return;
    case ALOFT_BOARD_NO_RESETS:
        finish(s, s->stop ? s->end : ALOFT_SUPERVISOR_RESETS);
        return;
    case ALOFT_BOARD_POWER_CUT:
        fprintf(stderr, "aloft: power was cut at flash operation %u, as planned\n",
                (unsigned)s->retained->operations);
        finish(s, ALOFT_SUPERVISOR_POWER_CUT);
        return;
    case ALOFT_BOARD_RUNS:
        break;
    }
    if (s->retained->boots == s->boots_at_start) {
        fprintf(stderr, "aloft: the board's ROM program does not start; install aloft again\n");
        finish(s, ALOFT_SUPERVISOR_ERROR);
        return;
    }
    say_panic(s, status);
    reset_chip(s, ALOFT_RESET_PANIC);
}

// --- what is plugged in

// The two transistors of a development board: each line works only while the other is off.
static bool holds_reset(const struct supervisor *s)
{
    return s->rts && !s->dtr;
}

static bool wants_download(const struct supervisor *s)
{
    return s->dtr && !s->rts;
}

// The enable pin goes low. Flash finishes what it is doing: its power stays.
static void press_reset(struct supervisor *s)
{
    if (s->chip != 0) {
        (void)end_chip(s);
        settle_operation(s, false);
    }
}

static void release_reset(struct supervisor *s)
{
    s->release_ns = 0;
    if (s->chip == 0 && !s->stop) {
        power_on(s, false, wants_download(s));
    }
}

// A host that lets go of the boot pin has held it long enough by its own clock. On a busy machine
// both moves are seen at once, and by ours no time has passed between them.
static void on_lines(void *ctx, bool dtr, bool rts)
{
    struct supervisor *s = ctx;
    if (s->release_ns != 0 && wants_download(s)) {
        release_reset(s);
    }
    s->dtr = dtr;
    s->rts = rts;
    if (holds_reset(s)) {
        press_reset(s);
        s->release_ns = 0;
    } else if (s->chip == 0) {
        s->release_ns = aloft_board_clock_ns() + (dtr && rts ? BETWEEN_LINES_NS : ENABLE_DELAY_NS);
    }
}

// The loader hears nothing but noise from a host that talks at another speed.
static bool is_noise(const struct supervisor *s)
{
    uint32_t chip = atomic_load(&s->retained->loader_baud);
    uint32_t host = aloft_bridge_baud(s->bridge);
    uint32_t apart = chip > host ? chip - host : host - chip;
    return chip != 0 && host != 0 && apart > chip / 20;
}

static void on_bytes(void *ctx, const uint8_t *bytes, size_t len)
{
    struct supervisor *s = ctx;
    bool noise = is_noise(s);
    uint8_t heard[CONSOLE_CHUNK];
    while (len > 0 && s->chip != 0) {
        size_t n = len < sizeof heard ? len : sizeof heard;
        for (size_t i = 0; i < n; i++) {
            heard[i] = (uint8_t)(noise ? bytes[i] << 1 | 1 : bytes[i]);
        }
        // When the chip does not keep up, its line loses bytes.
        (void)!write(s->input_fd[1], heard, n);
        bytes += n;
        len -= n;
    }
}

static void start_loader(struct supervisor *s)
{
    press_reset(s);
    power_on(s, false, true);
}

static void on_knock(void *ctx)
{
    struct supervisor *s = ctx;
    bool loads = s->retained->download || // as soon as the ROM starts
                 atomic_load(&s->retained->loading) != ALOFT_BOARD_NOT_LOADING;
    if (!s->stop && !loads) {
        fprintf(stderr, "aloft: a flasher is on the serial port; reset into download mode\n");
        start_loader(s);
    }
}

// The loader is at work, or about to be.
static bool loader_works(const struct supervisor *s)
{
    uint32_t loading = atomic_load(&s->retained->loading);
    int waiting = 0;
    return loading == ALOFT_BOARD_BUSY ||
           (loading == ALOFT_BOARD_LOADING && ioctl(s->input_fd[0], FIONREAD, &waiting) == 0 &&
            waiting > 0);
}

// Who asked for it is gone: its answer is not for the next client.
static void on_came(void *ctx)
{
    struct supervisor *s = ctx;
    if (!s->stop && s->chip != 0 && loader_works(s)) {
        fprintf(stderr, "aloft: the loader was left at work; reset into download mode\n");
        start_loader(s);
    }
}

// A flasher's last act is to reset the chip by RTS, which this end does not have; without one, it
// would have left the stub. (Of a flasher that uses no stub nothing can be known.)
static void on_left(void *ctx)
{
    struct supervisor *s = ctx;
    if (!s->stop && s->chip != 0 && atomic_load(&s->retained->loading) == ALOFT_BOARD_STUB) {
        fprintf(stderr, "aloft: the flasher is done; reset\n");
        press_reset(s);
        release_reset(s);
    }
}

static void on_signal(struct supervisor *s)
{
    struct signalfd_siginfo info;
    int status;
    if (read(s->signal_fd, &info, sizeof info) != (ssize_t)sizeof info) {
        return;
    }
    if (info.ssi_signo == SIGCHLD) {
        if (s->chip != 0 && waitpid(s->chip, &status, WNOHANG) == s->chip) {
            chip_ended(s, status);
        }
        return;
    }
    if (info.ssi_signo == SIGUSR2) {
        fprintf(stderr, "aloft: reset button\n");
        press_reset(s);
        release_reset(s);
        return;
    }
    power_off(s, true);
    if (info.ssi_signo != SIGUSR1) {
        fprintf(stderr, "aloft: power off\n");
        finish(s, ALOFT_SUPERVISOR_POWER_CUT);
        return;
    }
    const struct timespec off = {0, OFF_TIME_NS};
    fprintf(stderr, "aloft: power off and on\n");
    (void)nanosleep(&off, NULL);
    if (!s->stop) {
        power_on(s, false, wants_download(s));
    }
}

// Was this program itself held up, by Ctrl-Z or by a reader of the console that paused? Then the
// chip was held up by its full serial line, and its watchdog has to wait, too.
static void forgive_pause(struct supervisor *s, uint64_t now)
{
    if (now - s->last_look_ns > (uint64_t)PAUSE_MS * NS_PER_MS) {
        uint64_t due = now + (uint64_t)ALOFT_BOARD_BOOT_WATCHDOG_MS * NS_PER_MS;
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
        finish(s, s->seen ? ALOFT_SUPERVISOR_SEEN : ALOFT_SUPERVISOR_TIMEOUT);
        return;
    }
    if (s->release_ns != 0 && now >= s->release_ns) {
        release_reset(s);
    }
    if (s->chip != 0 && now >= atomic_load(&s->retained->watchdog_ns)) {
        fprintf(stderr, "aloft: the watchdog was not fed; reset\n");
        (void)end_chip(s);
        reset_chip(s, ALOFT_RESET_WATCHDOG);
    }
}

static int poll_ms(const struct supervisor *s)
{
    uint64_t now = aloft_board_clock_ns();
    uint64_t due = s->chip != 0 ? atomic_load(&s->retained->watchdog_ns) : UINT64_MAX;
    const uint64_t others[] = {s->deadline_ns, s->release_ns};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        due = others[i] != 0 && others[i] < due ? others[i] : due;
    }
    int most = s->bridge != NULL ? aloft_bridge_wait_ms(s->bridge) : -1;
    most = most < 0 || most > LOOK_EVERY_MS ? LOOK_EVERY_MS : most;
    uint64_t ms = due <= now ? 0 : (due - now) / NS_PER_MS + 1;
    return ms < (uint64_t)most ? (int)ms : most;
}

static void supervise(struct supervisor *s)
{
    s->last_look_ns = aloft_board_clock_ns();
    power_on(s, true, s->config->download);
    while (!s->stop) {
        struct pollfd fds[OWN_FDS + ALOFT_BRIDGE_FDS_MAX] = {
            {s->signal_fd, POLLIN, 0}, {s->console_fd[0], POLLIN, 0}, {s->serial_fd[0], POLLIN, 0}};
        size_t count = s->bridge == NULL ? 0 : aloft_bridge_fds(s->bridge, fds + OWN_FDS);
        (void)poll(fds, OWN_FDS + count, poll_ms(s)); // whatever it says, looking does no harm
        drain_console(s);
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
    power_off(s, s->end == ALOFT_SUPERVISOR_POWER_CUT);
}

// The flash file, locked twice. The POSIX lock shows tools who runs the board. The other one
// belongs to the open file, which the chip's process holds too, so a new board cannot start while
// the process of one that was killed is still on its way out.
static bool open_flash(struct supervisor *s, struct aloft_message *error)
{
    const struct timespec moment = {0, 10 * (long)NS_PER_MS};
    const char *path = s->config->flash;
    s->flash_open = aloft_flash_file_open(&s->flash, path, ALOFT_FLASH_FILE_WRITE, error);
    if (!s->flash_open) {
        return false;
    }
    int tries = 0;
    while (flock(s->flash.fd, LOCK_EX | LOCK_NB) != 0) {
        if (++tries > OLD_CHIP_TRIES) {
            return aloft_message_set(error,
                                     "flash file %s is still in use by the chip of a board "
                                     "that ended; try again",
                                     path);
        }
        (void)nanosleep(&moment, NULL);
    }
    size_t len = s->flash.flash.geometry.size;
    void *at = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, s->flash.fd, 0);
    if (at == MAP_FAILED) {
        return aloft_message_set(error, "cannot map flash file %s: %s", path, strerror(errno));
    }
    s->flash_bytes = at;
    return true;
}

static bool open_efuse(struct supervisor *s, struct aloft_message *error)
{
    if (!aloft_efuse_file_open(&s->efuse, s->config->flash, ALOFT_EFUSE_FILE_WRITE, error)) {
        return false;
    }
    s->efuse.fd = aloft_descriptor_high(s->efuse.fd);
    return s->efuse.fd >= 0 ||
           aloft_message_set(error, "cannot keep the eFuse file open: %s", strerror(errno));
}

// The ROM lies beside this program. It is opened now, so a later move or unmount does not matter.
static bool open_rom(struct supervisor *s, struct aloft_message *error)
{
    char path[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - sizeof "aloft-rom");
    if (n > 0) {
        path[n] = 0;
        char *slash = strrchr(path, '/');
        memcpy(slash + 1, "aloft-rom", sizeof "aloft-rom");
        s->rom_fd = aloft_descriptor_high(open(path, O_RDONLY | O_CLOEXEC));
    }
    if (s->rom_fd < 0) {
        return aloft_message_set(error,
                                 "The board's ROM program, aloft-rom, cannot be opened "
                                 "beside the aloft program: %s. Copy or install the two "
                                 "together.",
                                 strerror(errno));
    }
    return true;
}

static bool open_retained(struct supervisor *s, struct aloft_message *error)
{
    uint32_t sectors = s->flash.flash.geometry.size / ALOFT_NOR_SECTOR;
    s->retained_len = sizeof *s->retained + sectors * sizeof s->retained->sectors[0];
    s->retained_fd = aloft_descriptor_high(memfd_create("retained", MFD_CLOEXEC));
    if (s->retained_fd < 0 || ftruncate(s->retained_fd, (off_t)s->retained_len) != 0) {
        return aloft_message_set(error, "No memory for the board: %s.", strerror(errno));
    }
    void *at = mmap(NULL, s->retained_len, PROT_READ | PROT_WRITE, MAP_SHARED, s->retained_fd, 0);
    if (at == MAP_FAILED) {
        return aloft_message_set(error, "No memory for the board: %s.", strerror(errno));
    }
    s->retained = at;
    aloft_nor_init(&s->nor, s->flash_bytes, s->retained->sectors, s->flash.flash.geometry.size);
    return true;
}

// Neither side waits: a full wire loses bytes, and an empty one says so.
static bool open_wire(int wire[2], bool writer_waits)
{
    int ends[2] = {-1, -1};
    bool good = pipe2(ends, O_CLOEXEC) == 0;
    wire[0] = aloft_descriptor_high(ends[0]);
    wire[1] = aloft_descriptor_high(ends[1]);
    return good && wire[0] >= 0 && wire[1] >= 0 && fcntl(wire[0], F_SETFL, O_NONBLOCK) == 0 &&
           (writer_waits || fcntl(wire[1], F_SETFL, O_NONBLOCK) == 0);
}

static bool open_wires(struct supervisor *s, struct aloft_message *error)
{
    sigset_t mask;
    (void)sigemptyset(&mask);
    (void)sigaddset(&mask, SIGTERM);
    (void)sigaddset(&mask, SIGINT);
    (void)sigaddset(&mask, SIGHUP);
    (void)sigaddset(&mask, SIGUSR1);
    (void)sigaddset(&mask, SIGUSR2);
    (void)sigaddset(&mask, SIGCHLD);
    (void)signal(SIGPIPE, SIG_IGN); // a closed console is seen at the write
    bool good = sigprocmask(SIG_BLOCK, &mask, &s->old_mask) == 0 &&
                open_wire(s->console_fd, true) && open_wire(s->serial_fd, true) &&
                open_wire(s->input_fd, false);
    s->signal_fd = aloft_descriptor_high(signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!good || s->signal_fd < 0) {
        return aloft_message_set(error, "The board's wires cannot be set up: %s.", strerror(errno));
    }
    return true;
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

static bool open_bridge(struct supervisor *s, struct aloft_message *error)
{
    const struct aloft_bridge_events events = {s, on_bytes, on_lines, on_knock, on_came, on_left};
    if (s->config->serial_count == 0) {
        return true;
    }
    s->bridge = aloft_bridge_new(&events);
    if (s->bridge == NULL) {
        return aloft_message_set(error, "No memory for the serial port.");
    }
    for (size_t i = 0; i < s->config->serial_count; i++) {
        if (!aloft_bridge_add(s->bridge, s->config->serial[i], error)) {
            return false;
        }
    }
    return true;
}

static void close_all(struct supervisor *s)
{
    struct aloft_message late;
    const int fds[] = {s->rom_fd,        s->retained_fd,  s->console_fd[0],
                       s->console_fd[1], s->serial_fd[0], s->serial_fd[1],
                       s->input_fd[0],   s->input_fd[1],  s->signal_fd};
    aloft_bridge_free(s->bridge);
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++) {
        if (fds[i] >= 0) {
            (void)close(fds[i]); // none of them can lose data
        }
    }
    if (s->retained != NULL) {
        (void)munmap(s->retained, s->retained_len);
    }
    if (s->flash_bytes != NULL) {
        (void)munmap(s->flash_bytes, s->flash.flash.geometry.size);
    }
    aloft_efuse_file_drop_blank(&s->efuse, s->config->flash); // while the board is still locked
    if (!aloft_efuse_file_close(&s->efuse, &late)) {
        fprintf(stderr, "aloft: %s\n", late.text);
    }
    if (s->flash_open && !aloft_flash_file_close(&s->flash, &late)) {
        fprintf(stderr, "aloft: %s\n", late.text);
    }
}

static void say_end(const struct supervisor *s, struct aloft_message *error)
{
    if (s->end == ALOFT_SUPERVISOR_NO_BOOTLOADER || s->end == ALOFT_SUPERVISOR_NO_APP) {
        why_nothing(s, s->end, error);
    } else if (s->end == ALOFT_SUPERVISOR_ERROR) {
        (void)aloft_message_set(error, "the board stopped");
    }
}

enum aloft_supervisor_end aloft_supervisor_run(const struct aloft_supervisor_config *config,
                                               struct aloft_message *error)
{
    struct supervisor s = {.config = config,
                           .efuse = {-1},
                           .rom_fd = -1,
                           .retained_fd = -1,
                           .console_fd = {-1, -1},
                           .serial_fd = {-1, -1},
                           .input_fd = {-1, -1},
                           .signal_fd = -1,
                           .end = ALOFT_SUPERVISOR_ERROR};
    s.seed = config->plan.seed != 0 ? config->plan.seed : (uint32_t)aloft_board_clock_ns() | 1;
    if (config->timeout_ms != 0) {
        s.deadline_ns = aloft_board_clock_ns() + config->timeout_ms * NS_PER_MS;
    }
    // Signals first: from the moment that the lock shows our pid, one may come.
    if (open_wires(&s, error) && open_flash(&s, error) && open_efuse(&s, error) &&
        open_rom(&s, error) && open_retained(&s, error) && open_bridge(&s, error)) {
        supervise(&s);
        say_end(&s, error);
    }
    close_all(&s);
    return s.end;
}
