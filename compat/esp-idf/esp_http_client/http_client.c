// Requests and answers. The answer's framing is core's (aloft/net/http.h); its head is also kept as
// text, because apps may read every field.
#include "compat/esp-idf/esp_http_client/http_state.h"
#include "esp_log.h"
#include "hostlib/base/deadline.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *TAG = "HTTP_CLIENT";

ESP_EVENT_DEFINE_BASE(ESP_HTTP_CLIENT_EVENT);

enum { PIECE = 1024 }; // bytes that are sent within one timeout
// Results of take besides a number of bytes.
enum { END = 0, CLOSED = ALOFT_IDF_CLOSED, BROKEN = ALOFT_IDF_BROKEN, LATE = -3 };

static const char *const methods[] = {"GET",       "POST",   "PUT",       "PATCH",       "DELETE",
                                      "HEAD",      "NOTIFY", "SUBSCRIBE", "UNSUBSCRIBE", "OPTIONS",
                                      "COPY",      "MOVE",   "LOCK",      "UNLOCK",      "PROPFIND",
                                      "PROPPATCH", "MKCOL",  "REPORT"};

static void dispatch_header(esp_http_client_handle_t client, char *key, char *value)
{
    esp_http_client_event_t event = {
        .event_id = HTTP_EVENT_ON_HEADER,
        .client = client,
        .user_data = client->config.user_data,
        .header_key = key,
        .header_value = value,
    };
    if (client->config.event_handler != NULL) {
        (void)client->config.event_handler(&event);
    }
}

static esp_err_t fail(esp_http_client_handle_t client, esp_err_t err)
{
    aloft_idf_http_dispatch(client, HTTP_EVENT_ERROR, &client->transport.error, 0);
    return err;
}

// --- connecting

static const char *authorities(const esp_http_client_config_t *config)
{
    if (config->crt_bundle_attach != NULL) {
        return config->crt_bundle_attach(NULL) == ESP_OK ? aloft_idf_ca_bundle() : NULL;
    }
    return config->use_global_ca_store ? aloft_idf_ca_store() : config->cert_pem;
}

static esp_err_t connect_client(esp_http_client_handle_t client)
{
    if (client->state >= ALOFT_IDF_HTTP_CONNECTED) {
        return ESP_OK;
    }
    bool tls = strcasecmp(client->scheme, "https") == 0;
    if (tls && (client->config.client_cert_pem != NULL || client->config.client_key_pem != NULL)) {
        ESP_LOGE(TAG, "Certificates of the client are not supported on this board");
        return ESP_ERR_NOT_SUPPORTED;
    }
    const struct aloft_idf_peer peer = {
        .host = client->host,
        .port = client->port,
        .tls = tls,
        .ca = tls ? authorities(&client->config) : NULL,
        .common_name = client->common_name,
        .any_name = client->config.skip_cert_common_name_check,
        .family = (int)client->config.addr_type,
    };
    esp_err_t err =
        aloft_idf_transport_connect(&client->transport, &peer, client->config.timeout_ms);
    if (err != ESP_OK) {
        ESP_LOGE(TAG, "Connection failed, sock < 0");
        return ESP_ERR_HTTP_CONNECT;
    }
    client->state = ALOFT_IDF_HTTP_CONNECTED;
    aloft_idf_http_dispatch(client, HTTP_EVENT_ON_CONNECTED, NULL, 0);
    return ESP_OK;
}

// --- the request

static struct aloft_deadline in_time(esp_http_client_handle_t client)
{
    return aloft_deadline_in((uint32_t)client->config.timeout_ms);
}

// Sends all bytes. Each piece has one timeout, however few bytes the server takes at a time.
static int send_all(esp_http_client_handle_t client, const char *data, int len)
{
    struct aloft_deadline deadline = in_time(client);
    int left_ms;
    int sent = 0;
    int piece = 0;
    while (sent < len) {
        if (!aloft_deadline_turn(&deadline, &left_ms)) {
            return ALOFT_IDF_TIMEOUT;
        }
        int n = aloft_idf_transport_write(&client->transport, data + sent, len - sent, left_ms);
        if (n <= 0) {
            return n;
        }
        sent += n;
        if (sent - piece >= PIECE) {
            piece = sent;
            deadline = in_time(client);
        }
    }
    return sent;
}

