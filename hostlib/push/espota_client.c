// One datagram socket that is connected to the device, one listening socket, and one connection.
// Each step waits for exactly one of them; its error says what did not come.
#include "hostlib/push/espota_client.h"
#include "aloft/base/hash.h"
#include "aloft/base/hex.h"
#include "aloft/net/espota.h"
#include "hostlib/base/clock.h"
#include "hostlib/base/deadline.h"
#include "hostlib/base/random.h"
#include "hostlib/crypto/mbed_crypto.h"
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CHUNK = 1024, REPLY_MAX = 512, RESEND_MS = 3000, POLL_MS = 200, WORDS_MS = 3000 };
enum { ENTRIES_MAX = 3 };
enum { AUTH_MS = 15000, CONNECT_MS = 15000, CHUNK_MS = 15000, RESULT_MS = 120000 };

struct job {
    struct aloft_espota_client *client;
    struct aloft_message *error;
    int udp;
    bool repeated; // the invitation was, before it was answered: each has its answer
    int listener;
    int tcp;
    struct sockaddr_storage device;
    char invitation[ALOFT_ESPOTA_DATAGRAM];
    char answer[ALOFT_ESPOTA_DATAGRAM]; // the device's last datagram
    char reply[REPLY_MAX];              // what it said over the connection, without counts
    size_t reply_len;
};

// Waits until the descriptor is ready, for as many turns as the deadline has.
static bool wait_for(int fd, short events, struct aloft_deadline *deadline)
{
    struct pollfd poll_fd = {.fd = fd, .events = events};
    int left_ms;
    while (aloft_deadline_turn(deadline, &left_ms)) {
        if (poll(&poll_fd, 1, left_ms) > 0) {
            return true;
        }
    }
    return false;
}

static bool wait_readable(int fd, struct aloft_deadline *deadline)
{
    return wait_for(fd, POLLIN, deadline);
}

// --- what went wrong

// Our own devices send the name of the fault, so its sentence can be added. The longest name
// counts, as some are parts of others.
static enum aloft_err fault_in(const char *text)
{
    enum aloft_err found = ALOFT_OK;
    size_t longest = 0;
    for (int err = -1; err >= INT8_MIN * 2; err--) {
        const char *name = aloft_err_name((enum aloft_err)err);
        bool better = strcmp(name, "UNKNOWN") != 0 && strlen(name) > longest;
        if (better && strstr(text, name) != NULL) {
            found = (enum aloft_err)err;
            longest = strlen(name);
        }
    }
    return found;
}

static bool refused(const struct job *job, const char *text)
{
    enum aloft_err err = fault_in(text);
    int len = (int)strcspn(text, "\r\n");
    if (err == ALOFT_OK) {
        return aloft_message_set(job->error, "%s refuses the push: %.*s", job->client->host, len,
                                 text);
    }
    return aloft_message_set(job->error, "%s refuses the push: %s: %s", job->client->host,
                             aloft_err_name(err), aloft_err_sentence(err));
}

// --- sockets

