// Why a connection was not made. Source: ESP-IDF components/esp-tls/esp_tls_errors.h.
#ifndef ESP_TLS_ERRORS_H
#define ESP_TLS_ERRORS_H

#include "esp_err.h"

#define ESP_ERR_ESP_TLS_BASE                        0x8000
#define ESP_ERR_ESP_TLS_CANNOT_RESOLVE_HOSTNAME     (ESP_ERR_ESP_TLS_BASE + 0x01)
#define ESP_ERR_ESP_TLS_CANNOT_CREATE_SOCKET        (ESP_ERR_ESP_TLS_BASE + 0x02)
#define ESP_ERR_ESP_TLS_UNSUPPORTED_PROTOCOL_FAMILY (ESP_ERR_ESP_TLS_BASE + 0x03)
#define ESP_ERR_ESP_TLS_FAILED_CONNECT_TO_HOST      (ESP_ERR_ESP_TLS_BASE + 0x04)
#define ESP_ERR_ESP_TLS_SOCKET_SETOPT_FAILED        (ESP_ERR_ESP_TLS_BASE + 0x05)
#define ESP_ERR_ESP_TLS_CONNECTION_TIMEOUT          (ESP_ERR_ESP_TLS_BASE + 0x06)
#define ESP_ERR_ESP_TLS_TCP_CLOSED_FIN              (ESP_ERR_ESP_TLS_BASE + 0x08)
#define ESP_ERR_MBEDTLS_X509_CRT_PARSE_FAILED       (ESP_ERR_ESP_TLS_BASE + 0x15)
#define ESP_ERR_MBEDTLS_SSL_SETUP_FAILED            (ESP_ERR_ESP_TLS_BASE + 0x17)
#define ESP_ERR_MBEDTLS_SSL_HANDSHAKE_FAILED        (ESP_ERR_ESP_TLS_BASE + 0x1A)

// What went wrong with the last connection. mbedTLS's own code and flags are not kept: they are 0.
typedef struct esp_tls_last_error {
    esp_err_t last_error;
    int esp_tls_error_code;
    int esp_tls_flags;
} esp_tls_last_error_t;

typedef struct esp_tls_last_error *esp_tls_error_handle_t;

#endif
