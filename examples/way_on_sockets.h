// Runs one way (aloft/way.h) over POSIX sockets, as the port of a device runs all of its ways.
// Bytes that the way does not take yet stay in their socket. It waits in connect and send, which
// suffices for a PC; on a device both must not block, as other ways wait meanwhile.
#ifndef WAY_ON_SOCKETS_H
#define WAY_ON_SOCKETS_H

#include <aloft/way.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct way_socket {
    int fd;       // of the connection; -1: none
    int listener; // of what listens, as long as it does; -1: none
    bool udp;
    bool ended; // the peer sends no more
};
static struct way_socket way_sockets[ALOFT_WAY_IDS] = {
    {-1, -1, 0, 0}, {-1, -1, 0, 0}, {-1, -1, 0, 0}, {-1, -1, 0, 0}};

static inline uint32_t way_now(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint32_t)now.tv_sec * 1000u + (uint32_t)(now.tv_nsec / 1000000);
}

// Bytes that nobody can guess, as push wants them.
static inline void way_random(void *ctx, uint8_t *out, uint32_t len)
{
    (void)ctx;
    if (getrandom(out, len, 0) != (ssize_t)len) {
        abort(); // rather than to go on with bytes that can be guessed
    }
}

static inline struct aloft_way_peer way_peer(const struct sockaddr_storage *from, socklen_t len)
{
    struct aloft_way_peer peer = {.port = 0};
    char port[8] = "";
    (void)getnameinfo((const struct sockaddr *)from, len, peer.host, sizeof peer.host, port,
                      sizeof port, NI_NUMERICHOST | NI_NUMERICSERV);
    peer.port = (uint16_t)strtoul(port, NULL, 10);
    return peer;
}

// What listens, listens on this machine alone. -1: it cannot be had.
static inline int way_socket_for(const struct aloft_request *request)
{
    char host[1024];
    char port[8];
    struct addrinfo *at = NULL;
    const struct addrinfo hints = {.ai_socktype =
                                       request->link == ALOFT_LINK_UDP ? SOCK_DGRAM : SOCK_STREAM};
    bool binds = request->link == ALOFT_LINK_LISTEN || request->host_len == 0;
    (void)snprintf(host, sizeof host, "%.*s", (int)request->host_len, request->host);
    (void)snprintf(port, sizeof port, "%u", (unsigned)request->port);
    if (request->tls || getaddrinfo(host[0] != 0 ? host : "127.0.0.1", port, &hints, &at) != 0) {
        return -1; // with TLS the port opens it, and checks the server's certificate
    }
    int fd = socket(at->ai_family, at->ai_socktype, 0);
    bool good = fd >= 0 && (binds ? bind(fd, at->ai_addr, at->ai_addrlen) == 0
                                  : connect(fd, at->ai_addr, at->ai_addrlen) == 0);
    good = good && (request->link != ALOFT_LINK_LISTEN || listen(fd, 4) == 0);
    freeaddrinfo(at);
    if (!good && fd >= 0) {
        (void)close(fd);
    }
    return good ? fd : -1;
}

static inline void way_close(struct way_socket *link)
{
    int *fd = link->fd >= 0 ? &link->fd : &link->listener; // the peer first, then the listener
    if (*fd >= 0) {
        (void)close(*fd);
    }
    *fd = -1;
    link->ended = false;
}

static inline void way_carry_out(const struct aloft_way *way, const struct aloft_request *request)
{
    struct way_socket *link = &way_sockets[request->id];
    if (request->kind == ALOFT_REQUEST_CLOSE) {
        way_close(link);
        return;
    }
    int fd = way_socket_for(request);
    if (fd < 0) {
        way->ops->failed(way->ctx, request->id, ALOFT_ERR_NET_REFUSED, way_now());
    } else if (request->link == ALOFT_LINK_LISTEN) {
        link->listener = fd; // a peer is told as opened
    } else {
        link->fd = fd;
        link->udp = request->link == ALOFT_LINK_UDP;
        way->ops->opened(way->ctx, request->id, NULL, way_now());
    }
}

static inline void way_send(const struct aloft_way *way, uint8_t id)
{
    const struct way_socket *link = &way_sockets[id];
    uint8_t piece[ALOFT_WAY_PIECE];
    struct aloft_way_peer to;
    uint32_t len;
    while (link->fd >= 0 && (len = way->ops->send(way->ctx, id, &to, piece, sizeof piece)) > 0) {
        struct addrinfo *at = NULL;
        char port[8];
        (void)snprintf(port, sizeof port, "%u", to.port);
        if (!link->udp) {
            (void)send(link->fd, piece, len, MSG_NOSIGNAL); // a broken link is seen when it is read
        } else if (getaddrinfo(to.host, port, NULL, &at) == 0) {
            (void)sendto(link->fd, piece, len, 0, at->ai_addr, at->ai_addrlen);
            freeaddrinfo(at);
        }
    }
}

static inline void way_receive(const struct aloft_way *way, uint8_t id)
{
    struct way_socket *link = &way_sockets[id];
    uint8_t piece[ALOFT_WAY_PIECE];
    struct sockaddr_storage from;
    socklen_t from_len = sizeof from;
    if (link->fd < 0) {
        link->fd = accept(link->listener, (struct sockaddr *)&from, &from_len);
        struct aloft_way_peer peer = way_peer(&from, from_len);
        way->ops->opened(way->ctx, id, &peer, way_now());
        return;
    }
    ssize_t len =
        recvfrom(link->fd, piece, sizeof piece, MSG_PEEK, (struct sockaddr *)&from, &from_len);
    if (len > 0) {
        struct aloft_way_peer peer = way_peer(&from, from_len);
        uint32_t used = way->ops->feed(way->ctx, id, &peer, piece, (uint32_t)len, way_now());
        if (used > 0) {
            (void)recv(link->fd, piece, used, 0); // of a datagram, all of it
        }
    } else if (len == 0 && !link->udp) {
        link->ended = true;
        way->ops->closed(way->ctx, id, way_now());
    } else if (len < 0) {
        way_close(link);
        way->ops->failed(way->ctx, id, ALOFT_ERR_NET_RESET, way_now());
    }
}

// One round: requests, a step, bytes out, bytes in. Call it again until it says RESTART, or until
// what was begun has ended.
static inline enum aloft_way_state way_run(const struct aloft_way *way)
{
    struct pollfd fds[ALOFT_WAY_IDS];
    for (struct aloft_request request; way->ops->request(way->ctx, &request);) {
        way_carry_out(way, &request);
    }
    enum aloft_way_state state = way->ops->step(way->ctx, way_now());
    for (uint8_t id = 0; id < ALOFT_WAY_IDS; id++) {
        const struct way_socket *link = &way_sockets[id];
        way_send(way, id);
        fds[id] = (struct pollfd){link->fd >= 0 ? link->fd : link->listener, POLLIN, 0};
        fds[id].fd = link->ended ? -1 : fds[id].fd;
    }
    int32_t wait = (int32_t)(way->ops->deadline(way->ctx) - way_now());
    wait = state != ALOFT_WAY_WAIT || wait < 0 ? 0 : wait;
    if (poll(fds, ALOFT_WAY_IDS, wait < 100 ? wait : 100) > 0) {
        for (uint8_t id = 0; id < ALOFT_WAY_IDS; id++) {
            if (fds[id].revents != 0) {
                way_receive(way, id);
            }
        }
    }
    return state;
}

#endif
