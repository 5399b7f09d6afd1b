// The bytes behind a partition, for the components that do not go through esp_partition's calls.
#ifndef ALOFT_IDF_VIEW_H
#define ALOFT_IDF_VIEW_H

#include "aloft/flash.h"
#include "esp_partition.h"

// Size of a block in which a partition that the chip encrypts is written, as in ESP-IDF.
#define ALOFT_IDF_UNIT 16u

// The bytes as an app reads them: decrypted where the chip encrypts.
struct aloft_flash_view aloft_idf_view(const esp_partition_t *partition);

#endif
