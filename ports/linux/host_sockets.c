// Sockets of the host. An address is its struct sockaddr.
#include "ports/linux/host_sockets.h"
#include "ports/linux/host_lookup.h"
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 8 };

_Static_assert(sizeof(struct sockaddr_in6) <= ALOFT_SOCKET_ADDR_LEN, "an address fits");

static const struct sockaddr *sockaddr_of(const struct aloft_socket_addr *addr)
{
    return (const struct sockaddr *)(const void *)addr->opaque;
}

static int32_t fault_of(int error)
{
    switch (error) {
    case EAGAIN:
    case EINTR:
        return ALOFT_SOCKET_LATER;
    case ECONNREFUSED:
        return ALOFT_ERR_NET_REFUSED;
    case ETIMEDOUT:
        return ALOFT_ERR_NET_CONNECT_TIMEOUT;
    case ECONNRESET:
    case EPIPE:
        return ALOFT_ERR_NET_RESET;
    default: // ENETUNREACH, EHOSTUNREACH, and what the host's own limits add
        return ALOFT_ERR_NET_UNREACHABLE;
    }
}

static int32_t result_of(ssize_t n)
{
    return n >= 0 ? (int32_t)n : fault_of(errno);
}

static void wait_for(void *ctx, const struct aloft_socket_wait *list, uint32_t count, uint32_t ms)
{
    struct pollfd fds[2 * ALOFT_WAY_IDS];
    nfds_t used = 0;
    (void)ctx;
    for (uint32_t i = 0; i < count && used < sizeof fds / sizeof fds[0]; i++) {
        const struct aloft_socket_wait *w = &list[i];
        short events = (short)((w->reads ? POLLIN : 0) | (w->writes ? POLLOUT : 0));
        fds[used++] = w->lookup != NULL
                          ? (struct pollfd){aloft_host_lookup_fd(w->lookup), POLLIN, 0}
                          : (struct pollfd){w->fd, events, 0};
    }
    (void)poll(fds, used, (int)ms); // what is ready is found by trying
}

// Errno, or 0.
static int set_up(int fd, enum aloft_socket_kind kind, const struct aloft_socket_addr *addr)
{
    const int on = 1;
    bool listens = kind == ALOFT_SOCKET_LISTEN;
    if (!listens && kind != ALOFT_SOCKET_BIND) {
        bool begun = connect(fd, sockaddr_of(addr), addr->len) == 0 || errno == EINPROGRESS;
        return begun ? 0 : errno;
    }
    if (listens) { // comfort only; with datagrams it would take them from who has the port
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    }
    bool bound = bind(fd, sockaddr_of(addr), addr->len) == 0;
    return bound && (!listens || listen(fd, BACKLOG) == 0) ? 0 : errno;
}

static int32_t open_socket(void *ctx, enum aloft_socket_kind kind,
                           const struct aloft_socket_addr *addr, int *fd, const char **hint)
{
    bool udp = kind == ALOFT_SOCKET_TALK || kind == ALOFT_SOCKET_BIND;
    (void)ctx;
    *fd = socket(sockaddr_of(addr)->sa_family,
                 (udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int error = *fd < 0 ? errno : set_up(*fd, kind, addr);
    if (error == 0) {
        return ALOFT_SOCKET_DONE;
    }
    if (error == EACCES) {
        *hint = ": ports below 1024 are root's on this machine. Give the image another one, as "
                "--set web_port=8080 (aloft board settings)";
    }
    if (*fd >= 0) {
        (void)close(*fd);
    }
    int32_t fault = fault_of(error); // nothing of a socket that is gone can be tried again
    return fault == ALOFT_SOCKET_LATER ? ALOFT_ERR_NET_UNREACHABLE : fault;
}

static int32_t connected(void *ctx, int fd)
{
    struct pollfd poller = {fd, POLLOUT, 0};
    int error = 0;
    socklen_t len = sizeof error;
    (void)ctx;
    if (poll(&poller, 1, 0) <= 0) {
        return ALOFT_SOCKET_LATER;
    }
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0) {
        error = errno;
    }
    return error == 0 ? ALOFT_SOCKET_DONE : fault_of(error);
}

static int32_t accept_next(void *ctx, int listen_fd, int *fd, struct aloft_socket_addr *from)
{
    socklen_t len = sizeof from->opaque;
    (void)ctx;
    *fd = accept4(listen_fd, (struct sockaddr *)(void *)from->opaque, &len,
                  SOCK_NONBLOCK | SOCK_CLOEXEC);
    from->len = len;
    return *fd >= 0 ? ALOFT_SOCKET_DONE : ALOFT_SOCKET_LATER; // a peer that is gone again is none
}

static int32_t recv_some(void *ctx, int fd, uint8_t *buf, uint32_t size,
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

static int32_t send_some(void *ctx, int fd, const uint8_t *data, uint32_t len,
                         const struct aloft_socket_addr *to)
{
    (void)ctx;
    return result_of(sendto(fd, data, len, MSG_NOSIGNAL, to != NULL ? sockaddr_of(to) : NULL,
                            to != NULL ? to->len : 0));
}

static void finish(void *ctx, int fd)
{
    (void)ctx;
    (void)shutdown(fd, SHUT_WR); // gone already is as good
}

static void close_socket(void *ctx, int fd)
{
    (void)ctx;
    (void)close(fd);
}

static bool text_of(void *ctx, const struct aloft_socket_addr *addr, struct aloft_way_peer *out)
{
    char service[8] = "";
    (void)ctx;
    *out = (struct aloft_way_peer){.port = 0};
    if (getnameinfo(sockaddr_of(addr), addr->len, out->host, sizeof out->host, service,
                    sizeof service, NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
        return false;
    }
    out->port = (uint16_t)strtoul(service, NULL, 10);
    return true;
}

const struct aloft_sockets aloft_host_sockets = {
    .wait = wait_for,
    .look_up = aloft_host_look_up,
    .found = aloft_host_found,
    .drop = aloft_host_drop,
    .open = open_socket,
    .connected = connected,
    .accept = accept_next,
    .recv = recv_some,
    .send = send_some,
    .finish = finish,
    .close = close_socket,
    .text = text_of,
    .numeric = aloft_host_numeric,
};
