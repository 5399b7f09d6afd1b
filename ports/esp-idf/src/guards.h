// Secrets of the device, or what proves them: texts in NVS, namespace "aloft", by ESP-IDF's nvs_*
// calls alone, so that its NVS encryption works, and nobody else writes the partition.
//
// ESP-IDF erases an item that it finds damaged and calls it not found. Each guard is therefore
// listed, too, by the tools that set it (namespace "aloft_guards"); one that is listed and not
// there is refused, never taken for unset.
#ifndef ALOFT_ESP_GUARDS_H
#define ALOFT_ESP_GUARDS_H

#include <esp_err.h>
#include <stddef.h>

// Reads one; *out is "" after any error. Errors: ESP_ERR_NVS_NOT_FOUND when it was never set;
// ESP_ERR_NVS_INVALID_STATE when it was and is lost, or is empty; else nvs_get_str's, as
// ESP_ERR_NVS_NOT_INITIALIZED. All but the first are logged.
esp_err_t aloft_esp_guard_read(const char *key, char *out, size_t size);

// The same on the heap; the caller frees *out, which is NULL after any error.
// Errors: ESP_ERR_NO_MEM, too.
esp_err_t aloft_esp_guard_dup(const char *key, char **out);

#endif
