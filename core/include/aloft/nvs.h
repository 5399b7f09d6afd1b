// Values of NVS, ESP-IDF's key-value store, read from a partition: byte-compatible with
// components/nvs_flash, so a value that an ESP-IDF app has stored is read, and the other way round.
// Writing is nvs_write.h.
//
// Nothing is cached: a read walks the partition's items (32 bytes each) and is right at any moment,
// between any two flash operations of a writer too: of two items of one key the newer whole one
// counts.
//
// What cannot be read is never taken for unset. NVS_NOT_FOUND says that nothing in the partition
// can be the value; a value that is damaged is NVS_CORRUPT, and where entries lie that tell nothing
// (encrypted, of an unknown type, more than one bit wrong) every key that is not found is
// NVS_UNREADABLE. What a power cut has left does not count as damage: its marks tell it from a
// flipped bit (invariants N5 to N7 of nvs_write.c).
//
// Guards: a value in the namespace "aloft" decides who may do what, and without it something may be
// open. The marks of entries are under no CRC, so a flip can hide an item. A guard is therefore two
// items: its value, and a number 1 under the same key in the namespace "aloft_guards". nvs_write.h
// sets and erases both. A guard that is listed and not found is NVS_CORRUPT. One that another
// program wrote has its value alone.
//
// Counterparts in ESP-IDF's nvs.h: nvs_flash_init, nvs_get_*, nvs_entry_find and nvs_entry_next.
#ifndef ALOFT_NVS_H
#define ALOFT_NVS_H

#include "aloft/flash.h"
#include "aloft/format/nvspage.h"

#define ALOFT_NVS_PAGES_MIN 3u // to write: one with values, one that fills, one to copy to

#define ALOFT_NVS_GUARDED "aloft"        // the namespace whose values are guards
#define ALOFT_NVS_GUARDS  "aloft_guards" // the list of their names

struct aloft_nvs {
    struct aloft_flash_view view;
    uint32_t pages;
};

// Damage of the item at a place.
enum aloft_nvs_damage {
    ALOFT_NVS_SOUND,        // nothing; its bytes are judged apart (aloft_nvs_judge)
    ALOFT_NVS_BAD_ENTRY,    // one bit of the entry that names it; item has what it was
    ALOFT_NVS_BAD_MARK,     // it is whole and not marked written; a namespace: or it was never used
    ALOFT_NVS_BAD_PAGE,     // the header of its page
    ALOFT_NVS_UNKNOWN_ITEM, // encrypted, of an unknown type, or more bits are wrong; no item
};

// Where an item lies.
struct aloft_nvs_place {
    uint32_t page;  // from the partition's start
    uint32_t index; // entry in it
    uint32_t seq;   // of the page
    uint8_t damage; // enum aloft_nvs_damage
    struct aloft_nvs_item item;
};

// Walks all items in the order in which they lie; zero it to begin, or begin at another page.
struct aloft_nvs_cursor {
    bool damaged; // set it to find what is damaged, too
    uint32_t page;
    uint32_t index; // the next entry to look at
    bool loaded;
    struct aloft_nvs_page header; // of the page
    struct aloft_nvs_place place; // found
    uint32_t unmarked;            // of its entries: how many are not marked written
};

// Looks at the size and at the version of every page. The flash of the view must outlive nvs.
// One page is enough to read, ALOFT_NVS_PAGES_MIN are needed to write, with a write unit of 1, 2 or
// 4: NVS is never encrypted by the flash chip's driver.
// Errors: NVS_SIZE, NVS_VERSION, and those of aloft_flash_read.
enum aloft_err aloft_nvs_open(struct aloft_nvs *nvs, const struct aloft_flash_view *view);

// Reads a string with its NUL. Blobs are read whole, *len says how long they are. With *len, out
// may be NULL and size 0 to ask for the length (strings: with the NUL), which is NVS_ROOM.
// Reads:  the partition's items, once for the namespace, and once for the key or each of its parts;
//         a few times more when the key is not found.
// Errors: NVS_NOT_FOUND (no such namespace, too), NVS_TYPE, NVS_ROOM when size is too small,
//         NVS_CORRUPT, NVS_UNREADABLE, NVS_NAME, and those of aloft_flash_read.
enum aloft_err aloft_nvs_get_str(const struct aloft_nvs *nvs, const char *ns, const char *key,
                                 char *out, uint32_t size);
