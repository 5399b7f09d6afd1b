// Random bytes of the host, fit for keys. Source: ESP-IDF
// components/esp_hw_support/include/esp_random.h.
#ifndef ESP_RANDOM_H
#define ESP_RANDOM_H

#include <stddef.h>
#include <stdint.h>
#include <sys/cdefs.h>

__BEGIN_DECLS

uint32_t esp_random(void);
void esp_fill_random(void *buf, size_t len);

__END_DECLS

#endif
