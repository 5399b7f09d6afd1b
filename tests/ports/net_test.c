// The link machine over the host's sockets, against a way made for this test: UDP, listening,
// several ids at once, names, small buffers, and a way that takes little.
//
// The peers are sockets of this process, moved on by `peer` each time that the loop steps the way.
#include "check.h"
#include "ports/linux/host_sockets.h"
#include "ports/portlib/sockets/net.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BIG = 5000, STEPS_MAX = 4000 };

// What one connection of the way went through.
struct seen {
    struct aloft_way_peer peer;
    bool opened;
    bool closed;
    enum aloft_err err;
    uint32_t sent;
    uint32_t len;
    uint8_t bytes[BIG];
};

static struct {
    struct aloft_request requests[ALOFT_WAY_IDS];
    uint32_t request_count;
    uint32_t requested;
    const char *send[ALOFT_WAY_IDS]; // once opened
    uint32_t take;                   // bytes taken by one feed at most
    struct seen seen[ALOFT_WAY_IDS];
    bool (*peer)(void);    // true: the test is over
    void (*at_wait)(void); // when the loop is about to wait
    const char *host;      // to talk to; NULL: 127.0.0.1
    uint32_t buffer;       // bytes of each buffer of a link; 0: as many as can be of use
    uint32_t waits;        // of the loop
    uint32_t dropped;      // lookups
    int32_t (*found)(void *ctx, struct aloft_socket_lookup *lookup, uint32_t n,
                     struct aloft_socket_addr *out); // NULL: the host's
    uint32_t held_up_ms; // time that passes before the loop looks at the clock
    bool done;
    int steps;
    int fd; // the peer's
    uint16_t port;
} world;

// --- The port.

static uint32_t now_ms(void *ctx)
{
    (void)ctx;
    return (uint32_t)world.steps + world.held_up_ms;
}

static void log_line(void *ctx, char level, const char *tag, const char *format, ...)
{
    (void)ctx;
    (void)level;
    (void)tag;
    (void)format;
}

static void feed_watchdog(void *ctx)
{
    (void)ctx;
}

// --- The way.

static enum aloft_way_state step(void *ctx, uint32_t now_ms)
{
    (void)ctx;
    (void)now_ms;
    world.steps++;
    world.done = world.done || world.peer() || world.steps > STEPS_MAX;
    return ALOFT_WAY_WAIT;
}

static bool request(void *ctx, struct aloft_request *out)
{
    (void)ctx;
    if (world.requested == world.request_count) {
        return false;
    }
    *out = world.requests[world.requested++];
    return true;
}

static void opened(void *ctx, uint8_t id, const struct aloft_way_peer *peer, uint32_t now_ms)
{
    (void)ctx;
    (void)now_ms;
    world.seen[id].opened = true;
    world.seen[id].peer = *peer;
}

static void failed(void *ctx, uint8_t id, enum aloft_err err, uint32_t now_ms)
{
    (void)ctx;
    (void)now_ms;
    world.seen[id].err = err;
}

static uint32_t send_next(void *ctx, uint8_t id, struct aloft_way_peer *to, uint8_t *buf,
                          uint32_t cap)
{
    (void)ctx;
    struct seen *seen = &world.seen[id];
    *to = seen->peer;
    uint32_t len = world.send[id] == NULL ? 0 : (uint32_t)strlen(world.send[id]) - seen->sent;
    len = len < cap ? len : cap;
    memcpy(buf, world.send[id] == NULL ? "" : world.send[id] + seen->sent, len);
    seen->sent += len;
    return len;
}

static uint32_t feed(void *ctx, uint8_t id, const struct aloft_way_peer *peer, const uint8_t *data,
                     uint32_t len, uint32_t now_ms)
{
    (void)ctx;
    (void)now_ms;
    struct seen *seen = &world.seen[id];
    CHECK(len <= ALOFT_WAY_PIECE);
    len = len < world.take ? len : world.take;
    CHECK(seen->len + len <= BIG);
    memcpy(seen->bytes + seen->len, data, len);
    seen->len += len;
    seen->peer = *peer;
    return len;
}

static void closed(void *ctx, uint8_t id, uint32_t now_ms)
{
    (void)ctx;
    (void)now_ms;
    world.seen[id].closed = true;
}

static uint32_t deadline(const void *ctx)
{
    (void)ctx;
    if (world.at_wait != NULL) {
        world.at_wait();
    }
    return (uint32_t)world.steps + 1; // soon, so that the peers move on
}

