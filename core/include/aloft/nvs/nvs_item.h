// One item of NVS written, and one taken away: steps of a write, whose plan is nvs_write.c and
// whose callers' header is nvs_write.h. Each function does at most one flash operation, and sets
// the phase that comes next.
#ifndef ALOFT_NVS_ITEM_H
#define ALOFT_NVS_ITEM_H

#include "aloft/nvs.h"

// Drawn in nvs_write.c.
enum aloft_nvs_phase {
    ALOFT_NVS_DO_LOOK,
    ALOFT_NVS_DO_DROP,
    ALOFT_NVS_DO_SWEEP,
    ALOFT_NVS_DO_TWINS,
    ALOFT_NVS_DO_BEGIN,
    ALOFT_NVS_DO_ITEM,
    ALOFT_NVS_DO_HOLES,
    ALOFT_NVS_DO_WEIGH,
    ALOFT_NVS_DO_FILL,
    ALOFT_NVS_DO_FREEING,
    ALOFT_NVS_DO_ERASE,
    ALOFT_NVS_DO_HEADER,
    ALOFT_NVS_DO_COPY,
    ALOFT_NVS_DO_RELEASE,
    ALOFT_NVS_DO_CLEAN,
    ALOFT_NVS_DO_ENTRY,
    ALOFT_NVS_DO_MARK,
    ALOFT_NVS_DO_CHECK,
    ALOFT_NVS_DO_OLD,
    ALOFT_NVS_DO_LAST,
    ALOFT_NVS_DO_ZEROS,
    ALOFT_NVS_DO_MARKS,
    ALOFT_NVS_DO_UNNAME,
    ALOFT_NVS_DO_NAME,
    ALOFT_NVS_DO_DONE,
    ALOFT_NVS_DO_FAILED
};

// A write under way: the plan, and where it is.
struct aloft_nvs_write {
    const struct aloft_nvs *nvs;
    uint8_t phase; // enum aloft_nvs_phase
    uint8_t back;  // the phase after an item was written or purged
    uint8_t after; // the phase after a page was begun
    uint8_t stage; // which item of the value comes next
    bool erase;
    bool bare;          // a namespace and nothing else
    bool twice;         // a guard, and the second of its two items is still to be done
    bool erased;        // something obsolete was there
    bool again;         // pages were looked at once more for want of a free one
    bool known;         // something can be read in the partition
    bool unknown;       // something is there of which nothing is known
    enum aloft_err err; // of a failed machine
    char ns[ALOFT_NVS_NAME];
    struct aloft_nvs_item want; // the key and its type
    const uint8_t *data;
    uint32_t len;
    uint8_t parts;                      // of the blob, so far
    uint32_t sent;                      // bytes of the value that are in flash
    uint32_t newest;                    // the page with the largest seq; pages of nvs: none
    uint32_t seq;                       // its seq
    uint32_t target;                    // page that is being begun
    uint32_t victim;                    // page that is being copied; pages of nvs: none
    uint32_t scan;                      // how far the phase got: page or entry
    uint32_t scan_index;                //
    uint32_t new_page, new_index;       // the item that was written last
    uint32_t out_page, out_index;       // the item that is being written or purged
    uint32_t out_span, out_done;        // its entries, and how many are done
    uint32_t from_page, from_index;     // copied from here,
    const uint8_t *out_data;            // or these bytes follow
    uint32_t out_len;                   //
    uint8_t out_entry[ALOFT_NVS_ENTRY]; // the entry that names it
};

// Goes to a phase whose scan begins.
void aloft_nvs_go(struct aloft_nvs_write *op, enum aloft_nvs_phase phase);

// One program in a page.
enum aloft_err aloft_nvs_prog(const struct aloft_nvs_write *op, uint32_t page, uint32_t off,
                              const void *data, uint32_t len);

// ENTRY and MARK: entry out_done of the item, and that it is written.
enum aloft_err aloft_nvs_write_entry(struct aloft_nvs_write *op);
enum aloft_err aloft_nvs_write_mark(struct aloft_nvs_write *op);

// Takes an item away, then goes back to the phase that is now (N5).
void aloft_nvs_begin_purge(struct aloft_nvs_write *op, const struct aloft_nvs_place *place);
enum aloft_err aloft_nvs_purge(struct aloft_nvs_write *op);

// Marks erased the entries of page `out_page` from out_index on that share a word and are marked
// empty, though something was programmed there. Again until there is none before the first free
// one.
enum aloft_err aloft_nvs_close_holes(struct aloft_nvs_write *op);

#endif
