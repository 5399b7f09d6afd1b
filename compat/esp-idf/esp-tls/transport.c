// Non-blocking sockets and a clock; all waiting is done in poll.
#include "compat/esp-idf/esp-tls/transport.h"
#include "compat/esp-idf/host/host.h"
#include "compat/esp-idf/lwip/route.h"
#include "esp_log.h"
#include "esp_tls_errors.h"
#include "hostlib/base/deadline.h"
#include "ports/linux/host_sockets.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#undef connect // here it is the host's

static const char *TAG = "esp-tls";

enum { HOST_MAX = ALOFT_IDF_HOST_MAX, PORT_TEXT = 8 };

void aloft_idf_transport_init(struct aloft_idf_transport *t)
{
    *t = (struct aloft_idf_transport){.fd = -1};
}

// Waits until the socket is ready; false when the time is over.
static bool wait_for(int fd, short events, struct aloft_deadline *deadline)
{
    struct pollfd poller = {.fd = fd, .events = events};
    int left_ms;
    while (aloft_deadline_turn(deadline, &left_ms)) {
        if (poll(&poller, 1, left_ms) > 0) {
            return true;
        }
    }
    return false;
}

// --- connecting

static esp_err_t connect_to(struct aloft_idf_transport *t, const struct addrinfo *at,
                            struct aloft_deadline *until)
{
    int error = 0;
    socklen_t size = sizeof error;
    t->fd = socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (t->fd < 0) {
        return ESP_ERR_ESP_TLS_CANNOT_CREATE_SOCKET;
    }
    if (connect(t->fd, at->ai_addr, at->ai_addrlen) != 0) {
        if (errno != EINPROGRESS) {
            error = errno;
        } else if (!wait_for(t->fd, POLLOUT, until)) {
            t->last_errno = ETIMEDOUT;
            return ESP_ERR_ESP_TLS_CONNECTION_TIMEOUT;
        } else {
            (void)getsockopt(t->fd, SOL_SOCKET, SO_ERROR, &error, &size);
        }
    }
    t->last_errno = error;
    return error == 0 ? ESP_OK : ESP_ERR_ESP_TLS_FAILED_CONNECT_TO_HOST;
}

