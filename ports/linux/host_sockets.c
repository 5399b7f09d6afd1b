// Sockets of the host. An address is its struct sockaddr.
#include "ports/linux/host_sockets.h"
#include "ports/linux/host_lookup.h"
#include "ports/portlib/sockets/bsd.h"
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

enum { BACKLOG = 8 };

_Static_assert(sizeof(struct sockaddr_in6) <= ALOFT_SOCKET_ADDR_LEN, "an address fits");

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

static int32_t open_socket(void *ctx, enum aloft_socket_kind kind,
                           const struct aloft_socket_addr *addr, int *fd, const char **hint)
{
    (void)ctx;
    *fd = socket(aloft_bsd_addr(addr)->sa_family,
                 aloft_bsd_type(kind) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int error = *fd < 0 ? errno : aloft_bsd_begin(*fd, kind, addr, BACKLOG);
    if (error == EACCES) {
        *hint = ": ports below 1024 are root's on this machine. Give the image another one, as "
                "--set web_port=8080 (aloft board settings)";
    }
    return error == 0 ? ALOFT_SOCKET_DONE : aloft_bsd_give_up(*fd, error);
}

static int32_t connected(void *ctx, int fd)
{
    struct pollfd poller = {fd, POLLOUT, 0};
    (void)ctx;
    if (poll(&poller, 1, 0) <= 0) {
        return ALOFT_SOCKET_LATER;
    }
    int error = aloft_bsd_error(fd);
    return error == 0 ? ALOFT_SOCKET_DONE : aloft_bsd_fault(error);
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

static bool text_of(void *ctx, const struct aloft_socket_addr *addr, struct aloft_way_peer *out)
{
    char service[8] = "";
    (void)ctx;
    *out = (struct aloft_way_peer){.port = 0};
    if (getnameinfo(aloft_bsd_addr(addr), addr->len, out->host, sizeof out->host, service,
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
    .recv = aloft_bsd_recv,
    .send = aloft_bsd_send,
    .finish = aloft_bsd_finish,
    .close = aloft_bsd_close,
    .text = text_of,
    .numeric = aloft_host_numeric,
};
