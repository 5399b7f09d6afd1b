// One request: its head read and judged, and its body handed out.
//
// Invariants
//   S1  A body has one length, Content-Length: a request with Transfer-Encoding is refused, as is
//       one with two lengths. What the handler leaves of it is read before the next request.
//   S2  A head is whole within recv_wait_timeout and at most max_uri_len + max_req_hdr_len long.
#include "compat/esp-idf/esp_http_server/httpd.h"
#include "esp_log.h"
#include "hostlib/base/deadline.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { S_TO_MS = 1000, BASE = 10, PURGE = 1024 };

static const char *TAG = "httpd_parse";

static const char *const methods[] = {
    [HTTP_DELETE] = "DELETE",     [HTTP_GET] = "GET",
    [HTTP_HEAD] = "HEAD",         [HTTP_POST] = "POST",
    [HTTP_PUT] = "PUT",           [HTTP_CONNECT] = "CONNECT",
    [HTTP_OPTIONS] = "OPTIONS",   [HTTP_TRACE] = "TRACE",
    [HTTP_COPY] = "COPY",         [HTTP_LOCK] = "LOCK",
    [HTTP_MKCOL] = "MKCOL",       [HTTP_MOVE] = "MOVE",
    [HTTP_PROPFIND] = "PROPFIND", [HTTP_PROPPATCH] = "PROPPATCH",
    [HTTP_SEARCH] = "SEARCH",     [HTTP_UNLOCK] = "UNLOCK",
    [HTTP_NOTIFY] = "NOTIFY",     [HTTP_SUBSCRIBE] = "SUBSCRIBE",
    [HTTP_REPORT] = "REPORT",     [HTTP_UNSUBSCRIBE] = "UNSUBSCRIBE",
    [HTTP_PATCH] = "PATCH",
};
enum { METHODS = sizeof methods / sizeof methods[0] };

// --- the head

// The end of the head in the received bytes; 0: it has not come yet.
static size_t head_end(const char *in, size_t len)
{
    for (size_t i = 0; i + 1 < len; i++) {
        if (in[i] == '\n' && in[i + 1] == '\n') {
            return i + 2;
        }
        if (i + 2 < len && in[i] == '\n' && in[i + 1] == '\r' && in[i + 2] == '\n') {
            return i + 3;
        }
    }
    return 0;
}

// Reads until the head is whole. HTTPD_ERR_CODE_MAX: it is. 408 also when the peer has closed.
static httpd_err_code_t read_head(struct aloft_httpd *server, struct aloft_httpd_session *session,
                                  size_t *end, bool *closed)
{
    struct aloft_deadline until = aloft_deadline_in(server->config.recv_wait_timeout * S_TO_MS);
    int left_ms;
    *closed = false;
    while ((*end = head_end(session->in, session->in_len)) == 0) { // keeps S2
        if (session->in_len == server->in_cap) {
            bool long_uri = memchr(session->in, '\n', server->config.max_uri_len) == NULL;
            return long_uri ? HTTPD_414_URI_TOO_LONG : HTTPD_431_REQ_HDR_FIELDS_TOO_LARGE;
        }
        if (!aloft_deadline_turn(&until, &left_ms)) {
            return HTTPD_408_REQ_TIMEOUT;
        }
        size_t had = session->in_len;
        session->in_len = 0; // the bytes must not be read again
        int n = aloft_httpd_read(server, session, session->in + had, server->in_cap - had, left_ms);
        session->in_len = had;
        if (n == 0 || n == HTTPD_SOCK_ERR_FAIL || n == HTTPD_SOCK_ERR_INVALID) {
            *closed = true;
            return HTTPD_408_REQ_TIMEOUT;
        }
        session->in_len += n > 0 ? (size_t)n : 0;
    }
    return HTTPD_ERR_CODE_MAX;
}

