// Open partitions and handles of nvs.c, for nvs_walk.c. All functions are called with the flash
// lock held.
#ifndef ALOFT_IDF_NVS_STORE_H
#define ALOFT_IDF_NVS_STORE_H

#include "aloft/nvs.h"
#include "nvs.h"

// ESP-IDF's code for a fault of core's NVS.
esp_err_t aloft_idf_nvs_err(enum aloft_err err);

// NULL: this partition is not initialized.
const struct aloft_nvs *aloft_idf_nvs_store(const char *label);

// Partition and namespace of a handle; false: there is no such handle. They live until it is
// closed.
bool aloft_idf_nvs_handle(nvs_handle_t id, const char **label, const char **ns);

// The next value of a namespace (0: of all) from the cursor on: the item that counts of each value.
enum aloft_err aloft_idf_nvs_next(const struct aloft_nvs *nvs, uint8_t ns,
                                  struct aloft_nvs_cursor *cursor, bool *found);

// ESP-IDF's type for a stored type.
nvs_type_t aloft_idf_nvs_type(uint8_t stored);

#endif
