// The global store of certificate authorities, for esp_http_client_config_t.use_global_ca_store.
// Connections of esp_tls itself are not there.
// Source: ESP-IDF components/esp-tls/esp_tls.h.
#ifndef ESP_TLS_H
#define ESP_TLS_H

#include "esp_err.h"
#include "esp_tls_errors.h"
#include <sys/cdefs.h>

__BEGIN_DECLS

esp_err_t esp_tls_init_global_ca_store(void);
esp_err_t esp_tls_set_global_ca_store(const unsigned char *cacert_pem_buf,
                                      const unsigned int cacert_pem_bytes);
void esp_tls_free_global_ca_store(void);

// The error of a connection, which is then forgotten. Errors: ESP_ERR_INVALID_STATE (no handle).
esp_err_t esp_tls_get_and_clear_last_error(esp_tls_error_handle_t h, int *esp_tls_code,
                                           int *esp_tls_flags);

__END_DECLS

#endif