static bool set_up_udp(struct job *job)
{
    const struct aloft_espota_client *client = job->client;
    struct addrinfo hints = {.ai_socktype = SOCK_DGRAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *found;
    char service[8];
    (void)snprintf(service, sizeof service, "%u", client->port);
    int result = getaddrinfo(client->host, service, &hints, &found);
    if (result != 0) {
        return aloft_message_set(job->error, "%s: no such host: %s", client->host,
                                 gai_strerror(result));
    }
    for (const struct addrinfo *at = found; at != NULL && job->udp < 0; at = at->ai_next) {
        job->udp = socket(at->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (job->udp >= 0 && connect(job->udp, at->ai_addr, at->ai_addrlen) != 0) {
            (void)close(job->udp);
            job->udp = -1;
        } else {
            memcpy(&job->device, at->ai_addr, at->ai_addrlen);
        }
    }
    freeaddrinfo(found);
    return job->udp >= 0 ||
           aloft_message_set(job->error, "%s cannot be reached: %s", client->host, strerror(errno));
}

static uint16_t *port_of(struct sockaddr_storage *address)
{
    return address->ss_family == AF_INET6 ? &((struct sockaddr_in6 *)(void *)address)->sin6_port
                                          : &((struct sockaddr_in *)(void *)address)->sin_port;
}

static bool same_host(struct sockaddr_storage *a, struct sockaddr_storage *b)
{
    if (a->ss_family != b->ss_family) {
        return false;
    }
    if (a->ss_family == AF_INET6) {
        return memcmp(&((struct sockaddr_in6 *)(void *)a)->sin6_addr,
                      &((struct sockaddr_in6 *)(void *)b)->sin6_addr, 16) == 0;
    }
    return ((struct sockaddr_in *)(void *)a)->sin_addr.s_addr ==
           ((struct sockaddr_in *)(void *)b)->sin_addr.s_addr;
}

static bool set_up_listener(struct job *job, uint32_t *port)
{
    struct sockaddr_storage address = {.ss_family = job->device.ss_family};
    socklen_t len =
        address.ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
    const int yes = 1;
    *port_of(&address) = htons(job->client->host_port);
    job->listener = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (job->listener < 0 ||
        setsockopt(job->listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
        bind(job->listener, (struct sockaddr *)&address, len) != 0 ||
        listen(job->listener, 1) != 0 ||
        getsockname(job->listener, (struct sockaddr *)&address, &len) != 0) {
        return aloft_message_set(job->error, "port %u of this computer cannot be listened at: %s",
                                 job->client->host_port, strerror(errno));
    }
    *port = ntohs(*port_of(&address));
    return true;
}

// --- invitation and proof

// The device's next datagram. False: none came in time; errno may say why.
static bool hear(struct job *job, struct aloft_deadline *deadline)
{
    errno = 0;
    if (!wait_readable(job->udp, deadline)) {
        return false;
    }
    ssize_t n = recv(job->udp, job->answer, sizeof job->answer - 1, 0);
    job->answer[n > 0 ? n : 0] = '\0';
    return n > 0;
}

static bool say(struct job *job, const char *text)
{
    return send(job->udp, text, strlen(text), MSG_NOSIGNAL) >= 0;
}

// Datagrams get lost, and a device may be starting: the invitation is sent until it is answered.
static bool invite(struct job *job)
{
    const struct aloft_espota_client *client = job->client;
    struct aloft_deadline deadline = aloft_deadline_in(client->timeout_ms);
    int left_ms;
    bool nobody = false; // a host is there, and nothing at its port
    uint32_t sent = 0;
    job->repeated = false;
    while (aloft_deadline_turn(&deadline, &left_ms)) {
        struct aloft_deadline again =
            aloft_deadline_in(left_ms < RESEND_MS ? (uint32_t)left_ms : RESEND_MS);
        (void)say(job, job->invitation); // an answer shows that it arrived
        sent++;
        if (hear(job, &again)) {
            job->repeated = sent > 1;
            return true;
        }
        if (errno == ECONNREFUSED) {
            nobody = true;
            aloft_clock_sleep_ms(POLL_MS);
        }
    }
    return aloft_message_set(job->error,
                             nobody ? "nothing listens at UDP port %u of %s; does the app there "
                                      "take pushes?"
                                    : "no answer from UDP port %u of %s; is it on, in this "
                                      "network, and does its app take pushes?",
                             client->port, client->host);
}

static bool hash(enum aloft_hash_alg alg, const void *data, size_t len, char *hex)
{
    uint8_t out[ALOFT_SHA256_LEN];
    uint32_t size = alg == ALOFT_HASH_MD5 ? ALOFT_MD5_LEN : ALOFT_SHA256_LEN;
    bool good = aloft_hash_of(&aloft_mbed_crypto, alg, data, len, out) == ALOFT_OK;
    aloft_hex_emit(out, size, hex);
    hex[2 * size] = '\0';
    return good;
}

// Answers the nonce in job->answer.
static bool prove(struct job *job, uint32_t digits, enum aloft_hash_alg alg)
{
    const char *password = job->client->password;
    struct aloft_espota_proof proof;
    uint8_t random[ALOFT_SHA256_LEN];
    char verifier[ALOFT_ESPOTA_HEX_MAX + 1];
    char cnonce[ALOFT_ESPOTA_HEX_MAX];
    char response[ALOFT_ESPOTA_HEX_MAX];
    char text[ALOFT_ESPOTA_DATAGRAM];
    char challenge[ALOFT_ESPOTA_DATAGRAM];
    enum aloft_step step;
    if (!aloft_random(random, sizeof random) || !hash(alg, password, strlen(password), verifier)) {
        return aloft_message_set(job->error, "the proof of the password cannot be computed");
    }
    aloft_hex_emit(random, digits / 2, cnonce);
    aloft_espota_proof_begin(&proof, &aloft_mbed_crypto, verifier, (uint32_t)strlen(verifier));
    aloft_espota_proof_nonces(&proof, digits, job->answer + strlen("AUTH "), cnonce);
    do {
        step = aloft_espota_proof_step(&proof);
    } while (step == ALOFT_STEP_AGAIN);
    if (step == ALOFT_STEP_FAILED) {
        return aloft_message_set(job->error, "the proof of the password cannot be computed");
    }
    aloft_hex_emit(proof.response, digits / 2, response);
    (void)snprintf(text, sizeof text, "200 %.*s %.*s\n", (int)digits, cnonce, (int)digits,
                   response);
    memcpy(challenge, job->answer, sizeof challenge);
    (void)say(job, text); // an answer shows that it arrived
    struct aloft_deadline deadline = aloft_deadline_in(AUTH_MS);
    while (hear(job, &deadline)) {
        if (strcmp(job->answer, challenge) != 0) { // else it answers a repeated invitation
            return true;
        }
    }
    return aloft_message_set(job->error, "%s did not answer the proof of the password",
                             job->client->host);
}

static uint32_t nonce_digits(const struct job *job)
{
    if (strncmp(job->answer, "AUTH ", 5) != 0) {
        return 0;
    }
    size_t len = strspn(job->answer + 5, "0123456789abcdefABCDEF");
    return (len == 32 || len == 64) && job->answer[5 + len] == '\0' ? (uint32_t)len : 0;
}

// Asks, and proves what is asked for. False with an empty message: it was not believed.
static bool enter(struct job *job, enum aloft_hash_alg alg)
{
    struct aloft_espota_client *client = job->client;
    job->error->text[0] = '\0';
    if (!invite(job)) {
        return false;
    }
    if (strcmp(job->answer, "OK") == 0) {
        client->auth = ALOFT_ESPOTA_AUTH_NONE;
        return true;
    }
    uint32_t digits = nonce_digits(job);
    if (digits == 0) {
        return refused(job, job->answer);
    }
    if (client->password == NULL) {
        return aloft_message_set(job->error,
                                 "%s wants a password: give --password, "
                                 "--password-file or ALOFT_PASSWORD",
                                 client->host);
    }
    client->auth = digits == 32               ? ALOFT_ESPOTA_AUTH_MD5
                   : alg == ALOFT_HASH_SHA256 ? ALOFT_ESPOTA_AUTH_SHA256
                                              : ALOFT_ESPOTA_AUTH_SHA256_OF_MD5;
    if (!prove(job, digits, digits == 32 ? ALOFT_HASH_MD5 : alg)) {
        return false;
    }
    if (strcmp(job->answer, "OK") == 0) {
        return true;
    }
    return strcmp(job->answer, "Authentication Failed") == 0 ? false : refused(job, job->answer);
}

// A device may give each of several invitations a nonce of its own, and judge the proof by the last
// one. What it says then is no verdict; a new socket does not hear the old answers.
static bool enter_undisturbed(struct job *job, enum aloft_hash_alg alg)
{
    bool good = enter(job, alg);
    for (int i = 1; i < ENTRIES_MAX && !good && job->repeated; i++) {
        (void)close(job->udp);
        job->udp = -1;
        good = set_up_udp(job) && enter(job, alg);
    }
    return good;
}

static bool get_in(struct job *job)
{
    const struct aloft_espota_client *client = job->client;
    if (enter_undisturbed(job, ALOFT_HASH_SHA256)) {
        return true;
    }
    if (job->error->text[0] == '\0' && client->auth == ALOFT_ESPOTA_AUTH_SHA256 &&
        enter_undisturbed(job, ALOFT_HASH_MD5)) {
        return true;
    }
    return job->error->text[0] == '\0'
               ? aloft_message_set(job->error, "%s does not accept the password", client->host)
               : false;
}

// --- the file

static bool await_connection(struct job *job)
{
    struct aloft_deadline deadline = aloft_deadline_in(CONNECT_MS);
    while (job->tcp < 0 && wait_readable(job->listener, &deadline)) {
        struct sockaddr_storage peer;
        socklen_t len = sizeof peer;
        job->tcp =
            accept4(job->listener, (struct sockaddr *)&peer, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (job->tcp >= 0 && !same_host(&peer, &job->device)) { // firmware is for the device only
            (void)close(job->tcp);
            job->tcp = -1;
        }
    }
    return job->tcp >= 0 ||
           aloft_message_set(job->error,
                             "%s accepted, but did not connect back; does a firewall keep it out? "
                             "Let one port in, and name it with --host-port",
                             job->client->host);
}

// Takes what the device says next: counts are dropped, the rest is kept. False: it has gone.
static bool listen_to(struct job *job)
{
    char bytes[REPLY_MAX];
    ssize_t n = recv(job->tcp, bytes, sizeof bytes, 0);
    for (ssize_t i = 0; i < n && job->reply_len < sizeof job->reply - 1; i++) {
        bool digit = bytes[i] >= '0' && bytes[i] <= '9';
        if (!digit || job->reply_len > 0) {
            job->reply[job->reply_len++] = bytes[i];
        }
    }
    job->reply[job->reply_len] = '\0';
    return n > 0;
}

// What the device has said at the end of a push that it did not take.
static bool explain(struct job *job, const char *otherwise)
{
    struct aloft_deadline deadline = aloft_deadline_in(WORDS_MS);
    while (job->reply_len > 0 && strchr(job->reply, '\n') == NULL &&
           wait_readable(job->tcp, &deadline) && listen_to(job)) {
    }
    return job->reply_len > 0
               ? refused(job, job->reply)
               : aloft_message_set(job->error, "%s %s", job->client->host, otherwise);
}

static bool send_chunk(struct job *job, const uint8_t *data, size_t len)
{
    struct aloft_deadline deadline = aloft_deadline_in(CHUNK_MS);
    while (len > 0) {
        ssize_t n = send(job->tcp, data, len, MSG_NOSIGNAL);
        if (n > 0) {
            data += n;
            len -= (size_t)n;
        } else if (n < 0 && errno != EINTR && errno != EAGAIN) {
            (void)listen_to(job); // why, perhaps
            return explain(job, "broke the connection");
        } else if (!wait_for(job->tcp, POLLOUT, &deadline)) {
            return explain(job, "stopped taking bytes");
        }
    }
    return true;
}

// It said something that is not the beginning of "OK".
static bool told_otherwise(const struct job *job)
{
    return strstr(job->reply, "OK") == NULL && strcmp(job->reply, "O") != 0 && job->reply_len > 0;
}

static bool send_file(struct job *job)
{
    const struct aloft_espota_client *client = job->client;
    for (size_t off = 0; off < client->len;) {
        size_t n = client->len - off < CHUNK ? client->len - off : CHUNK;
        if (!send_chunk(job, client->data + off, n)) {
            return false;
        }
        struct aloft_deadline deadline = aloft_deadline_in(CHUNK_MS);
        if (!wait_readable(job->tcp, &deadline)) {
            return explain(job, "stopped taking bytes");
        }
        bool gone = !listen_to(job);
        off += n;
        if (told_otherwise(job)) {
            return explain(job, "");
        }
        if (gone && strstr(job->reply, "OK") == NULL) {
            return explain(job, "broke the connection");
        }
        if (client->progress != NULL) {
            client->progress(client->progress_ctx, (uint32_t)off, (uint32_t)client->len);
        }
    }
    return true;
}

static bool await_result(struct job *job)
{
    struct aloft_deadline deadline = aloft_deadline_in(RESULT_MS);
    while (strstr(job->reply, "OK") == NULL) {
        if (strchr(job->reply, '\n') != NULL) {
            return explain(job, "");
        }
        if (!wait_readable(job->tcp, &deadline)) {
            return explain(job, "took all bytes, but did not say that they are good");
        }
        if (!listen_to(job)) {
            return explain(job, "took all bytes and hung up without saying that they are good; "
                                "its console tells more");
        }
    }
    return true;
}

static bool run(struct job *job)
{
    struct aloft_espota_client *client = job->client;
    uint32_t port = 0;
    if (!hash(ALOFT_HASH_MD5, client->data, client->len, client->md5)) {
        return aloft_message_set(job->error, "the file's MD5 cannot be computed");
    }
    if (!set_up_udp(job) || !set_up_listener(job, &port)) {
        return false;
    }
    (void)snprintf(job->invitation, sizeof job->invitation, "%d %u %zu %s\n",
                   client->files ? ALOFT_ESPOTA_FILES : ALOFT_ESPOTA_FLASH, (unsigned)port,
                   client->len, client->md5);
    return get_in(job) && await_connection(job) && send_file(job) && await_result(job);
}

static void close_socket(int fd)
{
    if (fd >= 0) {
        (void)close(fd);
    }
}

bool aloft_espota_client_push(struct aloft_espota_client *client, struct aloft_message *error)
{
    struct job job = {.client = client, .error = error, .udp = -1, .listener = -1, .tcp = -1};
    bool good = run(&job);
    close_socket(job.udp);
    close_socket(job.listener);
    close_socket(job.tcp);
    return good;
}