enum aloft_err aloft_nvs_get_blob(const struct aloft_nvs *nvs, const char *ns, const char *key,
                                  void *out, uint32_t size, uint32_t *len);

// Reads a number of exactly this type; a signed one comes sign-extended.
enum aloft_err aloft_nvs_get_number(const struct aloft_nvs *nvs, const char *ns, const char *key,
                                    enum aloft_nvs_type type, uint64_t *out);

// Goes to the next item whose entry is sound, however old it is and whatever its page's state; with
// cursor->damaged also to what is damaged. *found false: that was all.
enum aloft_err aloft_nvs_next(const struct aloft_nvs *nvs, struct aloft_nvs_cursor *cursor,
                              bool *found);

// Whether the item that was found is whole: no more than one of its entries lacks its mark, so that
// one flipped mark does not hide it.
bool aloft_nvs_is_whole(const struct aloft_nvs_cursor *cursor);

// The newest whole item that is a twin of want. Errors: NVS_NOT_FOUND, those of aloft_flash_read.
enum aloft_err aloft_nvs_find(const struct aloft_nvs *nvs, const struct aloft_nvs_item *want,
                              struct aloft_nvs_place *out);

// Why it was not found: NVS_NOT_FOUND, NVS_TYPE, NVS_CORRUPT, NVS_UNREADABLE, or those of
// aloft_flash_read.
enum aloft_err aloft_nvs_absent(const struct aloft_nvs *nvs, const struct aloft_nvs_item *want);

// The number of a namespace. Errors: NVS_NOT_FOUND; NVS_CORRUPT, and *number is not 0 when it is
// still known which one the namespace had, whose values are left; NVS_UNREADABLE, those of
// aloft_flash_read.
enum aloft_err aloft_nvs_find_ns(const struct aloft_nvs *nvs, const char *ns, uint8_t *number);

// Whether a namespace whose entry is damaged is missed: items have its number, and no name has.
enum aloft_err aloft_nvs_is_missed(const struct aloft_nvs *nvs, uint8_t number, bool *missed);

// Whether the item that was found is damaged, so that a writer must not touch it: its CRC is wrong
// though all its entries are marked written, or its entry or page is damaged.
enum aloft_err aloft_nvs_is_damaged(const struct aloft_nvs *nvs,
                                    const struct aloft_nvs_cursor *cursor, bool *damaged);

// Whether the CRC of the item's bytes is right; true for items without bytes.
enum aloft_err aloft_nvs_judge(const struct aloft_nvs *nvs, const struct aloft_nvs_place *place,
                               bool *good);

// Reads bytes of an item, or compares them (good).
enum aloft_err aloft_nvs_read_bytes(const struct aloft_nvs *nvs,
                                    const struct aloft_nvs_place *place, void *out);
enum aloft_err aloft_nvs_compare(const struct aloft_nvs *nvs, const struct aloft_nvs_place *place,
                                 const uint8_t *data, bool *same);

// The same for a blob of len bytes, by its index. *same false, too, when a part is missing.
enum aloft_err aloft_nvs_compare_blob(const struct aloft_nvs *nvs,
                                      const struct aloft_nvs_place *index, const uint8_t *data,
                                      uint32_t len, bool *same);

// The next item of one page, from entry index on, that is whole and whose bytes are good.
enum aloft_err aloft_nvs_next_good(const struct aloft_nvs *nvs, uint32_t page, uint32_t index,
                                   struct aloft_nvs_place *place, bool *found);

// Whether all good items of a page, whatever its header, are also in the page `from`, in the same
// order: then nothing is lost with it. Reads: both pages.
enum aloft_err aloft_nvs_is_copy(const struct aloft_nvs *nvs, uint32_t page, uint32_t from,
                                 bool *copy);

// The lowest number that neither a namespace nor an item has. Errors: NVS_FULL when all 254 are
// taken, and those of aloft_flash_read.
enum aloft_err aloft_nvs_free_ns(const struct aloft_nvs *nvs, uint8_t *free);

// An item to look for, from a namespace's number, a type and a key. Errors: NVS_NAME when the name
// is empty or longer than 15 bytes.
enum aloft_err aloft_nvs_want(struct aloft_nvs_item *want, uint8_t ns, uint8_t type,
                              const char *key);

// Header and map of a page, and its address in the view.
enum aloft_err aloft_nvs_read_page(const struct aloft_nvs *nvs, uint32_t page,
                                   struct aloft_nvs_page *out);
uint32_t aloft_nvs_entry_off(uint32_t page, uint32_t index);

#endif
