// esp_tls over the transport that esp_http_client also uses.
#include "aloft/net/url.h"
#include "compat/esp-idf/esp-tls/transport.h"
#include "compat/esp-idf/lwip/route.h"
#include "esp_log.h"
#include "esp_tls.h"
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static const char *TAG = "esp-tls";

enum { TIMEOUT_MS = 10000 };

struct esp_tls {
    struct aloft_idf_transport transport;
    int timeout_ms;
};

esp_tls_t *esp_tls_init(void)
{
    esp_tls_t *tls = calloc(1, sizeof *tls);
    if (tls != NULL) {
        aloft_idf_transport_init(&tls->transport);
        tls->timeout_ms = TIMEOUT_MS;
    }
    return tls;
}

static const char *authorities(const esp_tls_cfg_t *cfg)
{
    if (cfg->crt_bundle_attach != NULL) {
        return cfg->crt_bundle_attach(NULL) == ESP_OK ? aloft_idf_ca_bundle() : NULL;
    }
    return cfg->use_global_ca_store ? aloft_idf_ca_store() : (const char *)cfg->cacert_buf;
}

int esp_tls_conn_new_sync(const char *hostname, int hostlen, int port, const esp_tls_cfg_t *cfg,
                          esp_tls_t *tls)
{
    char host[ALOFT_IDF_HOST_MAX];
    if (hostname == NULL || cfg == NULL || tls == NULL || hostlen < 0 ||
        (size_t)hostlen >= sizeof host) {
        return -1;
    }
    memcpy(host, hostname, (size_t)hostlen);
    host[hostlen] = '\0';
    const struct aloft_idf_peer peer = {.host = host,
                                        .port = port,
                                        .tls = !cfg->is_plain_tcp,
                                        .ca = cfg->is_plain_tcp ? NULL : authorities(cfg),
                                        .common_name = cfg->common_name,
                                        .any_name = cfg->skip_common_name};
    if (peer.tls && peer.ca == NULL) {
        ESP_LOGE(TAG, "No server verification option set in esp_tls_cfg_t structure");
        tls->transport.error.last_error = ESP_ERR_MBEDTLS_SSL_SETUP_FAILED;
        return -1;
    }
    tls->timeout_ms = cfg->timeout_ms > 0 ? cfg->timeout_ms : TIMEOUT_MS;
    return aloft_idf_transport_connect(&tls->transport, &peer, tls->timeout_ms) == ESP_OK ? 1 : -1;
}

int esp_tls_conn_http_new_sync(const char *url, const esp_tls_cfg_t *cfg, esp_tls_t *tls)
{
    struct aloft_url parts;
    if (url == NULL || cfg == NULL || aloft_url_parse(url, &parts) != ALOFT_OK) {
        return -1;
    }
    return esp_tls_conn_new_sync(url + parts.host, (int)parts.host_len, (int)parts.port, cfg, tls);
}

static int limited(size_t len)
{
    return len > INT_MAX ? INT_MAX : (int)len;
}

ssize_t esp_tls_conn_read(esp_tls_t *tls, void *data, size_t datalen)
{
    if (tls == NULL || data == NULL) {
        return -1;
    }
    int n = aloft_idf_transport_read(&tls->transport, data, limited(datalen), tls->timeout_ms);
    if (n == ALOFT_IDF_TIMEOUT) {
        return ESP_TLS_ERR_SSL_WANT_READ;
    }
    return n == ALOFT_IDF_CLOSED ? 0 : n < 0 ? -1 : n;
}

ssize_t esp_tls_conn_write(esp_tls_t *tls, const void *data, size_t datalen)
{
    if (tls == NULL || data == NULL) {
        return -1;
    }
    int n = aloft_idf_transport_write(&tls->transport, data, limited(datalen), tls->timeout_ms);
    return n == ALOFT_IDF_TIMEOUT ? ESP_TLS_ERR_SSL_WANT_WRITE : n < 0 ? -1 : n;
}

int esp_tls_conn_destroy(esp_tls_t *tls)
{
    if (tls == NULL) {
        return -1;
    }
    aloft_idf_transport_free(&tls->transport);
    free(tls);
    return 0;
}

esp_err_t esp_tls_get_conn_sockfd(esp_tls_t *tls, int *sockfd)
{
    if (tls == NULL || sockfd == NULL) {
        return ESP_ERR_INVALID_ARG;
    }
    *sockfd = tls->transport.fd;
    return ESP_OK;
}

esp_err_t esp_tls_get_error_handle(esp_tls_t *tls, esp_tls_error_handle_t *error_handle)
{
    if (tls == NULL || error_handle == NULL) {
        return ESP_ERR_INVALID_ARG;
    }
    *error_handle = &tls->transport.error;
    return ESP_OK;
}
