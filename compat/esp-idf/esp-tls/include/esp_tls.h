// TLS connections that block, and the global store of certificate authorities. cfg says whom to
// trust: authorities, the global store or the bundle; without one no connection is made.
// Source: ESP-IDF components/esp-tls/esp_tls.h.
#ifndef ESP_TLS_H
#define ESP_TLS_H

#include "esp_err.h"
#include "esp_tls_errors.h"
#include <stdbool.h>
#include <sys/cdefs.h>
#include <sys/types.h>

__BEGIN_DECLS

esp_err_t esp_tls_init_global_ca_store(void);
esp_err_t esp_tls_set_global_ca_store(const unsigned char *cacert_pem_buf,
                                      const unsigned int cacert_pem_bytes);
void esp_tls_free_global_ca_store(void);

// The last error of a connection; the call clears it. Errors: ESP_ERR_INVALID_STATE (no handle).
esp_err_t esp_tls_get_and_clear_last_error(esp_tls_error_handle_t h, int *esp_tls_code,
                                           int *esp_tls_flags);

#define ESP_TLS_ERR_SSL_WANT_READ  (-0x6900)
#define ESP_TLS_ERR_SSL_WANT_WRITE (-0x6880)
#define ESP_TLS_ERR_SSL_TIMEOUT    ESP_ERR_ESP_TLS_CONNECTION_TIMEOUT

typedef struct esp_tls esp_tls_t;

// Not supported: client certificates, PSK, ALPN, and calls that do not block.
typedef struct esp_tls_cfg {
    union {
        const unsigned char *cacert_buf; // PEM, with its NUL
        const unsigned char *cacert_pem_buf;
    };
    union {
        unsigned int cacert_bytes;
        unsigned int cacert_pem_bytes;
    };
    int timeout_ms; // of each call; 0: 10 s
    bool use_global_ca_store;
    const char *common_name;
    bool skip_common_name;
    bool is_plain_tcp;
    esp_err_t (*crt_bundle_attach)(void *conf);
} esp_tls_cfg_t;

esp_tls_t *esp_tls_init(void);

// 1: connected; -1: esp_tls_get_error_handle has the reason, and so has the log.
int esp_tls_conn_new_sync(const char *hostname, int hostlen, int port, const esp_tls_cfg_t *cfg,
                          esp_tls_t *tls);
int esp_tls_conn_http_new_sync(const char *url, const esp_tls_cfg_t *cfg, esp_tls_t *tls);

// Bytes, at least 1; 0: the peer has closed; ESP_TLS_ERR_SSL_WANT_READ or _WRITE: not in time.
ssize_t esp_tls_conn_read(esp_tls_t *tls, void *data, size_t datalen);
ssize_t esp_tls_conn_write(esp_tls_t *tls, const void *data, size_t datalen);
int esp_tls_conn_destroy(esp_tls_t *tls);

esp_err_t esp_tls_get_conn_sockfd(esp_tls_t *tls, int *sockfd);
esp_err_t esp_tls_get_error_handle(esp_tls_t *tls, esp_tls_error_handle_t *error_handle);

__END_DECLS

#endif
