// The answer to a request: its head once, with the first bytes of the body.
#include "compat/esp-idf/esp_http_server/httpd.h"
#include <stdio.h>
#include <string.h>

enum { HEX_MAX = 20 };

esp_err_t httpd_resp_set_status(httpd_req_t *r, const char *status)
{
    struct aloft_httpd_request *request = aloft_httpd_request(r);
    if (request == NULL || status == NULL) {
        return ESP_ERR_INVALID_ARG;
    }
    request->status = status;
    return ESP_OK;
}

esp_err_t httpd_resp_set_type(httpd_req_t *r, const char *type)
{
    struct aloft_httpd_request *request = aloft_httpd_request(r);
    if (request == NULL || type == NULL) {
        return ESP_ERR_INVALID_ARG;
    }
    request->type = type;
    return ESP_OK;
}

esp_err_t httpd_resp_set_hdr(httpd_req_t *r, const char *field, const char *value)
{
    struct aloft_httpd_request *request = aloft_httpd_request(r);
    if (request == NULL || field == NULL || value == NULL) {
        return ESP_ERR_INVALID_ARG;
    }
    if (request->extras >= request->server->config.max_resp_headers) {
        return ESP_ERR_HTTPD_RESP_HDR;
    }
    request->extra[request->extras++] = (struct aloft_httpd_field){field, value};
    return ESP_OK;
}

static bool put(struct aloft_httpd_request *request, const char *text)
{
    return aloft_httpd_write(request->server, request->session->fd, text, strlen(text));
}

// Status line and headers; framing is the line that says where the body ends.
static esp_err_t send_head(struct aloft_httpd_request *request, const char *framing)
{
    request->answered = true;
    bool good = put(request, "HTTP/1.1 ") && put(request, request->status) &&
                put(request, "\r\nContent-Type: ") && put(request, request->type) &&
                put(request, "\r\n") && put(request, framing);
    for (unsigned i = 0; i < request->extras && good; i++) {
        good = put(request, request->extra[i].name) && put(request, ": ") &&
               put(request, request->extra[i].value) && put(request, "\r\n");
    }
    good = good && put(request, "\r\n");
    aloft_httpd_event(HTTP_SERVER_EVENT_HEADERS_SENT, request->session->fd, 0);
    return good ? ESP_OK : ESP_ERR_HTTPD_RESP_SEND;
}

esp_err_t httpd_resp_send(httpd_req_t *r, const char *buf, ssize_t buf_len)
{
    struct aloft_httpd_request *request = aloft_httpd_request(r);
    char framing[64];
    if (request == NULL) {
        return ESP_ERR_INVALID_ARG;
    }
    size_t len = buf == NULL ? 0 : buf_len == HTTPD_RESP_USE_STRLEN ? strlen(buf) : (size_t)buf_len;
    (void)snprintf(framing, sizeof framing, "Content-Length: %zu\r\n", len);
    esp_err_t err = send_head(request, framing);
    if (err == ESP_OK && len > 0 &&
        !aloft_httpd_write(request->server, request->session->fd, buf, len)) {
        err = ESP_ERR_HTTPD_RESP_SEND;
    }
    aloft_httpd_event(HTTP_SERVER_EVENT_SENT_DATA, request->session->fd, (int)len);
    return err;
}

esp_err_t httpd_resp_send_chunk(httpd_req_t *r, const char *buf, ssize_t buf_len)
{
    struct aloft_httpd_request *request = aloft_httpd_request(r);
    char size[HEX_MAX];
    if (request == NULL) {
        return ESP_ERR_INVALID_ARG;
    }
    size_t len = buf == NULL ? 0 : buf_len == HTTPD_RESP_USE_STRLEN ? strlen(buf) : (size_t)buf_len;
    if (!request->chunked) {
        esp_err_t err = send_head(request, "Transfer-Encoding: chunked\r\n");
        if (err != ESP_OK) {
            return err;
        }
        request->chunked = true;
    }
    (void)snprintf(size, sizeof size, "%zx\r\n", len);
    bool good = put(request, size) &&
                aloft_httpd_write(request->server, request->session->fd, buf, len) &&
                put(request, "\r\n");
    aloft_httpd_event(HTTP_SERVER_EVENT_SENT_DATA, request->session->fd, (int)len);
    return good ? ESP_OK : ESP_ERR_HTTPD_RESP_SEND;
}
