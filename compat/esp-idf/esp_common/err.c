// The names of error codes.
#include "esp_err.h"
#include "esp_http_client.h"
#include "esp_https_ota.h"
#include "esp_image_format.h"
#include "esp_netif.h"
#include "esp_ota_ops.h"
#include "esp_tls_errors.h"
#include "esp_wifi.h"
#include "nvs.h"
#include <stdio.h>

#define NAME(code)                                                                                 \
    {                                                                                              \
        code, #code                                                                                \
    }

static const struct {
    esp_err_t code;
    const char *name;
} names[] = {
    NAME(ESP_OK),
    NAME(ESP_FAIL),
    NAME(ESP_ERR_NO_MEM),
    NAME(ESP_ERR_INVALID_ARG),
    NAME(ESP_ERR_INVALID_STATE),
    NAME(ESP_ERR_INVALID_SIZE),
    NAME(ESP_ERR_NOT_FOUND),
    NAME(ESP_ERR_NOT_SUPPORTED),
    NAME(ESP_ERR_TIMEOUT),
    NAME(ESP_ERR_INVALID_RESPONSE),
    NAME(ESP_ERR_INVALID_CRC),
    NAME(ESP_ERR_INVALID_VERSION),
    NAME(ESP_ERR_INVALID_MAC),
    NAME(ESP_ERR_NOT_FINISHED),
    NAME(ESP_ERR_NOT_ALLOWED),
    NAME(ESP_ERR_NVS_NOT_INITIALIZED),
    NAME(ESP_ERR_NVS_NOT_FOUND),
    NAME(ESP_ERR_NVS_TYPE_MISMATCH),
    NAME(ESP_ERR_NVS_READ_ONLY),
    NAME(ESP_ERR_NVS_NOT_ENOUGH_SPACE),
    NAME(ESP_ERR_NVS_INVALID_NAME),
    NAME(ESP_ERR_NVS_INVALID_HANDLE),
    NAME(ESP_ERR_NVS_REMOVE_FAILED),
    NAME(ESP_ERR_NVS_KEY_TOO_LONG),
    NAME(ESP_ERR_NVS_PAGE_FULL),
    NAME(ESP_ERR_NVS_INVALID_STATE),
    NAME(ESP_ERR_NVS_INVALID_LENGTH),
    NAME(ESP_ERR_NVS_NO_FREE_PAGES),
    NAME(ESP_ERR_NVS_VALUE_TOO_LONG),
    NAME(ESP_ERR_NVS_PART_NOT_FOUND),
    NAME(ESP_ERR_NVS_NEW_VERSION_FOUND),
    NAME(ESP_ERR_OTA_BASE),
    NAME(ESP_ERR_OTA_PARTITION_CONFLICT),
    NAME(ESP_ERR_OTA_SELECT_INFO_INVALID),
    NAME(ESP_ERR_OTA_VALIDATE_FAILED),
    NAME(ESP_ERR_OTA_SMALL_SEC_VER),
    NAME(ESP_ERR_OTA_ROLLBACK_FAILED),
    NAME(ESP_ERR_OTA_ROLLBACK_INVALID_STATE),
    NAME(ESP_ERR_OTA_ALREADY_IN_PROGRESS),
    NAME(ESP_ERR_IMAGE_FLASH_FAIL),
    NAME(ESP_ERR_IMAGE_INVALID),
    NAME(ESP_ERR_WIFI_NOT_INIT),
    NAME(ESP_ERR_WIFI_NOT_STARTED),
    NAME(ESP_ERR_WIFI_CONN),
    NAME(ESP_ERR_WIFI_SSID),
    NAME(ESP_ERR_WIFI_NOT_CONNECT),
    NAME(ESP_ERR_ESP_NETIF_INVALID_PARAMS),
    NAME(ESP_ERR_ESP_NETIF_IF_NOT_READY),
    NAME(ESP_ERR_HTTP_MAX_REDIRECT),
    NAME(ESP_ERR_HTTP_CONNECT),
    NAME(ESP_ERR_HTTP_WRITE_DATA),
    NAME(ESP_ERR_HTTP_FETCH_HEADER),
    NAME(ESP_ERR_HTTP_INVALID_TRANSPORT),
    NAME(ESP_ERR_HTTP_CONNECTING),
    NAME(ESP_ERR_HTTP_EAGAIN),
    NAME(ESP_ERR_HTTP_CONNECTION_CLOSED),
    NAME(ESP_ERR_HTTP_NOT_MODIFIED),
    NAME(ESP_ERR_HTTP_RANGE_NOT_SATISFIABLE),
    NAME(ESP_ERR_ESP_TLS_CANNOT_RESOLVE_HOSTNAME),
    NAME(ESP_ERR_ESP_TLS_FAILED_CONNECT_TO_HOST),
    NAME(ESP_ERR_ESP_TLS_CONNECTION_TIMEOUT),
    NAME(ESP_ERR_MBEDTLS_SSL_HANDSHAKE_FAILED),
    NAME(ESP_ERR_MBEDTLS_X509_CRT_PARSE_FAILED),
    NAME(ESP_ERR_HTTPS_OTA_IN_PROGRESS),
};

static const char *find(esp_err_t code)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (names[i].code == code) {
            return names[i].name;
        }
    }
    return NULL;
}

const char *esp_err_to_name(esp_err_t code)
{
    const char *name = find(code);
    return name != NULL ? name : "UNKNOWN ERROR";
}

const char *esp_err_to_name_r(esp_err_t code, char *buf, size_t buflen)
{
    const char *name = find(code);
    if (name != NULL) {
        (void)snprintf(buf, buflen, "%s", name);
    } else {
        (void)snprintf(buf, buflen, "Unknown error 0x%x(%d)", (unsigned)code, code);
    }
    return buf;
}