// The whole head of the request, allocated.
static char *request_head(const struct esp_http_client *client, int *len)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL) {
        return NULL;
    }
    fprintf(out, "%s %s%s%s HTTP/1.1\r\n", methods[client->config.method], client->path,
            client->query != NULL ? "?" : "", client->query != NULL ? client->query : "");
    bool fits = ftell(out) < client->config.buffer_size_tx;
    for (const struct aloft_idf_header *h = client->headers; h != NULL; h = h->next) {
        fprintf(out, "%s: %s\r\n", h->key, h->value);
    }
    fputs("\r\n", out);
    if (fclose(out) != 0 || !fits) {
        ESP_LOGE(TAG, "Out of buffer"); // the request line has to fit buffer_size_tx
        free(text);
        return NULL;
    }
    *len = (int)size;
    return text;
}

static void set_credentials(esp_http_client_handle_t client)
{
    bool basic = client->config.auth_type == HTTP_AUTH_TYPE_BASIC && client->username != NULL;
    if (basic && aloft_idf_header_get(client->headers, "Authorization") == NULL) {
        char *answer = aloft_idf_auth_answer("Basic", "", "", client->username, client->password);
        (void)aloft_idf_header_set(&client->headers, "Authorization", answer);
        free(answer);
    }
}

static void forget_answer(esp_http_client_handle_t client)
{
    free(client->head);
    client->head = NULL;
    client->head_len = 0;
    client->status = 0;
    client->content_length = 0;
    client->received = 0;
    client->chunked = false;
    client->ended = false;
    client->rx_off = 0;
    client->rx_len = 0;
    client->again = false;
    aloft_http_init(&client->http, 0, client->redirect, sizeof client->redirect);
}

static esp_err_t send_request(esp_http_client_handle_t client, int write_len)
{
    char length[16];
    int len = 0;
    forget_answer(client);
    set_credentials(client);
    if (write_len >= 0) {
        (void)snprintf(length, sizeof length, "%d", write_len);
        (void)aloft_idf_header_set(&client->headers, "Content-Length", length);
    } else {
        (void)aloft_idf_header_set(&client->headers, "Transfer-Encoding", "chunked");
    }
    char *head = request_head(client, &len);
    if (head == NULL) {
        return ESP_FAIL;
    }
    int sent = send_all(client, head, len);
    free(head);
    if (sent <= 0) {
        ESP_LOGE(TAG, "Error write request");
        (void)esp_http_client_close(client);
        return ESP_ERR_HTTP_WRITE_DATA;
    }
    client->state = ALOFT_IDF_HTTP_SENT;
    aloft_idf_http_dispatch(client, HTTP_EVENT_HEADERS_SENT, NULL, 0);
    return ESP_OK;
}

esp_err_t esp_http_client_open(esp_http_client_handle_t client, int write_len)
{
    client->post_len = write_len;
    esp_err_t err = connect_client(client);
    if (err == ESP_OK) {
        err = send_request(client, write_len);
    }
    return err == ESP_OK ? ESP_OK : fail(client, err);
}

int esp_http_client_write(esp_http_client_handle_t client, const char *buffer, int len)
{
    return client->state < ALOFT_IDF_HTTP_SENT ? ESP_FAIL : send_all(client, buffer, len);
}

// --- the answer's head

static bool keep_head(esp_http_client_handle_t client, const uint8_t *data, size_t len)
{
    char *more = realloc(client->head, client->head_len + len + 1);
    if (more == NULL) {
        return false;
    }
    memcpy(more + client->head_len, data, len);
    client->head = more;
    client->head_len += len;
    more[client->head_len] = '\0';
    return true;
}

static void note_field(esp_http_client_handle_t client, char *key, char *value)
{
    char **kept = strcasecmp(key, "Location") == 0           ? &client->location
                  : strcasecmp(key, "WWW-Authenticate") == 0 ? &client->challenge
                                                             : NULL;
    if (kept != NULL) {
        free(*kept);
        *kept = strdup(value);
    }
    if (strcasecmp(key, "Connection") == 0) {
        client->keep = strcasecmp(value, "close") != 0;
    }
    dispatch_header(client, key, value);
    free(key);
    free(value);
}

