// Changing NVS: one value set, or one key erased, as a machine whose step does at most one flash
// operation. What it leaves is what ESP-IDF's components/nvs_flash reads and goes on with.
//
// Life cycle: one of set_str, set_blob, set_number, erase, make_ns; then step until it is not
// AGAIN. One writer at a time for a partition. Names are copied; a value's bytes are the caller's
// until the end.
//
// What cannot be read stays as it is, in whichever page it lies, but for what is known to be of the
// key that is written: setting a damaged value makes it good again, and a namespace whose name is
// damaged gets its number back. A page with something damaged in it is never freed.
//
// In the namespace "aloft" each value is a guard (nvs.h), and is set and erased with its name in
// the list. ESP-IDF's own writer does not know the list.
//
// Counterparts in ESP-IDF's nvs.h: nvs_set_*, nvs_erase_key, nvs_open for writing. A namespace that
// is not there is made by the first value, too.
#ifndef ALOFT_NVS_WRITE_H
#define ALOFT_NVS_WRITE_H

#include "aloft/nvs/nvs_item.h"

// Sets a value, over one of any type. A string's NUL is stored; strings have at most 4,000 bytes
// with it, blobs 4,000 a page but the reserved one.
// Flash:      first what a power cut has left unfinished is put in order. Then two programs for
// each
//             32 bytes and for the key, and as many and two more for the old value. When a page is
//             full, one erase and two programs; when only one page is free, two more for each entry
//             that is copied into it, two, and one erase. Nothing when the value is there already.
//             Two more programs for a guard that is set for the first time.
// Power loss: the old value or the new one, never neither; every other value stays.
// Errors:     NVS_NAME, NVS_LEN, NVS_SIZE, NVS_FULL, NVS_UNREADABLE when nothing in the partition
// can
//             be read, FLASH_*; with them the old value holds. A guard may be set and not listed.
void aloft_nvs_set_str(struct aloft_nvs_write *op, const struct aloft_nvs *nvs, const char *ns,
                       const char *key, const char *text);
void aloft_nvs_set_blob(struct aloft_nvs_write *op, const struct aloft_nvs *nvs, const char *ns,
                        const char *key, const void *data, uint32_t len);
void aloft_nvs_set_number(struct aloft_nvs_write *op, const struct aloft_nvs *nvs, const char *ns,
                          const char *key, enum aloft_nvs_type type, uint64_t value);

// Erases a key, whatever its type, and makes its bytes zeros.
// Flash, power loss: as setting; the value is there or gone. What a cut leaves of a text is its
// name,
//             length and CRC.
// Errors:     NVS_NAME, NVS_NOT_FOUND, NVS_SIZE, NVS_UNREADABLE, FLASH_*.
void aloft_nvs_erase(struct aloft_nvs_write *op, const struct aloft_nvs *nvs, const char *ns,
                     const char *key);

// Makes a namespace without values; nothing when it is there.
// Flash, power loss: as setting; the namespace is there or not.
// Errors:     NVS_NAME, NVS_SIZE, NVS_FULL, NVS_UNREADABLE, FLASH_*.
void aloft_nvs_make_ns(struct aloft_nvs_write *op, const struct aloft_nvs *nvs, const char *ns);

// One erase, one program, or reading: of one page, or the items of the partition once or twice.
enum aloft_step aloft_nvs_step(struct aloft_nvs_write *op);

#endif
