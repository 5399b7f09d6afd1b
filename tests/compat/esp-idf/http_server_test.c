// esp_http_server against clients of raw sockets: what a handler sees of a request, and what comes
// back, in bytes.
#include "check.h"
#include "esp_http_server.h"
#include "tests/compat/esp-idf/idf_world.h"
#include <arpa/inet.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ANSWER_MAX = 8192, WAIT_MS = 5000, LONG = 2000, BODY = 3000 };

static httpd_handle_t server;
static int port;
static char answer[ANSWER_MAX];
static int freed;
static httpd_req_t *lent;

// --- handlers

static esp_err_t show(httpd_req_t *r)
{
    char query[64] = "";
    char key[16] = "";
    char host[16] = "";
    char cookie[16] = "";
    size_t cookie_size = sizeof cookie;
    char text[256];
    CHECK(httpd_req_get_url_query_len(r) < sizeof query);
    (void)httpd_req_get_url_query_str(r, query, sizeof query);
    (void)httpd_query_key_value(query, "key", key, sizeof key);
    (void)httpd_req_get_hdr_value_str(r, "hOST", host, sizeof host);
    (void)httpd_req_get_cookie_val(r, "id", cookie, &cookie_size);
    (void)snprintf(text, sizeof text, "%s %d q=%s k=%s h=%s c=%s len=%zu", r->uri, r->method, query,
                   key, host, cookie, r->content_len);
    CHECK_EQ(httpd_resp_set_type(r, "text/plain"), ESP_OK);
    CHECK_EQ(httpd_resp_set_hdr(r, "X-A", "1"), ESP_OK);
    return httpd_resp_sendstr(r, text);
}

static esp_err_t echo(httpd_req_t *r)
{
    char buf[100];
    size_t left = r->content_len;
    while (left > 0) {
        int n = httpd_req_recv(r, buf, sizeof buf);
        if (n <= 0) {
            return ESP_FAIL;
        }
        left -= (size_t)n;
        CHECK_EQ(httpd_resp_send_chunk(r, buf, n), ESP_OK);
    }
    CHECK_EQ(httpd_req_recv(r, buf, sizeof buf), 0);
    return httpd_resp_send_chunk(r, NULL, 0);
}

static esp_err_t ignore_body(httpd_req_t *r)
{
    return httpd_resp_sendstr(r, "ok");
}

static void count_free(void *ctx)
{
    (void)ctx;
    freed++;
}

static esp_err_t keep_context(httpd_req_t *r)
{
    char text[16];
    (void)snprintf(text, sizeof text, "%d", r->sess_ctx != NULL);
    r->sess_ctx = &freed;
    r->free_ctx = count_free;
    return httpd_resp_sendstr(r, text);
}

static esp_err_t lend(httpd_req_t *r)
{
    return httpd_req_async_handler_begin(r, &lent);
}

static esp_err_t not_found(httpd_req_t *r, httpd_err_code_t error)
{
    CHECK_EQ(error, HTTPD_404_NOT_FOUND);
    CHECK_EQ(httpd_resp_set_status(r, HTTPD_404), ESP_OK);
    return httpd_resp_sendstr(r, "ours");
}

// --- the client

static void start(const httpd_config_t *wanted)
{
    httpd_config_t config = *wanted;
    world_begin(0);
    config.server_port = 0;
    CHECK_EQ(httpd_start(&server, &config), ESP_OK);
    const char *said = strstr(world.log, "http://127.0.0.1:");
    CHECK(said != NULL);
    port = (int)strtol(said + strlen("http://127.0.0.1:"), NULL, 10);
    const httpd_uri_t uris[] = {{"/show", HTTP_GET, show, NULL},
                                {"/echo", HTTP_POST, echo, NULL},
                                {"/ignore", HTTP_ANY, ignore_body, NULL},
                                {"/context", HTTP_GET, keep_context, NULL},
                                {"/lend", HTTP_GET, lend, NULL}};
    for (size_t i = 0; i < sizeof uris / sizeof uris[0]; i++) {
        CHECK_EQ(httpd_register_uri_handler(server, &uris[i]), ESP_OK);
    }
}

