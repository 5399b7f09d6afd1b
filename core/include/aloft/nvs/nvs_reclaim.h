// Pages of NVS that begin, are copied and are freed: steps of a write, as those of nvs_item.h.
#ifndef ALOFT_NVS_RECLAIM_H
#define ALOFT_NVS_RECLAIM_H

#include "aloft/nvs/nvs_item.h"

// What all headers say together.
struct aloft_nvs_headers {
    struct aloft_nvs_page newest;
    uint32_t free;       // a page that nothing is in, round the ring from the newest; pages: none
    uint32_t free_count; //
    uint32_t freeing;    // the first such page from op->scan on; pages: none
    uint32_t lost;       // with something in it and without a sound header, from op->scan_index on
};
enum aloft_err aloft_nvs_read_headers(struct aloft_nvs_write *op, struct aloft_nvs_headers *out);

// LOOK: finds what a cut has left of pages that were copied, dropped or freed. A page half copied
// is dropped and begun again, as ESP-IDF does. One whose header is damaged stays, for its items.
enum aloft_err aloft_nvs_look(struct aloft_nvs_write *op);

// Begins a page, and copies one into it first when too few are free: `needed` entries are wanted.
enum aloft_err aloft_nvs_begin(struct aloft_nvs_write *op, const struct aloft_nvs_headers *headers,
                               uint32_t needed, bool active);

// DROP, WEIGH, FILL, FREEING, ERASE, HEADER, COPY, RELEASE and CLEAN.
enum aloft_err aloft_nvs_reclaim(struct aloft_nvs_write *op);

#endif
