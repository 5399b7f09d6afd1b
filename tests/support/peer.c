// Descriptors are real, so that flags and addresses are; what goes through them is made here.
#include "peer.h"
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { FDS = 256, CALLS_MAX = 8000000, PORT = 4242 };
#define CALL_NS  500000u
#define NS_A_MS  1000000u
#define START_NS (3600u * 1000u * (uint64_t)NS_A_MS)

enum kind { NONE, LISTENER, CONNECTED };

struct end {
    enum kind kind;
    const struct peer_script *script;
    bool datagrams;
    size_t first_off;
    size_t more_off;
    uint64_t next_ns; // when the next byte comes
    uint64_t sip_ns;
};

static struct {
    bool on;
    const struct peers *peers;
    uint64_t now_ns;
    uint64_t calls;
    struct end ends[FDS];
} world;

int __real_poll(struct pollfd *fds, nfds_t count, int timeout);
int __real_clock_gettime(clockid_t id, struct timespec *out);
int __real_nanosleep(const struct timespec *time, struct timespec *left);
int __real_connect(int fd, const struct sockaddr *address, socklen_t len);
int __real_listen(int fd, int backlog);
int __real_accept4(int fd, struct sockaddr *address, socklen_t *len, int flags);
int __real_close(int fd);
ssize_t __real_read(int fd, void *buf, size_t len);
ssize_t __real_recv(int fd, void *buf, size_t len, int flags);
ssize_t __real_write(int fd, const void *buf, size_t len);
ssize_t __real_send(int fd, const void *buf, size_t len, int flags);

int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout);
int __wrap_clock_gettime(clockid_t id, struct timespec *out);
int __wrap_nanosleep(const struct timespec *time, struct timespec *left);
int __wrap_connect(int fd, const struct sockaddr *address, socklen_t len);
int __wrap_listen(int fd, int backlog);
int __wrap_accept4(int fd, struct sockaddr *address, socklen_t *len, int flags);
int __wrap_close(int fd);
ssize_t __wrap_read(int fd, void *buf, size_t len);
ssize_t __wrap_recv(int fd, void *buf, size_t len, int flags);
ssize_t __wrap_write(int fd, const void *buf, size_t len);
ssize_t __wrap_send(int fd, const void *buf, size_t len, int flags);

void peers_begin(const struct peers *peers)
{
    memset(&world, 0, sizeof world);
    world.on = true;
    world.peers = peers;
    world.now_ns = START_NS;
}

void peers_end(void)
{
    world.on = false;
}

uint64_t peers_ms(void)
{
    return (world.now_ns - START_NS) / NS_A_MS;
}

static void give_up(const char *why)
{
    (void)fflush(stdout);
    fprintf(stderr, "peers: %s, after %llu ms and %llu calls\n", why,
            (unsigned long long)peers_ms(), (unsigned long long)world.calls);
    abort();
}

static struct end *end_of(int fd)
{
    bool known = world.on && fd >= 0 && fd < FDS && world.ends[fd].kind != NONE;
    return known ? &world.ends[fd] : NULL;
}

static void pass_call(void)
{
    world.now_ns += CALL_NS;
    if (++world.calls > CALLS_MAX) {
        give_up("it goes round for ever");
    }
}

// --- time

int __wrap_clock_gettime(clockid_t id, struct timespec *out)
{
    if (!world.on || id != CLOCK_MONOTONIC) {
        return __real_clock_gettime(id, out);
    }
    pass_call();
    out->tv_sec = (time_t)(world.now_ns / 1000000000u);
    out->tv_nsec = (long)(world.now_ns % 1000000000u);
    return 0;
}

int __wrap_nanosleep(const struct timespec *time, struct timespec *left)
{
    if (!world.on) {
        return __real_nanosleep(time, left);
    }
    pass_call();
    world.now_ns += (uint64_t)time->tv_sec * 1000000000u + (uint64_t)time->tv_nsec;
    return 0;
}

// --- readiness

// When something can be read; UINT64_MAX: never.
static uint64_t readable_ns(const struct end *end)
{
    const struct peer_script *script = end->script;
    if (end->kind == LISTENER) {
        return world.peers->back != NULL ? 0 : UINT64_MAX;
    }
    if (script == NULL) {
        return UINT64_MAX;
    }
    if (end->first_off < script->first_len || script->ends) {
        return 0;
    }
    return script->more_len == 0 ? UINT64_MAX : script->every_ms == 0 ? 0 : end->next_ns;
}

static uint64_t writable_ns(const struct end *end)
{
    const struct peer_script *script = end->script;
    if (end->kind == LISTENER || script == NULL) {
        return UINT64_MAX;
    }
    return script->deaf ? UINT64_MAX : script->sip_ms == 0 ? 0 : end->sip_ns;
}

// How many are ready; *next: when one of the others will be.
static int look(struct pollfd *fds, nfds_t count, uint64_t *next)
{
    int ready = 0;
    for (nfds_t i = 0; i < count; i++) {
        const struct end *end = end_of(fds[i].fd);
        if (end == NULL) {
            ready += __real_poll(&fds[i], 1, 0) > 0;
            continue;
        }
        uint64_t in = (fds[i].events & POLLIN) != 0 ? readable_ns(end) : UINT64_MAX;
        uint64_t out = (fds[i].events & POLLOUT) != 0 ? writable_ns(end) : UINT64_MAX;
        fds[i].revents =
            (short)((in <= world.now_ns ? POLLIN : 0) | (out <= world.now_ns ? POLLOUT : 0));
        ready += fds[i].revents != 0;
        *next = in > world.now_ns && in < *next ? in : *next;
        *next = out > world.now_ns && out < *next ? out : *next;
    }
    return ready;
}