static void read_fields(esp_http_client_handle_t client)
{
    const char *at = client->head;
    client->keep = true;
    while (*at != '\0') {
        size_t len = strcspn(at, "\r\n");
        char *key;
        char *value;
        if (strncmp(at, "HTTP/1.0", len < 8 ? len : 8) == 0 && len >= 8) {
            client->keep = false;
        } else if (aloft_idf_header_split(at, len, &key, &value)) {
            note_field(client, key, value);
        }
        at += len + strspn(at + len, "\r\n");
    }
}

static void take_head(esp_http_client_handle_t client)
{
    const struct aloft_http *http = &client->http;
    client->status = (int)http->status;
    client->content_length = http->has_length ? (int64_t)http->length : -1;
    client->state = ALOFT_IDF_HTTP_ANSWERED;
    client->ended = client->config.method == HTTP_METHOD_HEAD || aloft_http_complete(http);
    read_fields(client);
}

// Reads more bytes of the answer into rx; returns what transport_read returns.
static int fill(esp_http_client_handle_t client, struct aloft_deadline *deadline)
{
    int left_ms;
    int n = ALOFT_IDF_TIMEOUT;
    if (aloft_deadline_turn(deadline, &left_ms)) {
        n = aloft_idf_transport_read(&client->transport, client->rx, client->config.buffer_size,
                                     left_ms);
    }
    client->rx_off = 0;
    client->rx_len = n > 0 ? n : 0;
    return n;
}

static enum aloft_http_event next(esp_http_client_handle_t client, int limit, uint32_t *used)
{
    int have = client->rx_len - client->rx_off;
    const uint8_t *data = client->rx + client->rx_off;
    enum aloft_http_event event =
        aloft_http_next(&client->http, data, (uint32_t)(have < limit ? have : limit), used);
    client->rx_off += (int)*used;
    return event;
}

int64_t esp_http_client_fetch_headers(esp_http_client_handle_t client)
{
    if (client->state < ALOFT_IDF_HTTP_SENT) {
        return ESP_FAIL;
    }
    struct aloft_deadline deadline = in_time(client);
    client->status = -1;
    while (client->state < ALOFT_IDF_HTTP_ANSWERED) {
        uint32_t used = 0;
        if (client->rx_off == client->rx_len) {
            int n = fill(client, &deadline);
            if (n == ALOFT_IDF_TIMEOUT) {
                ESP_LOGW(TAG, "Connection timed out before data was ready!");
                return -ESP_ERR_HTTP_EAGAIN;
            }
            if (n < 0) {
                return ESP_FAIL;
            }
        }
        const uint8_t *from = client->rx + client->rx_off;
        enum aloft_http_event event = next(client, client->config.buffer_size, &used);
        if (event == ALOFT_HTTP_BAD || !keep_head(client, from, used)) {
            ESP_LOGE(TAG, "%s: %s", aloft_err_name(client->http.err),
                     aloft_err_sentence(client->http.err));
            return ESP_FAIL;
        }
        if (event == ALOFT_HTTP_HEADERS) {
            take_head(client);
        }
    }
    if (client->content_length <= 0) {
        client->chunked = true;
        return 0;
    }
    return client->content_length;
}

// --- its body

