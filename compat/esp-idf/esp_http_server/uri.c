// Finds the handler of a URI, and answers when there is none.
#include "compat/esp-idf/esp_http_server/httpd.h"
#include "esp_log.h"
#include <stdlib.h>
#include <string.h>

static const char *TAG = "httpd_uri";

static const struct {
    const char *status;
    const char *text;
} errors[HTTPD_ERR_CODE_MAX] = {
    [HTTPD_500_INTERNAL_SERVER_ERROR] = {HTTPD_500, "Server has encountered an unexpected error"},
    [HTTPD_501_METHOD_NOT_IMPLEMENTED] = {"501 Method Not Implemented",
                                          "Server does not support this method"},
    [HTTPD_505_VERSION_NOT_SUPPORTED] = {"505 Version Not Supported",
                                         "HTTP version not supported by server"},
    [HTTPD_400_BAD_REQUEST] = {HTTPD_400, "Bad request syntax"},
    [HTTPD_401_UNAUTHORIZED] = {"401 Unauthorized", "No permission -- see authorization schemes"},
    [HTTPD_403_FORBIDDEN] = {"403 Forbidden", "Request forbidden -- authorization will not help"},
    [HTTPD_404_NOT_FOUND] = {HTTPD_404, "Nothing matches the given URI"},
    [HTTPD_405_METHOD_NOT_ALLOWED] = {"405 Method Not Allowed",
                                      "Specified method is invalid for this resource"},
    [HTTPD_408_REQ_TIMEOUT] = {HTTPD_408, "Server closed this connection"},
    [HTTPD_411_LENGTH_REQUIRED] = {"411 Length Required", "Client must specify Content-Length"},
    [HTTPD_413_CONTENT_TOO_LARGE] = {"413 Content Too Large", "Content is too large"},
    [HTTPD_414_URI_TOO_LONG] = {"414 URI Too Long", "URI is too long"},
    [HTTPD_431_REQ_HDR_FIELDS_TOO_LARGE] = {"431 Request Header Fields Too Large",
                                            "Header fields are too long"},
};

bool httpd_uri_match_wildcard(const char *uri_template, const char *uri_to_match, size_t match_upto)
{
    // "/a?" matches "/" and "/a"; "/a*" all that begins with "/a"; "/a?*" and "/a*?" match both.
    size_t len = strlen(uri_template);
    bool any_tail = false;
    bool optional = false;
    for (int i = 0; i < 2 && len > 0; i++) {
        char last = uri_template[len - 1];
        if (last == '*' && !any_tail) {
            any_tail = true;
            len--;
        } else if (last == '?' && !optional) {
            optional = true;
            len--;
        }
    }
    if (optional && len == 0) {
        return false; // no character that could be left out
    }
    size_t must = optional ? len - 1 : len;
    if (match_upto < must || strncmp(uri_template, uri_to_match, must) != 0) {
        return false;
    }
    if (optional && match_upto > must && uri_to_match[must] != uri_template[must]) {
        return false;
    }
    return any_tail || match_upto <= len;
}

static bool matches(const struct aloft_httpd *server, const char *reference, const char *path,
                    size_t len)
{
    if (server->config.uri_match_fn != NULL) {
        return server->config.uri_match_fn(reference, path, len);
    }
    return strlen(reference) == len && strncmp(reference, path, len) == 0;
}

static bool has_method(const httpd_uri_t *uri, int method)
{
    return (int)uri->method == method || (int)uri->method == HTTP_ANY;
}

esp_err_t httpd_register_uri_handler(httpd_handle_t handle, const httpd_uri_t *uri_handler)
{
    struct aloft_httpd *server = handle;
    if (server == NULL || uri_handler == NULL || uri_handler->uri == NULL ||
        uri_handler->handler == NULL) {
        return ESP_ERR_INVALID_ARG;
    }
    unsigned n = 0;
    for (; n < server->config.max_uri_handlers && server->uris[n] != NULL; n++) {
        if (strcmp(server->uris[n]->text, uri_handler->uri) == 0 &&
            has_method(&server->uris[n]->public, (int)uri_handler->method)) {
            ESP_LOGW(TAG,
                     "httpd_register_uri_handler: handler %s with method %d already registered",
                     uri_handler->uri, (int)uri_handler->method);
            return ESP_ERR_HTTPD_HANDLER_EXISTS;
        }
    }
    if (n == server->config.max_uri_handlers) {
        ESP_LOGW(TAG, "httpd_register_uri_handler: no slots left for registering handler");
        return ESP_ERR_HTTPD_HANDLERS_FULL;
    }
    size_t size = strlen(uri_handler->uri) + 1;
    struct aloft_httpd_uri *copy = malloc(sizeof *copy + size);
    if (copy == NULL) {
        return ESP_ERR_HTTPD_ALLOC_MEM;
    }
    copy->public = *uri_handler;
    copy->public.uri = memcpy(copy->text, uri_handler->uri, size);
    server->uris[n] = copy;
    return ESP_OK;
}

