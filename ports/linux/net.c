// One struct link for each of the four ids, each a small machine:
//
//   CLOSED --open--> RESOLVING --> CONNECTING --> (TLS: SECURING -->) OPEN --peer closed--> ENDED
//                        |    listen: --> LISTENING --accept------------^                     |
//                        |                   ^------- DRAINING <--close-----------------------+
//   any fault: the way is told; CLOSED, or LISTENING again
//
// A received piece waits in its link until its way has taken all of it; only then is the next one
// read, so a slow flash slows the sender through TCP.
#include "ports/linux/net.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { HOST_MAX = 1024, POLL_MS_MAX = 250, RESOLVE_POLL_MS = 10, OUT_CAP = 1024, BACKLOG = 8 };
// Of a peer that was let go: in silence, and while it still sends.
#define DRAIN_MS     3000u
#define DRAIN_MAX_MS 10000u

enum link_state { CLOSED, RESOLVING, CONNECTING, SECURING, LISTENING, OPEN, ENDED, DRAINING };

struct link {
    enum link_state state;
    enum aloft_link kind;
    const struct aloft_way *way;
    int fd;                    // -1: none
    int error;                 // errno of the last address that was tried
    int listen_fd;             // -1: none; stays while peers come and go
    struct addrinfo *found;    // all addresses of the host
    const struct addrinfo *at; // the one that is tried
    struct gaicb lookup;       // the name lookup that runs beside us
    struct addrinfo hints;
    bool heard;            // something came from the peer
    bool secure;           // TLS is wanted
    bool tls_writes;       // and waits for the socket to take bytes
    struct aloft_tls *tls; // NULL: none yet
    bool bound;            // UDP that answers whoever has sent
    struct sockaddr_storage from;
    socklen_t from_len;
    struct sockaddr_storage to; // of the datagram that is sent
    socklen_t to_len;
    uint32_t drain_until_ms;
    uint32_t in_len; // bytes received
    uint32_t in_off; // of these, taken by the way
    uint32_t out_len;
    uint32_t out_off;
    char host[HOST_MAX + 1];
    char service[8];
    uint8_t in[ALOFT_WAY_PIECE];
    uint8_t out[OUT_CAP];
};

struct aloft_net {
    struct aloft_board *board;
    const char *listen_on;
    const struct aloft_way *ways[ALOFT_WAY_IDS];
    struct link links[ALOFT_WAY_IDS];
    void (*trust)(void *ctx, struct aloft_tls_trust *out); // NULL: nobody
    void *trust_ctx;
    struct aloft_tls_client *tls; // of the update that is under way; NULL: none
    bool restart;                 // asked for
};

static uint32_t now_ms(const struct aloft_net *net)
{
    return aloft_board_now_ms(net->board);
}

struct aloft_net *aloft_net_new(struct aloft_board *board, const char *listen_on)
{
    struct aloft_net *net = calloc(1, sizeof *net);
    for (int id = 0; net != NULL && id < ALOFT_WAY_IDS; id++) {
        net->board = board;
        net->listen_on = listen_on;
        net->links[id].fd = -1;
        net->links[id].listen_fd = -1;
    }
    return net;
}

// Ends a name lookup. One that has begun cannot be stopped and will still write to its request, so
// its end is waited for; with a dead name server that takes longer than the watchdog's patience.
static void end_lookup(const struct aloft_net *net, struct link *link)
{
    const struct gaicb *const list[1] = {&link->lookup};
    const struct timespec moment = {0, 100000000};
    while (gai_cancel(&link->lookup) == EAI_NOTCANCELED) {
        (void)gai_suspend(list, 1, &moment);
        aloft_board_feed_watchdog(net->board);
    }
    link->found = link->lookup.ar_result;
}

static void close_fd(int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd); // what was sent is sent; what comes is not wanted
    }
    *fd = -1;
}

// Everything of the link, its listener too.
static void link_close(const struct aloft_net *net, struct link *link)
{
    const struct aloft_way *way = link->way;
    if (link->state == RESOLVING) {
        end_lookup(net, link);
    }
    aloft_tls_end(link->tls);
    close_fd(&link->fd);
    close_fd(&link->listen_fd);
    if (link->found != NULL) {
        freeaddrinfo(link->found);
    }
    memset(link, 0, sizeof *link);
    link->fd = -1;
    link->listen_fd = -1;
    link->way = way;
}