// Takes up to cap bytes of the body; returns how many, or END, CLOSED, BROKEN, LATE.
static int take(esp_http_client_handle_t client, struct aloft_deadline *deadline, char *out,
                int cap)
{
    while (!client->ended) {
        uint32_t used = 0;
        if (client->rx_off == client->rx_len) {
            int n = fill(client, deadline);
            if (n == ALOFT_IDF_CLOSED && aloft_http_eof(&client->http) == ALOFT_HTTP_DONE) {
                client->ended = true;
                client->keep = false;
                return END;
            }
            if (n <= 0) {
                return n == ALOFT_IDF_TIMEOUT ? LATE : n;
            }
        }
        enum aloft_http_event event = next(client, cap, &used);
        client->ended = event == ALOFT_HTTP_DONE || aloft_http_complete(&client->http);
        if (event == ALOFT_HTTP_BODY) {
            int len = (int)client->http.body_len;
            memcpy(out, client->rx + client->rx_off - len, (size_t)len);
            client->received += len;
            aloft_idf_http_dispatch(client, HTTP_EVENT_ON_DATA, out, len);
            return len;
        }
        if (event == ALOFT_HTTP_BAD) {
            ESP_LOGE(TAG, "%s: %s", aloft_err_name(client->http.err),
                     aloft_err_sentence(client->http.err));
            errno = ECONNRESET;
            return BROKEN;
        }
    }
    return END;
}

bool esp_http_client_is_complete_data_received(esp_http_client_handle_t client)
{
    return client->chunked ? client->ended : client->received == client->content_length;
}

int esp_http_client_read(esp_http_client_handle_t client, char *buffer, int len)
{
    struct aloft_deadline deadline = in_time(client);
    int got = 0;
    errno = 0;
    if (client->state < ALOFT_IDF_HTTP_ANSWERED) {
        return ESP_FAIL;
    }
    while (got < len) {
        int n = take(client, &deadline, buffer + got, len - got);
        if (n == END) {
            return got;
        }
        if (n == LATE) {
            return got > 0 ? got : -ESP_ERR_HTTP_EAGAIN;
        }
        if (n < 0) {
            int why = errno;
            ESP_LOGW(TAG, "esp_transport_read returned:%d and errno:%d ", n, why);
            if (got == 0 && !esp_http_client_is_complete_data_received(client)) {
                (void)fail(client, ESP_FAIL);
                errno = why;
                return ESP_FAIL;
            }
            errno = why;
            return got;
        }
        got += n;
    }
    return got;
}

int esp_http_client_read_response(esp_http_client_handle_t client, char *buffer, int len)
{
    int got = 0;
    while (got < len) {
        int n = esp_http_client_read(client, buffer + got, len - got);
        if (n <= 0) {
            return got;
        }
        got += n;
    }
    return got;
}

// Reads the rest of the body, for its events; returns BROKEN, CLOSED, LATE or END. silence: the
// timeout is for each read; else it is for the whole rest.
static int drain(esp_http_client_handle_t client, bool silence, int *len)
{
    struct aloft_deadline deadline = in_time(client);
    int n;
    do {
        char piece[DEFAULT_HTTP_BUF_SIZE];
        deadline = silence ? in_time(client) : deadline;
        n = take(client, &deadline, piece, sizeof piece);
        *len += n > 0 ? n : 0;
    } while (n > 0);
    return n;
}

esp_err_t esp_http_client_flush_response(esp_http_client_handle_t client, int *len)
{
    int total = 0;
    if (client == NULL) {
        return ESP_ERR_INVALID_ARG;
    }
    int end = drain(client, false, &total);
    if (len != NULL) {
        *len = total;
    }
    return end == END ? ESP_OK : ESP_FAIL;
}

// --- redirects and challenges

esp_err_t esp_http_client_set_redirection(esp_http_client_handle_t client)
{
    if (client == NULL || client->location == NULL) {
        return ESP_ERR_INVALID_ARG;
    }
    esp_err_t err = esp_http_client_set_url(client, client->location);
    if (err == ESP_OK) {
        client->redirects++;
        client->again = true;
    }
    return err;
}

esp_err_t esp_http_client_reset_redirect_counter(esp_http_client_handle_t client)
{
    if (client == NULL) {
        return ESP_ERR_INVALID_ARG;
    }
    client->redirects = 0;
    return ESP_OK;
}

