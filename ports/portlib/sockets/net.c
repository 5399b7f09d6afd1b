// One struct aloft_net_link for each id, each a small machine:
//
//   CLOSED --open--> RESOLVING --> CONNECTING --> (TLS: SECURING -->) OPEN --peer closed--> ENDED
//                        |    listen: --> LISTENING --accept------------^                     |
//                        |                   ^------- DRAINING <--close-----------------------+
//   any fault: the way is told; CLOSED, or LISTENING again
//
// A received piece waits in its link until its way has taken all of it; only then is the next one
// read, so a slow flash slows the sender through TCP.
#include "ports/portlib/sockets/net.h"
#include <string.h>

#define WAIT_MS_MAX 250u // so that the watchdog stays fed
// Of a peer that was let go: in silence, and while it still sends.
#define DRAIN_MS     3000u
#define DRAIN_MAX_MS 10000u

static uint32_t now_ms(const struct aloft_net *net)
{
    return net->port->now_ms(net->port->ctx);
}

static bool listens(const struct aloft_net_link *link)
{
    return !ALOFT_NET_CLIENT_ONLY && link->kind == ALOFT_SOCKET_LISTEN;
}

static bool is_bound(const struct aloft_net_link *link)
{
    return !ALOFT_NET_CLIENT_ONLY && link->kind == ALOFT_SOCKET_BIND;
}

static bool is_udp(const struct aloft_net_link *link)
{
    return is_bound(link) || (!ALOFT_NET_CLIENT_ONLY && link->kind == ALOFT_SOCKET_TALK);
}

// A peer of a listener is there.
static bool serves(const struct aloft_net_link *link)
{
    return listens(link) && link->listen_fd >= 0 && link->fd >= 0;
}

static void close_fd(const struct aloft_net *net, int *fd)
{
    if (*fd >= 0) {
        net->sockets->close(net->sockets->ctx,
                            *fd); // what was sent is sent; what comes is not wanted
    }
    *fd = -1;
}

static void drop_lookup(const struct aloft_net *net, struct aloft_net_link *link)
{
    if (link->lookup != NULL) {
        net->sockets->drop(net->sockets->ctx, link->lookup);
    }
    link->lookup = NULL;
}

static void link_init(struct aloft_net_link *link, const struct aloft_net_buffers *buffers,
                      const struct aloft_way *way)
{
    *link = (struct aloft_net_link){.buffers = *buffers, .way = way, .fd = -1, .listen_fd = -1};
    link->buffers.host[0] = 0;
}

// Everything of the link, its listener too.
static void link_close(const struct aloft_net *net, struct aloft_net_link *link)
{
    const struct aloft_net_buffers buffers = link->buffers;
    if (link->tls != NULL) {
        net->tls->end(link->tls);
    }
    drop_lookup(net, link);
    close_fd(net, &link->fd);
    close_fd(net, &link->listen_fd);
    link_init(link, &buffers, link->way);
}

// The peer is gone; the next one may come.
static void listen_again(const struct aloft_net *net, struct aloft_net_link *link)
{
    close_fd(net, &link->fd);
    link->in_len = link->in_off = link->out_len = link->out_off = 0;
    link->state = ALOFT_NET_LISTENING;
}

static void link_fail(struct aloft_net *net, uint8_t id, enum aloft_err err)
{
    struct aloft_net_link *link = net->links[id];
    if (link->fd < 0 && (listens(link) || is_bound(link))) {
        net->port->log(net->port->ctx, 'E', "net", "Port %u of %s cannot be had%s",
                       (unsigned)link->port, link->buffers.host,
                       link->hint != NULL ? link->hint : "; is it in use?");
    }
    if (serves(link)) {
        listen_again(net, link);
    } else {
        link_close(net, link);
    }
    link->way->ops->failed(link->way->ctx, id, err, now_ms(net));
}

// Logs the certificate, to help find the cause.
static void tls_fail(struct aloft_net *net, uint8_t id)
{
    const struct aloft_net_link *link = net->links[id];
    const char *about = net->tls->about(link->tls);
    enum aloft_err err = net->tls->err(link->tls);
    if (about[0] != 0 && err != ALOFT_ERR_TLS_CUT) {
        net->port->log(net->port->ctx, 'W', "tls", "%s port %u showed a certificate of %s",
                       link->buffers.host, (unsigned)link->port, about);
    }
    link_fail(net, id, err);
}