// "POST /update?x=1 HTTP/1.1"
static httpd_err_code_t read_request_line(struct aloft_httpd_request *request, char *line)
{
    char *uri = strchr(line, ' ');
    char *version = uri != NULL ? strchr(uri + 1, ' ') : NULL;
    if (version == NULL || uri[1] != '/') {
        return HTTPD_400_BAD_REQUEST;
    }
    *uri++ = '\0';
    *version++ = '\0';
    request->public.uri = uri;
    if (strncmp(version, "HTTP/1.", 7) != 0) {
        return HTTPD_505_VERSION_NOT_SUPPORTED;
    }
    request->close = strcmp(version, "HTTP/1.0") == 0;
    if (strlen(uri) > request->server->config.max_uri_len) {
        return HTTPD_414_URI_TOO_LONG;
    }
    for (int i = 0; i < METHODS; i++) {
        if (methods[i] != NULL && strcmp(methods[i], line) == 0) {
            request->public.method = i;
            return HTTPD_ERR_CODE_MAX;
        }
    }
    return HTTPD_501_METHOD_NOT_IMPLEMENTED;
}

// A header line: "Name: value", terminated after the name and without blanks around the value.
static httpd_err_code_t read_field(struct aloft_httpd_request *request, char *line,
                                   bool *has_length)
{
    char *colon = strchr(line, ':');
    if (colon == NULL || colon == line || isspace((unsigned char)colon[-1])) {
        return HTTPD_400_BAD_REQUEST;
    }
    char *value = colon + 1 + strspn(colon + 1, " \t");
    char *end = value + strlen(value);
    while (end > value && isspace((unsigned char)end[-1])) {
        *--end = '\0';
    }
    *colon = '\0';
    if (strcasecmp(line, "Content-Length") == 0) {
        char *rest;
        unsigned long long length = strtoull(value, &rest, BASE);
        bool good = isdigit((unsigned char)value[0]) && *rest == '\0' && length <= SIZE_MAX / 2;
        if (!good || *has_length) {
            return HTTPD_400_BAD_REQUEST; // keeps S1
        }
        *has_length = true;
        request->public.content_len = request->left = (size_t)length;
    } else if (strcasecmp(line, "Transfer-Encoding") == 0) {
        return HTTPD_411_LENGTH_REQUIRED;
    } else if (strcasecmp(line, "Connection") == 0 && strcasecmp(value, "close") == 0) {
        request->close = true;
    }
    *colon = ':';
    return HTTPD_ERR_CODE_MAX;
}

// Judges a head, and terminates its lines.
static httpd_err_code_t read_lines(struct aloft_httpd_request *request)
{
    char *line = request->head;
    char *stop = request->head + request->head_len;
    bool has_length = false;
    httpd_err_code_t error = HTTPD_ERR_CODE_MAX;
    if (memchr(line, '\0', request->head_len) != NULL) {
        request->public.uri = "";
        return HTTPD_400_BAD_REQUEST;
    }
    for (bool first = true; line < stop && error == HTTPD_ERR_CODE_MAX; first = false) {
        char *end = memchr(line, '\n', (size_t)(stop - line));
        char *next = end + 1;
        *end = '\0';
        if (end > line && end[-1] == '\r') {
            end[-1] = '\0';
        }
        if (first) {
            request->public.uri = "";
            error = read_request_line(request, line);
            request->fields = next;
        } else if (*line != '\0') {
            error = read_field(request, line, &has_length);
        }
        line = next;
    }
    if (error == HTTPD_ERR_CODE_MAX &&
        request->head_len - (size_t)(request->fields - request->head) >
            request->server->config.max_req_hdr_len) {
        return HTTPD_431_REQ_HDR_FIELDS_TOO_LARGE;
    }
    return error;
}

static struct aloft_httpd_request *new_request(struct aloft_httpd *server,
                                               struct aloft_httpd_session *session,
                                               const char *head, size_t len)
{
    struct aloft_httpd_request *request = calloc(1, sizeof *request);
    if (request == NULL) {
        return NULL;
    }
    request->public.handle = server;
    request->public.aux = request;
    request->public.uri = "";
    request->public.sess_ctx = session->ctx;
    request->public.free_ctx = session->free_ctx;
    request->server = server;
    request->session = session;
    request->status = HTTPD_200;
    request->type = HTTPD_TYPE_TEXT;
    request->head = malloc(len + 1);
    request->head_len = len;
    request->extra = calloc(server->config.max_resp_headers, sizeof *request->extra);
    if (request->head == NULL || (request->extra == NULL && server->config.max_resp_headers > 0)) {
        aloft_httpd_free_request(request);
        return NULL;
    }
    memcpy(request->head, head, len);
    request->head[len] = '\0';
    return request;
}