esp_err_t esp_http_client_add_auth(esp_http_client_handle_t client)
{
    char *uri = NULL;
    if (client == NULL) {
        return ESP_ERR_INVALID_ARG;
    }
    if (client->state != ALOFT_IDF_HTTP_ANSWERED) {
        return ESP_OK;
    }
    if (client->redirects >= client->config.max_authorization_retries) {
        ESP_LOGE(TAG, "Error, reached max_authorization_retries count=%d", client->redirects);
        return ESP_FAIL;
    }
    if (client->challenge == NULL) {
        ESP_LOGW(TAG, "This request requires authentication, but does not provide header "
                      "information for that");
        return ESP_ERR_NOT_SUPPORTED;
    }
    client->redirects++;
    if (asprintf(&uri, "%s%s%s", client->path, client->query != NULL ? "?" : "",
                 client->query != NULL ? client->query : "") < 0) {
        return ESP_ERR_NO_MEM;
    }
    char *answer = aloft_idf_auth_answer(client->challenge, methods[client->config.method], uri,
                                         client->username, client->password);
    free(uri);
    if (answer == NULL) {
        ESP_LOGE(TAG, "This authentication method is not supported: %s", client->challenge);
        return ESP_ERR_NOT_SUPPORTED;
    }
    (void)aloft_idf_header_set(&client->headers, "Authorization", answer);
    free(answer);
    client->again = true;
    return ESP_OK;
}

static bool is_redirect(int status)
{
    return status == HttpStatus_MovedPermanently || status == HttpStatus_Found ||
           status == HttpStatus_SeeOther || status == HttpStatus_TemporaryRedirect ||
           status == HttpStatus_PermanentRedirect;
}

static esp_err_t check_answer(esp_http_client_handle_t client)
{
    if (client->status >= HttpStatus_Ok && client->status < HttpStatus_MultipleChoices) {
        client->redirects = 0;
        return ESP_OK;
    }
    if (client->redirects >= client->config.max_redirection_count) {
        ESP_LOGE(TAG, "Error, reach max_redirection_count count=%d", client->redirects);
        return ESP_ERR_HTTP_MAX_REDIRECT;
    }
    if (is_redirect(client->status) && client->config.disable_auto_redirect) {
        aloft_idf_http_dispatch(client, HTTP_EVENT_REDIRECT, NULL, 0);
        return ESP_OK;
    }
    if (is_redirect(client->status)) {
        return esp_http_client_set_redirection(client) == ESP_OK ? ESP_OK : ESP_FAIL;
    }
    return client->status == HttpStatus_Unauthorized ? esp_http_client_add_auth(client) : ESP_OK;
}

// --- all of it

static esp_err_t fetch(esp_http_client_handle_t client)
{
    int64_t length = esp_http_client_fetch_headers(client);
    if (length == -ESP_ERR_HTTP_EAGAIN) {
        return ESP_ERR_HTTP_EAGAIN;
    }
    if (length >= 0) {
        return ESP_OK;
    }
    if (client->transport.last_errno == ENOTCONN) {
        ESP_LOGW(TAG, "Close connection due to FIN received");
        (void)esp_http_client_close(client);
        return fail(client, ESP_ERR_HTTP_CONNECTION_CLOSED);
    }
    return fail(client, ESP_ERR_HTTP_FETCH_HEADER);
}

static esp_err_t perform_once(esp_http_client_handle_t client)
{
    int total = 0;
    esp_err_t err = esp_http_client_open(client, client->post_len);
    if (err != ESP_OK) {
        return err;
    }
    if (client->post_data != NULL && client->post_len > 0 &&
        send_all(client, client->post_data, client->post_len) <= 0) {
        return fail(client, ESP_ERR_HTTP_WRITE_DATA);
    }
    err = fetch(client);
    if (err != ESP_OK) {
        return err;
    }
    err = check_answer(client);
    if (err != ESP_OK) {
        ESP_LOGE(TAG, "Error response");
        return fail(client, err);
    }
    (void)drain(client, true, &total);
    aloft_idf_http_dispatch(client, HTTP_EVENT_ON_FINISH, NULL, 0);
    if (!client->keep || !client->ended) {
        (void)esp_http_client_close(client);
    } else if (client->state > ALOFT_IDF_HTTP_CONNECTED) {
        client->state = ALOFT_IDF_HTTP_CONNECTED;
    }
    return ESP_OK;
}

esp_err_t esp_http_client_perform(esp_http_client_handle_t client)
{
    esp_err_t err;
    do {
        err = perform_once(client);
    } while (err == ESP_OK && client->again);
    return err;
}