// Most servers that wait for TLS end a connection that begins otherwise without a word.
static void suspect_https(const struct aloft_net *net, uint8_t id)
{
    const struct aloft_net_link *link = net->links[id];
    if (id == ALOFT_WAY_ID_PULL && !link->secure && !link->heard) {
        net->port->log(net->port->ctx, 'W', "net",
                       "%s ended the connection without an answer; is port %u one of https? "
                       "Then the URL must begin with https://",
                       link->buffers.host, (unsigned)link->port);
    }
}

// An address that cannot be told stays without a name.
static struct aloft_way_peer peer_of(const struct aloft_net *net, const struct aloft_net_link *link)
{
    struct aloft_way_peer peer = {.port = 0};
    if (link->from.len > 0) {
        (void)net->sockets->text(net->sockets->ctx, &link->from, &peer);
    }
    return peer;
}

static void opened(struct aloft_net *net, uint8_t id)
{
    struct aloft_net_link *link = net->links[id];
    struct aloft_way_peer peer = peer_of(net, link);
    drop_lookup(net, link);
    link->state = ALOFT_NET_OPEN;
    link->way->ops->opened(link->way->ctx, id, &peer, now_ms(net));
}

// Makes a socket for the address.
static int32_t try_address(struct aloft_net *net, struct aloft_net_link *link,
                           const struct aloft_socket_addr *at)
{
    int *fd = listens(link) ? &link->listen_fd : &link->fd;
    int32_t result = net->sockets->open(net->sockets->ctx, link->kind, at, fd, &link->hint);
    if (result != ALOFT_SOCKET_DONE) {
        *fd = -1;
        return result;
    }
    if (!is_bound(link)) {
        link->from = *at;
    }
    link->state = listens(link) ? ALOFT_NET_LISTENING : ALOFT_NET_CONNECTING;
    return result;
}

// Tries addresses until one can be used, from where it left off; `fault` is what the one before
// had. While they are looked up there is none.
static void try_addresses(struct aloft_net *net, uint8_t id, int32_t fault)
{
    struct aloft_net_link *link = net->links[id];
    struct aloft_socket_addr at;
    int32_t found = net->sockets->found(net->sockets->ctx, link->lookup, link->tried, &at);
    while (found == ALOFT_SOCKET_DONE) {
        link->tried++;
        fault = try_address(net, link, &at);
        if (fault == ALOFT_SOCKET_DONE) {
            return;
        }
        found = net->sockets->found(net->sockets->ctx, link->lookup, link->tried, &at);
    }
    if (found != ALOFT_SOCKET_LATER) {
        link_fail(net, id, (enum aloft_err)(link->tried == 0 ? found : fault));
    }
}

// The client of this update. Errors: TLS_NO_TRUST, of which the reason is told; CRYPTO.
static enum aloft_err tls_client(struct aloft_net *net)
{
    struct aloft_tls_trust trust = {.ca = NULL};
    const char *why = "this firmware has no TLS";
    if (net->client != NULL) {
        return ALOFT_OK;
    }
    if (net->trust != NULL) {
        net->trust(net->trust_ctx, &trust);
    }
    enum aloft_err err = net->tls != NULL ? net->tls->client_new(&trust, &net->client, &why)
                                          : ALOFT_ERR_TLS_NO_TRUST;
    if (err == ALOFT_ERR_TLS_NO_TRUST) {
        net->port->log(net->port->ctx, 'W', "tls", "Nobody can be trusted: %s", why);
    }
    return err;
}

static enum aloft_socket_kind kind_of(const struct aloft_request *request)
{
    if (ALOFT_NET_CLIENT_ONLY) {
        return ALOFT_SOCKET_CONNECT;
    }
    if (request->link == ALOFT_LINK_UDP) {
        return request->host_len == 0 ? ALOFT_SOCKET_BIND : ALOFT_SOCKET_TALK;
    }
    return request->link == ALOFT_LINK_LISTEN ? ALOFT_SOCKET_LISTEN : ALOFT_SOCKET_CONNECT;
}

// False: it has more bytes than a name can have.
static bool set_host(struct aloft_net_link *link, const char *host, size_t len)
{
    if (len >= link->buffers.host_size) {
        return false;
    }
    memcpy(link->buffers.host, host, len);
    link->buffers.host[len] = 0;
    return true;
}

