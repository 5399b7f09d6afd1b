// A FIFO without a writer reads as ended at once, so its readiness is asked for first: it comes
// with a writer, with bytes, or never. A FIFO without a reader cannot be opened, so that is tried
// again.
#include "hostlib/base/pipe.h"
#include "hostlib/base/clock.h"
#include "hostlib/base/deadline.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { AGAIN_MS = 50 };

// False with errno when it does not get ready in that time.
static bool wait_for(int fd, short events, uint32_t ms, int error)
{
    struct aloft_deadline deadline = aloft_deadline_in(ms);
    struct pollfd poll_fd = {.fd = fd, .events = events};
    int left_ms;
    while (aloft_deadline_turn(&deadline, &left_ms)) {
        if (poll(&poll_fd, 1, left_ms) > 0) {
            return true;
        }
    }
    errno = error;
    return false;
}

static bool is_fifo(int fd)
{
    struct stat stat_now;
    return fstat(fd, &stat_now) == 0 && S_ISFIFO(stat_now.st_mode);
}

int aloft_pipe_open(const char *path, bool write)
{
    struct aloft_deadline deadline = aloft_deadline_in(ALOFT_PIPE_OPEN_MS);
    int flags = (write ? O_WRONLY : O_RDONLY) | O_CLOEXEC | O_NONBLOCK;
    int left_ms;
    int fd = -1;
    while (fd < 0 && aloft_deadline_turn(&deadline, &left_ms)) {
        fd = open(path, flags);
        if (fd < 0 && (!write || errno != ENXIO)) {
            return -1;
        }
        if (fd < 0) {
            aloft_clock_sleep_ms(AGAIN_MS);
        }
    }
    if (fd >= 0 && !write && is_fifo(fd) && !wait_for(fd, POLLIN, ALOFT_PIPE_OPEN_MS, ENXIO)) {
        (void)close(fd); // nothing came
        errno = ENXIO;
        return -1;
    }
    if (fd < 0) {
        errno = ENXIO;
    }
    return fd;
}

ssize_t aloft_pipe_read(int fd, void *buf, size_t len)
{
    for (;;) {
        if (!wait_for(fd, POLLIN, ALOFT_PIPE_SILENCE_MS, ETIMEDOUT)) {
            return -1;
        }
        ssize_t n = read(fd, buf, len);
        if (n >= 0 || (errno != EINTR && errno != EAGAIN)) {
            return n;
        }
    }
}

ssize_t aloft_pipe_write(int fd, const void *data, size_t len)
{
    for (;;) {
        ssize_t n = write(fd, data, len);
        if (n >= 0 || (errno != EINTR && errno != EAGAIN)) {
            return n;
        }
        if (!wait_for(fd, POLLOUT, ALOFT_PIPE_SILENCE_MS, ETIMEDOUT)) {
            return -1;
        }
    }
}

const char *aloft_pipe_error(int error)
{
    return error == ENXIO       ? "nobody has the other end of this pipe open"
           : error == ETIMEDOUT ? "the other end of this pipe has fallen silent"
                                : strerror(error);
}
