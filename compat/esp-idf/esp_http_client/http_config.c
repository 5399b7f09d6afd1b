// The calls that configure a request and that read its result.
#include "compat/esp-idf/esp_http_client/http_state.h"
#include "esp_log.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *TAG = "HTTP_CLIENT";

enum {
    PORT_HTTP = 80,
    PORT_HTTPS = 443,
    TRIES = 10,
    TIMEOUT_MS = 5000,
    HOST_HEADER_MAX = 300,
};

#define USER_AGENT "ESP32 HTTP Client/1.0"

void aloft_idf_http_dispatch(esp_http_client_handle_t client, esp_http_client_event_id_t id,
                             void *data, int len)
{
    esp_http_client_event_t event = {
        .event_id = id,
        .client = client,
        .data = data,
        .data_len = len,
        .user_data = client->config.user_data,
    };
    if (client->config.event_handler != NULL) {
        (void)client->config.event_handler(&event);
    }
}

esp_err_t esp_http_client_close(esp_http_client_handle_t client)
{
    if (client->state > ALOFT_IDF_HTTP_INIT) {
        aloft_idf_http_dispatch(client, HTTP_EVENT_DISCONNECTED, &client->transport.error, 0);
        aloft_idf_transport_close(&client->transport);
        client->state = ALOFT_IDF_HTTP_INIT;
    }
    return ESP_OK;
}

static bool assign(char **at, const char *text, size_t len)
{
    char *copy = text == NULL ? NULL : strndup(text, len);
    if (text != NULL && copy == NULL) {
        return false;
    }
    free(*at);
    *at = copy;
    return true;
}

static bool assign_text(char **at, const char *text)
{
    return assign(at, text, text == NULL ? 0 : strlen(text));
}

static int default_or(int value, int fallback)
{
    return value != 0 ? value : fallback;
}

static void settle_config(esp_http_client_config_t *config)
{
    config->timeout_ms = default_or(config->timeout_ms, TIMEOUT_MS);
    config->buffer_size = default_or(config->buffer_size, DEFAULT_HTTP_BUF_SIZE);
    config->buffer_size_tx = default_or(config->buffer_size_tx, DEFAULT_HTTP_BUF_SIZE);
    config->max_redirection_count = default_or(config->max_redirection_count, TRIES);
    config->max_authorization_retries = default_or(config->max_authorization_retries, TRIES);
    if (config->max_authorization_retries < 0) {
        config->max_authorization_retries = 0;
    }
}

// Takes the target from host and path of config, instead of a URL.
static bool take_parts(esp_http_client_handle_t client, const esp_http_client_config_t *config)
{
    bool tls = config->transport_type == HTTP_TRANSPORT_OVER_SSL;
    client->port = default_or(config->port, tls ? PORT_HTTPS : PORT_HTTP);
    return assign_text(&client->scheme, tls ? "https" : "http") &&
           assign_text(&client->host, config->host) && assign_text(&client->path, config->path) &&
           assign_text(&client->query, config->query);
}

static bool take_texts(esp_http_client_handle_t client, const esp_http_client_config_t *config)
{
    bool good = assign_text(&client->username, config->username) &&
                assign_text(&client->password, config->password) &&
                assign_text(&client->common_name, config->common_name);
    if (good && config->url != NULL) {
        good = esp_http_client_set_url(client, config->url) == ESP_OK && client->host != NULL;
        if (!good) {
            ESP_LOGE(TAG, "Failed to set URL");
        }
        return good;
    }
    if (config->host == NULL || config->path == NULL) {
        ESP_LOGE(TAG, "config should have either URL or host & path");
        return false;
    }
    return good && take_parts(client, config);
}

static bool set_default_headers(esp_http_client_handle_t client, const char *user_agent)
{
    char host[HOST_HEADER_MAX];
    bool plain = client->port == PORT_HTTP || client->port == PORT_HTTPS;
    (void)snprintf(host, sizeof host, plain ? "%s" : "%s:%d", client->host, client->port);
    return aloft_idf_header_set(&client->headers, "User-Agent",
                                user_agent != NULL ? user_agent : USER_AGENT) == ESP_OK &&
           aloft_idf_header_set(&client->headers, "Host", host) == ESP_OK;
}

esp_http_client_handle_t esp_http_client_init(const esp_http_client_config_t *config)
{
    if (config == NULL) {
        ESP_LOGE(TAG, "No configuration");
        return NULL;
    }
    struct esp_http_client *client = calloc(1, sizeof *client);
    if (client == NULL) {
        return NULL;
    }
    client->config = *config;
    settle_config(&client->config);
    aloft_idf_transport_init(&client->transport);
    client->rx = malloc((size_t)client->config.buffer_size);
    if (client->rx == NULL || !take_texts(client, config) ||
        !set_default_headers(client, config->user_agent)) {
        (void)esp_http_client_cleanup(client);
        return NULL;
    }
    return client;
}

