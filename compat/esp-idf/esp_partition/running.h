// The partition of the running app, for esp_ota_get_running_partition and for the write protection
// in partition.c.
#ifndef ALOFT_IDF_RUNNING_H
#define ALOFT_IDF_RUNNING_H

#include "esp_partition.h"

// Aborts when the running app is in no partition of the table, as ESP-IDF does.
const esp_partition_t *aloft_idf_running_partition(void);

#endif