// The peer is gone; the next one may come.
static void listen_again(struct link *link)
{
    close_fd(&link->fd);
    link->in_len = link->in_off = link->out_len = link->out_off = 0;
    link->state = LISTENING;
}

static void link_fail(struct aloft_net *net, uint8_t id, enum aloft_err err)
{
    struct link *link = &net->links[id];
    if (link->fd < 0 && (link->kind == ALOFT_LINK_LISTEN || link->bound)) {
        bool denied = link->error == EACCES;
        aloft_board_log(net->board, 'E', "net", "Port %s of %s cannot be had%s", link->service,
                        link->host,
                        denied ? ": ports below 1024 are root's on this machine. Give the image "
                                 "another one, as --set web_port=8080 (aloft board settings)"
                               : "; is it in use?");
    }
    if (link->fd >= 0 && link->listen_fd >= 0) {
        listen_again(link);
    } else {
        link_close(net, link);
    }
    link->way->ops->failed(link->way->ctx, id, err, now_ms(net));
}

// Logs the certificate, to help find the cause.
static void tls_fail(struct aloft_net *net, uint8_t id)
{
    const struct link *link = &net->links[id];
    const char *about = aloft_tls_about(link->tls);
    enum aloft_err err = aloft_tls_err(link->tls);
    if (about[0] != 0 && err != ALOFT_ERR_TLS_CUT) {
        aloft_board_log(net->board, 'W', "tls", "%s port %s showed a certificate of %s", link->host,
                        link->service, about);
    }
    link_fail(net, id, err);
}

// Most servers that wait for TLS end a connection that begins otherwise without a word.
static void suspect_https(const struct aloft_net *net, uint8_t id)
{
    const struct link *link = &net->links[id];
    if (id == ALOFT_WAY_ID_PULL && !link->secure && !link->heard) {
        aloft_board_log(net->board, 'W', "net",
                        "%s ended the connection without an answer; is port %s one of https? Then "
                        "the URL must begin with https://",
                        link->host, link->service);
    }
}

