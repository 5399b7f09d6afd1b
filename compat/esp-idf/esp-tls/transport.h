// A TCP connection of an ESP-IDF app, in the clear or under TLS, with calls that block for a given
// time.
#ifndef ALOFT_IDF_TRANSPORT_H
#define ALOFT_IDF_TRANSPORT_H

#include "esp_err.h"
#include "esp_tls_errors.h"
#include "ports/portlib/tls/tls.h"

struct aloft_idf_transport {
    int fd; // -1: none
    struct aloft_tls *tls;
    struct aloft_tls_client *tls_client; // kept from connection to connection: sessions resume
    int last_errno;
    esp_tls_last_error_t error; // of the last connect that failed
};

// The address to connect to, and how the peer is checked.
struct aloft_idf_peer {
    const char *host;
    int port;
    bool tls;
    const char *ca;          // certificates in PEM; borrowed
    const char *common_name; // what the certificate must be for; NULL: the host
    bool any_name;
    int family; // AF_UNSPEC, AF_INET, AF_INET6
};

void aloft_idf_transport_init(struct aloft_idf_transport *t);

// Connects; the image's setting route may change the address. Errors, which are also logged:
// ESP_ERR_ESP_TLS_CANNOT_RESOLVE_HOSTNAME, ESP_ERR_ESP_TLS_FAILED_CONNECT_TO_HOST,
// ESP_ERR_ESP_TLS_CONNECTION_TIMEOUT, ESP_ERR_MBEDTLS_SSL_HANDSHAKE_FAILED,
// ESP_ERR_MBEDTLS_X509_CRT_PARSE_FAILED.
esp_err_t aloft_idf_transport_connect(struct aloft_idf_transport *t,
                                      const struct aloft_idf_peer *peer, int timeout_ms);

enum {
    ALOFT_IDF_TIMEOUT = 0, // nothing came in time
    ALOFT_IDF_CLOSED = -1, // the peer has closed the connection
    ALOFT_IDF_BROKEN = -2,
};

// The number of bytes, at least 1, or one of these. errno has the reason: 0, EAGAIN, ENOTCONN,
// ECONNRESET, ...
int aloft_idf_transport_read(struct aloft_idf_transport *t, void *buf, int len, int timeout_ms);
int aloft_idf_transport_write(struct aloft_idf_transport *t, const void *buf, int len,
                              int timeout_ms);

void aloft_idf_transport_close(struct aloft_idf_transport *t);

// Also drops the TLS sessions.
void aloft_idf_transport_free(struct aloft_idf_transport *t);

// The bundle of well-known authorities as PEM, valid until the app ends; NULL, with a line in the
// log, when there is none.
const char *aloft_idf_ca_bundle(void);

// The app's global store; NULL: none.
const char *aloft_idf_ca_store(void);

#endif
