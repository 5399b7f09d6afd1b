// The port's socket loop against an agent of this test's own, because the real agent uses only one
// TCP connection so far: UDP, listening, several ids at once, and an agent that takes little.
//
// The peers are sockets of this process, moved on by `peer` each time that the loop steps the
// agent.
#include "check.h"
#include "ports/linux/net.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BIG = 5000, STEPS_MAX = 4000 };

// What one connection of the agent went through.
struct seen {
    bool opened;
    bool closed;
    enum aloft_err err;
    uint32_t sent;
    uint32_t len;
    uint8_t bytes[BIG];
};

static struct {
    struct aloft_request requests[ALOFT_AGENT_IDS];
    uint32_t request_count;
    uint32_t requested;
    const char *send[ALOFT_AGENT_IDS]; // once opened
    uint32_t take;                     // bytes taken by one feed at most
    struct seen seen[ALOFT_AGENT_IDS];
    bool (*peer)(void); // true: the test is over
    int steps;
    int fd; // the peer's
    uint16_t port;
} world;

// --- The board that net.c asks for time.

uint32_t aloft_board_now_ms(const struct aloft_board *board)
{
    (void)board;
    return (uint32_t)world.steps;
}

void aloft_board_listen(struct aloft_board *board)
{
    (void)board; // nothing is typed here
}

void aloft_board_feed_watchdog(struct aloft_board *board)
{
    (void)board;
}

// --- The agent.

enum aloft_agent_state aloft_agent_step(struct aloft_agent *agent, uint32_t now_ms)
{
    (void)agent;
    (void)now_ms;
    world.steps++;
    return world.peer() || world.steps > STEPS_MAX ? ALOFT_AGENT_DONE : ALOFT_AGENT_WAIT;
}

bool aloft_agent_request(struct aloft_agent *agent, struct aloft_request *out)
{
    (void)agent;
    if (world.requested == world.request_count) {
        return false;
    }
    *out = world.requests[world.requested++];
    return true;
}

void aloft_agent_opened(struct aloft_agent *agent, uint8_t id, uint32_t now_ms)
{
    (void)agent;
    (void)now_ms;
    world.seen[id].opened = true;
}

void aloft_agent_failed(struct aloft_agent *agent, uint8_t id, enum aloft_err err, uint32_t now_ms)
{
    (void)agent;
    (void)now_ms;
    world.seen[id].err = err;
}

uint32_t aloft_agent_send(struct aloft_agent *agent, uint8_t id, uint8_t *buf, uint32_t cap)
{
    (void)agent;
    struct seen *seen = &world.seen[id];
    uint32_t len = world.send[id] == NULL ? 0 : (uint32_t)strlen(world.send[id]) - seen->sent;
    len = len < cap ? len : cap;
    memcpy(buf, world.send[id] == NULL ? "" : world.send[id] + seen->sent, len);
    seen->sent += len;
    return len;
}

uint32_t aloft_agent_feed(struct aloft_agent *agent, uint8_t id, const uint8_t *data, uint32_t len,
                          uint32_t now_ms)
{
    (void)agent;
    (void)now_ms;
    struct seen *seen = &world.seen[id];
    CHECK(len <= ALOFT_AGENT_PIECE);
    len = len < world.take ? len : world.take;
    CHECK(seen->len + len <= BIG);
    memcpy(seen->bytes + seen->len, data, len);
    seen->len += len;
    return len;
}

void aloft_agent_closed(struct aloft_agent *agent, uint8_t id, uint32_t now_ms)
{
    (void)agent;
    (void)now_ms;
    world.seen[id].closed = true;
}

uint32_t aloft_agent_deadline(const struct aloft_agent *agent)
{
    (void)agent;
    return (uint32_t)world.steps + 1; // soon, so that the peers move on
}

// --- The tests.

static void fresh(void)
{
    memset(&world, 0, sizeof world);
    world.take = ALOFT_AGENT_PIECE;
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
    static const char host[] = "127.0.0.1 and something else"; // host_len counts, not the end
    world.requests[world.request_count++] = (struct aloft_request){.kind = ALOFT_REQUEST_OPEN,
                                                                   .id = id,
                                                                   .link = link,
                                                                   .port = world.port,
                                                                   .host = host,
                                                                   .host_len = 9};
}

static void run(void)
{
    static struct aloft_agent agent;
    CHECK_EQ(aloft_net_run(NULL, &agent), ALOFT_OK);
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
    CHECK(!world.seen[1].closed); // an empty datagram is no farewell
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

static void two_connections_at_once_lose_nothing_with_an_agent_that_takes_little(void)
{
    fresh();
    accepted_count = 0;
    world.fd = bound(SOCK_STREAM);
    CHECK_EQ(listen(world.fd, 2), 0);
    world.peer = tcp_server;
    world.take = 7;
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

CHECK_MAIN(TEST(a_datagram_goes_out_and_its_answer_comes_in),
           TEST(a_listener_takes_a_peer_and_hears_it_out),
           TEST(two_connections_at_once_lose_nothing_with_an_agent_that_takes_little),
           TEST(a_closed_port_and_a_taken_port_are_faults_with_a_name))