static void open_link(struct aloft_net *net, const struct aloft_request *request)
{
    struct aloft_net_link *link = net->links[request->id];
    link_close(net, link);
    link->kind = kind_of(request);
    link->port = (uint16_t)request->port;
    link->secure = request->tls;
    enum aloft_err err = request->tls ? tls_client(net) : ALOFT_OK;
    if (err != ALOFT_OK) {
        link_fail(net, request->id, err);
        return;
    }
    bool anywhere = (listens(link) || is_bound(link)) && request->host_len == 0;
    if (anywhere ? set_host(link, net->listen_on, strlen(net->listen_on))
                 : request->host_len > 0 && set_host(link, request->host, request->host_len)) {
        link->lookup =
            net->sockets->look_up(net->sockets->ctx, link->kind, link->buffers.host, link->port);
    }
    if (link->lookup == NULL) {
        link_fail(net, request->id, ALOFT_ERR_NET_DNS);
        return;
    }
    link->state = ALOFT_NET_RESOLVING;
}

static void secure(struct aloft_net *net, uint8_t id)
{
    struct aloft_net_link *link = net->links[id];
    enum aloft_err err = net->tls->begin(net->client, net->sockets, link->fd, link->buffers.host,
                                         link->port, &link->tls);
    drop_lookup(net, link);
    link->state = ALOFT_NET_SECURING;
    if (err != ALOFT_OK) {
        link_fail(net, id, err);
    }
}

// Does one slice of the handshake. True when the next one can follow at once.
static bool handshake(struct aloft_net *net, uint8_t id)
{
    struct aloft_net_link *link = net->links[id];
    enum aloft_tls_result result = net->tls->handshake(link->tls);
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
    struct aloft_net_link *link = net->links[id];
    int32_t result = net->sockets->connected(net->sockets->ctx, link->fd);
    if (result == ALOFT_SOCKET_LATER) {
        return;
    }
    if (result != ALOFT_SOCKET_DONE) {
        close_fd(net, &link->fd); // it never was a connection
        try_addresses(net, id, result);
    } else if (link->secure) {
        secure(net, id);
    } else {
        opened(net, id);
    }
}

static void accepted(struct aloft_net *net, uint8_t id)
{
    struct aloft_net_link *link = net->links[id];
    drop_lookup(net, link);
    int32_t result =
        net->sockets->accept(net->sockets->ctx, link->listen_fd, &link->fd, &link->from);
    if (result == ALOFT_SOCKET_DONE) { // else nobody is there yet, or gone again
        opened(net, id);
    }
}

static bool flush_tls(const struct aloft_net *net, struct aloft_net_link *link)
{
    uint32_t len;
    enum aloft_tls_result result = net->tls->write(link->tls, link->buffers.out + link->out_off,
                                                   link->out_len - link->out_off, &len);
    link->out_off = result == ALOFT_TLS_FAILED ? link->out_len : link->out_off + len;
    return result == ALOFT_TLS_DONE || result == ALOFT_TLS_BUSY;
}

// Hands on what waits in the link. True when something moved. A failed send is no news: the peer
// may have answered before it closed, and reading will tell.
static bool flush(const struct aloft_net *net, struct aloft_net_link *link)
{
    if (link->out_off == link->out_len) {
        return false;
    }
    if (link->tls != NULL) {
        return flush_tls(net, link);
    }
    int32_t n =
        net->sockets->send(net->sockets->ctx, link->fd, link->buffers.out + link->out_off,
                           link->out_len - link->out_off, is_bound(link) ? &link->to : NULL);
    if (n < 0 && n != ALOFT_SOCKET_LATER) {
        link->out_off = link->out_len;
    }
    link->out_off += n > 0 ? (uint32_t)n : 0;
    return n > 0;
}

static bool send_some(struct aloft_net *net, uint8_t id)
{
    struct aloft_net_link *link = net->links[id];
    if (link->out_off == link->out_len) {
        struct aloft_way_peer to = {.port = 0};
        link->out_len = link->way->ops->send(link->way->ctx, id, &to, link->buffers.out,
                                             link->buffers.out_size);
        link->out_off = 0;
        // The way has the text from peer_of; to any other nobody can be reached.
        if (link->out_len > 0 && is_bound(link) &&
            !net->sockets->numeric(net->sockets->ctx, &to, &link->to)) {
            link->out_off = link->out_len;
        }
    }
    return flush(net, link);
}

static void peer_closed(struct aloft_net *net, uint8_t id)
{
    struct aloft_net_link *link = net->links[id];
    suspect_https(net, id);
    link->state = ALOFT_NET_ENDED;
    link->way->ops->closed(link->way->ctx, id, now_ms(net));
}

// Receives the next piece. Both return true when something came: bytes, the end, or a fault.
static bool receive(struct aloft_net *net, uint8_t id)
{
    struct aloft_net_link *link = net->links[id];
    int32_t n = net->sockets->recv(net->sockets->ctx, link->fd, link->buffers.in,
                                   link->buffers.in_size, is_bound(link) ? &link->from : NULL);
    if (n < 0) {
        bool later = n == ALOFT_SOCKET_LATER || is_bound(link);
        if (!later) {
            suspect_https(net, id);
            link_fail(net, id, (enum aloft_err)n);
        }
        return !later;
    }
    if (n == 0 && !is_udp(link)) {
        peer_closed(net, id);
    } else {
        link->in_len = (uint32_t)n;
        link->heard = true;
    }
    return true;
}