esp_err_t esp_http_client_cleanup(esp_http_client_handle_t client)
{
    if (client == NULL) {
        return ESP_FAIL;
    }
    char *const texts[] = {client->scheme,   client->host,     client->path,        client->query,
                           client->username, client->password, client->common_name, client->head,
                           client->location, client->challenge};
    (void)esp_http_client_close(client);
    aloft_idf_transport_free(&client->transport);
    aloft_idf_header_free(&client->headers);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        free(texts[i]);
    }
    free(client->rx);
    free(client);
    return ESP_OK;
}

// --- the URL

// Moves user:password@ out of a URL. True when there was one; plain gets the URL without it.
static bool take_user(esp_http_client_handle_t client, const char *url, char *plain, size_t size)
{
    const char *authority = strstr(url, "://");
    authority = authority == NULL ? url : authority + 3;
    size_t len = strcspn(authority, "/?#");
    const char *at = memchr(authority, '@', len);
    (void)snprintf(plain, size, "%.*s%s", at == NULL ? 0 : (int)(authority - url), url,
                   at == NULL ? url : at + 1);
    if (at == NULL) {
        return false;
    }
    const char *colon = memchr(authority, ':', (size_t)(at - authority));
    const char *end = colon == NULL ? at : colon;
    (void)assign(&client->username, authority, (size_t)(end - authority));
    if (colon != NULL) {
        (void)assign(&client->password, colon + 1, (size_t)(at - colon - 1));
    }
    return true;
}

static bool take_path(esp_http_client_handle_t client, const char *text, size_t len)
{
    const char *mark = memchr(text, '?', len);
    size_t path_len = mark == NULL ? len : (size_t)(mark - text);
    const char *query = mark == NULL ? NULL : mark + 1;
    return assign(&client->path, path_len == 0 ? "/" : text, path_len == 0 ? 1 : path_len) &&
           assign(&client->query, query, query == NULL ? 0 : len - path_len - 1);
}

// After a change of the URL. As on a chip, the Host header gets a new name, without a port, and is
// not changed for a new port.
static void move_to(esp_http_client_handle_t client, const char *old_host, int old_port)
{
    bool moved = old_host != NULL && strcasecmp(old_host, client->host) != 0;
    if (moved) {
        (void)aloft_idf_header_set(&client->headers, "Host", client->host);
    }
    if (moved || (old_host != NULL && old_port != client->port)) {
        (void)esp_http_client_close(client);
    }
}

// Takes an absolute URL; plain has room for all of it.
static esp_err_t take_url(esp_http_client_handle_t client, const char *url, char *plain)
{
    struct aloft_url parsed;
    (void)take_user(client, url, plain, strlen(url) + 1);
    if (aloft_url_parse(plain, &parsed) != ALOFT_OK) {
        ESP_LOGE(TAG, "Error parse url %s", url);
        return ESP_ERR_INVALID_ARG;
    }
    char *old_host = client->host;
    int old_port = client->port;
    client->host = NULL;
    client->port = (int)parsed.port;
    bool good = assign(&client->host, plain + parsed.host, parsed.host_len) &&
                assign_text(&client->scheme, parsed.tls ? "https" : "http") &&
                take_path(client, plain + parsed.path, parsed.path_len);
    if (good) {
        move_to(client, old_host, old_port);
    }
    free(old_host);
    return good ? ESP_OK : ESP_ERR_NO_MEM;
}

esp_err_t esp_http_client_set_url(esp_http_client_handle_t client, const char *url)
{
    if (client == NULL || url == NULL) {
        ESP_LOGE(TAG, "client or url must not NULL");
        return ESP_ERR_INVALID_ARG;
    }
    if (url[0] == '/' && url[1] != '/') {
        return take_path(client, url, strcspn(url, "#")) ? ESP_OK : ESP_ERR_NO_MEM;
    }
    char *plain = malloc(strlen(url) + 1);
    esp_err_t err = plain != NULL ? take_url(client, url, plain) : ESP_ERR_NO_MEM;
    free(plain);
    return err;
}

esp_err_t esp_http_client_get_url(esp_http_client_handle_t client, char *url, const int len)
{
    if (client == NULL || url == NULL) {
        return ESP_ERR_INVALID_ARG;
    }
    (void)snprintf(url, (size_t)len, "%s://%s:%d%s", client->scheme, client->host, client->port,
                   client->path);
    return ESP_OK;
}

// --- what can be set

esp_err_t esp_http_client_set_header(esp_http_client_handle_t client, const char *key,
                                     const char *value)
{
    return client == NULL || key == NULL ? ESP_ERR_INVALID_ARG
                                         : aloft_idf_header_set(&client->headers, key, value);
}

