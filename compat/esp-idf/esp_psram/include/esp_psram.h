// External RAM, which the virtual board does not have.
// Source: ESP-IDF components/esp_psram/include/esp_psram.h.
#ifndef ESP_PSRAM_H
#define ESP_PSRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/cdefs.h>

__BEGIN_DECLS

bool esp_psram_is_initialized(void); // false
size_t esp_psram_get_size(void);     // 0

__END_DECLS

#endif
