// The thread owns the question, and whoever asked owns the lookup. The answer is one datagram, so
// it arrives whole; a lookup that was dropped has closed its end, and the answer goes nowhere.
#include "ports/linux/host_lookup.h"
#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ADDRS_MAX = 16, OURS = 0, THREADS = 1 };

// What was found.
struct answer {
    uint32_t count;
    struct aloft_socket_addr addrs[ADDRS_MAX];
};

struct aloft_socket_lookup {
    int fd; // -1: the answer is here
    struct answer answer;
};

struct question {
    int fd;
    struct addrinfo hints;
    char service[8];
    char host[];
};

static bool keep(const struct addrinfo *at, struct aloft_socket_addr *out)
{
    if (at->ai_addrlen > sizeof out->opaque) {
        return false;
    }
    *out = (struct aloft_socket_addr){.len = at->ai_addrlen};
    memcpy(out->opaque, at->ai_addr, at->ai_addrlen);
    return true;
}

// False: there is no such name, or, with AI_NUMERICHOST, it is no address.
static bool resolve(const char *host, const char *service, const struct addrinfo *hints,
                    struct answer *answer)
{
    struct addrinfo *found;
    if (getaddrinfo(host[0] != 0 ? host : NULL, service, hints, &found) != 0) {
        return false;
    }
    for (const struct addrinfo *at = found; at != NULL && answer->count < ADDRS_MAX;
         at = at->ai_next) {
        answer->count += keep(at, &answer->addrs[answer->count]);
    }
    freeaddrinfo(found);
    return true;
}

static void *answer_question(void *arg)
{
    struct question *question = arg;
    struct answer answer = {.count = 0};
    (void)resolve(question->host, question->service, &question->hints,
                  &answer);                                         // none is an answer
    (void)send(question->fd, &answer, sizeof answer, MSG_NOSIGNAL); // perhaps nobody waits for it
    (void)close(question->fd);
    free(question);
    return NULL;
}

// Signals are for the threads that were there before.
static bool start_thread(struct question *question)
{
    sigset_t all;
    sigset_t before;
    pthread_t thread;
    (void)sigfillset(&all); // cannot fail
    if (pthread_sigmask(SIG_SETMASK, &all, &before) != 0) {
        return false;
    }
    bool started = pthread_create(&thread, NULL, answer_question, question) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL); // as before, so it is valid
    return started && pthread_detach(thread) == 0;
}

static bool ask(struct aloft_socket_lookup *lookup, const char *host, const char *service,
                const struct addrinfo *hints)
{
    int fds[2];
    size_t len = strlen(host);
    struct question *question = calloc(1, sizeof *question + len + 1);
    if (question == NULL ||
        socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) != 0) {
        free(question);
        return false;
    }
    question->fd = fds[THREADS];
    question->hints = *hints;
    memcpy(question->service, service, sizeof question->service);
    memcpy(question->host, host, len);
    lookup->fd = fds[OURS];
    if (!start_thread(question)) {
        (void)close(fds[OURS]);
        (void)close(fds[THREADS]);
        free(question);
        return false;
    }
    return true;
}

struct aloft_socket_lookup *aloft_host_look_up(void *ctx, enum aloft_socket_kind kind,
                                               const char *host, uint16_t port)
{
    bool passive = kind == ALOFT_SOCKET_LISTEN || kind == ALOFT_SOCKET_BIND;
    bool udp = kind == ALOFT_SOCKET_TALK || kind == ALOFT_SOCKET_BIND;
    struct addrinfo hints = {.ai_family = AF_UNSPEC,
                             .ai_socktype = udp ? SOCK_DGRAM : SOCK_STREAM,
                             .ai_flags = AI_NUMERICSERV | AI_NUMERICHOST};
    struct aloft_socket_lookup *lookup = calloc(1, sizeof *lookup);
    char service[8] = "";
    (void)ctx;
    if (lookup == NULL) {
        return NULL;
    }
    lookup->fd = -1;
    (void)snprintf(service, sizeof service, "%u", port);
    hints.ai_flags |= passive ? AI_PASSIVE : 0;
    if (resolve(host, service, &hints, &lookup->answer)) {
        return lookup; // it is an address
    }
    hints.ai_flags &= ~AI_NUMERICHOST;
    if (!ask(lookup, host, service, &hints)) {
        free(lookup);
        return NULL;
    }
    return lookup;
}

int32_t aloft_host_found(void *ctx, struct aloft_socket_lookup *lookup, uint32_t n,
                         struct aloft_socket_addr *out)
{
    (void)ctx;
    if (lookup->fd >= 0) {
        ssize_t len = recv(lookup->fd, &lookup->answer, sizeof lookup->answer, 0);
        if (len < 0 && (errno == EAGAIN || errno == EINTR)) {
            return ALOFT_SOCKET_LATER;
        }
        (void)close(lookup->fd);
        lookup->fd = -1;
    }
    if (n >= lookup->answer.count) {
        return ALOFT_ERR_NET_DNS;
    }
    *out = lookup->answer.addrs[n];
    return ALOFT_SOCKET_DONE;
}

void aloft_host_drop(void *ctx, struct aloft_socket_lookup *lookup)
{
    (void)ctx;
    if (lookup->fd >= 0) {
        (void)close(lookup->fd);
    }
    free(lookup);
}

int aloft_host_lookup_fd(const struct aloft_socket_lookup *lookup)
{
    return lookup->fd;
}

bool aloft_host_numeric(void *ctx, const struct aloft_way_peer *peer, struct aloft_socket_addr *out)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_DGRAM,
                                   .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
    struct answer answer = {.count = 0};
    char service[8];
    (void)ctx;
    (void)snprintf(service, sizeof service, "%u", peer->port);
    if (!resolve(peer->host, service, &hints, &answer) || answer.count == 0) {
        return false;
    }
    *out = answer.addrs[0];
    return true;
}