int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout)
{
    uint64_t next = UINT64_MAX;
    if (!world.on) {
        return __real_poll(fds, count, timeout);
    }
    pass_call();
    int ready = look(fds, count, &next);
    if (ready > 0 || timeout == 0) {
        return ready;
    }
    uint64_t until = timeout < 0 ? UINT64_MAX : world.now_ns + (uint64_t)timeout * NS_A_MS;
    if (next == UINT64_MAX && timeout < 0) {
        give_up("a poll without an end");
    }
    world.now_ns = next < until ? next : until;
    next = UINT64_MAX;
    return look(fds, count, &next);
}

// Of a descriptor that blocks: until it is ready. False: it does not block.
static bool wait_blocked(int fd, uint64_t ready_ns, const char *what)
{
    if ((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0) {
        errno = EAGAIN;
        return false;
    }
    if (ready_ns == UINT64_MAX) {
        give_up(what);
    }
    world.now_ns = ready_ns;
    return true;
}

// --- connections

static void connected(int fd, const struct peer_script *script, bool datagrams)
{
    if (fd >= FDS) {
        give_up("too many descriptors");
    }
    world.ends[fd] = (struct end){.kind = CONNECTED, .script = script, .datagrams = datagrams};
    if (script != NULL) {
        world.ends[fd].next_ns = world.now_ns + (uint64_t)script->every_ms * NS_A_MS;
        world.ends[fd].sip_ns = world.now_ns + (uint64_t)script->sip_ms * NS_A_MS;
    }
}

int __wrap_connect(int fd, const struct sockaddr *address, socklen_t len)
{
    int type = 0;
    socklen_t size = sizeof type;
    if (!world.on) {
        return __real_connect(fd, address, len);
    }
    pass_call();
    (void)getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size);
    connected(fd, type == SOCK_DGRAM ? world.peers->udp : world.peers->tcp, type == SOCK_DGRAM);
    return 0;
}

int __wrap_listen(int fd, int backlog)
{
    if (world.on) {
        world.ends[fd] = (struct end){.kind = LISTENER};
    }
    return __real_listen(fd, backlog);
}

int __wrap_accept4(int fd, struct sockaddr *address, socklen_t *len, int flags)
{
    const struct end *end = end_of(fd);
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    if (end == NULL) {
        return __real_accept4(fd, address, len, flags);
    }
    pass_call();
    from.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    memcpy(address, &from, sizeof from);
    *len = sizeof from;
    int peer = socket(AF_INET, SOCK_STREAM | flags, 0);
    connected(peer, world.peers->back, false);
    return peer;
}

int __wrap_close(int fd)
{
    if (world.on && fd >= 0 && fd < FDS) {
        world.ends[fd].kind = NONE;
    }
    return __real_close(fd);
}

// --- bytes

static size_t take_more(struct end *end, char *out, size_t cap)
{
    const struct peer_script *script = end->script;
    size_t n = end->datagrams ? script->more_len : script->every_ms != 0 ? 1 : cap;
    n = n < cap ? n : cap;
    for (size_t i = 0; i < n; i++) {
        out[i] = script->more[end->more_off];
        end->more_off = (end->more_off + 1) % script->more_len;
    }
    end->next_ns = world.now_ns + (uint64_t)script->every_ms * NS_A_MS;
    return n;
}

static ssize_t hear(int fd, struct end *end, void *buf, size_t len)
{
    const struct peer_script *script = end->script;
    uint64_t ready_ns = readable_ns(end);
    pass_call();
    if (ready_ns > world.now_ns && !wait_blocked(fd, ready_ns, "a read without an end")) {
        return -1;
    }
    size_t left = script->first_len - end->first_off;
    if (left > 0) {
        size_t n = left < len ? left : len;
        memcpy(buf, script->first + end->first_off, n);
        end->first_off += n;
        return (ssize_t)n;
    }
    return script->ends ? 0 : (ssize_t)take_more(end, buf, len);
}

static ssize_t say(int fd, struct end *end, size_t len)
{
    uint64_t ready_ns = writable_ns(end);
    pass_call();
    if (end->datagrams) {
        return (ssize_t)len; // lost, when it is not read
    }
    if (ready_ns > world.now_ns && !wait_blocked(fd, ready_ns, "a write without an end")) {
        return -1;
    }
    if (end->script->sip_ms != 0) {
        end->sip_ns = world.now_ns + (uint64_t)end->script->sip_ms * NS_A_MS;
        return 1;
    }
    return (ssize_t)len;
}

ssize_t __wrap_read(int fd, void *buf, size_t len)
{
    struct end *end = end_of(fd);
    return end == NULL ? __real_read(fd, buf, len) : hear(fd, end, buf, len);
}

ssize_t __wrap_recv(int fd, void *buf, size_t len, int flags)
{
    struct end *end = end_of(fd);
    return end == NULL ? __real_recv(fd, buf, len, flags) : hear(fd, end, buf, len);
}

ssize_t __wrap_write(int fd, const void *buf, size_t len)
{
    struct end *end = end_of(fd);
    return end == NULL ? __real_write(fd, buf, len) : say(fd, end, len);
}

ssize_t __wrap_send(int fd, const void *buf, size_t len, int flags)
{
    struct end *end = end_of(fd);
    return end == NULL ? __real_send(fd, buf, len, flags) : say(fd, end, len);
}
