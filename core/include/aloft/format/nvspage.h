// A page of NVS, ESP-IDF's key-value store in flash, and the items in it: bytes <-> facts, pure.
// What finds and reads values is nvs.h, what writes them nvs_write.h.
//
// A page is a 4 KiB sector: a header, a map of two bits an entry, 126 entries of 32 bytes. An item
// is an entry that names a key and holds its value, or, for strings and blobs, is followed by
// entries with their bytes. A page and a mark change by clearing bits only.
// Format: ESP-IDF components/nvs_flash (src/nvs_page.hpp, src/nvs_types.hpp, src/nvs_types.cpp).
#ifndef ALOFT_NVSPAGE_H
#define ALOFT_NVSPAGE_H

#include <stdbool.h>
#include <stdint.h>

#define ALOFT_NVS_PAGE        0x1000u
#define ALOFT_NVS_MAP         32u // offset of the map; before it the header
#define ALOFT_NVS_ENTRIES_OFF 64u // header and map; offset of the first entry
#define ALOFT_NVS_ENTRY       32u
#define ALOFT_NVS_ENTRIES     126u
#define ALOFT_NVS_NAME        16u   // bytes of a key or namespace with its NUL
#define ALOFT_NVS_ITEM_MAX    4000u // bytes of one string with its NUL, or of one part of a blob
#define ALOFT_NVS_NO_CHUNK    0xFFu // chunk of whatever is no BLOB_DATA
#define ALOFT_NVS_CHUNKS      127u  // parts of one blob
#define ALOFT_NVS_CHUNK_TOP   0x80u // parts count from 0 or from here, in turn, at each new value

enum aloft_nvs_page_state {
    ALOFT_NVS_ACTIVE = -2,  // FFFFFFFE: takes items
    ALOFT_NVS_FULL = -4,    // FFFFFFFC: takes no more
    ALOFT_NVS_FREEING = -8, // FFFFFFF8: its items are being copied to the page that follows it
};

// Two bits of the map.
enum aloft_nvs_mark {
    ALOFT_NVS_ERASED = 0,
    ALOFT_NVS_ILLEGAL = 1, // a torn mark
    ALOFT_NVS_WRITTEN = 2,
    ALOFT_NVS_EMPTY = 3,
};

enum aloft_nvs_type {
    ALOFT_NVS_U8 = 0x01,
    ALOFT_NVS_U16 = 0x02,
    ALOFT_NVS_U32 = 0x04,
    ALOFT_NVS_U64 = 0x08,
    ALOFT_NVS_I8 = 0x11,
    ALOFT_NVS_I16 = 0x12,
    ALOFT_NVS_I32 = 0x14,
    ALOFT_NVS_I64 = 0x18,
    ALOFT_NVS_STR = 0x21,
    ALOFT_NVS_FLOAT = 0x24,
    ALOFT_NVS_DOUBLE = 0x28,
    ALOFT_NVS_BLOB = 0x41,       // a blob of version 1, in one piece; read, never written
    ALOFT_NVS_BLOB_DATA = 0x42,  // part of a blob
    ALOFT_NVS_BLOB_INDEX = 0x48, // names the parts; a blob is there when this is
};

struct aloft_nvs_page {
    uint32_t state; // enum aloft_nvs_page_state as bits, or anything
    uint32_t seq;   // the page with the larger one is newer
    uint8_t version;
    bool live; // the header is sound and the state one of the three
    bool torn; // the header has fewer zeros than any that was written: blank, or almost
    uint8_t map[32];
};

struct aloft_nvs_item {
    uint8_t ns; // 0: the namespace itself, whose number is the value; items name it by that
    uint8_t type;
    uint8_t span; // entries, this one included
    uint8_t chunk;
    char key[ALOFT_NVS_NAME]; // always terminated
    uint8_t data[8];          // a number, or what describes a string, a part, a blob
};

void aloft_nvspage_parse(const uint8_t bytes[ALOFT_NVS_ENTRIES_OFF], struct aloft_nvs_page *out);

// Whether any entry is marked written: a page without a sound header is free when none is.
bool aloft_nvspage_is_used(const struct aloft_nvs_page *page);

// The header of a page that begins.
void aloft_nvspage_emit(uint32_t seq, uint8_t header[ALOFT_NVS_MAP]);

// The mark of entry index, and the map's word that has it: at byte 4 * (index / 16) of the map.
enum aloft_nvs_mark aloft_nvspage_mark(const struct aloft_nvs_page *page, uint32_t index);
uint32_t aloft_nvspage_word(uint32_t word, uint32_t index, enum aloft_nvs_mark mark);

// Offset of entry index in its page.
uint32_t aloft_nvspage_entry(uint32_t index);

// Reads the item at entry index. False: its CRC is wrong, or it is none that a writer can have
// written there: unknown type, a span that does not fit its length or the page.
bool aloft_nvspage_item_parse(const uint8_t bytes[ALOFT_NVS_ENTRY], uint32_t index,
                              struct aloft_nvs_item *out);

// Reads an item in which exactly one bit has flipped: which key it is of, never its value.
bool aloft_nvspage_item_near(const uint8_t bytes[ALOFT_NVS_ENTRY], uint32_t index,
                             struct aloft_nvs_item *out);
void aloft_nvspage_item_emit(const struct aloft_nvs_item *item, uint8_t bytes[ALOFT_NVS_ENTRY]);

// True when bytes follow the item in entries of their own.
bool aloft_nvspage_has_bytes(uint8_t type);

// Of items with bytes: how many, and their CRC (aloft_crc32 from FFFFFFFF).
uint32_t aloft_nvspage_len(const struct aloft_nvs_item *item);
uint32_t aloft_nvspage_crc(const struct aloft_nvs_item *item);
void aloft_nvspage_describe(struct aloft_nvs_item *item, uint32_t len, uint32_t crc);

// Of a blob's index: bytes in all, parts, number of the first part.
uint32_t aloft_nvspage_blob_len(const struct aloft_nvs_item *index);
void aloft_nvspage_blob_describe(struct aloft_nvs_item *index, uint32_t len, uint8_t count,
                                 uint8_t start);
bool aloft_nvspage_blob_owns(const struct aloft_nvs_item *index, uint8_t chunk);

// Bytes of a number of this type, 1 to 8; 0: no number.
uint32_t aloft_nvspage_number_len(uint8_t type);

// Same namespace and key.
bool aloft_nvspage_same_key(const struct aloft_nvs_item *a, const struct aloft_nvs_item *b);

// Same type and part, too: of two such items the newer is the value.
bool aloft_nvspage_twins(const struct aloft_nvs_item *a, const struct aloft_nvs_item *b);

#endif
