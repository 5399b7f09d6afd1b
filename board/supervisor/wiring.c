// Descriptors are moved above those that a program of the board finds open (board/chip/board.h).
#include "board/supervisor/wiring.h"
#include "board/serial/descriptor.h"
#include "board/supervisor/reset_line.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

enum { OLD_CHIP_TRIES = 1500 };

void aloft_wiring_init(struct supervisor *s, const struct aloft_supervisor_config *config)
{
    *s = (struct supervisor){.config = config,
                             .efuse = {-1},
                             .rom_fd = -1,
                             .retained_fd = -1,
                             .console_fd = {-1, -1},
                             .serial_fd = {-1, -1},
                             .input_fd = {-1, -1},
                             .signal_fd = -1,
                             .end = ALOFT_SUPERVISOR_ERROR};
    s->seed = config->plan.seed != 0 ? config->plan.seed : (uint32_t)aloft_board_clock_ns() | 1;
}

// The flash file, locked twice. The POSIX lock shows tools who runs the board. The other one
// belongs to the open file, which the chip's process holds too, so a new board cannot start while
// the process of one that was killed is still on its way out.
static bool open_flash(struct supervisor *s, struct aloft_message *error)
{
    const struct timespec moment = {0, 10 * (long)ALOFT_SUPERVISOR_NS_PER_MS};
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

// The ROM lies beside this program, or, when it is installed, in libexec. It is opened now, so a
// later move or unmount does not matter.
static bool open_rom(struct supervisor *s, struct aloft_message *error)
{
    static const char *const places[] = {"aloft-rom", "../libexec/aloft/aloft-rom"};
    char path[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - strlen(places[1]) - 1);
    path[n > 0 ? n : 0] = 0;
    char *name = strrchr(path, '/');
    for (size_t i = 0; name != NULL && s->rom_fd < 0 && i < sizeof places / sizeof places[0]; i++) {
        memcpy(name + 1, places[i], strlen(places[i]) + 1);
        s->rom_fd = aloft_descriptor_high(open(path, O_RDONLY | O_CLOEXEC));
    }
    if (s->rom_fd < 0) {
        return aloft_message_set(error,
                                 "The board's ROM program, aloft-rom, cannot be opened "
                                 "beside the aloft program, nor in libexec/aloft: %s. Copy or "
                                 "install the two together.",
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

static bool open_bridge(struct supervisor *s, struct aloft_message *error)
{
    const struct aloft_bridge_events events = aloft_reset_line_events(s);
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

void aloft_wiring_close(struct supervisor *s)
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

bool aloft_wiring_open(struct supervisor *s, struct aloft_message *error)
{
    // Signals first: from the moment that the lock shows our pid, one may come.
    return open_wires(s, error) && open_flash(s, error) && open_efuse(s, error) &&
           open_rom(s, error) && open_retained(s, error) && open_bridge(s, error);
}
