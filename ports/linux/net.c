// One struct link for each of the agent's ids, each a small machine:
//
//   CLOSED --open--> RESOLVING --> CONNECTING --> OPEN --peer closed--> ENDED
//                        |    listen: --> LISTENING --accept--^
//   any fault: the agent is told, CLOSED
//
// A received piece waits in its link until the agent has taken all of it; only then is the next one
// read, so a slow flash slows the sender through TCP.
#include "ports/linux/net.h"
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { HOST_MAX = 1024, POLL_MS_MAX = 250, RESOLVE_POLL_MS = 10, OUT_CAP = 512 };

enum link_state { CLOSED, RESOLVING, CONNECTING, LISTENING, OPEN, ENDED };

struct link {
    enum link_state state;
    enum aloft_link kind;
    int fd;                    // -1: none
    struct addrinfo *found;    // all addresses of the host
    const struct addrinfo *at; // the one that is tried
    struct gaicb lookup;       // the name lookup that runs beside us
    struct addrinfo hints;
    uint32_t in_len; // bytes received
    uint32_t in_off; // of these, taken by the agent
    uint32_t out_len;
    uint32_t out_off;
    char host[HOST_MAX + 1];
    char service[8];
    uint8_t in[ALOFT_AGENT_PIECE];
    uint8_t out[OUT_CAP];
};

struct net {
    struct aloft_board *board;
    struct aloft_agent *agent;
    struct link links[ALOFT_AGENT_IDS];
};

static uint32_t now_ms(const struct net *net)
{
    return aloft_board_now_ms(net->board);
}

// Ends a name lookup. One that has begun cannot be stopped and will still write to its request, so
// its end is waited for; with a dead name server that takes longer than the watchdog's patience.
static void end_lookup(const struct net *net, struct link *link)
{
    const struct gaicb *const list[1] = {&link->lookup};
    const struct timespec moment = {0, 100000000};
    while (gai_cancel(&link->lookup) == EAI_NOTCANCELED) {
        (void)gai_suspend(list, 1, &moment);
        aloft_board_feed_watchdog(net->board);
    }
    link->found = link->lookup.ar_result;
}

static void link_close(const struct net *net, struct link *link)
{
    if (link->state == RESOLVING) {
        end_lookup(net, link);
    }
    if (link->fd >= 0) {
        (void)close(link->fd); // what was sent is sent; what comes is not wanted
    }
    if (link->found != NULL) {
        freeaddrinfo(link->found);
    }
    memset(link, 0, sizeof *link);
    link->fd = -1;
}

static void link_fail(struct net *net, uint8_t id, enum aloft_err err)
{
    link_close(net, &net->links[id]);
    aloft_agent_failed(net->agent, id, err, now_ms(net));
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

static void opened(struct net *net, uint8_t id)
{
    net->links[id].state = OPEN;
    aloft_agent_opened(net->agent, id, now_ms(net));
}

// Makes a socket for the address that is to be tried. 0, or errno.
static int try_address(struct link *link)
{
    const struct addrinfo *at = link->at;
    const int on = 1;
    link->fd =
        socket(at->ai_family, at->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, at->ai_protocol);
    if (link->fd < 0) {
        return errno;
    }
    if (link->kind == ALOFT_LINK_LISTEN) {
        (void)setsockopt(link->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on); // comfort only
        if (bind(link->fd, at->ai_addr, at->ai_addrlen) != 0 || listen(link->fd, 1) != 0) {
            return errno;
        }
        link->state = LISTENING;
        return 0;
    }
    link->state = CONNECTING;
    if (connect(link->fd, at->ai_addr, at->ai_addrlen) != 0 && errno != EINPROGRESS) {
        return errno;
    }
    return 0;
}

// Tries addresses from link->at on; `error` is why the one before could not be used.
static void try_addresses(struct net *net, uint8_t id, int error)
{
    struct link *link = &net->links[id];
    while (link->at != NULL) {
        error = try_address(link);
        if (error == 0) {
            return;
        }
        if (link->fd >= 0) {
            (void)close(link->fd);
            link->fd = -1;
        }
        link->at = link->at->ai_next;
    }
    link_fail(net, id, err_of(error));
}

static void resolved(struct net *net, uint8_t id)
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

static void open_link(struct net *net, const struct aloft_request *request)
{
    struct link *link = &net->links[request->id];
    struct gaicb *list[1] = {&link->lookup};
    link_close(net, link);
    if (request->tls) {
        link_fail(net, request->id, ALOFT_ERR_NET_TLS);
        return;
    }
    link->kind = request->link;
    (void)snprintf(link->host, sizeof link->host, "%.*s", (int)request->host_len, request->host);
    (void)snprintf(link->service, sizeof link->service, "%u", request->port);
    link->hints.ai_socktype = request->link == ALOFT_LINK_UDP ? SOCK_DGRAM : SOCK_STREAM;
    link->hints.ai_flags = AI_NUMERICSERV | (request->link == ALOFT_LINK_LISTEN ? AI_PASSIVE : 0);
    link->lookup.ar_name = link->host[0] != 0 ? link->host : NULL;
    link->lookup.ar_service = link->service;
    link->lookup.ar_request = &link->hints;
    if (getaddrinfo_a(GAI_NOWAIT, list, 1, NULL) != 0) {
        link_fail(net, request->id, ALOFT_ERR_NET_DNS);
        return;
    }
    link->state = RESOLVING;
}

static void connected(struct net *net, uint8_t id)
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
    if (error == 0) {
        opened(net, id);
        return;
    }
    (void)close(link->fd); // it never was a connection
    link->fd = -1;
    link->at = link->at->ai_next;
    try_addresses(net, id, error);
}