// --- The tests.

static void fresh(void)
{
    memset(&world, 0, sizeof world);
    world.take = ALOFT_WAY_PIECE;
    world.fd = -1;
}

// A socket on a free port of this host.
static int bound(int type)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, type | SOCK_NONBLOCK, 0);
    CHECK_EQ(bind(fd, (struct sockaddr *)&address, len), 0);
    CHECK_EQ(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    world.port = ntohs(address.sin_port);
    return fd;
}

static void want(enum aloft_link link, uint8_t id)
{
    static const char here[] = "127.0.0.1 and something else"; // host_len counts, not the end
    const char *host = world.host != NULL ? world.host : here;
    world.requests[world.request_count++] =
        (struct aloft_request){.kind = ALOFT_REQUEST_OPEN,
                               .id = id,
                               .link = link,
                               .port = world.port,
                               .host = host,
                               .host_len = world.host != NULL ? (uint32_t)strlen(host) : 9};
}

static void count_and_wait(void *ctx, const struct aloft_socket_wait *list, uint32_t count,
                           uint32_t ms)
{
    world.waits++;
    aloft_host_sockets.wait(ctx, list, count, ms);
}

static void count_and_drop(void *ctx, struct aloft_socket_lookup *lookup)
{
    world.dropped++;
    aloft_host_sockets.drop(ctx, lookup);
}

static struct aloft_sockets sockets; // the host's, watched

// Each buffer has an allocation of its own, so that the sanitizer sees what is written behind it.
static void lend(struct aloft_net *net, struct aloft_net_link *links)
{
    uint32_t size = world.buffer != 0 ? world.buffer : ALOFT_WAY_PIECE;
    for (uint8_t id = 0; id < ALOFT_WAY_IDS; id++) {
        const struct aloft_net_buffers buffers = {.host = malloc(size),
                                                  .host_size = size,
                                                  .in = malloc(size),
                                                  .in_size = size,
                                                  .out = malloc(size),
                                                  .out_size = size};
        CHECK(buffers.host != NULL && buffers.in != NULL && buffers.out != NULL);
        aloft_net_lend(net, id, &links[id], &buffers);
    }
}

static void run(void)
{
    static const struct aloft_way_ops ops = {step,   deadline,  request, opened,
                                             failed, send_next, feed,    closed};
    static const struct aloft_way way = {&ops, NULL, 0xF};
    static const struct aloft_net_port port = {NULL, now_ms, feed_watchdog, log_line};
    struct aloft_net_link links[ALOFT_WAY_IDS];
    struct aloft_net net;
    sockets = aloft_host_sockets;
    sockets.wait = count_and_wait;
    sockets.drop = count_and_drop;
    sockets.found = world.found != NULL ? world.found : sockets.found;
    aloft_net_init(&net, &sockets, &port, "127.0.0.1");
    CHECK_EQ(aloft_net_add(&net, &way), ALOFT_ERR_ARG); // its ids have no memory
    lend(&net, links);
    CHECK_EQ(aloft_net_add(&net, &way), ALOFT_OK);
    CHECK_EQ(aloft_net_add(&net, &way), ALOFT_ERR_ARG); // its ids are taken
    while (!world.done) {
        CHECK(!aloft_net_turn(&net, (uint32_t)world.steps + 100));
    }
    aloft_net_remove(&net, &way);
    for (uint8_t id = 0; id < ALOFT_WAY_IDS; id++) {
        free(links[id].buffers.host);
        free(links[id].buffers.in);
        free(links[id].buffers.out);
    }
    CHECK(world.steps <= STEPS_MAX);
    if (world.fd >= 0) {
        (void)close(world.fd);
    }
}

static bool udp_peer(void)
{
    char text[16];
    struct sockaddr_in from;
    socklen_t len = sizeof from;
    ssize_t n = recvfrom(world.fd, text, sizeof text, 0, (struct sockaddr *)&from, &len);
    if (n == 4 && memcmp(text, "ping", 4) == 0) {
        (void)sendto(world.fd, "", 0, 0, (struct sockaddr *)&from, len); // an empty datagram
        (void)sendto(world.fd, "pong", 4, 0, (struct sockaddr *)&from, len);
    }
    return world.seen[1].len == 4;
}

static void a_datagram_goes_out_and_its_answer_comes_in(void)
{
    fresh();
    world.fd = bound(SOCK_DGRAM);
    world.peer = udp_peer;
    world.send[1] = "ping";
    want(ALOFT_LINK_UDP, 1);
    run();
    CHECK(world.seen[1].opened);
    CHECK(!world.seen[1].closed); // an empty datagram closes nothing
    CHECK_BYTES(world.seen[1].bytes, "pong", 4);
}

