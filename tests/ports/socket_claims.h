// What the link machine relies on in a port's sockets (sockets.h), claim by claim, over the
// loopback interface. A test names its table as SOCKETS, includes this, and has a main that calls
// run_all.
#ifndef ALOFT_SOCKET_CLAIMS_H
#define ALOFT_SOCKET_CLAIMS_H

#include "check.h"
#include "ports/portlib/sockets/sockets.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { TRIES = 200, WAIT_MS = 50, SIZE = 64 };

static const struct aloft_sockets *const s = &SOCKETS;

static long now_ms(void)
{
    struct timespec t;
    CHECK_EQ(clock_gettime(CLOCK_MONOTONIC, &t), 0);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void wait_reads(int fd)
{
    const struct aloft_socket_wait list[1] = {{.fd = fd, .reads = true}};
    s->wait(s->ctx, list, 1, WAIT_MS);
}

static void wait_writes(int fd)
{
    const struct aloft_socket_wait list[1] = {{.fd = fd, .writes = true}};
    s->wait(s->ctx, list, 1, WAIT_MS);
}

// The first address of host, however long it takes; a fault when there is none.
static int32_t find(enum aloft_socket_kind kind, const char *host, uint16_t port,
                    struct aloft_socket_addr *addr)
{
    struct aloft_socket_lookup *lookup = s->look_up(s->ctx, kind, host, port);
    if (lookup == NULL) {
        return ALOFT_ERR_NET_DNS;
    }
    int32_t result = s->found(s->ctx, lookup, 0, addr);
    for (int i = 0; i < TRIES && result == ALOFT_SOCKET_LATER; i++) {
        const struct aloft_socket_wait list[1] = {{.lookup = lookup, .fd = -1}};
        s->wait(s->ctx, list, 1, WAIT_MS);
        result = s->found(s->ctx, lookup, 0, addr);
    }
    s->drop(s->ctx, lookup);
    return result;
}

static int32_t open_at(enum aloft_socket_kind kind, uint16_t port, int *fd)
{
    struct aloft_socket_addr addr;
    const char *hint = NULL;
    *fd = -1;
    int32_t result = find(kind, "127.0.0.1", port, &addr);
    return result != ALOFT_SOCKET_DONE ? result : s->open(s->ctx, kind, &addr, fd, &hint);
}

static int32_t until_connected(int fd)
{
    int32_t result = s->connected(s->ctx, fd);
    for (int i = 0; i < TRIES && result == ALOFT_SOCKET_LATER; i++) {
        wait_writes(fd);
        result = s->connected(s->ctx, fd);
    }
    return result;
}

static int32_t until_received(int fd, uint8_t *buf, struct aloft_socket_addr *from)
{
    int32_t result = s->recv(s->ctx, fd, buf, SIZE, from);
    for (int i = 0; i < TRIES && result == ALOFT_SOCKET_LATER; i++) {
        wait_reads(fd);
        result = s->recv(s->ctx, fd, buf, SIZE, from);
    }
    return result;
}

// A listener of the host's on a port that was free, or, closed again, a port where nobody listens.
static int listener(uint16_t *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    CHECK_EQ(bind(fd, (struct sockaddr *)&address, len), 0);
    CHECK_EQ(listen(fd, 4), 0);
    CHECK_EQ(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    *port = ntohs(address.sin_port);
    return fd;
}

// Both ends of a connection; `peer` is the host's.
static void connect_both(int *fd, int *peer)
{
    uint16_t port;
    int listening = listener(&port);
    CHECK_EQ(open_at(ALOFT_SOCKET_CONNECT, port, fd), ALOFT_SOCKET_DONE);
    CHECK_EQ(until_connected(*fd), ALOFT_SOCKET_DONE);
    *peer = accept(listening, NULL, NULL);
    CHECK(*peer >= 0);
    (void)close(listening);
}

static void bytes_go_both_ways_and_the_end_is_no_fault(void)
{
    uint8_t buf[SIZE];
    int fd;
    int peer;
    connect_both(&fd, &peer);
    CHECK_EQ(s->recv(s->ctx, fd, buf, SIZE, NULL), ALOFT_SOCKET_LATER);
    CHECK_EQ(send(peer, "hello", 5, 0), 5);
    CHECK_EQ(until_received(fd, buf, NULL), 5);
    CHECK_BYTES(buf, (const uint8_t *)"hello", 5);
    CHECK_EQ(s->send(s->ctx, fd, (const uint8_t *)"world", 5, NULL), 5);
    CHECK_EQ(recv(peer, buf, SIZE, 0), 5);
    s->finish(s->ctx, fd);
    CHECK_EQ(recv(peer, buf, SIZE, 0), 0);
    CHECK_EQ(send(peer, "late", 4, 0), 4); // what it sends is heard all the same
    CHECK_EQ(shutdown(peer, SHUT_WR), 0);
    CHECK_EQ(until_received(fd, buf, NULL), 4);
    CHECK_EQ(until_received(fd, buf, NULL), 0);
    s->close(s->ctx, fd);
    (void)close(peer);
}

static void a_full_connection_takes_bytes_later(void)
{
    static const uint8_t zeros[4096];
    int fd;
    int peer;
    connect_both(&fd, &peer);
    int32_t n = 1;
    for (int i = 0; i < 10000 && n > 0; i++) {
        n = s->send(s->ctx, fd, zeros, sizeof zeros, NULL);
    }
    CHECK_EQ(n, ALOFT_SOCKET_LATER);
    s->close(s->ctx, fd);
    (void)close(peer);
}

static void faults_have_their_names(void)
{
    const struct linger at_once = {.l_onoff = 1};
    struct aloft_socket_addr addr;
    uint8_t buf[SIZE];
    uint16_t port;
    int fd;
    int peer;
    (void)close(listener(&port)); // so that nobody is there
    int32_t result = open_at(ALOFT_SOCKET_CONNECT, port, &fd);
    result = result == ALOFT_SOCKET_DONE ? until_connected(fd) : result;
    CHECK_EQ(result, ALOFT_ERR_NET_REFUSED);
    s->close(s->ctx, fd);
    connect_both(&fd, &peer);
    CHECK_EQ(setsockopt(peer, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
    (void)close(peer); // a reset
    CHECK_EQ(until_received(fd, buf, NULL), ALOFT_ERR_NET_RESET);
    s->close(s->ctx, fd);
    peer = listener(&port);
    CHECK_EQ(open_at(ALOFT_SOCKET_LISTEN, port, &fd), ALOFT_ERR_NET_UNREACHABLE); // it is taken
    (void)close(peer);
    CHECK_EQ(find(ALOFT_SOCKET_CONNECT, "a name with blanks", 1, &addr), ALOFT_ERR_NET_DNS);
}

static void a_listener_tells_who_comes(void)
{
    struct aloft_socket_addr from = {.len = 0};
    struct aloft_way_peer who;
    struct sockaddr_in own;
    socklen_t len = sizeof own;
    uint16_t port;
    int fd;
    int listening;
    (void)close(listener(&port));
    CHECK_EQ(open_at(ALOFT_SOCKET_LISTEN, port, &listening), ALOFT_SOCKET_DONE);
    // In brackets, as lwIP has a macro of this name.
    CHECK_EQ((s->accept)(s->ctx, listening, &fd, &from), ALOFT_SOCKET_LATER);
    int peer = socket(AF_INET, SOCK_STREAM, 0);
    own = (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    CHECK_EQ(connect(peer, (struct sockaddr *)&own, sizeof own), 0);
    CHECK_EQ(getsockname(peer, (struct sockaddr *)&own, &len), 0);
    wait_reads(listening);
    CHECK_EQ((s->accept)(s->ctx, listening, &fd, &from), ALOFT_SOCKET_DONE);
    CHECK(s->text(s->ctx, &from, &who));
    CHECK(strcmp(who.host, "127.0.0.1") == 0);
    CHECK_EQ(who.port, ntohs(own.sin_port));
    CHECK_EQ(s->recv(s->ctx, fd, (uint8_t *)&own, sizeof own, NULL), ALOFT_SOCKET_LATER);
    s->close(s->ctx, fd);
    s->close(s->ctx, listening);
    (void)close(peer);
}

static void a_datagram_is_answered_to_whom_it_came_from(void)
{
    struct aloft_socket_addr from = {.len = 0};
    struct aloft_socket_addr to = {.len = 0};
    struct aloft_way_peer who;
    uint8_t buf[SIZE];
    uint16_t port;
    int bound;
    int talks;
    (void)close(listener(&port));
    CHECK_EQ(open_at(ALOFT_SOCKET_BIND, port, &bound), ALOFT_SOCKET_DONE);
    CHECK_EQ(until_connected(bound), ALOFT_SOCKET_DONE);
    CHECK_EQ(open_at(ALOFT_SOCKET_TALK, port, &talks), ALOFT_SOCKET_DONE);
    CHECK_EQ(until_connected(talks), ALOFT_SOCKET_DONE);
    CHECK_EQ(s->send(s->ctx, talks, (const uint8_t *)"ask", 3, NULL), 3);
    CHECK_EQ(until_received(bound, buf, &from), 3);
    CHECK(s->text(s->ctx, &from, &who) && s->numeric(s->ctx, &who, &to));
    CHECK_EQ(to.len, from.len);
    CHECK_EQ(s->send(s->ctx, bound, (const uint8_t *)"answer", 6, &to), 6);
    CHECK_EQ(until_received(talks, buf, NULL), 6);
    CHECK_BYTES(buf, (const uint8_t *)"answer", 6);
    s->close(s->ctx, bound);
    s->close(s->ctx, talks);
}

static void addresses_are_text_and_back(void)
{
    static const char *const texts[] = {"127.0.0.1", "255.255.255.254", "::1",
                                        "2001:db8::8:800:200c:417a"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct aloft_way_peer peer = {.port = 40000};
        struct aloft_way_peer again;
        struct aloft_socket_addr addr;
        memcpy(peer.host, texts[i], strlen(texts[i]) + 1);
        check_note("address %ld", (long)i, 0);
        CHECK(s->numeric(s->ctx, &peer, &addr) && s->text(s->ctx, &addr, &again));
        CHECK(strcmp(again.host, texts[i]) == 0);
        CHECK_EQ(again.port, 40000);
    }
    const struct aloft_way_peer name = {.host = "localhost", .port = 1};
    struct aloft_socket_addr addr;
    CHECK(!s->numeric(s->ctx, &name, &addr));
}

static void a_wait_ends_at_its_time_or_when_something_is_ready(void)
{
    int fd;
    int peer;
    connect_both(&fd, &peer);
    long begin = now_ms();
    wait_reads(fd);
    CHECK(now_ms() - begin >= WAIT_MS - 20); // a tick of a chip
    CHECK_EQ(send(peer, "x", 1, 0), 1);
    const struct aloft_socket_wait list[1] = {{.fd = fd, .reads = true}};
    begin = now_ms();
    s->wait(s->ctx, list, 1, 60000);
    wait_writes(fd);
    CHECK(now_ms() - begin < 30000);
    begin = now_ms();
    s->wait(s->ctx, NULL, 0, WAIT_MS); // a lookup that has ended before may end it at once
    CHECK(now_ms() - begin < 30000);
    s->close(s->ctx, fd);
    (void)close(peer);
}

static void names_are_found_and_lookups_are_dropped_at_once(void)
{
    struct aloft_socket_addr addr;
    CHECK_EQ(find(ALOFT_SOCKET_CONNECT, "localhost", 1, &addr), ALOFT_SOCKET_DONE);
    CHECK_EQ(find(ALOFT_SOCKET_LISTEN, "", 1, &addr), ALOFT_SOCKET_DONE);
    for (int i = 0; i < 20; i++) {
        struct aloft_socket_lookup *lookup =
            s->look_up(s->ctx, ALOFT_SOCKET_CONNECT, "localhost", 1);
        CHECK(lookup != NULL);
        s->drop(s->ctx, lookup);
    }
}

static int run_all(void)
{
    static const struct check_test tests[] = {
        TEST(bytes_go_both_ways_and_the_end_is_no_fault),
        TEST(a_full_connection_takes_bytes_later),
        TEST(faults_have_their_names),
        TEST(a_listener_tells_who_comes),
        TEST(a_datagram_is_answered_to_whom_it_came_from),
        TEST(addresses_are_text_and_back),
        TEST(a_wait_ends_at_its_time_or_when_something_is_ready),
        TEST(names_are_found_and_lookups_are_dropped_at_once),
    };
    return check_run(tests, sizeof tests / sizeof tests[0]);
}

#endif
