// Which stretches of a chip flash encryption leaves plain: the partitions of its table that are not
// encrypted (aloft_partition_is_encrypted). Everything else is encrypted, what no partition covers,
// too: bootloader and table lie there.
#ifndef ALOFT_HOSTLIB_TABLE_PLAIN_H
#define ALOFT_HOSTLIB_TABLE_PLAIN_H

#include "aloft/slots.h"
#include "hostlib/base/file.h"
#include <stddef.h>

struct aloft_table_plain {
    uint32_t count;
    struct aloft_extent range[ALOFT_PTABLE_MAX];
};

// From the bytes of a table. False when they are none; then nothing is plain.
bool aloft_table_plain_of(struct aloft_table_plain *plain, const uint8_t *table, size_t len,
                          uint32_t flash_size);

// From the table in flash, where aloft_table_find finds it. False as above.
bool aloft_table_plain_in(struct aloft_table_plain *plain, const struct aloft_flash *flash,
                          uint32_t asked);

// A view of [addr, addr + len), or of as much of its beginning as is either plain or not. It goes
// through flash, or, where that encrypts and the view is plain, through its raw.
struct aloft_flash_view aloft_table_plain_view(const struct aloft_table_plain *plain,
                                               const struct aloft_flash *flash, uint32_t addr,
                                               uint32_t len);

// Reads a file, of at most as many bytes as a chip has; of the flash of a board whose eFuses say
// that it is encrypted, what the board's software would read. Fails: as aloft_file_read and
// aloft_flash_file_open.
bool aloft_table_plain_read_file(const char *path, struct aloft_file *out,
                                 struct aloft_message *error);

#endif
