// The server's task: it accepts, waits for bytes and for work, and serves one connection after the
// other. Requests of other tasks for a connection are stored under the lock and carried out here.
#include "compat/esp-idf/esp_http_server/httpd.h"
#include "compat/esp-idf/host/host.h"
#include "compat/esp-idf/lwip/route.h"
#include "esp_log.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#undef bind // here it is the host's

enum { STOP_POLL_MS = 10 };
enum { LWIP_SOCKETS = 10, OWN_SOCKETS = 3 }; // as ESP-IDF counts them

static const char *TAG = "httpd";

// --- connections

static void set_options(const struct aloft_httpd *server, int fd)
{
    const httpd_config_t *config = &server->config;
    int on = 1;
    int idle = config->keep_alive_idle > 0 ? config->keep_alive_idle : 5;
    int interval = config->keep_alive_interval > 0 ? config->keep_alive_interval : 5;
    int count = config->keep_alive_count > 0 ? config->keep_alive_count : 3;
    struct linger linger = {.l_onoff = config->enable_so_linger,
                            .l_linger = config->linger_timeout};
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); // heads are sent in pieces
    if (config->keep_alive_enable) {
        (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
        (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
        (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
        (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
    }
}

static void close_session(struct aloft_httpd *server, struct aloft_httpd_session *session)
{
    int fd = session->fd;
    if (session->ctx != NULL) {
        (session->free_ctx != NULL ? session->free_ctx : free)(session->ctx);
    }
    if (server->config.close_fn != NULL) {
        server->config.close_fn(server, fd);
    } else {
        (void)close(fd);
    }
    free(session->in);
    (void)pthread_mutex_lock(&server->lock);
    *session = (struct aloft_httpd_session){.fd = -1};
    (void)pthread_mutex_unlock(&server->lock);
    aloft_httpd_event(HTTP_SERVER_EVENT_DISCONNECTED, fd, 0);
}

// A free session, or with lru_purge_enable the one that was served longest ago; NULL: none.
static struct aloft_httpd_session *place(struct aloft_httpd *server)
{
    struct aloft_httpd_session *oldest = NULL;
    for (unsigned i = 0; i < server->config.max_open_sockets; i++) {
        struct aloft_httpd_session *session = &server->sessions[i];
        if (session->fd < 0) {
            return session;
        }
        if (!session->lent && (oldest == NULL || session->used < oldest->used)) {
            oldest = session;
        }
    }
    return server->config.lru_purge_enable ? oldest : NULL;
}

static void accept_one(struct aloft_httpd *server)
{
    struct aloft_httpd_session *session = place(server);
    int fd = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0) {
        return;
    }
    char *in = session != NULL ? malloc(server->in_cap) : NULL;
    if (in == NULL) {
        (void)close(fd);
        return;
    }
    if (session->fd >= 0) {
        close_session(server, session);
    }
    set_options(server, fd);
    (void)pthread_mutex_lock(&server->lock);
    *session = (struct aloft_httpd_session){.fd = fd, .in = in, .used = ++server->count};
    (void)pthread_mutex_unlock(&server->lock);
    if (server->config.open_fn != NULL && server->config.open_fn(server, fd) != ESP_OK) {
        close_session(server, session);
        return;
    }
    aloft_httpd_event(HTTP_SERVER_EVENT_ON_CONNECTED, fd, 0);
}

static struct aloft_httpd_session *find(struct aloft_httpd *server, int fd)
{
    for (unsigned i = 0; server != NULL && fd >= 0 && i < server->config.max_open_sockets; i++) {
        if (server->sessions[i].fd == fd) {
            return &server->sessions[i];
        }
    }
    return NULL;
}

void *httpd_sess_get_ctx(httpd_handle_t handle, int sockfd)
{
    struct aloft_httpd_session *session = find(handle, sockfd);
    return session != NULL ? session->ctx : NULL;
}

void httpd_sess_set_ctx(httpd_handle_t handle, int sockfd, void *ctx, httpd_free_ctx_fn_t free_fn)
{
    struct aloft_httpd_session *session = find(handle, sockfd);
    if (session == NULL) {
        return;
    }
    if (session->ctx != NULL && session->ctx != ctx) {
        (session->free_ctx != NULL ? session->free_ctx : free)(session->ctx);
    }
    session->ctx = ctx;
    session->free_ctx = free_fn;
}

esp_err_t httpd_sess_trigger_close(httpd_handle_t handle, int sockfd)
{
    struct aloft_httpd *server = handle;
    struct aloft_httpd_session *session = find(server, sockfd);
    if (session == NULL) {
        return ESP_ERR_NOT_FOUND;
    }
    (void)pthread_mutex_lock(&server->lock);
    session->close = true;
    (void)pthread_mutex_unlock(&server->lock);
    aloft_httpd_wake(server);
    return ESP_OK;
}

esp_err_t httpd_sess_update_lru_counter(httpd_handle_t handle, int sockfd)
{
    struct aloft_httpd *server = handle;
    struct aloft_httpd_session *session = find(server, sockfd);
    if (session == NULL) {
        return ESP_ERR_NOT_FOUND;
    }
    (void)pthread_mutex_lock(&server->lock);
    session->used = ++server->count;
    (void)pthread_mutex_unlock(&server->lock);
    return ESP_OK;
}

esp_err_t httpd_get_client_list(httpd_handle_t handle, size_t *fds, int *client_fds)
{
    struct aloft_httpd *server = handle;
    size_t n = 0;
    if (server == NULL || fds == NULL || client_fds == NULL ||
        *fds < server->config.max_open_sockets) {
        return ESP_ERR_INVALID_ARG;
    }
    for (unsigned i = 0; i < server->config.max_open_sockets; i++) {
        if (server->sessions[i].fd >= 0) {
            client_fds[n++] = server->sessions[i].fd;
        }
    }
    *fds = n;
    return ESP_OK;
}

int httpd_req_to_sockfd(httpd_req_t *r)
{
    struct aloft_httpd_request *request = aloft_httpd_request(r);
    return request != NULL ? request->session->fd : -1;
}

void *httpd_get_global_user_ctx(httpd_handle_t handle)
{
    return handle != NULL ? ((struct aloft_httpd *)handle)->config.global_user_ctx : NULL;
}

void *httpd_get_global_transport_ctx(httpd_handle_t handle)
{
    return handle != NULL ? ((struct aloft_httpd *)handle)->config.global_transport_ctx : NULL;
}

// --- requests that another task answers

esp_err_t httpd_req_async_handler_begin(httpd_req_t *r, httpd_req_t **out)
{
    struct aloft_httpd_request *request = aloft_httpd_request(r);
    if (request == NULL || out == NULL) {
        return ESP_ERR_INVALID_ARG;
    }
    struct aloft_httpd_request *copy = malloc(sizeof *copy);
    char *head = malloc(request->head_len + 1);
    size_t extra_size = request->server->config.max_resp_headers * sizeof *request->extra;
    struct aloft_httpd_field *extra = malloc(extra_size);
    if (copy == NULL || head == NULL || extra == NULL) {
        free(copy);
        free(head);
        free(extra);
        return ESP_ERR_NO_MEM;
    }
    *copy = *request;
    copy->head = memcpy(head, request->head, request->head_len + 1);
    copy->extra = memcpy(extra, request->extra, extra_size);
    copy->public.uri = head + (request->public.uri - request->head);
    copy->fields = head + (request->fields - request->head);
    copy->public.aux = copy;
    (void)pthread_mutex_lock(&request->server->lock);
    request->session->lent = true;
    (void)pthread_mutex_unlock(&request->server->lock);
    *out = &copy->public;
    return ESP_OK;
}

esp_err_t httpd_req_async_handler_complete(httpd_req_t *r)
{
    struct aloft_httpd_request *request = aloft_httpd_request(r);
    if (request == NULL) {
        return ESP_ERR_INVALID_ARG;
    }
    struct aloft_httpd *server = request->server;
    (void)pthread_mutex_lock(&server->lock);
    request->session->lent = false;
    request->session->close = request->session->close || request->close || request->left > 0;
    (void)pthread_mutex_unlock(&server->lock);
    aloft_httpd_free_request(request);
    aloft_httpd_wake(server);
    return ESP_OK;
}

// --- the task

esp_err_t httpd_queue_work(httpd_handle_t handle, httpd_work_fn_t work, void *arg)
{
    struct aloft_httpd *server = handle;
    struct aloft_httpd_work *item = malloc(sizeof *item);
    if (server == NULL || work == NULL || item == NULL) {
        free(item);
        return server == NULL || work == NULL ? ESP_ERR_INVALID_ARG : ESP_ERR_NO_MEM;
    }
    *item = (struct aloft_httpd_work){work, arg, NULL};
    (void)pthread_mutex_lock(&server->lock);
    struct aloft_httpd_work **at = &server->work;
    while (*at != NULL) {
        at = &(*at)->next;
    }
    *at = item;
    (void)pthread_mutex_unlock(&server->lock);
    aloft_httpd_wake(server);
    return ESP_OK;
}

// Runs the queued work. False: the server is to stop.
static bool do_work(struct aloft_httpd *server)
{
    for (;;) {
        (void)pthread_mutex_lock(&server->lock);
        struct aloft_httpd_work *item = server->work;
        bool stop = server->stop;
        server->work = item != NULL ? item->next : NULL;
        (void)pthread_mutex_unlock(&server->lock);
        if (item == NULL) {
            return !stop;
        }
        item->work(item->arg);
        free(item);
    }
}

// Fills the list for poll: wake, listener, then the sessions; poll ignores a negative fd.
static void fill_poll(struct aloft_httpd *server, struct pollfd *polls)
{
    polls[0] = (struct pollfd){.fd = server->wake[0], .events = POLLIN};
    polls[1] =
        (struct pollfd){.fd = place(server) != NULL ? server->listener : -1, .events = POLLIN};
    (void)pthread_mutex_lock(&server->lock);
    for (unsigned i = 0; i < server->config.max_open_sockets; i++) {
        const struct aloft_httpd_session *session = &server->sessions[i];
        polls[2 + i] = (struct pollfd){.fd = session->lent ? -1 : session->fd, .events = POLLIN};
    }
    (void)pthread_mutex_unlock(&server->lock);
}

// Serves a session that has received bytes, and closes it when that is due. A second request may
// have come with the first.
static void turn(struct aloft_httpd *server, struct aloft_httpd_session *session, bool ready)
{
    bool good = true;
    while (good && ready && !session->lent && !session->close) {
        good = aloft_httpd_serve(server, session);
        session->used = ++server->count;
        ready = session->in_len > 0;
    }
    if (session->fd >= 0 && !session->lent && (!good || session->close)) {
        close_session(server, session);
    } else if (!good) {
        session->close = true; // when its task has given it back
    }
}

static void serve(void *arg)
{
    struct aloft_httpd *server = arg;
    unsigned sessions = server->config.max_open_sockets;
    struct pollfd *polls = calloc(2 + sessions, sizeof *polls);
    char drained[64];
    while (polls != NULL && do_work(server)) {
        fill_poll(server, polls);
        (void)poll(polls, 2 + sessions, -1);
        while (read(server->wake[0], drained, sizeof drained) > 0) {
        }
        for (unsigned i = 0; i < sessions; i++) {
            if (server->sessions[i].fd >= 0) {
                turn(server, &server->sessions[i],
                     polls[2 + i].fd == server->sessions[i].fd && polls[2 + i].revents != 0);
            }
        }
        if (polls[1].revents != 0) {
            accept_one(server);
        }
    }
    for (unsigned i = 0; i < sessions; i++) {
        if (server->sessions[i].fd >= 0) {
            close_session(server, &server->sessions[i]);
        }
    }
    free(polls);
    (void)pthread_mutex_lock(&server->lock);
    server->stopped = true;
    (void)pthread_mutex_unlock(&server->lock);
    vTaskDelete(NULL);
}

// --- start and stop

static esp_err_t open_listener(struct aloft_httpd *server)
{
    const char *address = aloft_idf_host.setting("listen", "127.0.0.1");
    uint16_t port = server->config.server_port;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(aloft_idf_host_port(port))};
    socklen_t size = sizeof at;
    int on = 1;
    (void)inet_aton(address, &at.sin_addr);
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    (void)setsockopt(server->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (server->listener < 0 ||
        bind(server->listener, (const struct sockaddr *)&at, sizeof at) != 0 ||
        listen(server->listener, server->config.backlog_conn) != 0) {
        ESP_LOGE(TAG, "httpd_server_init: port %u of the host, %s: %s%s", ntohs(at.sin_port),
                 address, strerror(errno),
                 errno == EACCES || errno == EADDRINUSE
                     ? ". Build the image with --set ports=80=8080, and the app's port 80 is 8080"
                     : "");
        return ESP_FAIL;
    }
    (void)getsockname(server->listener, (struct sockaddr *)&at, &size);
    if (ntohs(at.sin_port) != port) {
        ESP_LOGI(TAG, "port %u is http://%s:%u/ on the host", port, address, ntohs(at.sin_port));
    }
    return ESP_OK;
}

static void free_server(struct aloft_httpd *server)
{
    for (int i = 0; i < 2; i++) {
        (void)(server->wake[i] >= 0 ? close(server->wake[i]) : 0);
    }
    (void)(server->listener >= 0 ? close(server->listener) : 0);
    for (unsigned i = 0; server->uris != NULL && i < server->config.max_uri_handlers; i++) {
        free(server->uris[i]);
    }
    while (server->work != NULL) {
        struct aloft_httpd_work *next = server->work->next;
        free(server->work);
        server->work = next;
    }
    free(server->uris);
    free(server->sessions);
    (void)pthread_mutex_destroy(&server->lock);
    free(server);
}

static struct aloft_httpd *new_server(const httpd_config_t *config)
{
    struct aloft_httpd *server = calloc(1, sizeof *server);
    if (server == NULL) {
        return NULL;
    }
    server->config = *config;
    server->listener = server->wake[0] = server->wake[1] = -1;
    server->in_cap = config->max_uri_len + config->max_req_hdr_len;
    (void)pthread_mutex_init(&server->lock, NULL);
    server->sessions = calloc(config->max_open_sockets, sizeof *server->sessions);
    server->uris = calloc(config->max_uri_handlers + 1u, sizeof(struct aloft_httpd_uri *));
    if (server->sessions == NULL || server->uris == NULL ||
        pipe2(server->wake, O_CLOEXEC | O_NONBLOCK) != 0) {
        free_server(server);
        return NULL;
    }
    for (unsigned i = 0; i < config->max_open_sockets; i++) {
        server->sessions[i].fd = -1;
    }
    return server;
}

esp_err_t httpd_start(httpd_handle_t *handle, const httpd_config_t *config)
{
    if (handle == NULL || config == NULL || config->max_open_sockets == 0) {
        return ESP_ERR_INVALID_ARG;
    }
    if (config->max_open_sockets + OWN_SOCKETS > LWIP_SOCKETS) {
        ESP_LOGE(TAG,
                 "Config option max_open_sockets is too large (max allowed %d, %d sockets "
                 "used by HTTP server internally)",
                 LWIP_SOCKETS - OWN_SOCKETS, OWN_SOCKETS);
        return ESP_ERR_INVALID_ARG;
    }
    struct aloft_httpd *server = new_server(config);
    if (server == NULL) {
        return ESP_ERR_HTTPD_ALLOC_MEM;
    }
    esp_err_t err = open_listener(server);
    if (err == ESP_OK &&
        xTaskCreatePinnedToCore(serve, "httpd", (uint32_t)config->stack_size, server,
                                config->task_priority, NULL, config->core_id) != pdPASS) {
        err = ESP_ERR_HTTPD_TASK;
    }
    if (err != ESP_OK) {
        free_server(server);
        return err;
    }
    *handle = server;
    aloft_httpd_event(HTTP_SERVER_EVENT_START, 0, 0);
    return ESP_OK;
}

esp_err_t httpd_stop(httpd_handle_t handle)
{
    struct aloft_httpd *server = handle;
    bool stopped = false;
    if (server == NULL) {
        return ESP_ERR_INVALID_ARG;
    }
    (void)pthread_mutex_lock(&server->lock);
    server->stop = true;
    (void)pthread_mutex_unlock(&server->lock);
    aloft_httpd_wake(server);
    while (!stopped) {
        vTaskDelay(pdMS_TO_TICKS(STOP_POLL_MS));
        (void)pthread_mutex_lock(&server->lock);
        stopped = server->stopped;
        (void)pthread_mutex_unlock(&server->lock);
    }
    if (server->config.global_user_ctx != NULL) {
        (server->config.global_user_ctx_free_fn != NULL ? server->config.global_user_ctx_free_fn
                                                        : free)(server->config.global_user_ctx);
    }
    free_server(server);
    aloft_httpd_event(HTTP_SERVER_EVENT_STOP, 0, 0);
    return ESP_OK;
}
