// The state of a client, shared by http_client.c (requests and answers) and http_config.c
// (configuration and results).
#ifndef ALOFT_IDF_HTTP_STATE_H
#define ALOFT_IDF_HTTP_STATE_H

#include "aloft/net/http.h"
#include "compat/esp-idf/esp-tls/transport.h"
#include "compat/esp-idf/esp_http_client/http_headers.h"
#include "esp_http_client.h"

// Progress of the current request. The order of the values matters.
enum aloft_idf_http_state {
    ALOFT_IDF_HTTP_INIT,      // no connection
    ALOFT_IDF_HTTP_CONNECTED, // no request
    ALOFT_IDF_HTTP_SENT,      // its head is sent; its body may follow
    ALOFT_IDF_HTTP_ANSWERED,  // the answer's head has come
};

struct esp_http_client {
    esp_http_client_config_t config; // certificates and callbacks; texts are below
    char *scheme;
    char *host;
    int port;
    char *path;
    char *query; // NULL: none
    char *username;
    char *password;
    char *common_name;
    struct aloft_idf_header *headers;
    const char *post_data;
    int post_len;
    bool again; // a redirect or a challenge: the request must be sent again
    int redirects;
    enum aloft_idf_http_state state;
    struct aloft_idf_transport transport;
    // the answer
    struct aloft_http http;
    // Buffer of the machine; location is the text as it came. As on a chip, a URL may be as long as
    // the headers, and a request line as long as buffer_size_tx.
    char redirect[ALOFT_HTTP_HEADERS_MAX];
    char *head; // status line and headers
    size_t head_len;
    char *location;
    char *challenge; // WWW-Authenticate
    int status;
    int64_t content_length; // -1: not told
    int64_t received;
    bool chunked; // or without a length, up to the close of the connection
    bool ended;
    bool keep; // the connection can be used again
    uint8_t *rx;
    int rx_off;
    int rx_len;
};

void aloft_idf_http_dispatch(esp_http_client_handle_t client, esp_http_client_event_id_t id,
                             void *data, int len);

#endif
