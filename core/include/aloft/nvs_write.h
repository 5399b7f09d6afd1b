// Changing NVS: one value set, or one key erased, as a machine whose step does at most one flash
// operation. What it leaves is what ESP-IDF's components/nvs_flash reads and goes on with.
//
// Life cycle: one of set_str, set_blob, set_number, erase, make_ns; then step until it is not
// AGAIN. One writer at a time for a partition. Names are copied; a value's bytes are the caller's
// until the end.
//
// Counterparts in ESP-IDF's nvs.h: nvs_set_*, nvs_erase_key, nvs_open for writing. A namespace that
// is not there is made by the first value, too.
#ifndef ALOFT_NVS_WRITE_H
#define ALOFT_NVS_WRITE_H

#include "aloft/nvs.h"

struct aloft_nvs_write {
    const struct aloft_nvs *nvs;
    uint8_t phase; // of nvs_write.c
    uint8_t back;  // the phase after an item was written or purged
    uint8_t after; // the phase after a page was begun
    uint8_t stage; // which item of the value comes next
    bool erase;
    bool bare;          // a namespace and nothing else
    bool erased;        // something obsolete was there
    enum aloft_err err; // of a failed machine
    char ns[ALOFT_NVS_NAME];
    struct aloft_nvs_item want; // the key and its type
    const uint8_t *data;
    uint32_t len;
    uint8_t parts;                     // of the blob, so far
    uint32_t sent;                     // bytes of the value that are in flash
    uint32_t newest;                   // the page with the largest seq; pages of nvs: none
    uint32_t seq;                      // its seq
    uint32_t target;                   // page that is being begun
    uint32_t victim;                   // page that is being copied; pages of nvs: none
    uint32_t scan;                     // how far the phase got: page or entry
    uint32_t scan_index;               //
    uint32_t new_page, new_index;      // the item that was written last
    uint32_t out_page, out_index;      // the item that is being written or purged
    uint32_t out_span, out_done;       // its entries, and how many are done
    uint32_t from_page, from_index;    // copied from here,
    const uint8_t *out_data;           // or these bytes follow
    uint32_t out_len;                  //
    uint8_t out_head[ALOFT_NVS_ENTRY]; // the entry that names it
};

// Sets a value, over one of any type. A string's NUL is stored; strings have at most 4,000 bytes
// with it, blobs 4,000 a page but the reserved one.
// Flash:      first what a power cut has left unfinished is put in order. Then two programs for
// each
//             32 bytes and for the key, and as many for the old value. When a page is full, one
//             erase and two programs; when only one page is free, two more for each entry that is
//             copied into it, two, and one erase. Nothing when the value is there already.
// Power loss: the old value or the new one, never neither; every other value stays.
// Errors:     NVS_NAME, NVS_LEN, NVS_FULL, FLASH_*; with them the old value holds.
void aloft_nvs_set_str(struct aloft_nvs_write *op, const struct aloft_nvs *nvs, const char *ns,
                       const char *key, const char *text);
void aloft_nvs_set_blob(struct aloft_nvs_write *op, const struct aloft_nvs *nvs, const char *ns,
                        const char *key, const void *data, uint32_t len);
void aloft_nvs_set_number(struct aloft_nvs_write *op, const struct aloft_nvs *nvs, const char *ns,
                          const char *key, enum aloft_nvs_type type, uint64_t value);

// Erases a key, whatever its type, and makes its bytes zeros.
// Flash, power loss: as setting; the value is there or gone.
// Errors:     NVS_NAME, NVS_NOT_FOUND, FLASH_*.
void aloft_nvs_erase(struct aloft_nvs_write *op, const struct aloft_nvs *nvs, const char *ns,
                     const char *key);

// Makes a namespace without values; nothing when it is there.
// Flash, power loss: as setting; the namespace is there or not.
// Errors:     NVS_NAME, NVS_FULL, FLASH_*.
void aloft_nvs_make_ns(struct aloft_nvs_write *op, const struct aloft_nvs *nvs, const char *ns);

// One erase, one program, or reading: of one page, or the items of the partition once or twice.
enum aloft_step aloft_nvs_step(struct aloft_nvs_write *op);

#endif
