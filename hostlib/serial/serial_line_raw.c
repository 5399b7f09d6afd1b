// All descriptors are non-blocking, so that a dead line costs its deadline and never more.
#include "hostlib/serial/serial_line_raw.h"
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

enum aloft_serial_line_result aloft_serial_line_lost(struct aloft_serial_line *line)
{
    line->gone = true;
    if (line->kind == ALOFT_SERIAL_LINE_TTY) {
        (void)aloft_message_set(&line->error,
                                "%s is gone: the cable was unplugged, or the board behind it "
                                "stopped",
                                line->name);
    } else {
        (void)aloft_message_set(&line->error,
                                "%s is gone: the other end closed the connection; perhaps the "
                                "board stopped, or another program has the port",
                                line->name);
    }
    return ALOFT_SERIAL_LINE_GONE;
}

// Waits until the descriptor is ready, or that long. Errors and hang-ups count as ready: read and
// write name them.
static bool wait_for(struct aloft_serial_line *line, short events, int left_ms)
{
    struct pollfd poll_fd = {.fd = line->fd, .events = events};
    return poll(&poll_fd, 1, left_ms) >= 0 || errno == EINTR;
}

enum aloft_serial_line_result aloft_serial_line_raw_write(struct aloft_serial_line *line,
                                                          const uint8_t *data, size_t len,
                                                          struct aloft_deadline *deadline)
{
    int left_ms;
    while (len > 0) {
        if (!aloft_deadline_turn(deadline, &left_ms)) {
            return ALOFT_SERIAL_LINE_TIMEOUT;
        }
        ssize_t sent = line->kind == ALOFT_SERIAL_LINE_TTY
                           ? write(line->fd, data, len)
                           : send(line->fd, data, len, MSG_NOSIGNAL);
        if (sent > 0) {
            data += sent;
            len -= (size_t)sent;
        } else if ((sent < 0 && errno != EAGAIN && errno != EINTR) ||
                   !wait_for(line, POLLOUT, left_ms)) {
            return aloft_serial_line_lost(line);
        }
    }
    return ALOFT_SERIAL_LINE_OK;
}

enum aloft_serial_line_result aloft_serial_line_raw_read(struct aloft_serial_line *line,
                                                         uint8_t *buf, size_t cap,
                                                         struct aloft_deadline *deadline,
                                                         size_t *got)
{
    int left_ms;
    *got = 0;
    while (aloft_deadline_turn(deadline, &left_ms)) {
        ssize_t count = read(line->fd, buf, cap);
        if (count > 0) {
            *got = (size_t)count;
            return ALOFT_SERIAL_LINE_OK;
        }
        if (count == 0 || (errno != EAGAIN && errno != EINTR) || !wait_for(line, POLLIN, left_ms)) {
            return aloft_serial_line_lost(line);
        }
    }
    return ALOFT_SERIAL_LINE_TIMEOUT;
}
