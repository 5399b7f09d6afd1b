// The project's configuration, as far as the library asks for it. Compiled with the project's
// sdkconfig.h; what menuconfig leaves out is off, or ESP-IDF's default.
#include "compat/esp-idf/host/host.h"
#include <sdkconfig.h>

#ifdef CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE
#define ROLLBACK true
#else
#define ROLLBACK false
#endif
#ifdef CONFIG_BOOTLOADER_APP_ANTI_ROLLBACK
#define ANTI_ROLLBACK true
#else
#define ANTI_ROLLBACK false
#endif
#if defined CONFIG_ESP_HTTPS_OTA_ALLOW_HTTP || defined CONFIG_OTA_ALLOW_HTTP
#define ALLOW_HTTP true
#else
#define ALLOW_HTTP false
#endif
#ifdef CONFIG_ESP_HTTPS_OTA_DECRYPT_CB
#define DECRYPT true
#else
#define DECRYPT false
#endif
#ifdef CONFIG_MBEDTLS_HAVE_TIME_DATE
#define TLS_DATES true
#else
#define TLS_DATES false
#endif
#if defined CONFIG_SPI_FLASH_DANGEROUS_WRITE_ALLOWED ||                                            \
    defined CONFIG_SPI_FLASH_WRITING_DANGEROUS_REGIONS_ALLOWED
#define DANGEROUS_WRITES 2
#elif defined CONFIG_SPI_FLASH_DANGEROUS_WRITE_FAILS ||                                            \
    defined CONFIG_SPI_FLASH_WRITING_DANGEROUS_REGIONS_FAILS
#define DANGEROUS_WRITES 1
#else
#define DANGEROUS_WRITES 0
#endif
#ifdef CONFIG_LOG_COLORS
#define COLORS true
#else
#define COLORS false
#endif
#if defined CONFIG_ESP_TASK_WDT_INIT && defined CONFIG_ESP_TASK_WDT_TIMEOUT_S
#define TASK_WDT_S CONFIG_ESP_TASK_WDT_TIMEOUT_S
#else
#define TASK_WDT_S 0
#endif
#ifdef CONFIG_ESP_TASK_WDT_PANIC
#define TASK_WDT_PANIC true
#else
#define TASK_WDT_PANIC false
#endif

struct aloft_idf_config aloft_idf_config = {
    .dangerous_writes = DANGEROUS_WRITES,
    .rollback = ROLLBACK,
    .anti_rollback = ANTI_ROLLBACK,
    .allow_http = ALLOW_HTTP,
    .decrypt = DECRYPT,
    .tick_hz = CONFIG_FREERTOS_HZ,
    .log_level = CONFIG_LOG_DEFAULT_LEVEL,
    .log_colors = COLORS,
    .wifi_ssid = CONFIG_EXAMPLE_WIFI_SSID,
    .wifi_password = CONFIG_EXAMPLE_WIFI_PASSWORD,
    .tls_dates = TLS_DATES,
    .bootloader_addr = CONFIG_BOOTLOADER_OFFSET_IN_FLASH,
    .event_queue = CONFIG_ESP_SYSTEM_EVENT_QUEUE_SIZE,
    .task_wdt_s = TASK_WDT_S,
    .task_wdt_panic = TASK_WDT_PANIC,
};
