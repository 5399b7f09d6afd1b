// Sockets of lwIP. An address is its struct sockaddr.
#include "lwip_sockets.h"
#include "lwip_lookup.h"
#include "ports/portlib/sockets/bsd.h"
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

static int32_t open_socket(void *ctx, enum aloft_socket_kind kind,
                           const struct aloft_socket_addr *addr, int *fd, const char **hint)
{
    (void)ctx;
    *fd = socket(aloft_bsd_addr(addr)->sa_family, aloft_bsd_type(kind), 0);
    int error = *fd < 0 || !never_block(*fd) ? errno : aloft_bsd_begin(*fd, kind, addr, BACKLOG);
    if (error == ENFILE || error == EMFILE || error == ENOBUFS) {
        *hint = ": no socket is free; raise CONFIG_LWIP_MAX_SOCKETS";
    }
    return error == 0 ? ALOFT_SOCKET_DONE : aloft_bsd_give_up(*fd, error);
}

// Says lwIP of a peer that refused, ECONNRESET; of one that never answered, ECONNABORTED.
static int32_t connected(void *ctx, int fd)
{
    struct timeval now = {.tv_sec = 0};
    fd_set writes;
    (void)ctx;
    FD_ZERO(&writes);
    FD_SET(fd, &writes);
    if (select(fd + 1, NULL, &writes, NULL, &now) <= 0) {
        return ALOFT_SOCKET_LATER;
    }
    int error = aloft_bsd_error(fd);
    error = error == ECONNRESET ? ECONNREFUSED : error == ECONNABORTED ? ETIMEDOUT : error;
    return error == 0 ? ALOFT_SOCKET_DONE : aloft_bsd_fault(error);
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

static bool text_of(void *ctx, const struct aloft_socket_addr *addr, struct aloft_way_peer *out)
{
    const struct sockaddr *sa = aloft_bsd_addr(addr);
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
    .recv = aloft_bsd_recv,
    .send = aloft_bsd_send,
    .finish = aloft_bsd_finish,
    .close = aloft_bsd_close,
    .text = text_of,
    .numeric = numeric,
};