static bool tcp_client(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(world.port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (world.fd < 0 && world.steps > 1) {
        world.fd = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(world.fd, (struct sockaddr *)&address, sizeof address) != 0) {
            (void)close(world.fd);
            world.fd = -1; // it does not listen yet
        } else {
            CHECK_EQ(send(world.fd, "hello", 5, 0), 5);
            CHECK_EQ(shutdown(world.fd, SHUT_WR), 0);
        }
    }
    return world.seen[2].closed;
}

static void a_listener_takes_a_peer_and_hears_it_out(void)
{
    fresh();
    CHECK_EQ(close(bound(SOCK_STREAM)), 0); // the port was free just now
    world.peer = tcp_client;
    want(ALOFT_LINK_LISTEN, 2);
    run();
    CHECK(world.seen[2].opened);
    CHECK_EQ(world.seen[2].len, 5);
    CHECK_BYTES(world.seen[2].bytes, "hello", 5);
}

// Two senders; each must get its own answer.
static bool invited_peer(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(world.port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    static int fds[2] = {-1, -1};
    static int answers;
    static int sent;
    char text[16];
    for (int i = 0; i < 2; i++) {
        if (fds[i] < 0) {
            fds[i] = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
            answers = 0;
        }
        if (world.seen[1].opened && sent == i && answers == i) {
            sent++;
            (void)sendto(fds[i], i == 0 ? "aa" : "bb", 2, 0, (struct sockaddr *)&address,
                         sizeof address);
        }
        ssize_t n = recv(fds[i], text, sizeof text, 0);
        if (n > 0) {
            CHECK_EQ(n, 2);
            CHECK_EQ(i, answers);
            answers++;
        }
    }
    if (world.seen[1].len >= 2) { // the second half goes to the second sender
        world.send[1] = world.seen[1].len == 2 ? "ok" : "okok";
    }
    if (answers == 2) {
        (void)close(fds[0]);
        (void)close(fds[1]);
    }
    return answers == 2;
}

static void a_bound_port_answers_each_sender(void)
{
    fresh();
    CHECK_EQ(close(bound(SOCK_DGRAM)), 0); // the port was free just now
    world.peer = invited_peer;
    want(ALOFT_LINK_UDP, 1);
    world.requests[0].host_len = 0;
    run();
    CHECK_BYTES(world.seen[1].bytes, "aabb", 4);
    CHECK(strcmp(world.seen[1].peer.host, "127.0.0.1") == 0);
    CHECK(world.seen[1].peer.port != 0);
}

// Sends more than is read, and then wants its answer all the same.
static bool rude_client(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(world.port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    static uint8_t flood[BIG];
    static int served;
    char text[8];
    if (world.fd < 0) {
        world.fd = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(world.fd, (struct sockaddr *)&address, sizeof address) != 0) {
            (void)close(world.fd);
            world.fd = -1; // it does not listen yet
            return false;
        }
        CHECK_EQ(send(world.fd, flood, sizeof flood, 0), BIG);
        CHECK_EQ(fcntl(world.fd, F_SETFL, O_NONBLOCK), 0);
        world.seen[3] = (struct seen){.opened = false};
        world.send[3] = NULL;
    }
    if (world.seen[3].opened && world.send[3] == NULL) {
        world.send[3] = "no";
    } else if (world.seen[3].sent == 2 && world.requested == world.request_count) {
        world.requests[0].kind = ALOFT_REQUEST_CLOSE; // the way has said what it had to say
        world.requested = 0;
        world.seen[3].sent = 3;
    }
    if (recv(world.fd, text, sizeof text, 0) == 2) {
        CHECK_BYTES((const uint8_t *)text, "no", 2);
        (void)close(world.fd);
        world.fd = -1;
        served++;
    }
    return served == 3;
}

static void peers_of_a_listener_get_their_answers_one_after_the_other(void)
{
    fresh();
    CHECK_EQ(close(bound(SOCK_STREAM)), 0);
    world.peer = rude_client;
    world.take = 0; // whatever comes
    want(ALOFT_LINK_LISTEN, 3);
    run();
}

static int accepted[2];
static int accepted_count;

static bool tcp_server(void)
{
    uint8_t bytes[BIG];
    for (int i = 0; i < BIG; i++) {
        bytes[i] = (uint8_t)(i * 7);
    }
    int fd = accept(world.fd, NULL, NULL);
    if (fd >= 0) {
        CHECK_EQ(send(fd, bytes, BIG, 0), BIG);
        CHECK_EQ(shutdown(fd, SHUT_WR), 0);
        accepted[accepted_count++] = fd;
    }
    return world.seen[0].closed && world.seen[3].closed;
}

static void run_two_connections(uint32_t take, uint32_t buffer)
{
    fresh();
    accepted_count = 0;
    world.fd = bound(SOCK_STREAM);
    CHECK_EQ(listen(world.fd, 2), 0);
    world.peer = tcp_server;
    world.take = take;
    world.buffer = buffer;
    world.send[0] = "first";
    world.send[3] = "second";
    want(ALOFT_LINK_TCP, 0);
    want(ALOFT_LINK_TCP, 3);
    run();
    for (int id = 0; id < 4; id += 3) {
        CHECK_EQ(world.seen[id].len, BIG);
        for (int i = 0; i < BIG; i++) {
            CHECK_EQ(world.seen[id].bytes[i], (uint8_t)(i * 7));
        }
    }
    CHECK_EQ(accepted_count, 2);
    for (int i = 0; i < accepted_count; i++) {
        char text[16] = "";
        CHECK(recv(accepted[i], text, sizeof text, 0) >= 5);
        CHECK(strcmp(text, "first") == 0 || strcmp(text, "second") == 0);
        (void)close(accepted[i]);
    }
}

static void two_connections_at_once_lose_nothing_with_a_way_that_takes_little(void)
{
    run_two_connections(7, 0);
}

static void buffers_of_sixteen_bytes_lose_nothing(void)
{
    run_two_connections(ALOFT_WAY_PIECE, 16);
}

// The way takes nothing until a hundred steps are over.
static bool takes_late(void)
{
    if (world.seen[0].opened && accepted_count == 0) {
        accepted[accepted_count++] = accept(world.fd, NULL, NULL);
        CHECK_EQ(send(accepted[0], "some bytes to wait for", 22, 0), 22);
    }
    world.take = world.steps > 100 ? ALOFT_WAY_PIECE : 0;
    return world.seen[0].len == 22;
}

// Bytes behind those that a way had not taken ended each wait at once, so a way that waited kept
// the processor busy until its deadline.
static void bytes_that_a_way_does_not_take_end_no_wait(void)
{
    fresh();
    accepted_count = 0;
    world.fd = bound(SOCK_STREAM);
    CHECK_EQ(listen(world.fd, 1), 0);
    world.peer = takes_late;
    world.buffer = 16;
    want(ALOFT_LINK_TCP, 0);
    struct timespec begin;
    struct timespec end;
    CHECK_EQ(clock_gettime(CLOCK_MONOTONIC, &begin), 0);
    run();
    CHECK_EQ(clock_gettime(CLOCK_MONOTONIC, &end), 0);
    double ms =
        (double)(end.tv_sec - begin.tv_sec) * 1e3 + (double)(end.tv_nsec - begin.tv_nsec) / 1e6;
    CHECK(world.waits >= 90 && ms >= 80); // a millisecond each
    (void)close(accepted[0]);
}

static bool greeted_by_name(void)
{
    int fd = accepted_count == 0 ? accept(world.fd, NULL, NULL) : -1;
    if (fd >= 0) {
        accepted[accepted_count++] = fd;
    }
    return world.seen[0].opened && accepted_count == 1;
}

static void a_name_is_looked_up_while_the_loop_turns(void)
{
    fresh();
    accepted_count = 0;
    world.fd = bound(SOCK_STREAM);
    CHECK_EQ(listen(world.fd, 1), 0);
    world.peer = greeted_by_name;
    world.host = "localhost";
    want(ALOFT_LINK_TCP, 0);
    run();
    CHECK(world.seen[0].opened);
    (void)close(accepted[0]);
}

static bool failed_or_late(void)
{
    return world.seen[0].err != ALOFT_OK || world.steps > 3000;
}

static void a_name_that_nobody_has_or_can_have_is_not_found(void)
{
    static char longest[300];
    memset(longest, 'a', sizeof longest - 1);
    // A part of a name has at most 63 bytes, so no name server is asked for the first.
    const char *const names[] = {longest + sizeof longest - 1 - 70, longest, "%", ""};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        fresh();
        check_note("name %ld", (long)i, 0);
        world.peer = failed_or_late;
        world.host = names[i];
        world.buffer = ALOFT_NET_HOST;
        want(ALOFT_LINK_TCP, 0);
        run();
        CHECK_EQ(world.seen[0].err, ALOFT_ERR_NET_DNS);
    }
}

