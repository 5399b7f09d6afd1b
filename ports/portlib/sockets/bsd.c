// One call of the system each.
#include "ports/portlib/sockets/bsd.h"
#include <errno.h>
#include <netinet/in.h>
#include <unistd.h>

_Static_assert(sizeof(struct sockaddr_in) <= ALOFT_SOCKET_ADDR_LEN, "an address fits");

int32_t aloft_bsd_fault(int error)
{
    switch (error) {
    case EAGAIN:
    case EINTR:
    case EINPROGRESS:
        return ALOFT_SOCKET_LATER;
    case ECONNREFUSED:
        return ALOFT_ERR_NET_REFUSED;
    case ETIMEDOUT:
        return ALOFT_ERR_NET_CONNECT_TIMEOUT;
    case ECONNRESET:
    case ECONNABORTED:
    case ENOTCONN:
    case EPIPE:
        return ALOFT_ERR_NET_RESET;
    default: // ENETUNREACH, EHOSTUNREACH, and what the system's own limits add
        return ALOFT_ERR_NET_UNREACHABLE;
    }
}

static int32_t result_of(ssize_t n)
{
    return n >= 0 ? (int32_t)n : aloft_bsd_fault(errno);
}

int aloft_bsd_type(enum aloft_socket_kind kind)
{
    return kind == ALOFT_SOCKET_TALK || kind == ALOFT_SOCKET_BIND ? SOCK_DGRAM : SOCK_STREAM;
}

int aloft_bsd_begin(int fd, enum aloft_socket_kind kind, const struct aloft_socket_addr *addr,
                    int backlog)
{
    const int on = 1;
    bool listens = kind == ALOFT_SOCKET_LISTEN;
    if (!listens && kind != ALOFT_SOCKET_BIND) {
        bool begun = connect(fd, aloft_bsd_addr(addr), addr->len) == 0 || errno == EINPROGRESS;
        return begun ? 0 : errno;
    }
    // Else a port is not free for minutes after a peer has gone. With datagrams it would take them
    // from who has the port.
    if (listens) {
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    }
    bool bound = bind(fd, aloft_bsd_addr(addr), addr->len) == 0;
    return bound && (!listens || listen(fd, backlog) == 0) ? 0 : errno;
}

int32_t aloft_bsd_give_up(int fd, int error)
{
    if (fd >= 0) {
        (void)close(fd);
    }
    int32_t fault = aloft_bsd_fault(error); // nothing of a socket that is gone can be tried again
    return fault == ALOFT_SOCKET_LATER ? ALOFT_ERR_NET_UNREACHABLE : fault;
}

int aloft_bsd_error(int fd)
{
    int error = 0;
    socklen_t len = sizeof error;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 ? error : errno;
}

int32_t aloft_bsd_recv(void *ctx, int fd, uint8_t *buf, uint32_t size,
                       struct aloft_socket_addr *from)
{
    socklen_t len = sizeof from->opaque;
    (void)ctx;
    if (from == NULL) {
        return result_of(recv(fd, buf, size, 0));
    }
    ssize_t n = recvfrom(fd, buf, size, 0, (struct sockaddr *)(void *)from->opaque, &len);
    from->len = n >= 0 ? len : from->len;
    return result_of(n);
}

int32_t aloft_bsd_send(void *ctx, int fd, const uint8_t *data, uint32_t len,
                       const struct aloft_socket_addr *to)
{
    (void)ctx;
    return result_of(sendto(fd, data, len, MSG_NOSIGNAL, to != NULL ? aloft_bsd_addr(to) : NULL,
                            to != NULL ? to->len : 0));
}

void aloft_bsd_finish(void *ctx, int fd)
{
    (void)ctx;
    (void)shutdown(fd, SHUT_WR); // gone already is as good
}

void aloft_bsd_close(void *ctx, int fd)
{
    (void)ctx;
    (void)close(fd);
}