static bool receive_tls(struct aloft_net *net, uint8_t id)
{
    struct aloft_net_link *link = net->links[id];
    enum aloft_tls_result result =
        net->tls->read(link->tls, link->buffers.in, link->buffers.in_size, &link->in_len);
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
    struct aloft_net_link *link = net->links[id];
    if (link->in_off == link->in_len) {
        link->in_off = link->in_len = 0;
        bool came = link->tls != NULL ? receive_tls(net, id) : receive(net, id);
        if (!came || link->state != ALOFT_NET_OPEN || (link->tls != NULL && link->in_len == 0)) {
            return came;
        }
    }
    struct aloft_way_peer peer = peer_of(net, link);
    uint32_t taken =
        link->way->ops->feed(link->way->ctx, id, &peer, link->buffers.in + link->in_off,
                             link->in_len - link->in_off, now_ms(net));
    if (taken > 0 && is_bound(link)) {
        taken = link->in_len - link->in_off; // a datagram is taken whole
    }
    link->in_off += taken;
    return taken > 0;
}

// The way has done with this peer: deliver, and hear it out for a moment.
static void drain(const struct aloft_net *net, struct aloft_net_link *link)
{
    (void)flush(net, link);
    if (link->out_off == link->out_len) {
        net->sockets->finish(net->sockets->ctx, link->fd);
    }
    int32_t n = net->sockets->recv(net->sockets->ctx, link->fd, link->buffers.in,
                                   link->buffers.in_size, NULL);
    bool gone = n <= 0 && n != ALOFT_SOCKET_LATER;
    // Closed on top of what still comes, the peer's system would throw the answer away.
    int32_t late = (int32_t)(now_ms(net) - link->drain_until);
    if (gone || late >= (n > 0 ? (int32_t)(DRAIN_MAX_MS - DRAIN_MS) : 0)) {
        listen_again(net, link);
    }
}

static void pump_listener(struct aloft_net *net, uint8_t id)
{
    if (net->links[id]->state == ALOFT_NET_LISTENING) {
        accepted(net, id);
    } else {
        drain(net, net->links[id]);
    }
}

// Moves one link on. True when its way should be stepped again at once.
static bool pump(struct aloft_net *net, uint8_t id)
{
    struct aloft_net_link *link = net->links[id];
    enum aloft_net_state before = link->state;
    bool sent;
    switch (link->state) {
    case ALOFT_NET_RESOLVING:
        try_addresses(net, id, ALOFT_SOCKET_DONE);
        break;
    case ALOFT_NET_CONNECTING:
        connected(net, id);
        break;
    case ALOFT_NET_SECURING:
        return handshake(net, id);
    case ALOFT_NET_LISTENING:
    case ALOFT_NET_DRAINING:
        if (!ALOFT_NET_CLIENT_ONLY) {
            pump_listener(net, id);
        }
        break;
    case ALOFT_NET_OPEN:
        sent = send_some(net, id);
        return read_connection(net, id) || sent;
    case ALOFT_NET_ENDED:
        return send_some(net, id); // it may still want its answer
    case ALOFT_NET_CLOSED:
        break;
    }
    return link->state != before;
}

static void close_link(struct aloft_net *net, uint8_t id)
{
    struct aloft_net_link *link = net->links[id];
    if (serves(link)) {
        link->state = ALOFT_NET_DRAINING;
        link->drain_until = now_ms(net) + DRAIN_MS;
    } else {
        link_close(net, link);
    }
}

static bool is_draining(const struct aloft_net *net)
{
    for (int id = 0; id < ALOFT_WAY_IDS; id++) {
        if (net->links[id] != NULL && net->links[id]->state == ALOFT_NET_DRAINING) {
            return true;
        }
    }
    return false;
}

// --- memory and trust

void aloft_net_init(struct aloft_net *net, const struct aloft_sockets *sockets,
                    const struct aloft_net_port *port, const char *listen_on)
{
    *net = (struct aloft_net){.sockets = sockets, .port = port, .listen_on = listen_on};
}

void aloft_net_lend(struct aloft_net *net, uint8_t id, struct aloft_net_link *link,
                    const struct aloft_net_buffers *buffers)
{
    link_init(link, buffers, NULL);
    net->links[id] = link;
}