static esp_err_t connect_tcp(struct aloft_idf_transport *t, const struct aloft_idf_peer *peer,
                             struct aloft_deadline *until)
{
    char host[HOST_MAX];
    char port_text[PORT_TEXT];
    const struct addrinfo hints = {.ai_family = peer->family, .ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    int port = peer->port;
    (void)snprintf(host, sizeof host, "%s", peer->host);
    aloft_idf_route(host, &port);
    (void)snprintf(port_text, sizeof port_text, "%d", port & 0xFFFF);
    int err = getaddrinfo(host, port_text, &hints, &list);
    if (err != 0) {
        ESP_LOGE(TAG, "couldn't get hostname for :%s: getaddrinfo() returns %d", peer->host, err);
        return ESP_ERR_ESP_TLS_CANNOT_RESOLVE_HOSTNAME;
    }
    esp_err_t result = ESP_ERR_ESP_TLS_FAILED_CONNECT_TO_HOST;
    for (const struct addrinfo *at = list; at != NULL && result != ESP_OK; at = at->ai_next) {
        aloft_idf_transport_close(t);
        result = connect_to(t, at, until);
    }
    freeaddrinfo(list);
    if (result != ESP_OK) {
        ESP_LOGE(TAG, "[sock=%d] connect() to %s:%d failed: %s", t->fd, host, port,
                 strerror(t->last_errno));
    }
    return result;
}

static bool host_clock(void *ctx, int64_t *seconds)
{
    (void)ctx;
    *seconds = (int64_t)time(NULL);
    return true;
}

static esp_err_t say_tls(enum aloft_err err, const struct aloft_tls *tls, esp_err_t code)
{
    ESP_LOGE("esp-tls-mbedtls", "%s: %s", aloft_err_name(err), aloft_err_sentence(err));
    if (tls != NULL && aloft_tls_about(tls)[0] != '\0') {
        ESP_LOGE("esp-tls-mbedtls", "The server's certificate: %s", aloft_tls_about(tls));
    }
    return code;
}

// Waits for reading or writing, as the TLS machine asks; false: not in time. Time that the machine
// computes does not count as the peer's.
static bool wait_tls(const struct aloft_idf_transport *t, enum aloft_tls_result result,
                     struct aloft_deadline *until)
{
    if (result == ALOFT_TLS_BUSY) {
        return true;
    }
    return wait_for(t->fd, result == ALOFT_TLS_WANT_READ ? POLLIN : POLLOUT, until);
}

static bool goes_on(enum aloft_tls_result result)
{
    return result == ALOFT_TLS_BUSY || result == ALOFT_TLS_WANT_READ ||
           result == ALOFT_TLS_WANT_WRITE;
}

static esp_err_t start_tls(struct aloft_idf_transport *t, const struct aloft_idf_peer *peer,
                           struct aloft_deadline *until)
{
    const struct aloft_tls_trust trust = {
        .ca = peer->ca,
        .any_name = peer->any_name,
        .now = aloft_idf_config.tls_dates ? host_clock : NULL,
    };
    const char *name = peer->common_name != NULL ? peer->common_name : peer->host;
    enum aloft_err err =
        t->tls_client == NULL ? aloft_tls_client_new(&trust, &t->tls_client, NULL) : ALOFT_OK;
    if (err != ALOFT_OK) {
        return say_tls(err, NULL, ESP_ERR_MBEDTLS_X509_CRT_PARSE_FAILED);
    }
    err = aloft_tls_begin(t->tls_client, &aloft_host_sockets, t->fd, name, (uint16_t)peer->port,
                          &t->tls);
    if (err != ALOFT_OK) {
        return say_tls(err, NULL, ESP_ERR_MBEDTLS_SSL_SETUP_FAILED);
    }
    enum aloft_tls_result result = aloft_tls_handshake(t->tls);
    while (goes_on(result)) {
        if (!wait_tls(t, result, until)) {
            return ESP_ERR_ESP_TLS_CONNECTION_TIMEOUT;
        }
        result = aloft_tls_handshake(t->tls);
    }
    return result == ALOFT_TLS_DONE
               ? ESP_OK
               : say_tls(aloft_tls_err(t->tls), t->tls, ESP_ERR_MBEDTLS_SSL_HANDSHAKE_FAILED);
}

esp_err_t aloft_idf_transport_connect(struct aloft_idf_transport *t,
                                      const struct aloft_idf_peer *peer, int timeout_ms)
{
    struct aloft_deadline until = aloft_deadline_in((uint32_t)timeout_ms);
    esp_err_t err = connect_tcp(t, peer, &until);
    if (err == ESP_OK && peer->tls) {
        err = start_tls(t, peer, &until);
    }
    t->error = (esp_tls_last_error_t){.last_error = err};
    if (err != ESP_OK) {
        aloft_idf_transport_close(t);
    }
    return err;
}

// --- bytes

static int failed(struct aloft_idf_transport *t, int error, int result)
{
    t->last_errno = error;
    errno = error;
    return result;
}

static int read_tcp(struct aloft_idf_transport *t, void *buf, int len, struct aloft_deadline *until)
{
    for (;;) {
        ssize_t n = recv(t->fd, buf, (size_t)len, 0);
        if (n > 0) {
            return (int)n;
        }
        if (n == 0) {
            return failed(t, ENOTCONN, ALOFT_IDF_CLOSED);
        }
        if (errno != EAGAIN && errno != EINTR) {
            return failed(t, errno, ALOFT_IDF_BROKEN);
        }
        if (!wait_for(t->fd, POLLIN, until)) {
            return failed(t, 0, ALOFT_IDF_TIMEOUT);
        }
    }
}

static int read_tls(struct aloft_idf_transport *t, void *buf, int len, struct aloft_deadline *until)
{
    for (;;) {
        uint32_t n = 0;
        enum aloft_tls_result result = aloft_tls_read(t->tls, buf, (uint32_t)len, &n);
        if (result == ALOFT_TLS_DONE) {
            return (int)n;
        }
        if (result == ALOFT_TLS_ENDED) {
            return failed(t, ENOTCONN, ALOFT_IDF_CLOSED);
        }
        if (!goes_on(result)) {
            (void)say_tls(aloft_tls_err(t->tls), NULL, ESP_FAIL);
            return failed(t, ECONNRESET, ALOFT_IDF_BROKEN);
        }
        if (!wait_tls(t, result, until)) {
            return failed(t, 0, ALOFT_IDF_TIMEOUT);
        }
    }
}

int aloft_idf_transport_read(struct aloft_idf_transport *t, void *buf, int len, int timeout_ms)
{
    struct aloft_deadline until = aloft_deadline_in((uint32_t)timeout_ms);
    if (t->fd < 0) {
        return failed(t, ENOTCONN, ALOFT_IDF_BROKEN);
    }
    return t->tls != NULL ? read_tls(t, buf, len, &until) : read_tcp(t, buf, len, &until);
}

int aloft_idf_transport_write(struct aloft_idf_transport *t, const void *buf, int len,
                              int timeout_ms)
{
    struct aloft_deadline until = aloft_deadline_in((uint32_t)timeout_ms);
    if (t->fd < 0) {
        return failed(t, ENOTCONN, ALOFT_IDF_BROKEN);
    }
    for (;;) {
        uint32_t n = 0;
        enum aloft_tls_result result = ALOFT_TLS_WANT_WRITE;
        if (t->tls != NULL) {
            result = aloft_tls_write(t->tls, buf, (uint32_t)len, &n);
        } else {
            ssize_t sent = send(t->fd, buf, (size_t)len, MSG_NOSIGNAL);
            n = sent > 0 ? (uint32_t)sent : 0;
            result = sent > 0                            ? ALOFT_TLS_DONE
                     : errno == EAGAIN || errno == EINTR ? ALOFT_TLS_WANT_WRITE
                                                         : ALOFT_TLS_FAILED;
        }
        if (result == ALOFT_TLS_DONE) {
            return (int)n;
        }
        if (!goes_on(result)) {
            return failed(t, errno, ALOFT_IDF_BROKEN);
        }
        if (!wait_tls(t, result, &until)) {
            return failed(t, EAGAIN, ALOFT_IDF_TIMEOUT);
        }
    }
}

void aloft_idf_transport_close(struct aloft_idf_transport *t)
{
    aloft_tls_end(t->tls);
    t->tls = NULL;
    if (t->fd >= 0) {
        (void)close(t->fd);
    }
    t->fd = -1;
}

void aloft_idf_transport_free(struct aloft_idf_transport *t)
{
    aloft_idf_transport_close(t);
    aloft_tls_client_free(t->tls_client);
    t->tls_client = NULL;
}