esp_err_t esp_http_client_get_header(esp_http_client_handle_t client, const char *key, char **value)
{
    if (client == NULL || key == NULL || value == NULL) {
        return ESP_ERR_INVALID_ARG;
    }
    *value = aloft_idf_header_get(client->headers, key);
    return ESP_OK;
}

esp_err_t esp_http_client_delete_header(esp_http_client_handle_t client, const char *key)
{
    return esp_http_client_set_header(client, key, NULL);
}

esp_err_t esp_http_client_delete_all_headers(esp_http_client_handle_t client)
{
    if (client == NULL) {
        return ESP_ERR_INVALID_ARG;
    }
    aloft_idf_header_free(&client->headers);
    return ESP_OK;
}

esp_err_t esp_http_client_set_method(esp_http_client_handle_t client,
                                     esp_http_client_method_t method)
{
    if (client == NULL || method >= HTTP_METHOD_MAX) {
        return ESP_ERR_INVALID_ARG;
    }
    client->config.method = method;
    return ESP_OK;
}

esp_err_t esp_http_client_set_timeout_ms(esp_http_client_handle_t client, int timeout_ms)
{
    if (client == NULL) {
        return ESP_ERR_INVALID_ARG;
    }
    client->config.timeout_ms = timeout_ms;
    return ESP_OK;
}

esp_err_t esp_http_client_set_post_field(esp_http_client_handle_t client, const char *data, int len)
{
    client->post_data = data;
    client->post_len = data == NULL ? 0 : len;
    if (data == NULL) {
        return esp_http_client_set_header(client, "Content-Type", NULL);
    }
    if (aloft_idf_header_get(client->headers, "Content-Type") != NULL) {
        return ESP_OK;
    }
    return esp_http_client_set_header(client, "Content-Type", "application/x-www-form-urlencoded");
}

int esp_http_client_get_post_field(esp_http_client_handle_t client, char **data)
{
    if (client->post_data == NULL) {
        return 0;
    }
    memcpy(data, &client->post_data, sizeof *data); // the pointer that the caller gave
    return client->post_len;
}

esp_err_t esp_http_client_set_username(esp_http_client_handle_t client, const char *username)
{
    return client != NULL && assign_text(&client->username, username) ? ESP_OK
                                                                      : ESP_ERR_INVALID_ARG;
}

esp_err_t esp_http_client_set_password(esp_http_client_handle_t client, const char *password)
{
    return client != NULL && assign_text(&client->password, password) ? ESP_OK
                                                                      : ESP_ERR_INVALID_ARG;
}

esp_err_t esp_http_client_get_username(esp_http_client_handle_t client, char **value)
{
    if (client == NULL || value == NULL) {
        return ESP_ERR_INVALID_ARG;
    }
    *value = client->username;
    return ESP_OK;
}

esp_err_t esp_http_client_get_password(esp_http_client_handle_t client, char **value)
{
    if (client == NULL || value == NULL) {
        return ESP_ERR_INVALID_ARG;
    }
    *value = client->password;
    return ESP_OK;
}

esp_err_t esp_http_client_set_authtype(esp_http_client_handle_t client,
                                       esp_http_client_auth_type_t auth_type)
{
    if (client == NULL) {
        return ESP_ERR_INVALID_ARG;
    }
    client->config.auth_type = auth_type;
    return ESP_OK;
}

esp_err_t esp_http_client_set_user_data(esp_http_client_handle_t client, void *data)
{
    if (client == NULL) {
        return ESP_ERR_INVALID_ARG;
    }
    client->config.user_data = data;
    return ESP_OK;
}

esp_err_t esp_http_client_get_user_data(esp_http_client_handle_t client, void **data)
{
    if (client == NULL || data == NULL) {
        return ESP_ERR_INVALID_ARG;
    }
    *data = client->config.user_data;
    return ESP_OK;
}

// --- what can be asked

int esp_http_client_get_status_code(esp_http_client_handle_t client)
{
    return client->status;
}

int64_t esp_http_client_get_content_length(esp_http_client_handle_t client)
{
    return client->content_length;
}

bool esp_http_client_is_chunked_response(esp_http_client_handle_t client)
{
    return client->chunked;
}

int esp_http_client_get_errno(esp_http_client_handle_t client)
{
    return client == NULL ? -1 : client->transport.last_errno;
}

esp_http_client_transport_t esp_http_client_get_transport_type(esp_http_client_handle_t client)
{
    return strcasecmp(client->scheme, "https") == 0 ? HTTP_TRANSPORT_OVER_SSL
                                                    : HTTP_TRANSPORT_OVER_TCP;
}