static enum aloft_err err_of(int error)
{
    switch (error) {
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

static struct aloft_way_peer peer_of(const struct sockaddr_storage *addr, socklen_t len)
{
    struct aloft_way_peer peer = {.port = 0};
    char service[8] = "";
    // The buffers are large enough for any address; an unknown family stays without a name.
    (void)getnameinfo((const struct sockaddr *)addr, len, peer.host, sizeof peer.host, service,
                      sizeof service, NI_NUMERICHOST | NI_NUMERICSERV);
    peer.port = (uint16_t)strtoul(service, NULL, 10);
    return peer;
}

static void opened(struct aloft_net *net, uint8_t id)
{
    struct link *link = &net->links[id];
    struct aloft_way_peer peer = peer_of(&link->from, link->from_len);
    link->state = OPEN;
    link->way->ops->opened(link->way->ctx, id, &peer, now_ms(net));
}

// Makes a socket for the address that is to be tried. 0, or errno.
static int try_address(struct link *link)
{
    const struct addrinfo *at = link->at;
    const int on = 1;
    int fd = socket(at->ai_family, at->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, at->ai_protocol);
    if (fd < 0) {
        return errno;
    }
    bool listens = link->kind == ALOFT_LINK_LISTEN;
    *(listens ? &link->listen_fd : &link->fd) = fd;
    link->state = listens ? LISTENING : CONNECTING;
    if (listens || link->bound) {
        if (listens) { // comfort only; with datagrams it would take them from who has the port
            (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        }
        if (bind(fd, at->ai_addr, at->ai_addrlen) != 0) {
            return errno;
        }
        return listens && listen(fd, BACKLOG) != 0 ? errno : 0;
    }
    memcpy(&link->from, at->ai_addr, at->ai_addrlen);
    link->from_len = at->ai_addrlen;
    if (connect(fd, at->ai_addr, at->ai_addrlen) != 0 && errno != EINPROGRESS) {
        return errno;
    }
    return 0;
}

// Tries addresses from link->at on; `error` is why the one before could not be used.
static void try_addresses(struct aloft_net *net, uint8_t id, int error)
{
    struct link *link = &net->links[id];
    while (link->at != NULL) {
        error = try_address(link);
        if (error == 0) {
            return;
        }
        close_fd(&link->fd);
        close_fd(&link->listen_fd);
        link->at = link->at->ai_next;
    }
    link->error = error;
    link_fail(net, id, err_of(error));
}

static void resolved(struct aloft_net *net, uint8_t id)
{
    struct link *link = &net->links[id];
    int error = gai_error(&link->lookup);
    if (error == EAI_INPROGRESS) {
        return;
    }
    link->state = CONNECTING;
    link->found = link->lookup.ar_result;
    link->at = link->found;
    if (error != 0) {
        link_fail(net, id, ALOFT_ERR_NET_DNS);
        return;
    }
    try_addresses(net, id, EHOSTUNREACH);
}

// The client of this update. Errors: TLS_NO_TRUST, of which the reason is told; CRYPTO.
static enum aloft_err tls_client(struct aloft_net *net)
{
    struct aloft_tls_trust trust = {.ca = NULL};
    const char *why = "";
    if (net->tls != NULL) {
        return ALOFT_OK;
    }
    if (net->trust != NULL) {
        net->trust(net->trust_ctx, &trust);
    }
    enum aloft_err err = aloft_tls_client_new(&trust, &net->tls, &why);
    if (err == ALOFT_ERR_TLS_NO_TRUST) {
        aloft_board_log(net->board, 'W', "tls", "Nobody can be trusted: %s", why);
    }
    return err;
}

static void open_link(struct aloft_net *net, const struct aloft_request *request)
{
    struct link *link = &net->links[request->id];
    struct gaicb *list[1] = {&link->lookup};
    link_close(net, link);
    link->kind = request->link;
    link->secure = request->tls;
    enum aloft_err err = request->tls ? tls_client(net) : ALOFT_OK;
    if (err != ALOFT_OK) {
        link_fail(net, request->id, err);
        return;
    }
    link->bound = request->link == ALOFT_LINK_UDP && request->host_len == 0;
    bool passive = link->bound || request->link == ALOFT_LINK_LISTEN;
    bool anywhere = passive && request->host_len == 0;
    (void)snprintf(link->host, sizeof link->host, "%.*s",
                   anywhere ? HOST_MAX : (int)request->host_len,
                   anywhere ? net->listen_on : request->host);
    (void)snprintf(link->service, sizeof link->service, "%u", request->port);
    link->hints.ai_socktype = request->link == ALOFT_LINK_UDP ? SOCK_DGRAM : SOCK_STREAM;
    link->hints.ai_family = AF_UNSPEC;
    link->hints.ai_flags = AI_NUMERICSERV | (passive ? AI_PASSIVE : 0);
    link->lookup.ar_name = link->host[0] != 0 ? link->host : NULL;
    link->lookup.ar_service = link->service;
    link->lookup.ar_request = &link->hints;
    if (getaddrinfo_a(GAI_NOWAIT, list, 1, NULL) != 0) {
        link_fail(net, request->id, ALOFT_ERR_NET_DNS);
        return;
    }
    link->state = RESOLVING;
}

static void secure(struct aloft_net *net, uint8_t id)
{
    struct link *link = &net->links[id];
    uint16_t port = (uint16_t)strtoul(link->service, NULL, 10);
    enum aloft_err err = aloft_tls_begin(net->tls, link->fd, link->host, port, &link->tls);
    link->state = SECURING;
    if (err != ALOFT_OK) {
        link_fail(net, id, err);
    }
}

// Does one slice of the handshake. True when the next one can follow at once.
static bool handshake(struct aloft_net *net, uint8_t id)
{
    struct link *link = &net->links[id];
    enum aloft_tls_result result = aloft_tls_handshake(link->tls);
    link->tls_writes = result == ALOFT_TLS_WANT_WRITE;
    if (result == ALOFT_TLS_DONE) {
        opened(net, id);
    } else if (result == ALOFT_TLS_FAILED) {
        tls_fail(net, id);
    }
    return result != ALOFT_TLS_WANT_READ && result != ALOFT_TLS_WANT_WRITE;
}

static void connected(struct aloft_net *net, uint8_t id)
{
    struct link *link = &net->links[id];
    struct pollfd fd = {link->fd, POLLOUT, 0};
    int error = 0;
    socklen_t len = sizeof error;
    if (poll(&fd, 1, 0) <= 0) {
        return;
    }
    if (getsockopt(link->fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0) {
        error = errno;
    }
    if (error == 0 && link->secure) {
        secure(net, id);
        return;
    }
    if (error == 0) {
        opened(net, id);
        return;
    }
    close_fd(&link->fd); // it never was a connection
    link->at = link->at->ai_next;
    try_addresses(net, id, error);
}

static void accepted(struct aloft_net *net, uint8_t id)
{
    struct link *link = &net->links[id];
    link->from_len = sizeof link->from;
    link->fd = accept4(link->listen_fd, (struct sockaddr *)&link->from, &link->from_len,
                       SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (link->fd >= 0) { // else nobody is there yet, or gone again
        opened(net, id);
    }
}

static bool flush_tls(struct link *link)
{
    uint32_t len;
    enum aloft_tls_result result =
        aloft_tls_write(link->tls, link->out + link->out_off, link->out_len - link->out_off, &len);
    link->out_off = result == ALOFT_TLS_FAILED ? link->out_len : link->out_off + len;
    return result == ALOFT_TLS_DONE || result == ALOFT_TLS_BUSY;
}

// Hands on what waits in the link. True when something moved. A failed send is no news: the peer
// may have answered before it closed, and reading will tell.
static bool flush(struct link *link)
{
    if (link->out_off == link->out_len) {
        return false;
    }
    if (link->tls != NULL) {
        return flush_tls(link);
    }
    const struct sockaddr *to = link->bound ? (const struct sockaddr *)&link->to : NULL;
    ssize_t n = sendto(link->fd, link->out + link->out_off, link->out_len - link->out_off,
                       MSG_NOSIGNAL, to, link->bound ? link->to_len : 0);
    if (n < 0) {
        if (errno != EAGAIN && errno != EINTR) {
            link->out_off = link->out_len;
        }
        return false;
    }
    link->out_off += (uint32_t)n;
    return true;
}

// Where a datagram goes; the way has the text from peer_of.
static void address(struct link *link, const struct aloft_way_peer *to)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_DGRAM,
                                   .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
    struct addrinfo *found;
    char service[8];
    (void)snprintf(service, sizeof service, "%u", to->port);
    if (getaddrinfo(to->host, service, &hints, &found) != 0) {
        link->out_off = link->out_len; // nobody can be reached there
        return;
    }
    memcpy(&link->to, found->ai_addr, found->ai_addrlen);
    link->to_len = found->ai_addrlen;
    freeaddrinfo(found);
}

static bool send_some(struct link *link, uint8_t id)
{
    if (link->out_off == link->out_len) {
        struct aloft_way_peer to = {.port = 0};
        link->out_len = link->way->ops->send(link->way->ctx, id, &to, link->out, sizeof link->out);
        link->out_off = 0;
        if (link->bound && link->out_len > 0) {
            address(link, &to);
        }
    }
    return flush(link);
}

static void peer_closed(struct aloft_net *net, uint8_t id)
{
    struct link *link = &net->links[id];
    suspect_https(net, id);
    link->state = ENDED;
    link->way->ops->closed(link->way->ctx, id, now_ms(net));
}

// Receives the next piece. Both return true when something came: bytes, the end, or a fault.
static bool receive(struct aloft_net *net, uint8_t id)
{
    struct link *link = &net->links[id];
    struct sockaddr *from = link->bound ? (struct sockaddr *)&link->from : NULL;
    link->from_len = link->bound ? sizeof link->from : link->from_len;
    ssize_t n = recvfrom(link->fd, link->in, sizeof link->in, 0, from,
                         link->bound ? &link->from_len : NULL);
    if (n < 0) {
        bool later = errno == EAGAIN || errno == EINTR || link->bound;
        if (!later) {
            enum aloft_err err = err_of(errno);
            suspect_https(net, id);
            link_fail(net, id, err);
        }
        return !later;
    }
    if (n == 0 && link->kind != ALOFT_LINK_UDP) {
        peer_closed(net, id);
    } else {
        link->in_len = (uint32_t)n;
        link->heard = true;
    }
    return true;
}

static bool receive_tls(struct aloft_net *net, uint8_t id)
{
    struct link *link = &net->links[id];
    enum aloft_tls_result result =
        aloft_tls_read(link->tls, link->in, sizeof link->in, &link->in_len);
    link->tls_writes = result == ALOFT_TLS_WANT_WRITE;
    if (result == ALOFT_TLS_ENDED) {
        peer_closed(net, id);
    } else if (result == ALOFT_TLS_FAILED) {
        tls_fail(net, id);
    }
    return result != ALOFT_TLS_WANT_READ && result != ALOFT_TLS_WANT_WRITE;
}

// Byte path 1/12: a byte leaves the socket here, at most a kilobyte at a time, and waits to be
// taken by core/agent/pull.c.
static bool read_connection(struct aloft_net *net, uint8_t id)
{
    struct link *link = &net->links[id];
    if (link->in_off == link->in_len) {
        link->in_off = link->in_len = 0;
        bool came = link->tls != NULL ? receive_tls(net, id) : receive(net, id);
        if (!came || link->state != OPEN || (link->tls != NULL && link->in_len == 0)) {
            return came;
        }
    }
    struct aloft_way_peer peer = peer_of(&link->from, link->from_len);
    uint32_t taken = link->way->ops->feed(link->way->ctx, id, &peer, link->in + link->in_off,
                                          link->in_len - link->in_off, now_ms(net));
    if (taken > 0 && link->bound) {
        taken = link->in_len - link->in_off; // a datagram is taken whole
    }
    link->in_off += taken;
    return taken > 0;
}

// The way has done with this peer: deliver, and hear it out for a moment.
static void drain(const struct aloft_net *net, struct link *link)
{
    uint8_t dropped[ALOFT_WAY_PIECE];
    (void)flush(link);
    if (link->out_off == link->out_len) {
        (void)shutdown(link->fd, SHUT_WR); // gone already is as good
    }
    ssize_t n = recv(link->fd, dropped, sizeof dropped, 0);
    bool gone = n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
    // Closed on top of what still comes, the peer's system would throw the answer away.
    int32_t late = (int32_t)(now_ms(net) - link->drain_until_ms);
    if (gone || late >= (n > 0 ? (int32_t)(DRAIN_MAX_MS - DRAIN_MS) : 0)) {
        listen_again(link);
    }
}

// Moves one link on. True when its way should be stepped again at once.
static bool pump(struct aloft_net *net, uint8_t id)
{
    struct link *link = &net->links[id];
    enum link_state before = link->state;
    bool sent;
    switch (link->state) {
    case RESOLVING:
        resolved(net, id);
        break;
    case CONNECTING:
        connected(net, id);
        break;
    case SECURING:
        return handshake(net, id);
    case LISTENING:
        accepted(net, id);
        break;
    case OPEN:
        sent = send_some(link, id);
        return read_connection(net, id) || sent;
    case DRAINING:
        drain(net, link);
        break;
    case ENDED:
        return send_some(link, id); // it may still want its answer
    case CLOSED:
        break;
    }
    return link->state != before;
}

static void close_link(struct aloft_net *net, uint8_t id)
{
    struct link *link = &net->links[id];
    if (link->listen_fd >= 0 && link->fd >= 0) {
        link->state = DRAINING;
        link->drain_until_ms = now_ms(net) + DRAIN_MS;
    } else {
        link_close(net, link);
    }
}

static bool is_draining(const struct aloft_net *net)
{
    for (int id = 0; id < ALOFT_WAY_IDS; id++) {
        if (net->links[id].state == DRAINING) {
            return true;
        }
    }
    return false;
}

void aloft_net_trust(struct aloft_net *net, void (*fn)(void *ctx, struct aloft_tls_trust *out),
                     void *ctx)
{
    net->trust = fn;
    net->trust_ctx = ctx;
}

// --- ways

enum aloft_err aloft_net_add(struct aloft_net *net, const struct aloft_way *way)
{
    for (uint8_t id = 0; id < ALOFT_WAY_IDS; id++) {
        if ((way->ids >> id & 1) != 0 && net->ways[id] != NULL) {
            return ALOFT_ERR_ARG;
        }
    }
    for (uint8_t id = 0; id < ALOFT_WAY_IDS; id++) {
        if ((way->ids >> id & 1) != 0) {
            net->ways[id] = way;
            net->links[id].way = way;
        }
    }
    return ALOFT_OK;
}

void aloft_net_remove(struct aloft_net *net, const struct aloft_way *way)
{
    for (uint8_t id = 0; id < ALOFT_WAY_IDS; id++) {
        if (net->ways[id] == way) {
            link_close(net, &net->links[id]);
            net->ways[id] = NULL;
        }
    }
    for (uint8_t id = 0; id < ALOFT_WAY_IDS; id++) {
        if (net->links[id].secure) {
            return; // another way's
        }
    }
    aloft_tls_client_free(net->tls);
    net->tls = NULL;
}

static void carry_out_requests(struct aloft_net *net, const struct aloft_way *way)
{
    struct aloft_request request;
    while (way->ops->request(way->ctx, &request)) {
        if (request.kind == ALOFT_REQUEST_OPEN) {
            open_link(net, &request);
        } else {
            close_link(net, request.id);
        }
    }
}

// The lowest id of a way stands for it, so that a way of two ids is stepped once.
static bool is_first_id(const struct aloft_net *net, uint8_t id)
{
    const struct aloft_way *way = net->ways[id];
    return way != NULL && (way->ids & ((1u << id) - 1)) == 0;
}

// Nothing moved: sleep until a socket is ready or a deadline, but never so long that the watchdog
// gets hungry.
static void wait_for_input(struct aloft_net *net, uint32_t until_ms)
{
    struct pollfd fds[2 * ALOFT_WAY_IDS];
    nfds_t count = 0;
    int32_t left = (int32_t)(until_ms - now_ms(net));
    for (uint8_t id = 0; id < ALOFT_WAY_IDS; id++) {
        const struct link *link = &net->links[id];
        const struct aloft_way *way = net->ways[id];
        if (is_first_id(net, id)) {
            int32_t due = (int32_t)(way->ops->deadline(way->ctx) - now_ms(net));
            left = due < left ? due : left;
        }
        if ((link->state == RESOLVING || link->state == DRAINING) && left > RESOLVE_POLL_MS) {
            left = RESOLVE_POLL_MS;
        }
        bool writes =
            link->state == CONNECTING || link->tls_writes || link->out_off < link->out_len;
        short events = (short)(writes ? POLLIN | POLLOUT : POLLIN);
        if (link->fd >= 0 && link->state != ENDED) {
            fds[count++] = (struct pollfd){link->fd, events, 0};
        } else if (link->state == LISTENING) {
            fds[count++] = (struct pollfd){link->listen_fd, POLLIN, 0};
        }
    }
    left = left < 0 ? 0 : left > POLL_MS_MAX ? POLL_MS_MAX : left;
    (void)poll(fds, count, left); // what is ready is found by trying
}

static bool pump_way(struct aloft_net *net, const struct aloft_way *way)
{
    bool moved = false;
    for (uint8_t id = 0; id < ALOFT_WAY_IDS; id++) {
        moved |= (way->ids >> id & 1) != 0 && pump(net, id);
    }
    return moved;
}

// What came is heard before the way looks at the clock: on a busy machine both may be due, and a
// peer that spoke in time is not to be given up.
bool aloft_net_turn(struct aloft_net *net, uint32_t until_ms)
{
    bool moved = false;
    aloft_board_feed_watchdog(net->board);
    for (uint8_t id = 0; id < ALOFT_WAY_IDS; id++) {
        if (!is_first_id(net, id)) {
            continue;
        }
        const struct aloft_way *way = net->ways[id];
        moved |= pump_way(net, way);
        enum aloft_way_state state = way->ops->step(way->ctx, now_ms(net));
        carry_out_requests(net, way);
        aloft_board_feed_watchdog(net->board);
        net->restart = net->restart || state == ALOFT_WAY_RESTART;
        moved |= pump_way(net, way) || state == ALOFT_WAY_BUSY;
    }
    aloft_board_listen(net->board);
    if (!moved) {
        wait_for_input(net, until_ms);
    }
    return net->restart && !is_draining(net);
}
