// Sockets of lwIP. An address is its struct sockaddr.
#include "lwip_sockets.h"
#include "lwip_lookup.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <freertos/FreeRTOS.h>
#include <freertos/task.h>
#include <lwip/sockets.h>
#include <netinet/in.h>
#include <sdkconfig.h>
#include <sys/select.h>
#include <unistd.h>

enum { BACKLOG = 4, LOOKUP_MS = 50, MS_PER_S = 1000, US_PER_MS = 1000 };

static const struct sockaddr *sockaddr_of(const struct aloft_socket_addr *addr)
{
    return (const struct sockaddr *)(const void *)addr->opaque;
}

static int32_t fault_of(int error)
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
    default:
        return ALOFT_ERR_NET_UNREACHABLE;
    }
}

static int32_t result_of(ssize_t n)
{
    return n >= 0 ? (int32_t)n : fault_of(errno);
}

// Without a socket only a notification can end the wait: of a lookup, or of a command.
static void wait_for(void *ctx, const struct aloft_socket_wait *list, uint32_t count, uint32_t ms)
{
    fd_set reads;
    fd_set writes;
    int top = -1;
    (void)ctx;
    FD_ZERO(&reads);
    FD_ZERO(&writes);
    for (uint32_t i = 0; i < count; i++) {
        const struct aloft_socket_wait *w = &list[i];
        if (w->lookup != NULL) {
            ms = ms < LOOKUP_MS ? ms : LOOKUP_MS; // beside a socket, its end is seen this late
            continue;
        }
        if (w->reads) {
            FD_SET(w->fd, &reads);
        }
        if (w->writes) {
            FD_SET(w->fd, &writes);
        }
        top = w->fd > top ? w->fd : top;
    }
    if (top < 0) {
        (void)ulTaskNotifyTake(pdTRUE, pdMS_TO_TICKS(ms));
        return;
    }
    struct timeval limit = {.tv_sec = (time_t)(ms / MS_PER_S),
                            .tv_usec = (suseconds_t)(ms % MS_PER_S * US_PER_MS)};
    (void)select(top + 1, &reads, &writes, NULL, &limit); // what is ready is found by trying
}

static bool never_block(int fd)
{
    int flags = fcntl(fd, F_GETFL, 0);
    return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0;
}

// Errno, or 0.
static int set_up(int fd, enum aloft_socket_kind kind, const struct aloft_socket_addr *addr)
{
    const int on = 1;
    bool listens = kind == ALOFT_SOCKET_LISTEN;
    if (!never_block(fd)) {
        return errno;
    }
    if (!listens && kind != ALOFT_SOCKET_BIND) {
        bool begun = connect(fd, sockaddr_of(addr), addr->len) == 0 || errno == EINPROGRESS;
        return begun ? 0 : errno;
    }
    if (listens) { // else a port is not free for minutes after a peer has gone
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
    *fd = socket(sockaddr_of(addr)->sa_family, udp ? SOCK_DGRAM : SOCK_STREAM, 0);
    int error = *fd < 0 ? errno : set_up(*fd, kind, addr);
    if (error == 0) {
        return ALOFT_SOCKET_DONE;
    }
    if (error == ENFILE || error == EMFILE || error == ENOBUFS) {
        *hint = ": no socket is free; raise CONFIG_LWIP_MAX_SOCKETS";
    }
    if (*fd >= 0) {
        (void)close(*fd);
    }
    int32_t fault = fault_of(error); // nothing of a socket that is gone can be tried again
    return fault == ALOFT_SOCKET_LATER ? ALOFT_ERR_NET_UNREACHABLE : fault;
}

// Says lwIP of a peer that refused, ECONNRESET; of one that never answered, ECONNABORTED.
static int32_t connected(void *ctx, int fd)
{
    struct timeval now = {.tv_sec = 0};
    fd_set writes;
    int error = 0;
    socklen_t len = sizeof error;
    (void)ctx;
    FD_ZERO(&writes);
    FD_SET(fd, &writes);
    if (select(fd + 1, NULL, &writes, NULL, &now) <= 0) {
        return ALOFT_SOCKET_LATER;
    }
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0) {
        error = errno;
    }
    error = error == ECONNRESET ? ECONNREFUSED : error == ECONNABORTED ? ETIMEDOUT : error;
    return error == 0 ? ALOFT_SOCKET_DONE : fault_of(error);
}

static int32_t accept_next(void *ctx, int listen_fd, int *fd, struct aloft_socket_addr *from)
{
    socklen_t len = sizeof from->opaque;
    (void)ctx;
    *fd = accept(listen_fd, (struct sockaddr *)(void *)from->opaque, &len);
    if (*fd >= 0 && !never_block(*fd)) {
        (void)close(*fd);
        *fd = -1;
    }
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
    const struct sockaddr *sa = sockaddr_of(addr);
    (void)ctx;
    *out = (struct aloft_way_peer){.port = 0};
    if (sa->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)addr->opaque;
        out->port = ntohs(in->sin_port);
        return inet_ntop(AF_INET, &in->sin_addr, out->host, sizeof out->host) != NULL;
    }
#if CONFIG_LWIP_IPV6
    if (sa->sa_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)addr->opaque;
        out->port = ntohs(in6->sin6_port);
        return inet_ntop(AF_INET6, &in6->sin6_addr, out->host, sizeof out->host) != NULL;
    }
#endif
    return false;
}

static bool numeric(void *ctx, const struct aloft_way_peer *peer, struct aloft_socket_addr *out)
{
    (void)ctx;
    return peer->host[0] != '\0' && aloft_lwip_parse(peer->host, peer->port, out);
}

const struct aloft_sockets aloft_lwip_sockets = {
    .wait = wait_for,
    .look_up = aloft_lwip_look_up,
    .found = aloft_lwip_found,
    .drop = aloft_lwip_drop,
    .open = open_socket,
    .connected = connected,
    .accept = accept_next,
    .recv = recv_some,
    .send = send_some,
    .finish = finish,
    .close = close_socket,
    .text = text_of,
    .numeric = numeric,
};