static int32_t never_found(void *ctx, struct aloft_socket_lookup *lookup, uint32_t n,
                           struct aloft_socket_addr *out)
{
    (void)ctx;
    (void)lookup;
    (void)n;
    (void)out;
    return ALOFT_SOCKET_LATER;
}

// Closes the id after a while, and asks for it again; the second time its way is removed instead.
static bool loses_interest(void)
{
    if (world.steps == 5) {
        world.requests[0].kind = ALOFT_REQUEST_CLOSE;
        world.requested = 0;
    } else if (world.steps == 6) {
        CHECK_EQ(world.dropped, 1);
        world.requests[0].kind = ALOFT_REQUEST_OPEN;
        world.requested = 0;
    }
    return world.steps == 10;
}

// The end of a lookup was waited for, however long the name server was silent.
static void a_lookup_that_does_not_end_is_dropped(void)
{
    fresh();
    world.peer = loses_interest;
    world.host = "localhost";
    world.found = never_found;
    want(ALOFT_LINK_TCP, 0);
    run();
    CHECK_EQ(world.dropped, 2);
    CHECK_EQ(world.seen[0].err, ALOFT_OK);
}

// A server that answers just before the machine stands still for a minute.
static void answer_and_stand_still(void)
{
    if (accepted_count == 1 && world.held_up_ms == 0) {
        CHECK_EQ(send(accepted[0], "in time", 7, 0), 7);
        world.held_up_ms = 60000;
    }
}

