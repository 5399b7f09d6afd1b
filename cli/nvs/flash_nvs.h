// NVS of a board's flash file, or of a bare partition file, opened for a command. A bare file is
// worked on in memory and replaced as a whole at the end.
#ifndef ALOFT_CLI_FLASH_NVS_H
#define ALOFT_CLI_FLASH_NVS_H

#include "aloft/format/ptable.h"
#include "aloft/nvs_write.h"
#include "hostlib/base/file.h"
#include "hostlib/flash/flash_file.h"
#include <stdbool.h>

struct aloft_flash_nvs {
    struct aloft_nvs nvs;
    const char *path;
    bool bare;                    // the file is the partition
    bool writable;                //
    struct aloft_flash_file file; // of a board's flash
    struct aloft_file content;    // of a bare file
    struct aloft_flash memory;
};

// What the command line says of the place.
struct aloft_flash_nvs_place {
    const char *path;
    const char *label;   // of the partition
    uint32_t table_addr; // 0: it is found
    uint32_t create; // bytes of a new partition when there is no such file; 0: then it is a fault
};

#define ALOFT_FLASH_NVS_PLACE                                                                      \
    {                                                                                              \
        .label = "nvs", .table_addr = 0                                                            \
    }
#define ALOFT_FLASH_NVS_OPTIONS(place)                                                             \
    {ALOFT_ARG_TEXT, 0, "partition", "LABEL", "which NVS partition [nvs]", &(place).label},        \
    {                                                                                              \
        ALOFT_ARG_SIZE, 0, "offset", "N", "where the partition table lies [it is found]",          \
            &(place).table_addr                                                                    \
    }

// For commands that write.
#define ALOFT_FLASH_NVS_CREATE(place)                                                              \
    {                                                                                              \
        ALOFT_ARG_SIZE, 0, "create", "SIZE",                                                       \
            "make FLASH, when it is not there, as an NVS partition of this size", &(place).create  \
    }

// A file is a board's flash when it is as long as a chip, and a bare partition otherwise. False
// when it cannot be opened; the error was printed. The struct must not move while it is open.
bool aloft_flash_nvs_open(struct aloft_flash_nvs *of, const struct aloft_flash_nvs_place *place,
                          bool writable);

// Runs a writer to its end; false when it has failed, which has been said.
bool aloft_flash_nvs_run(struct aloft_flash_nvs *of, struct aloft_nvs_write *op);

// keep: what was written is wanted. False when it could not be kept, which has been said.
bool aloft_flash_nvs_close(struct aloft_flash_nvs *of, bool keep);

#endif
