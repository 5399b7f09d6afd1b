// A new NVS partition, filled from its first page on: the same bytes as ESP-IDF's
// nvs_partition_gen makes (format version 2). What runs on a device, or changes a partition, is
// aloft/nvs_write.h; its pages are filled closer, so the bytes differ.
//
// Life cycle: init, then namespaces and values in their order, bytes at the end, release.
#ifndef ALOFT_HOSTLIB_NVS_BUILD_H
#define ALOFT_HOSTLIB_NVS_BUILD_H

#include "aloft/format/nvspage.h"
#include "hostlib/base/message.h"
#include <stddef.h>

struct aloft_nvs_build {
    uint8_t *bytes;
    uint32_t pages; // that values may lie in; the last one of a partition stays free
    uint32_t size;  // of the partition
    uint32_t page;  // that is being filled
    uint32_t entry; // the next one in it
    uint8_t ns;     // number of the namespace that was begun last; 0: none yet
};

// size: a multiple of 4 KiB. Less than three pages are for reading only, and none stays free.
bool aloft_nvs_build_init(struct aloft_nvs_build *build, uint32_t size,
                          struct aloft_message *error);
void aloft_nvs_build_release(struct aloft_nvs_build *build);

// Each fails when the partition is full, or the name, value or size cannot be.
bool aloft_nvs_build_ns(struct aloft_nvs_build *build, const char *name,
                        struct aloft_message *error);
bool aloft_nvs_build_number(struct aloft_nvs_build *build, const char *key,
                            enum aloft_nvs_type type, uint64_t value, struct aloft_message *error);
// text may have no NUL inside; one is stored behind it.
bool aloft_nvs_build_str(struct aloft_nvs_build *build, const char *key, const char *text,
                         struct aloft_message *error);
bool aloft_nvs_build_blob(struct aloft_nvs_build *build, const char *key, const uint8_t *data,
                          uint32_t len, struct aloft_message *error);

// Bytes of the file: the partition; of one for reading only, the pages in use.
uint32_t aloft_nvs_build_len(const struct aloft_nvs_build *build);

#endif
