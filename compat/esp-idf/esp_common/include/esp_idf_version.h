// The version of ESP-IDF whose behaviour this layer follows.
// Source: ESP-IDF components/esp_common/include/esp_idf_version.h.
#ifndef ESP_IDF_VERSION_H
#define ESP_IDF_VERSION_H

#include <sys/cdefs.h>

__BEGIN_DECLS

#define ESP_IDF_VERSION_MAJOR 5
#define ESP_IDF_VERSION_MINOR 5
#define ESP_IDF_VERSION_PATCH 0

#define ESP_IDF_VERSION_VAL(major, minor, patch) (((major) << 16) | ((minor) << 8) | (patch))
#define ESP_IDF_VERSION                                                                            \
    ESP_IDF_VERSION_VAL(ESP_IDF_VERSION_MAJOR, ESP_IDF_VERSION_MINOR, ESP_IDF_VERSION_PATCH)

const char *esp_get_idf_version(void);

__END_DECLS

#endif
