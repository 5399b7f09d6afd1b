// A partition of a chip's own table, by its name. What is asked for by name is found in the flash
// as it is now.
#ifndef ALOFT_CLI_CHIP_PLACE_H
#define ALOFT_CLI_CHIP_PLACE_H

#include "aloft/format/ptable.h"
#include "cli/serial/chip_flash.h"

// True for a word that is no number: it names a partition.
bool aloft_chip_place_is_name(const char *word);

// The partition with this label, or else the first of this subtype (factory, ota_0, nvs, otadata);
// boot-default is what boots when nothing was chosen: factory, without it ota_0. chip is open;
// table_asked 0: the table is found. Fails: there is no good table, or no such partition, which is
// told the one that was meant.
bool aloft_chip_place_find(const struct aloft_chip_flash *chip, uint32_t table_asked,
                           const char *name, struct aloft_partition *found,
                           struct aloft_message *error);

// The same in the table of a flash that is not there yet; owner: who has that table, for the
// sentence.
bool aloft_chip_place_in(const struct aloft_flash *flash, uint32_t table_addr, const char *owner,
                         const char *name, struct aloft_partition *found,
                         struct aloft_message *error);

// All partitions of the table, at most ALOFT_PTABLE_MAX.
bool aloft_chip_place_all(const struct aloft_chip_flash *chip, uint32_t table_asked,
                          struct aloft_partition out[ALOFT_PTABLE_MAX], uint32_t *count,
                          struct aloft_message *error);

#endif