void aloft_net_trust(struct aloft_net *net, const struct aloft_tls_calls *tls,
                     void (*fn)(void *ctx, struct aloft_tls_trust *out), void *ctx)
{
    net->tls = tls;
    net->trust = fn;
    net->trust_ctx = ctx;
}

// --- ways

enum aloft_err aloft_net_add(struct aloft_net *net, const struct aloft_way *way)
{
    for (uint8_t id = 0; id < ALOFT_WAY_IDS; id++) {
        if ((way->ids >> id & 1) != 0 && (net->ways[id] != NULL || net->links[id] == NULL)) {
            return ALOFT_ERR_ARG;
        }
    }
    for (uint8_t id = 0; id < ALOFT_WAY_IDS; id++) {
        if ((way->ids >> id & 1) != 0) {
            net->ways[id] = way;
            net->links[id]->way = way;
        }
    }
    return ALOFT_OK;
}

void aloft_net_remove(struct aloft_net *net, const struct aloft_way *way)
{
    for (uint8_t id = 0; id < ALOFT_WAY_IDS; id++) {
        if (net->ways[id] == way) {
            link_close(net, net->links[id]);
            net->ways[id] = NULL;
        }
    }
    for (uint8_t id = 0; id < ALOFT_WAY_IDS; id++) {
        if (net->links[id] != NULL && net->links[id]->secure) {
            return; // another way's
        }
    }
    if (net->client != NULL) {
        net->tls->client_free(net->client);
    }
    net->client = NULL;
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

// What the link waits for; false: nothing. Bytes that its way has not taken are not waited for, or
// those behind them would end each wait at once.
static bool waits_for(const struct aloft_net_link *link, struct aloft_socket_wait *out)
{
    bool listening = link->state == ALOFT_NET_LISTENING;
    *out = (struct aloft_socket_wait){.fd = listening ? link->listen_fd : link->fd};
    switch (link->state) {
    case ALOFT_NET_RESOLVING:
        out->lookup = link->lookup;
        break;
    case ALOFT_NET_CONNECTING:
        out->writes = true;
        break;
    case ALOFT_NET_LISTENING:
    case ALOFT_NET_SECURING:
    case ALOFT_NET_DRAINING:
        out->reads = true;
        break;
    case ALOFT_NET_OPEN:
        out->reads = link->in_off == link->in_len;
        break;
    case ALOFT_NET_ENDED:
    case ALOFT_NET_CLOSED:
        break;
    }
    out->writes = out->writes || link->tls_writes || link->out_off < link->out_len;
    return out->lookup != NULL || out->reads || out->writes;
}

// Nothing moved: sleep until a socket is ready or a deadline, but never so long that the watchdog
// gets hungry.
static void wait_for_input(struct aloft_net *net, uint32_t until_ms)
{
    struct aloft_socket_wait list[ALOFT_WAY_IDS];
    uint32_t count = 0;
    uint32_t now = now_ms(net);
    int32_t left = (int32_t)(until_ms - now);
    for (uint8_t id = 0; id < ALOFT_WAY_IDS; id++) {
        const struct aloft_net_link *link = net->links[id];
        const struct aloft_way *way = net->ways[id];
        int32_t due = left;
        if (is_first_id(net, id)) {
            due = (int32_t)(way->ops->deadline(way->ctx) - now);
            left = due < left ? due : left;
        }
        if (link == NULL) {
            continue;
        }
        if (link->state == ALOFT_NET_DRAINING) {
            due = (int32_t)(link->drain_until - now);
            left = due < left ? due : left;
        }
        count += waits_for(link, &list[count]);
    }
    left = left < 0 ? 0 : left > (int32_t)WAIT_MS_MAX ? (int32_t)WAIT_MS_MAX : left;
    net->sockets->wait(net->sockets->ctx, list, count,
                       (uint32_t)left); // what is ready is found by trying
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
    net->port->feed_watchdog(net->port->ctx);
    for (uint8_t id = 0; id < ALOFT_WAY_IDS; id++) {
        if (!is_first_id(net, id)) {
            continue;
        }
        const struct aloft_way *way = net->ways[id];
        moved |= pump_way(net, way);
        enum aloft_way_state state = way->ops->step(way->ctx, now_ms(net));
        carry_out_requests(net, way);
        net->port->feed_watchdog(net->port->ctx);
        net->restart = net->restart || state == ALOFT_WAY_RESTART;
        moved |= pump_way(net, way) || state == ALOFT_WAY_BUSY;
    }
    if (!moved) {
        wait_for_input(net, until_ms);
    }
    return net->restart && !is_draining(net);
}