// Reads the rest of the body, which the handler left. False: it did not come in time.
static bool purge(struct aloft_httpd_request *request)
{
    struct aloft_deadline until =
        aloft_deadline_in(request->server->config.recv_wait_timeout * S_TO_MS);
    char buf[PURGE];
    int left_ms;
    while (request->left > 0 && aloft_deadline_turn(&until, &left_ms)) {
        size_t want = request->left < sizeof buf ? request->left : sizeof buf;
        int n = aloft_httpd_read(request->server, request->session, buf, want, left_ms);
        if (n <= 0) {
            return false;
        }
        request->left -= (size_t)n;
    }
    return request->left == 0;
}

// Takes over the context, if the handler has replaced it.
static void take_context(const struct aloft_httpd_request *request)
{
    struct aloft_httpd_session *session = request->session;
    const httpd_req_t *r = &request->public;
    if (r->sess_ctx != session->ctx && session->ctx != NULL && !r->ignore_sess_ctx_changes) {
        (session->free_ctx != NULL ? session->free_ctx : free)(session->ctx);
    }
    session->ctx = r->sess_ctx;
    session->free_ctx = r->free_ctx;
}

bool aloft_httpd_serve(struct aloft_httpd *server, struct aloft_httpd_session *session)
{
    size_t end;
    bool closed;
    httpd_err_code_t error = read_head(server, session, &end, &closed);
    if (closed || (error == HTTPD_408_REQ_TIMEOUT && session->in_len == 0)) {
        return false;
    }
    size_t head_len = error == HTTPD_ERR_CODE_MAX ? end : session->in_len;
    struct aloft_httpd_request *request = new_request(server, session, session->in, head_len);
    if (request == NULL) {
        return false;
    }
    session->in_len -= head_len;
    memmove(session->in, session->in + head_len, session->in_len);
    if (error == HTTPD_ERR_CODE_MAX) {
        error = read_lines(request);
    } else {
        request->fields = request->head + head_len;
    }
    if (error != HTTPD_ERR_CODE_MAX) {
        ESP_LOGW(TAG, "request refused");
        (void)aloft_httpd_refuse(request, error);
        aloft_httpd_free_request(request);
        return false;
    }
    aloft_httpd_event(HTTP_SERVER_EVENT_ON_HEADER, session->fd, 0);
    bool good = aloft_httpd_dispatch(request, strcspn(request->public.uri, "?#"));
    take_context(request);
    // The task that answers a request reads its body.
    good = good && (session->lent || purge(request)) && !request->close;
    aloft_httpd_free_request(request);
    return good;
}

int httpd_req_recv(httpd_req_t *r, char *buf, size_t buf_len)
{
    struct aloft_httpd_request *request = aloft_httpd_request(r);
    if (request == NULL || buf == NULL) {
        return HTTPD_SOCK_ERR_INVALID;
    }
    size_t want = buf_len < request->left ? buf_len : request->left;
    if (want == 0) {
        return 0;
    }
    int n = aloft_httpd_read(request->server, request->session, buf, want,
                             request->server->config.recv_wait_timeout * S_TO_MS);
    if (n == 0) {
        return HTTPD_SOCK_ERR_FAIL; // a body that ends early
    }
    request->left -= n > 0 ? (size_t)n : 0;
    if (n > 0) {
        aloft_httpd_event(HTTP_SERVER_EVENT_ON_DATA, request->session->fd, n);
    }
    return n;
}

// --- what the head says

static esp_err_t copy_out(const char *from, size_t len, char *to, size_t cap)
{
    if (cap > 0) {
        size_t n = len < cap - 1 ? len : cap - 1;
        memcpy(to, from, n);
        to[n] = '\0';
    }
    return len < cap ? ESP_OK : ESP_ERR_HTTPD_RESULT_TRUNC;
}

