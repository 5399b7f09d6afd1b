// The bytes behind a partition, for the components that do not go through esp_partition's calls.
#ifndef ALOFT_IDF_VIEW_H
#define ALOFT_IDF_VIEW_H

#include "aloft/flash.h"
#include "esp_partition.h"

// A partition that the chip encrypts is written in blocks of so many bytes; ESP-IDF's number.
#define ALOFT_IDF_UNIT 16u

// As an app sees them: of a chip that encrypts, decrypted where it does.
struct aloft_flash_view aloft_idf_view(const esp_partition_t *partition);

#endif
