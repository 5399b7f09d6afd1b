// The name decides the kind, once; after that each operation is a switch over three kinds. All
// descriptors are non-blocking, so that a dead line costs its deadline and never more.
#include "hostlib/serial/serial_line.h"
#include "hostlib/serial/rfc2217_line.h"
#include "hostlib/serial/serial_line_tty.h"
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONNECT_MS = 5000 };

static const char socket_scheme[] = "socket://";
static const char rfc2217_scheme[] = "rfc2217://";

static bool starts(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

// --- connecting

// "host:port" or "[::1]:port" into two texts.
static bool split(const char *address, char *host, size_t host_size, const char **port)
{
    const char *colon = strrchr(address, ':');
    size_t len = colon == NULL ? 0 : (size_t)(colon - address);
    if (len > 1 && address[0] == '[' && address[len - 1] == ']') {
        address++;
        len -= 2;
    }
    if (len == 0 || len >= host_size || colon[1] == '\0') {
        return false;
    }
    memcpy(host, address, len);
    host[len] = '\0';
    *port = colon + 1;
    return true;
}

// The descriptor, or -1 with errno.
static int connect_one(const struct addrinfo *where)
{
    int error = 0;
    socklen_t size = sizeof error;
    int fd = socket(where->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -1;
    }
    if (connect(fd, where->ai_addr, where->ai_addrlen) == 0) {
        return fd;
    }
    error = errno;
    struct pollfd poll_fd = {.fd = fd, .events = POLLOUT};
    if (error == EINPROGRESS) {
        error = ETIMEDOUT;
        if (poll(&poll_fd, 1, CONNECT_MS) == 1 &&
            getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0) {
            return fd;
        }
    }
    (void)close(fd); // nothing went through it
    errno = error;
    return -1;
}

static bool connect_to(struct aloft_serial_line *line, const char *address)
{
    char host[ALOFT_SERIAL_LINE_NAME_MAX + 1];
    const char *port;
    const struct addrinfo want = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found;
    const int on = 1;
    if (!split(address, host, sizeof host, &port)) {
        return aloft_message_set(
            &line->error, "%s is not an address; write it like %slocalhost:3333", line->name,
            line->kind == ALOFT_SERIAL_LINE_SOCKET ? socket_scheme : rfc2217_scheme);
    }
    int problem = getaddrinfo(host, port, &want, &found);
    if (problem != 0) {
        return aloft_message_set(&line->error, "%s: cannot find %s: %s", line->name, host,
                                 gai_strerror(problem));
    }
    for (const struct addrinfo *a = found; a != NULL && line->fd < 0; a = a->ai_next) {
        line->fd = connect_one(a);
    }
    problem = errno;
    freeaddrinfo(found);
    if (line->fd < 0) {
        return aloft_message_set(&line->error,
                                 "cannot connect to %s: %s; is the board running, with this port?",
                                 line->name, strerror(problem));
    }
    // A request is one small write, and waiting to make it larger would cost 40 ms each.
    (void)setsockopt(line->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return true;
}

static bool open_kind(struct aloft_serial_line *line)
{
    if (starts(line->name, socket_scheme)) {
        line->kind = ALOFT_SERIAL_LINE_SOCKET;
        return connect_to(line, line->name + strlen(socket_scheme));
    }
    if (starts(line->name, rfc2217_scheme)) {
        line->kind = ALOFT_SERIAL_LINE_RFC2217;
        return connect_to(line, line->name + strlen(rfc2217_scheme)) && aloft_rfc2217_open(line);
    }
    if (strstr(line->name, "://") != NULL) {
        return aloft_message_set(&line->error,
                                 "%s: a port is a device like /dev/ttyUSB0, socket://host:port, "
                                 "or rfc2217://host:port",
                                 line->name);
    }
    line->kind = ALOFT_SERIAL_LINE_TTY;
    return aloft_serial_line_tty_open(line);
}

bool aloft_serial_line_open(struct aloft_serial_line *line, const char *name, uint32_t baud)
{
    memset(line, 0, sizeof *line);
    line->fd = -1;
    line->baud = baud;
    if (strlen(name) > ALOFT_SERIAL_LINE_NAME_MAX) {
        return aloft_message_set(&line->error, "the name of the port is too long: %.40s...", name);
    }
    (void)snprintf(line->name, sizeof line->name, "%s", name);
    if (open_kind(line)) {
        return true;
    }
    aloft_serial_line_close(line);
    return false;
}

void aloft_serial_line_close(struct aloft_serial_line *line)
{
    if (line->fd >= 0) {
        (void)close(line->fd); // a line keeps nothing that a failed close could lose
    }
    line->fd = -1;
    free(line->rfc2217);
    line->rfc2217 = NULL;
    line->gone = true;
}

// --- operations

enum aloft_serial_line_result aloft_serial_line_write(struct aloft_serial_line *line,
                                                      const void *data, size_t len,
                                                      uint32_t timeout_ms)
{
    struct aloft_deadline deadline = aloft_deadline_in(timeout_ms);
    if (line->gone) {
        return ALOFT_SERIAL_LINE_GONE;
    }
    enum aloft_serial_line_result result =
        line->kind == ALOFT_SERIAL_LINE_RFC2217
            ? aloft_rfc2217_write(line, data, len, &deadline)
            : aloft_serial_line_raw_write(line, data, len, &deadline);
    if (result == ALOFT_SERIAL_LINE_TIMEOUT) {
        (void)aloft_message_set(&line->error, "%s takes no more bytes: nobody reads the other end",
                                line->name);
    }
    return result;
}

enum aloft_serial_line_result aloft_serial_line_read(struct aloft_serial_line *line, void *buf,
                                                     size_t cap, uint32_t timeout_ms, size_t *got)
{
    struct aloft_deadline deadline = aloft_deadline_in(timeout_ms);
    *got = 0;
    if (line->gone) {
        return ALOFT_SERIAL_LINE_GONE;
    }
    enum aloft_serial_line_result result =
        line->kind == ALOFT_SERIAL_LINE_RFC2217
            ? aloft_rfc2217_read(line, buf, cap, &deadline, got)
            : aloft_serial_line_raw_read(line, buf, cap, &deadline, got);
    if (result == ALOFT_SERIAL_LINE_TIMEOUT) {
        (void)aloft_message_set(&line->error, "%s: nothing came for %u ms", line->name,
                                (unsigned)timeout_ms);
    }
    return result;
}

enum aloft_serial_line_result aloft_serial_line_set_baud(struct aloft_serial_line *line,
                                                         uint32_t baud)
{
    enum aloft_serial_line_result result = ALOFT_SERIAL_LINE_NONE;
    if (line->gone) {
        return ALOFT_SERIAL_LINE_GONE;
    }
    switch (line->kind) {
    case ALOFT_SERIAL_LINE_TTY:
        result = aloft_serial_line_tty_set_baud(line, baud);
        break;
    case ALOFT_SERIAL_LINE_RFC2217:
        result = aloft_rfc2217_set_baud(line, baud);
        break;
    case ALOFT_SERIAL_LINE_SOCKET:
        (void)aloft_message_set(&line->error, "%s has no speed to set", line->name);
        break;
    }
    if (result == ALOFT_SERIAL_LINE_OK) {
        line->baud = baud;
    }
    return result;
}

enum aloft_serial_line_result aloft_serial_line_set_lines(struct aloft_serial_line *line, bool dtr,
                                                          bool rts)
{
    if (line->gone) {
        return ALOFT_SERIAL_LINE_GONE;
    }
    switch (line->kind) {
    case ALOFT_SERIAL_LINE_TTY:
        return aloft_serial_line_tty_set_lines(line, dtr, rts);
    case ALOFT_SERIAL_LINE_RFC2217:
        return aloft_rfc2217_set_lines(line, dtr, rts);
    case ALOFT_SERIAL_LINE_SOCKET:
        break;
    }
    (void)aloft_message_set(&line->error, "%s has no DTR and RTS", line->name);
    return ALOFT_SERIAL_LINE_NONE;
}

// Reads until nothing is there; a console that never stops is cut off.
static enum aloft_serial_line_result drain(struct aloft_serial_line *line)
{
    uint8_t scrap[4096];
    size_t got;
    enum aloft_serial_line_result result = ALOFT_SERIAL_LINE_OK;
    for (int i = 0; i < 64 && result == ALOFT_SERIAL_LINE_OK; i++) {
        result = aloft_serial_line_read(line, scrap, sizeof scrap, 0, &got);
    }
    return result == ALOFT_SERIAL_LINE_GONE ? result : ALOFT_SERIAL_LINE_OK;
}

enum aloft_serial_line_result aloft_serial_line_purge(struct aloft_serial_line *line)
{
    enum aloft_serial_line_result result = ALOFT_SERIAL_LINE_OK;
    if (line->gone) {
        return ALOFT_SERIAL_LINE_GONE;
    }
    if (line->kind == ALOFT_SERIAL_LINE_RFC2217) {
        result = aloft_rfc2217_purge(line);
    } else if (line->kind == ALOFT_SERIAL_LINE_TTY) {
        result = aloft_serial_line_tty_purge(line);
    }
    return result == ALOFT_SERIAL_LINE_GONE ? result : drain(line);
}

bool aloft_serial_line_usb(const struct aloft_serial_line *line, uint16_t *vendor,
                           uint16_t *product)
{
    return line->kind == ALOFT_SERIAL_LINE_TTY && aloft_serial_line_tty_usb(line, vendor, product);
}
