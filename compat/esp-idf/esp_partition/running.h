// Which partition the running app is in: what the protection of partition.c asks, too.
// esp_ota_get_running_partition is its public name.
#ifndef ALOFT_IDF_RUNNING_H
#define ALOFT_IDF_RUNNING_H

#include "esp_partition.h"

// Aborts when the running app is in no partition of the table, as ESP-IDF does.
const esp_partition_t *aloft_idf_running_partition(void);

#endif
