// Certificate authorities that an app does not carry itself.
#include "compat/esp-idf/esp-tls/transport.h"
#include "compat/esp-idf/host/host.h"
#include "esp_crt_bundle.h"
#include "esp_log.h"
#include "esp_tls.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *TAG = "esp-x509-crt-bundle";

#define HOST_BUNDLE "/etc/ssl/certs/ca-certificates.crt"

enum { BUNDLE_MAX = 4 << 20 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char *bundle;
static char *store;

static char *read_text(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return NULL;
    }
    char *text = malloc(BUNDLE_MAX + 1);
    size_t len = text == NULL ? 0 : fread(text, 1, BUNDLE_MAX, file);
    (void)fclose(file);
    if (text != NULL) {
        text[len] = '\0';
    }
    return text;
}

const char *aloft_idf_ca_bundle(void)
{
    const char *path = aloft_idf_host.setting("ca_bundle", HOST_BUNDLE);
    (void)pthread_mutex_lock(&lock);
    if (bundle == NULL) {
        bundle = read_text(path);
    }
    if (bundle == NULL) {
        ESP_LOGE(TAG,
                 "No certificate bundle at %s; install ca-certificates, or build the image "
                 "with the setting ca_bundle",
                 path);
    }
    (void)pthread_mutex_unlock(&lock);
    return bundle;
}

esp_err_t esp_crt_bundle_attach(void *conf)
{
    (void)conf;
    return aloft_idf_ca_bundle() != NULL ? ESP_OK : ESP_FAIL;
}

esp_err_t esp_tls_init_global_ca_store(void)
{
    return ESP_OK;
}

esp_err_t esp_tls_set_global_ca_store(const unsigned char *cacert_pem_buf,
                                      const unsigned int cacert_pem_bytes)
{
    if (cacert_pem_buf == NULL || cacert_pem_bytes == 0) {
        return ESP_ERR_INVALID_ARG;
    }
    char *copy = malloc((size_t)cacert_pem_bytes + 1);
    if (copy == NULL) {
        return ESP_ERR_NO_MEM;
    }
    memcpy(copy, cacert_pem_buf, cacert_pem_bytes);
    copy[cacert_pem_bytes] = '\0';
    esp_tls_free_global_ca_store();
    store = copy;
    return ESP_OK;
}

void esp_tls_free_global_ca_store(void)
{
    free(store);
    store = NULL;
}

const char *aloft_idf_ca_store(void)
{
    return store;
}

esp_err_t esp_tls_get_and_clear_last_error(esp_tls_error_handle_t h, int *esp_tls_code,
                                           int *esp_tls_flags)
{
    if (h == NULL) {
        return ESP_ERR_INVALID_STATE;
    }
    esp_err_t err = h->last_error;
    if (esp_tls_code != NULL) {
        *esp_tls_code = h->esp_tls_error_code;
    }
    if (esp_tls_flags != NULL) {
        *esp_tls_flags = h->esp_tls_flags;
    }
    *h = (esp_tls_last_error_t){0};
    return err;
}