// Removes the handlers of a URI; method negative: those of all methods.
static esp_err_t forget(struct aloft_httpd *server, const char *uri, int method)
{
    unsigned kept = 0;
    unsigned n = 0;
    if (server == NULL || uri == NULL) {
        return ESP_ERR_INVALID_ARG;
    }
    for (; n < server->config.max_uri_handlers && server->uris[n] != NULL; n++) {
        struct aloft_httpd_uri *at = server->uris[n];
        server->uris[n] = NULL;
        if (strcmp(at->text, uri) == 0 && (method < 0 || (int)at->public.method == method)) {
            free(at);
        } else {
            server->uris[kept++] = at;
        }
    }
    return kept < n ? ESP_OK : ESP_ERR_NOT_FOUND;
}

esp_err_t httpd_unregister_uri_handler(httpd_handle_t handle, const char *uri,
                                       httpd_method_t method)
{
    return forget(handle, uri, (int)method);
}

esp_err_t httpd_unregister_uri(httpd_handle_t handle, const char *uri)
{
    return forget(handle, uri, -1);
}

esp_err_t httpd_register_err_handler(httpd_handle_t handle, httpd_err_code_t error,
                                     httpd_err_handler_func_t handler_fn)
{
    struct aloft_httpd *server = handle;
    if (server == NULL || (unsigned)error >= HTTPD_ERR_CODE_MAX) {
        return ESP_ERR_INVALID_ARG;
    }
    server->error_handlers[error] = handler_fn;
    return ESP_OK;
}

bool aloft_httpd_dispatch(struct aloft_httpd_request *request, size_t path_len)
{
    struct aloft_httpd *server = request->server;
    bool known = false;
    for (unsigned i = 0; i < server->config.max_uri_handlers && server->uris[i] != NULL; i++) {
        const httpd_uri_t *uri = &server->uris[i]->public;
        if (!matches(server, uri->uri, request->public.uri, path_len)) {
            continue;
        }
        known = true;
        if (has_method(uri, request->public.method)) {
            request->public.user_ctx = uri->user_ctx;
            if (uri->handler(&request->public) == ESP_OK) {
                return true;
            }
            ESP_LOGW(TAG, "httpd_uri: uri handler execution failed");
            return false;
        }
    }
    if (known) {
        ESP_LOGW(TAG, "httpd_uri: Method '%d' not allowed for URI '%s'", request->public.method,
                 request->public.uri);
        return aloft_httpd_refuse(request, HTTPD_405_METHOD_NOT_ALLOWED);
    }
    ESP_LOGW(TAG, "httpd_uri: URI '%s' not found", request->public.uri);
    return aloft_httpd_refuse(request, HTTPD_404_NOT_FOUND);
}

bool aloft_httpd_refuse(struct aloft_httpd_request *request, httpd_err_code_t error)
{
    httpd_err_handler_func_t handler = request->server->error_handlers[error];
    if (handler != NULL) {
        return handler(&request->public, error) == ESP_OK;
    }
    (void)httpd_resp_send_err(&request->public, error, NULL);
    return false;
}

esp_err_t httpd_resp_send_custom_err(httpd_req_t *req, const char *status, const char *msg)
{
    if (req == NULL || status == NULL || msg == NULL) {
        return ESP_ERR_INVALID_ARG;
    }
    ESP_LOGW("httpd_txrx", "httpd_resp_send_custom_err: %s - %s", status, msg);
    (void)httpd_resp_set_status(req, status);
    (void)httpd_resp_set_type(req, HTTPD_TYPE_TEXT);
    return httpd_resp_send(req, msg, HTTPD_RESP_USE_STRLEN);
}

esp_err_t httpd_resp_send_err(httpd_req_t *req, httpd_err_code_t error, const char *msg)
{
    if ((unsigned)error >= HTTPD_ERR_CODE_MAX) {
        error = HTTPD_500_INTERNAL_SERVER_ERROR;
    }
    return httpd_resp_send_custom_err(req, errors[error].status,
                                      msg != NULL ? msg : errors[error].text);
}
