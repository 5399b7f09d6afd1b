// Log lines as ESP-IDF writes them: "I (3211) tag: text". Levels are limited when compiling
// (CONFIG_LOG_MAXIMUM_LEVEL, LOG_LOCAL_LEVEL) and, by tag, while running.
// Source: ESP-IDF components/log/include/esp_log.h.
#ifndef ESP_LOG_H
#define ESP_LOG_H

#include <inttypes.h>
#include <sdkconfig.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/cdefs.h>

__BEGIN_DECLS

typedef enum {
    ESP_LOG_NONE,
    ESP_LOG_ERROR,
    ESP_LOG_WARN,
    ESP_LOG_INFO,
    ESP_LOG_DEBUG,
    ESP_LOG_VERBOSE
} esp_log_level_t;

typedef int (*vprintf_like_t)(const char *, va_list);

#ifndef LOG_LOCAL_LEVEL
#define LOG_LOCAL_LEVEL CONFIG_LOG_MAXIMUM_LEVEL
#endif

// tag "*": all tags; the levels of single tags are dropped.
void esp_log_level_set(const char *tag, esp_log_level_t level);
esp_log_level_t esp_log_level_get(const char *tag);

// Sets the function that gets all lines; returns the one before. NULL: the console again.
vprintf_like_t esp_log_set_vprintf(vprintf_like_t func);

uint32_t esp_log_timestamp(void); // ms since reset
uint32_t esp_log_early_timestamp(void);
char *esp_log_system_timestamp(void);

void esp_log_write(esp_log_level_t level, const char *tag, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void esp_log_writev(esp_log_level_t level, const char *tag, const char *format, va_list args);

void esp_log_buffer_hex_internal(const char *tag, const void *buffer, uint16_t buff_len,
                                 esp_log_level_t level);
void esp_log_buffer_char_internal(const char *tag, const void *buffer, uint16_t buff_len,
                                  esp_log_level_t level);
void esp_log_buffer_hexdump_internal(const char *tag, const void *buffer, uint16_t buff_len,
                                     esp_log_level_t level);

#if CONFIG_LOG_COLORS
#define LOG_COLOR_E     "\033[0;31m"
#define LOG_COLOR_W     "\033[0;33m"
#define LOG_COLOR_I     "\033[0;32m"
#define LOG_RESET_COLOR "\033[0m"
#else
#define LOG_COLOR_E
#define LOG_COLOR_W
#define LOG_COLOR_I
#define LOG_RESET_COLOR
#endif
#define LOG_COLOR_D
#define LOG_COLOR_V

#define LOG_FORMAT(letter, format)                                                                 \
    LOG_COLOR_##letter #letter " (%" PRIu32 ") %s: " format LOG_RESET_COLOR "\n"

#define ESP_LOG_AT_(level, letter, tag, format, ...)                                               \
    do {                                                                                           \
        if (LOG_LOCAL_LEVEL >= (level)) {                                                          \
            esp_log_write((level), (tag), LOG_FORMAT(letter, format), esp_log_timestamp(), (tag),  \
                          ##__VA_ARGS__);                                                          \
        }                                                                                          \
    } while (0)

#define ESP_LOGE(tag, format, ...) ESP_LOG_AT_(ESP_LOG_ERROR, E, tag, format, ##__VA_ARGS__)
#define ESP_LOGW(tag, format, ...) ESP_LOG_AT_(ESP_LOG_WARN, W, tag, format, ##__VA_ARGS__)
#define ESP_LOGI(tag, format, ...) ESP_LOG_AT_(ESP_LOG_INFO, I, tag, format, ##__VA_ARGS__)
#define ESP_LOGD(tag, format, ...) ESP_LOG_AT_(ESP_LOG_DEBUG, D, tag, format, ##__VA_ARGS__)
#define ESP_LOGV(tag, format, ...) ESP_LOG_AT_(ESP_LOG_VERBOSE, V, tag, format, ##__VA_ARGS__)

#define ESP_EARLY_LOGE ESP_LOGE
#define ESP_EARLY_LOGW ESP_LOGW
#define ESP_EARLY_LOGI ESP_LOGI
#define ESP_EARLY_LOGD ESP_LOGD
#define ESP_EARLY_LOGV ESP_LOGV
#define ESP_DRAM_LOGE  ESP_LOGE
#define ESP_DRAM_LOGW  ESP_LOGW
#define ESP_DRAM_LOGI  ESP_LOGI
#define ESP_DRAM_LOGD  ESP_LOGD
#define ESP_DRAM_LOGV  ESP_LOGV

#define ESP_LOG_LEVEL(level, tag, format, ...)                                                     \
    do {                                                                                           \
        if ((level) == ESP_LOG_ERROR) {                                                            \
            ESP_LOGE(tag, format, ##__VA_ARGS__);                                                  \
        } else if ((level) == ESP_LOG_WARN) {                                                      \
            ESP_LOGW(tag, format, ##__VA_ARGS__);                                                  \
        } else if ((level) == ESP_LOG_DEBUG) {                                                     \
            ESP_LOGD(tag, format, ##__VA_ARGS__);                                                  \
        } else if ((level) == ESP_LOG_VERBOSE) {                                                   \
            ESP_LOGV(tag, format, ##__VA_ARGS__);                                                  \
        } else {                                                                                   \
            ESP_LOGI(tag, format, ##__VA_ARGS__);                                                  \
        }                                                                                          \
    } while (0)
#define ESP_LOG_LEVEL_LOCAL ESP_LOG_LEVEL

#define ESP_LOG_BUFFER_(kind, tag, buffer, buff_len, level)                                        \
    do {                                                                                           \
        if (LOG_LOCAL_LEVEL >= (level)) {                                                          \
            esp_log_buffer_##kind##_internal((tag), (buffer), (uint16_t)(buff_len), (level));      \
        }                                                                                          \
    } while (0)

#define ESP_LOG_BUFFER_HEX_LEVEL(tag, buffer, buff_len, level)                                     \
    ESP_LOG_BUFFER_(hex, tag, buffer, buff_len, level)
#define ESP_LOG_BUFFER_CHAR_LEVEL(tag, buffer, buff_len, level)                                    \
    ESP_LOG_BUFFER_(char, tag, buffer, buff_len, level)
#define ESP_LOG_BUFFER_HEXDUMP(tag, buffer, buff_len, level)                                       \
    ESP_LOG_BUFFER_(hexdump, tag, buffer, buff_len, level)
#define ESP_LOG_BUFFER_HEX(tag, buffer, buff_len)                                                  \
    ESP_LOG_BUFFER_(hex, tag, buffer, buff_len, ESP_LOG_INFO)
#define ESP_LOG_BUFFER_CHAR(tag, buffer, buff_len)                                                 \
    ESP_LOG_BUFFER_(char, tag, buffer, buff_len, ESP_LOG_INFO)
#define esp_log_buffer_hex  ESP_LOG_BUFFER_HEX
#define esp_log_buffer_char ESP_LOG_BUFFER_CHAR

__END_DECLS

#endif