static void start_default(void)
{
    const httpd_config_t config = HTTPD_DEFAULT_CONFIG();
    start(&config);
}

static int dial(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK_EQ(lwip_connect(fd, (const struct sockaddr *)&at, sizeof at), 0);
    return fd;
}

// Reads until the answer holds `until`; NULL: until the server closes.
static const char *hear(int fd, const char *until)
{
    size_t len = 0;
    struct pollfd poller = {.fd = fd, .events = POLLIN};
    answer[0] = '\0';
    while (len < sizeof answer - 1 && (until == NULL || strstr(answer, until) == NULL)) {
        CHECK(poll(&poller, 1, WAIT_MS) == 1);
        ssize_t n = read(fd, answer + len, sizeof answer - 1 - len);
        if (n <= 0) {
            break;
        }
        len += (size_t)n;
        answer[len] = '\0';
    }
    return answer;
}

static void tell(int fd, const char *text)
{
    CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
}

// The answer to a request that the server then closes.
static const char *refused(const char *request)
{
    int fd = dial();
    tell(fd, request);
    (void)hear(fd, NULL);
    (void)close(fd);
    return answer;
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

// --- claims

static void a_request_is_seen_whole_wherever_it_is_split(void)
{
    static const char request[] = "GET /show?a=1&key=v%20x HTTP/1.1\r\nHost:  board \r\n"
                                  "Cookie: x=1; id=42\r\n\r\n";
    static const char body[] = "/show?a=1&key=v%20x 1 q=a=1&key=v%20x k=v%20x h=board c=42 len=0";
    char expected[256];
    (void)snprintf(expected, sizeof expected,
                   "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n"
                   "X-A: 1\r\n\r\n%s",
                   strlen(body), body);
    start_default();
    int fd = dial(); // all on one connection, which stays open
    for (size_t split = 0; split <= strlen(request); split++) {
        CHECK(write(fd, request, split) == (ssize_t)split);
        tell(fd, request + split);
        CHECK_TEXT(hear(fd, "len=0"), expected);
    }
    tell(fd, request);
    tell(fd, request); // the second comes before the first is answered
    (void)hear(fd, "len=0HTTP/1.1 200 OK");
    (void)close(fd);
    CHECK_EQ(httpd_stop(server), ESP_OK);
}

static void bodies_are_read_by_the_handler_or_passed_over(void)
{
    static char request[BODY + 200];
    static char body[BODY + 1];
    memset(body, 'b', BODY);
    (void)snprintf(request, sizeof request, "POST /echo HTTP/1.1\r\nContent-Length: %d\r\n\r\n%s",
                   BODY, body);
    start_default();
    int fd = dial();
    tell(fd, request);
    (void)hear(fd, "\r\n0\r\n\r\n");
    CHECK(strstr(answer, "Transfer-Encoding: chunked\r\n\r\n") != NULL);
    size_t seen = 0;
    for (const char *at = strstr(answer, "\r\n\r\n"); *at != '\0'; at++) {
        seen += *at == 'b';
    }
    CHECK(seen >= BODY); // and the digits of a chunk's length
    (void)snprintf(request, sizeof request, "PUT /ignore HTTP/1.1\r\nContent-Length: %d\r\n\r\n%s",
                   BODY, body);
    tell(fd, request);
    (void)hear(fd, "ok");
    tell(fd, "GET /ignore HTTP/1.1\r\n\r\n"); // a body that was not read is not the next request
    CHECK(begins(hear(fd, "ok"), "HTTP/1.1 200 OK\r\n"));
    tell(fd, "GET /ignore HTTP/1.1\r\nConnection: close\r\n\r\n");
    (void)hear(fd, NULL);
    (void)close(fd);
    CHECK_EQ(httpd_stop(server), ESP_OK);
}

static void malformed_requests_are_refused_with_their_status(void)
{
    static char text[LONG + 64];
    start_default();
    CHECK(begins(refused("GET /nothing HTTP/1.1\r\n\r\n"), "HTTP/1.1 404 Not Found\r\n"));
    CHECK(strstr(answer, "\r\n\r\nNothing matches the given URI") != NULL);
    CHECK(begins(refused("POST /show HTTP/1.1\r\n\r\n"), "HTTP/1.1 405 "));
    CHECK(begins(refused("FLY /show HTTP/1.1\r\n\r\n"), "HTTP/1.1 501 "));
    CHECK(begins(refused("GET /show HTTP/2.0\r\n\r\n"), "HTTP/1.1 505 "));
    CHECK(begins(refused("GET\r\n\r\n"), "HTTP/1.1 400 "));
    CHECK(begins(refused("GET /show HTTP/1.1\r\nno colon\r\n\r\n"), "HTTP/1.1 400 "));
    CHECK(begins(refused("POST /echo HTTP/1.1\r\nContent-Length: -1\r\n\r\n"), "HTTP/1.1 400 "));
    CHECK(begins(refused("POST /echo HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"),
                 "HTTP/1.1 400 "));
    CHECK(begins(refused("POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"),
                 "HTTP/1.1 411 "));
    memset(text, 'u', LONG);
    memcpy(text, "GET /", strlen("GET /"));
    CHECK(begins(refused(text), "HTTP/1.1 414 "));
    memcpy(text, "GET /show HTTP/1.1\r\nX: ", strlen("GET /show HTTP/1.1\r\nX: "));
    CHECK(begins(refused(text), "HTTP/1.1 431 "));
    CHECK_EQ(httpd_register_err_handler(server, HTTPD_404_NOT_FOUND, not_found), ESP_OK);
    int fd = dial(); // and the connection stays
    for (int i = 0; i < 2; i++) {
        tell(fd, "GET /nothing HTTP/1.1\r\n\r\n");
        CHECK(begins(hear(fd, "ours"), "HTTP/1.1 404 Not Found\r\n"));
    }
    (void)close(fd);
    CHECK_EQ(httpd_stop(server), ESP_OK);
}

static void a_client_that_goes_silent_is_left(void)
{
    httpd_config_t config = HTTPD_DEFAULT_CONFIG();
    config.recv_wait_timeout = 1;
    start(&config);
    CHECK(begins(refused("GET /show HT"), "HTTP/1.1 408 Request Timeout\r\n"));
    CHECK_TEXT(refused("POST /echo HTTP/1.1\r\nContent-Length: 5\r\n\r\n"), "");
    CHECK_EQ(httpd_stop(server), ESP_OK);
}

static void connections_have_contexts_and_the_oldest_gives_way(void)
{
    httpd_config_t config = HTTPD_DEFAULT_CONFIG();
    config.max_open_sockets = 2;
    config.lru_purge_enable = true;
    start(&config);
    int fds[3];
    freed = 0;
    for (int i = 0; i < 3; i++) {
        fds[i] = dial();
        tell(fds[i], "GET /context HTTP/1.1\r\n\r\n");
        CHECK(strstr(hear(fds[i], "\r\n\r\n0"), "\r\n\r\n0") != NULL);
    }
    CHECK_TEXT(hear(fds[0], NULL), "");
    tell(fds[1], "GET /context HTTP/1.1\r\n\r\n");
    CHECK(strstr(hear(fds[1], "\r\n\r\n1"), "\r\n\r\n1") != NULL);
    size_t count = 2;
    int clients[2];
    CHECK_EQ(httpd_get_client_list(server, &count, clients), ESP_OK);
    CHECK(count == 2);
    CHECK(httpd_sess_get_ctx(server, clients[0]) == &freed);
    CHECK_EQ(httpd_sess_trigger_close(server, clients[0]), ESP_OK);
    CHECK_EQ(httpd_sess_trigger_close(server, 9999), ESP_ERR_NOT_FOUND);
    CHECK_EQ(httpd_stop(server), ESP_OK);
    CHECK_EQ(freed, 3);
    for (int i = 0; i < 3; i++) {
        (void)close(fds[i]);
    }
}

static void set_flag(void *arg)
{
    *(_Atomic bool *)arg = true;
}

static void other_tasks_answer_and_queue_work(void)
{
    static _Atomic bool done;
    start_default();
    int fd = dial();
    lent = NULL;
    tell(fd, "GET /lend HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK_EQ(httpd_queue_work(server, set_flag, &done), ESP_OK);
    for (int i = 0; i < WAIT_MS && (!done || lent == NULL); i += 10) {
        vTaskDelay(1);
    }
    CHECK(done && lent != NULL);
    tell(fd, "GET /ignore HTTP/1.1\r\n\r\n"); // waits for the first answer
    char host[4];
    CHECK_EQ(httpd_req_get_hdr_value_str(lent, "Host", host, sizeof host), ESP_OK);
    CHECK_EQ(httpd_resp_sendstr(lent, "late"), ESP_OK);
    CHECK_EQ(httpd_req_async_handler_complete(lent), ESP_OK);
    (void)hear(fd, "\r\n\r\nok");
    CHECK(strstr(answer, "\r\n\r\nlateHTTP/1.1 200 OK") != NULL);
    (void)close(fd);
    CHECK_EQ(httpd_stop(server), ESP_OK);
}

static void handlers_are_kept_by_uri_and_method(void)
{
    start_default();
    const httpd_uri_t again = {"/show", HTTP_GET, show, NULL};
    CHECK_EQ(httpd_register_uri_handler(server, &again), ESP_ERR_HTTPD_HANDLER_EXISTS);
    for (const char *const *at = (const char *const[]){"/1", "/2", "/3", NULL}; *at != NULL; at++) {
        const httpd_uri_t uri = {*at, HTTP_GET, show, NULL};
        CHECK_EQ(httpd_register_uri_handler(server, &uri), ESP_OK);
    }
    const httpd_uri_t more = {"/4", HTTP_GET, show, NULL};
    CHECK_EQ(httpd_register_uri_handler(server, &more), ESP_ERR_HTTPD_HANDLERS_FULL);
    CHECK_EQ(httpd_unregister_uri_handler(server, "/1", HTTP_POST), ESP_ERR_NOT_FOUND);
    CHECK_EQ(httpd_unregister_uri(server, "/1"), ESP_OK);
    CHECK_EQ(httpd_register_uri_handler(server, &more), ESP_OK);
    CHECK_EQ(httpd_stop(server), ESP_OK);
    const struct {
        const char *pattern;
        const char *uri;
        bool match;
    } cases[] = {{"/a", "/a", true},
                 {"/a", "/ab", false},
                 {"/a*", "/abc", true},
                 {"/a*", "/", false},
                 {"/api/?", "/api", true},
                 {"/api/?", "/api/", true},
                 {"/api/?", "/apix", false},
                 {"/api/?*", "/api/x", true},
                 {"/api/*?", "/api", true},
                 {"*", "", true},
                 {"?", "", false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CHECK_EQ(httpd_uri_match_wildcard(cases[i].pattern, cases[i].uri, strlen(cases[i].uri)),
                 cases[i].match);
    }
}

CHECK_MAIN(TEST(a_request_is_seen_whole_wherever_it_is_split),
           TEST(bodies_are_read_by_the_handler_or_passed_over),
           TEST(malformed_requests_are_refused_with_their_status),
           TEST(a_client_that_goes_silent_is_left),
           TEST(connections_have_contexts_and_the_oldest_gives_way),
           TEST(other_tasks_answer_and_queue_work), TEST(handlers_are_kept_by_uri_and_method))