static const char *find_field(const struct aloft_httpd_request *request, const char *field)
{
    const char *line = request->fields;
    size_t len = strlen(field);
    while (!request->answered && line < request->head + request->head_len) {
        if (strncasecmp(line, field, len) == 0 && line[len] == ':') {
            return line + len + 1 + strspn(line + len + 1, " \t");
        }
        line += strlen(line) + 1;
        line += line < request->head + request->head_len && *line == '\0' ? 1 : 0; // CR and LF
    }
    return NULL;
}

size_t httpd_req_get_hdr_value_len(httpd_req_t *r, const char *field)
{
    const struct aloft_httpd_request *request = aloft_httpd_request(r);
    const char *value = request != NULL && field != NULL ? find_field(request, field) : NULL;
    return value != NULL ? strlen(value) : 0;
}

esp_err_t httpd_req_get_hdr_value_str(httpd_req_t *r, const char *field, char *val, size_t val_size)
{
    const struct aloft_httpd_request *request = aloft_httpd_request(r);
    if (request == NULL || field == NULL || val == NULL) {
        return ESP_ERR_INVALID_ARG;
    }
    const char *value = find_field(request, field);
    return value != NULL ? copy_out(value, strlen(value), val, val_size) : ESP_ERR_NOT_FOUND;
}

// The query of the URI, behind "?"; NULL: none.
static const char *query(const httpd_req_t *r, size_t *len)
{
    const char *at = strchr(r->uri, '?');
    *len = at != NULL ? strcspn(at + 1, "#") : 0;
    return *len > 0 ? at + 1 : NULL;
}

size_t httpd_req_get_url_query_len(httpd_req_t *r)
{
    size_t len = 0;
    (void)(r != NULL ? query(r, &len) : NULL);
    return len;
}

esp_err_t httpd_req_get_url_query_str(httpd_req_t *r, char *buf, size_t buf_len)
{
    size_t len;
    if (r == NULL || buf == NULL) {
        return ESP_ERR_INVALID_ARG;
    }
    const char *from = query(r, &len);
    return from != NULL ? copy_out(from, len, buf, buf_len) : ESP_ERR_NOT_FOUND;
}

// The value of "key=value" in a list.
static const char *find_value(const char *list, const char *separators, const char *key,
                              size_t *len)
{
    size_t key_len = strlen(key);
    while (*list != '\0') {
        size_t item = strcspn(list, separators);
        if (item > key_len && strncasecmp(list, key, key_len) == 0 && list[key_len] == '=') {
            *len = item - key_len - 1;
            return list + key_len + 1;
        }
        list += item;
        list += strspn(list, separators);
        list += strspn(list, " ");
    }
    return NULL;
}

esp_err_t httpd_query_key_value(const char *qry, const char *key, char *val, size_t val_size)
{
    size_t len;
    if (qry == NULL || key == NULL || val == NULL) {
        return ESP_ERR_INVALID_ARG;
    }
    const char *value = find_value(qry, "&", key, &len);
    if (value == NULL) {
        return ESP_ERR_NOT_FOUND;
    }
    return len < val_size ? copy_out(value, len, val, val_size) : ESP_ERR_HTTPD_RESULT_TRUNC;
}

esp_err_t httpd_req_get_cookie_val(httpd_req_t *req, const char *cookie_name, char *val,
                                   size_t *val_size)
{
    size_t len = 0;
    struct aloft_httpd_request *request = aloft_httpd_request(req);
    if (request == NULL || cookie_name == NULL || val == NULL || val_size == NULL) {
        return ESP_ERR_INVALID_ARG;
    }
    const char *cookies = find_field(request, "Cookie");
    const char *value = cookies != NULL ? find_value(cookies, ";", cookie_name, &len) : NULL;
    if (value == NULL) {
        return ESP_ERR_NOT_FOUND;
    }
    esp_err_t err = copy_out(value, len, val, *val_size);
    *val_size = len + 1;
    return err;
}
