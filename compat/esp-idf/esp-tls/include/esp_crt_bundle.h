// The bundle of well-known certificate authorities: the host's, or the file that the image's
// setting ca_bundle names. Source: ESP-IDF components/mbedtls/esp_crt_bundle/include.
#ifndef ESP_CRT_BUNDLE_H
#define ESP_CRT_BUNDLE_H

#include "esp_err.h"
#include <sys/cdefs.h>

__BEGIN_DECLS

// For esp_http_client_config_t.crt_bundle_attach.
esp_err_t esp_crt_bundle_attach(void *conf);

__END_DECLS

#endif
