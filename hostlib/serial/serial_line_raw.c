// All descriptors are non-blocking, so that a dead line costs its deadline and never more.
#include "hostlib/serial/serial_line_raw.h"
#include "hostlib/base/clock.h"
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

// Waits until the descriptor is ready. Errors and hang-ups count as ready: read and write name
// them.
static enum aloft_serial_line_result wait_for(struct aloft_serial_line *line, short events,
                                              uint64_t deadline_ms)
{
    for (;;) {
        struct pollfd poll_fd = {.fd = line->fd, .events = events};
        int ready = poll(&poll_fd, 1, aloft_clock_left_ms(deadline_ms));
        if (ready > 0) {
            return ALOFT_SERIAL_LINE_OK;
        }
        if (ready == 0) {
            return ALOFT_SERIAL_LINE_TIMEOUT;
        }
        if (errno != EINTR) {
            return aloft_serial_line_lost(line);
        }
    }
}

enum aloft_serial_line_result aloft_serial_line_raw_write(struct aloft_serial_line *line,
                                                          const uint8_t *data, size_t len,
                                                          uint64_t deadline_ms)
{
    while (len > 0) {
        ssize_t sent = line->kind == ALOFT_SERIAL_LINE_TTY
                           ? write(line->fd, data, len)
                           : send(line->fd, data, len, MSG_NOSIGNAL);
        if (sent > 0) {
            data += sent;
            len -= (size_t)sent;
            continue;
        }
        if (sent < 0 && errno != EAGAIN && errno != EINTR) {
            return aloft_serial_line_lost(line);
        }
        enum aloft_serial_line_result ready = wait_for(line, POLLOUT, deadline_ms);
        if (ready != ALOFT_SERIAL_LINE_OK) {
            return ready;
        }
    }
    return ALOFT_SERIAL_LINE_OK;
}

enum aloft_serial_line_result aloft_serial_line_raw_read(struct aloft_serial_line *line,
                                                         uint8_t *buf, size_t cap,
                                                         uint64_t deadline_ms, size_t *got)
{
    *got = 0;
    for (;;) {
        ssize_t count = read(line->fd, buf, cap);
        if (count > 0) {
            *got = (size_t)count;
            return ALOFT_SERIAL_LINE_OK;
        }
        if (count == 0 || (errno != EAGAIN && errno != EINTR)) {
            return aloft_serial_line_lost(line);
        }
        enum aloft_serial_line_result ready = wait_for(line, POLLIN, deadline_ms);
        if (ready != ALOFT_SERIAL_LINE_OK) {
            return ready;
        }
    }
}
