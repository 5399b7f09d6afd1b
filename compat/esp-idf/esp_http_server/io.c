// Reads and writes of a connection, with timeouts, and their events.
#include "compat/esp-idf/esp_http_server/httpd.h"
#include "hostlib/base/deadline.h"
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

ESP_EVENT_DEFINE_BASE(ESP_HTTP_SERVER_EVENT);

enum { S_TO_MS = 1000, EVENT_WAIT_MS = 2000 };

void aloft_httpd_free_request(struct aloft_httpd_request *request)
{
    free(request->head);
    free(request->extra);
    free(request);
}

void aloft_httpd_event(int32_t id, int fd, int data_len)
{
    const esp_http_server_event_data with_len = {fd, data_len};
    bool has_len = id == HTTP_SERVER_EVENT_ON_DATA || id == HTTP_SERVER_EVENT_SENT_DATA;
    const void *data = has_len ? (const void *)&with_len : &fd;
    (void)esp_event_post(ESP_HTTP_SERVER_EVENT, id, data, has_len ? sizeof with_len : sizeof fd,
                         pdMS_TO_TICKS(EVENT_WAIT_MS));
}

void aloft_httpd_wake(struct aloft_httpd *server)
{
    (void)!write(server->wake[1], "", 1);
}

static bool wait_for(int fd, short events, int ms)
{
    struct pollfd poller = {.fd = fd, .events = events};
    return poll(&poller, 1, ms) > 0;
}

int aloft_httpd_read(struct aloft_httpd *server, struct aloft_httpd_session *session, char *buf,
                     size_t len, int timeout_ms)
{
    (void)server;
    if (session->in_len > 0) {
        size_t n = len < session->in_len ? len : session->in_len;
        memcpy(buf, session->in, n);
        session->in_len -= n;
        memmove(session->in, session->in + n, session->in_len);
        return (int)n;
    }
    if (!wait_for(session->fd, POLLIN, timeout_ms)) {
        return HTTPD_SOCK_ERR_TIMEOUT;
    }
    ssize_t n = recv(session->fd, buf, len, MSG_DONTWAIT);
    if (n < 0) {
        return errno == EAGAIN || errno == EINTR ? HTTPD_SOCK_ERR_TIMEOUT : HTTPD_SOCK_ERR_FAIL;
    }
    return (int)n;
}

bool aloft_httpd_write(struct aloft_httpd *server, int fd, const char *buf, size_t len)
{
    struct aloft_deadline until = aloft_deadline_in(server->config.send_wait_timeout * S_TO_MS);
    int left_ms;
    while (len > 0 && aloft_deadline_turn(&until, &left_ms)) {
        if (!wait_for(fd, POLLOUT, left_ms)) {
            continue;
        }
        ssize_t n = send(fd, buf, len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno != EAGAIN && errno != EINTR) {
            return false;
        }
        buf += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
    return len == 0;
}

int httpd_socket_send(httpd_handle_t hd, int sockfd, const char *buf, size_t buf_len, int flags)
{
    (void)flags;
    if (hd == NULL || buf == NULL) {
        return HTTPD_SOCK_ERR_INVALID;
    }
    return aloft_httpd_write(hd, sockfd, buf, buf_len) ? (int)buf_len : HTTPD_SOCK_ERR_FAIL;
}

int httpd_socket_recv(httpd_handle_t hd, int sockfd, char *buf, size_t buf_len, int flags)
{
    struct aloft_httpd *server = hd;
    if (server == NULL || buf == NULL) {
        return HTTPD_SOCK_ERR_INVALID;
    }
    if (!wait_for(sockfd, POLLIN, server->config.recv_wait_timeout * S_TO_MS)) {
        return HTTPD_SOCK_ERR_TIMEOUT;
    }
    ssize_t n = recv(sockfd, buf, buf_len, flags);
    return n < 0 ? HTTPD_SOCK_ERR_FAIL : (int)n;
}

int httpd_send(httpd_req_t *r, const char *buf, size_t buf_len)
{
    struct aloft_httpd_request *request = aloft_httpd_request(r);
    if (request == NULL) {
        return HTTPD_SOCK_ERR_INVALID;
    }
    request->answered = true;
    return httpd_socket_send(request->server, request->session->fd, buf, buf_len, 0);
}
