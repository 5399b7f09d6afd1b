// Checks that log an error and return. Source: ESP-IDF components/esp_common/include/esp_check.h.
#ifndef ESP_CHECK_H
#define ESP_CHECK_H

#include "esp_err.h"
#include "esp_log.h"
#include <sys/cdefs.h>

__BEGIN_DECLS

#define ESP_CHECK_SAY_(tag, format, ...)                                                           \
    ESP_LOGE(tag, "%s(%d): " format, __func__, __LINE__, ##__VA_ARGS__)

#define ESP_RETURN_ON_ERROR(x, log_tag, format, ...)                                               \
    do {                                                                                           \
        esp_err_t err_rc_ = (x);                                                                   \
        if (err_rc_ != ESP_OK) {                                                                   \
            ESP_CHECK_SAY_(log_tag, format, ##__VA_ARGS__);                                        \
            return err_rc_;                                                                        \
        }                                                                                          \
    } while (0)

#define ESP_RETURN_VOID_ON_ERROR(x, log_tag, format, ...)                                          \
    do {                                                                                           \
        if ((x) != ESP_OK) {                                                                       \
            ESP_CHECK_SAY_(log_tag, format, ##__VA_ARGS__);                                        \
            return;                                                                                \
        }                                                                                          \
    } while (0)

// Sets the caller's `ret`.
#define ESP_GOTO_ON_ERROR(x, goto_tag, log_tag, format, ...)                                       \
    do {                                                                                           \
        esp_err_t err_rc_ = (x);                                                                   \
        if (err_rc_ != ESP_OK) {                                                                   \
            ESP_CHECK_SAY_(log_tag, format, ##__VA_ARGS__);                                        \
            ret = err_rc_;                                                                         \
            goto goto_tag;                                                                         \
        }                                                                                          \
    } while (0)

#define ESP_RETURN_ON_FALSE(a, err_code, log_tag, format, ...)                                     \
    do {                                                                                           \
        if (!(a)) {                                                                                \
            ESP_CHECK_SAY_(log_tag, format, ##__VA_ARGS__);                                        \
            return (err_code);                                                                     \
        }                                                                                          \
    } while (0)

#define ESP_RETURN_VOID_ON_FALSE(a, log_tag, format, ...)                                          \
    do {                                                                                           \
        if (!(a)) {                                                                                \
            ESP_CHECK_SAY_(log_tag, format, ##__VA_ARGS__);                                        \
            return;                                                                                \
        }                                                                                          \
    } while (0)

#define ESP_GOTO_ON_FALSE(a, err_code, goto_tag, log_tag, format, ...)                             \
    do {                                                                                           \
        if (!(a)) {                                                                                \
            ESP_CHECK_SAY_(log_tag, format, ##__VA_ARGS__);                                        \
            ret = (err_code);                                                                      \
            goto goto_tag;                                                                         \
        }                                                                                          \
    } while (0)

__END_DECLS

#endif