static void accepted(struct net *net, uint8_t id)
{
    struct link *link = &net->links[id];
    int fd = accept4(link->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
        return; // nobody there yet, or gone again
    }
    (void)close(link->fd); // one peer at a time
    link->fd = fd;
    opened(net, id);
}

// Sends what the agent has. True when something moved. A failed send is no news: the peer may have
// answered before it closed, and reading will tell.
static bool send_some(struct net *net, uint8_t id)
{
    struct link *link = &net->links[id];
    if (link->out_off == link->out_len) {
        link->out_len = aloft_agent_send(net->agent, id, link->out, sizeof link->out);
        link->out_off = 0;
    }
    if (link->out_off == link->out_len) {
        return false;
    }
    ssize_t n =
        send(link->fd, link->out + link->out_off, link->out_len - link->out_off, MSG_NOSIGNAL);
    if (n < 0) {
        if (errno != EAGAIN && errno != EINTR) {
            link->out_off = link->out_len;
        }
        return false;
    }
    link->out_off += (uint32_t)n;
    return true;
}

// Byte path 1/12: a byte leaves the socket here, at most a kilobyte at a time, and waits to be
// taken by core/agent/agent.c.
static bool read_connection(struct net *net, uint8_t id)
{
    struct link *link = &net->links[id];
    if (link->in_off == link->in_len) {
        ssize_t n = recv(link->fd, link->in, sizeof link->in, 0);
        if (n < 0) {
            bool later = errno == EAGAIN || errno == EINTR;
            if (!later) {
                link_fail(net, id, err_of(errno));
            }
            return !later;
        }
        if (n == 0 && link->kind != ALOFT_LINK_UDP) {
            link->state = ENDED;
            aloft_agent_closed(net->agent, id, now_ms(net));
            return true;
        }
        link->in_len = (uint32_t)n;
        link->in_off = 0;
    }
    uint32_t taken = aloft_agent_feed(net->agent, id, link->in + link->in_off,
                                      link->in_len - link->in_off, now_ms(net));
    link->in_off += taken;
    return taken > 0;
}

// Moves one link on. True when the agent should be stepped again at once.
static bool pump(struct net *net, uint8_t id)
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
    case LISTENING:
        accepted(net, id);
        break;
    case OPEN:
        sent = send_some(net, id);
        return read_connection(net, id) || sent;
    case CLOSED:
    case ENDED:
        break;
    }
    return link->state != before;
}

// Nothing moved: sleep until a socket is ready or the agent's deadline, but never so long that the
// watchdog gets hungry.
static void wait_for_input(struct net *net)
{
    struct pollfd fds[ALOFT_AGENT_IDS];
    nfds_t count = 0;
    int32_t left = (int32_t)(aloft_agent_deadline(net->agent) - now_ms(net));
    int timeout = left < 0 ? 0 : left > POLL_MS_MAX ? POLL_MS_MAX : left;
    for (int id = 0; id < ALOFT_AGENT_IDS; id++) {
        const struct link *link = &net->links[id];
        bool writes = link->state == CONNECTING || link->out_off < link->out_len;
        if (link->state == RESOLVING && timeout > RESOLVE_POLL_MS) {
            timeout = RESOLVE_POLL_MS;
        }
        if (link->fd >= 0 && link->state != ENDED) {
            fds[count++] =
                (struct pollfd){link->fd, (short)(writes ? POLLIN | POLLOUT : POLLIN), 0};
        }
    }
    (void)poll(fds, count, timeout); // what is ready is found by trying
}

static void carry_out_requests(struct net *net)
{
    struct aloft_request request;
    while (aloft_agent_request(net->agent, &request)) {
        if (request.kind == ALOFT_REQUEST_OPEN) {
            open_link(net, &request);
        } else {
            link_close(net, &net->links[request.id]);
        }
    }
}

enum aloft_err aloft_net_run(struct aloft_board *board, struct aloft_agent *agent)
{
    struct net net = {.board = board, .agent = agent};
    enum aloft_agent_state state;
    for (int id = 0; id < ALOFT_AGENT_IDS; id++) {
        net.links[id].fd = -1;
    }
    for (;;) {
        bool moved = false;
        state = aloft_agent_step(agent, now_ms(&net));
        carry_out_requests(&net);
        aloft_board_feed_watchdog(board);
        aloft_board_listen(board);
        if (state == ALOFT_AGENT_DONE || state == ALOFT_AGENT_FAILED) {
            break;
        }
        for (uint8_t id = 0; state == ALOFT_AGENT_WAIT && id < ALOFT_AGENT_IDS; id++) {
            moved |= pump(&net, id);
        }
        if (state == ALOFT_AGENT_WAIT && !moved) {
            wait_for_input(&net);
        }
    }
    for (int id = 0; id < ALOFT_AGENT_IDS; id++) {
        link_close(&net, &net.links[id]);
    }
    return state == ALOFT_AGENT_DONE ? ALOFT_OK : agent->err;
}
