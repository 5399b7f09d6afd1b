// What ESP-IDF's API needs from the platform: the virtual board (start.c), or in tests a chip in
// RAM. There is one host in a process, set before the first call of the API.
#ifndef ALOFT_IDF_HOST_H
#define ALOFT_IDF_HOST_H

#include "aloft/flash.h"
#include "aloft/image.h"
#include "aloft/slots.h"
#include "ports/port.h"
#include <pthread.h>
#include <stdatomic.h>

struct aloft_idf_host {
    const struct aloft_flash *flash;
    struct aloft_image_rules rules; // what an image must be to run here; the security version
                                    // comes from secure_version
    uint32_t ptable_addr;
    uint32_t running_addr; // of the app that runs
    bool fast;             // simulated delays are left out
    enum aloft_port_reset reset;
    const char *device_id;                           // MAC, 12 hexadecimal digits
    void (*write)(const char *text, size_t len);     // console; whole lines at once
    uint32_t (*now_ms)(void);                        // since reset
    void (*restart)(void) __attribute__((noreturn)); // a software reset; any task may call it
    uint32_t (*secure_version)(void);                // of the eFuses
    enum aloft_err (*raise_secure_version)(uint32_t version);
    bool (*take_input)(void); // what is typed goes to stdin from now on
    const char *(*setting)(const char *key, const char *fallback); // lives as long as the app
    void (*task_begins)(void); // called by each new task; may be NULL
    // Ends the program because of this task. late: the task that did not report; NULL: IDLE0.
    void (*task_watchdog)(pthread_t thread, const char *late);
    _Atomic uint64_t *pins_driven; // bit N: something outside drives GPIO N,
    _Atomic uint64_t *pins_high;   // and to this level
};

extern struct aloft_idf_host aloft_idf_host;

// What the project's sdkconfig sets of the library's behaviour. Filled in by config.c, which is
// compiled with the project.
struct aloft_idf_config {
    int dangerous_writes;      // CONFIG_SPI_FLASH_DANGEROUS_WRITE_*: 0 aborts, 1 fails, 2 allowed
    bool rollback;             // CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE
    bool anti_rollback;        // CONFIG_BOOTLOADER_APP_ANTI_ROLLBACK
    bool allow_http;           // CONFIG_ESP_HTTPS_OTA_ALLOW_HTTP
    bool decrypt;              // CONFIG_ESP_HTTPS_OTA_DECRYPT_CB
    uint32_t tick_hz;          // CONFIG_FREERTOS_HZ
    int log_level;             // CONFIG_LOG_DEFAULT_LEVEL
    bool log_colors;           // CONFIG_LOG_COLORS
    const char *wifi_ssid;     // CONFIG_EXAMPLE_WIFI_SSID
    const char *wifi_password; // CONFIG_EXAMPLE_WIFI_PASSWORD
    bool tls_dates;            // CONFIG_MBEDTLS_HAVE_TIME_DATE: certificates expire
    uint32_t bootloader_addr;  // CONFIG_BOOTLOADER_OFFSET_IN_FLASH
    uint32_t event_queue;      // CONFIG_ESP_SYSTEM_EVENT_QUEUE_SIZE
    uint32_t task_wdt_s;       // CONFIG_ESP_TASK_WDT_TIMEOUT_S; 0: there is no task watchdog
    bool task_wdt_panic;       // CONFIG_ESP_TASK_WDT_PANIC: it resets, and does not only warn
};

extern struct aloft_idf_config aloft_idf_config;

// The one lock around the chip: only its holder accesses flash. It is recursive.
void aloft_idf_lock(void);
void aloft_idf_unlock(void);

// Handles a typed line if it is for a GPIO: "gpio" lists the pins that are driven, "gpio 4 0"
// drives one, "gpio 4 -" releases it. False: it is another line.
bool aloft_idf_gpio_line(void *ctx, const char *line);

#endif