static bool heard_by_the_next_step(void)
{
    int fd = accepted_count == 0 && world.seen[0].opened ? accept(world.fd, NULL, NULL) : -1;
    if (fd >= 0) {
        accepted[accepted_count++] = fd;
    }
    CHECK(world.held_up_ms == 0 || world.seen[0].len == 7);
    return world.held_up_ms != 0;
}

// The loop read the clock first, so an answer that had come in time was reported as a timeout.
static void what_came_is_heard_before_a_deadline_is_judged(void)
{
    fresh();
    accepted_count = 0;
    world.fd = bound(SOCK_STREAM);
    CHECK_EQ(listen(world.fd, 1), 0);
    world.peer = heard_by_the_next_step;
    world.at_wait = answer_and_stand_still;
    want(ALOFT_LINK_TCP, 0);
    run();
    (void)close(accepted[0]);
}

static bool until_failed(void)
{
    return world.seen[0].err != ALOFT_OK;
}

static void a_closed_port_and_a_taken_port_are_faults_with_a_name(void)
{
    fresh();
    CHECK_EQ(close(bound(SOCK_STREAM)), 0);
    world.peer = until_failed;
    want(ALOFT_LINK_TCP, 0);
    run();
    CHECK_EQ(world.seen[0].err, ALOFT_ERR_NET_REFUSED);
    fresh();
    world.fd = bound(SOCK_STREAM);
    CHECK_EQ(listen(world.fd, 1), 0);
    world.peer = until_failed;
    want(ALOFT_LINK_LISTEN, 0);
    run();
    CHECK_EQ(world.seen[0].err, ALOFT_ERR_NET_UNREACHABLE);
}

int main(void)
{
    static const struct check_test tests[] = {
        TEST(two_connections_at_once_lose_nothing_with_a_way_that_takes_little),
        TEST(buffers_of_sixteen_bytes_lose_nothing),
        TEST(bytes_that_a_way_does_not_take_end_no_wait),
        TEST(a_name_is_looked_up_while_the_loop_turns),
        TEST(a_name_that_nobody_has_or_can_have_is_not_found),
        TEST(a_lookup_that_does_not_end_is_dropped),
        TEST(what_came_is_heard_before_a_deadline_is_judged),
        TEST(a_datagram_goes_out_and_its_answer_comes_in),
        TEST(a_listener_takes_a_peer_and_hears_it_out),
        TEST(a_bound_port_answers_each_sender),
        TEST(peers_of_a_listener_get_their_answers_one_after_the_other),
        TEST(a_closed_port_and_a_taken_port_are_faults_with_a_name),
    };
    enum { OF_A_CLIENT = 7, ALL = sizeof tests / sizeof tests[0] };
    return check_run(tests, ALOFT_NET_CLIENT_ONLY ? OF_A_CLIENT : ALL);
}
