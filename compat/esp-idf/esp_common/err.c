// The names of error codes. The numbers are repeated here, because the headers that define them
// belong to components above this one; headers_test.c compares each with its header.
#include "esp_err.h"
#include <stdio.h>

static const struct {
    esp_err_t code;
    const char *name;
} names[] = {
    {0, "ESP_OK"},
    {-1, "ESP_FAIL"},
    {0x101, "ESP_ERR_NO_MEM"},
    {0x102, "ESP_ERR_INVALID_ARG"},
    {0x103, "ESP_ERR_INVALID_STATE"},
    {0x104, "ESP_ERR_INVALID_SIZE"},
    {0x105, "ESP_ERR_NOT_FOUND"},
    {0x106, "ESP_ERR_NOT_SUPPORTED"},
    {0x107, "ESP_ERR_TIMEOUT"},
    {0x108, "ESP_ERR_INVALID_RESPONSE"},
    {0x109, "ESP_ERR_INVALID_CRC"},
    {0x10A, "ESP_ERR_INVALID_VERSION"},
    {0x10B, "ESP_ERR_INVALID_MAC"},
    {0x10C, "ESP_ERR_NOT_FINISHED"},
    {0x10D, "ESP_ERR_NOT_ALLOWED"},
    {0x1101, "ESP_ERR_NVS_NOT_INITIALIZED"},
    {0x1102, "ESP_ERR_NVS_NOT_FOUND"},
    {0x1103, "ESP_ERR_NVS_TYPE_MISMATCH"},
    {0x1104, "ESP_ERR_NVS_READ_ONLY"},
    {0x1105, "ESP_ERR_NVS_NOT_ENOUGH_SPACE"},
    {0x1106, "ESP_ERR_NVS_INVALID_NAME"},
    {0x1107, "ESP_ERR_NVS_INVALID_HANDLE"},
    {0x1108, "ESP_ERR_NVS_REMOVE_FAILED"},
    {0x1109, "ESP_ERR_NVS_KEY_TOO_LONG"},
    {0x110A, "ESP_ERR_NVS_PAGE_FULL"},
    {0x110B, "ESP_ERR_NVS_INVALID_STATE"},
    {0x110C, "ESP_ERR_NVS_INVALID_LENGTH"},
    {0x110D, "ESP_ERR_NVS_NO_FREE_PAGES"},
    {0x110E, "ESP_ERR_NVS_VALUE_TOO_LONG"},
    {0x110F, "ESP_ERR_NVS_PART_NOT_FOUND"},
    {0x1110, "ESP_ERR_NVS_NEW_VERSION_FOUND"},
    {0x1119, "ESP_ERR_NVS_WRONG_ENCRYPTION"},
    {0x1500, "ESP_ERR_OTA_BASE"},
    {0x1501, "ESP_ERR_OTA_PARTITION_CONFLICT"},
    {0x1502, "ESP_ERR_OTA_SELECT_INFO_INVALID"},
    {0x1503, "ESP_ERR_OTA_VALIDATE_FAILED"},
    {0x1504, "ESP_ERR_OTA_SMALL_SEC_VER"},
    {0x1505, "ESP_ERR_OTA_ROLLBACK_FAILED"},
    {0x1506, "ESP_ERR_OTA_ROLLBACK_INVALID_STATE"},
    {0x1507, "ESP_ERR_OTA_ALREADY_IN_PROGRESS"},
    {0x2001, "ESP_ERR_IMAGE_FLASH_FAIL"},
    {0x2002, "ESP_ERR_IMAGE_INVALID"},
    {0x3001, "ESP_ERR_WIFI_NOT_INIT"},
    {0x3002, "ESP_ERR_WIFI_NOT_STARTED"},
    {0x3007, "ESP_ERR_WIFI_CONN"},
    {0x300A, "ESP_ERR_WIFI_SSID"},
    {0x300F, "ESP_ERR_WIFI_NOT_CONNECT"},
    {0x5001, "ESP_ERR_ESP_NETIF_INVALID_PARAMS"},
    {0x5002, "ESP_ERR_ESP_NETIF_IF_NOT_READY"},
    {0x7001, "ESP_ERR_HTTP_MAX_REDIRECT"},
    {0x7002, "ESP_ERR_HTTP_CONNECT"},
    {0x7003, "ESP_ERR_HTTP_WRITE_DATA"},
    {0x7004, "ESP_ERR_HTTP_FETCH_HEADER"},
    {0x7005, "ESP_ERR_HTTP_INVALID_TRANSPORT"},
    {0x7006, "ESP_ERR_HTTP_CONNECTING"},
    {0x7007, "ESP_ERR_HTTP_EAGAIN"},
    {0x7008, "ESP_ERR_HTTP_CONNECTION_CLOSED"},
    {0x7009, "ESP_ERR_HTTP_NOT_MODIFIED"},
    {0x700A, "ESP_ERR_HTTP_RANGE_NOT_SATISFIABLE"},
    {0x8001, "ESP_ERR_ESP_TLS_CANNOT_RESOLVE_HOSTNAME"},
    {0x8004, "ESP_ERR_ESP_TLS_FAILED_CONNECT_TO_HOST"},
    {0x8006, "ESP_ERR_ESP_TLS_CONNECTION_TIMEOUT"},
    {0x801A, "ESP_ERR_MBEDTLS_SSL_HANDSHAKE_FAILED"},
    {0x8015, "ESP_ERR_MBEDTLS_X509_CRT_PARSE_FAILED"},
    {0x9001, "ESP_ERR_HTTPS_OTA_IN_PROGRESS"},
    {0xB001, "ESP_ERR_HTTPD_HANDLERS_FULL"},
    {0xB002, "ESP_ERR_HTTPD_HANDLER_EXISTS"},
    {0xB003, "ESP_ERR_HTTPD_INVALID_REQ"},
    {0xB004, "ESP_ERR_HTTPD_RESULT_TRUNC"},
    {0xB005, "ESP_ERR_HTTPD_RESP_HDR"},
    {0xB006, "ESP_ERR_HTTPD_RESP_SEND"},
    {0xB007, "ESP_ERR_HTTPD_ALLOC_MEM"},
    {0xB008, "ESP_ERR_HTTPD_TASK"},
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
