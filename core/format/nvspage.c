// Pages and items of NVS. Every field that decides how far a reader goes on (span, length, part) is
// judged here, so that nothing else has to.
#include "aloft/format/nvspage.h"
#include "aloft/base/bytes.h"
#include "aloft/base/crc32.h"
#include <string.h>

enum { OFF_SEQ = 4, OFF_VERSION = 8, OFF_PAGE_CRC = 28 };                 // of a header
enum { OFF_ITEM_CRC = 4, OFF_KEY = 8, OFF_DATA = 24 };                    // of an item
enum { DATA_LEN = 0, DATA_CRC = 4 };                                      // of data with bytes
enum { DATA_SIZE = 0, DATA_COUNT = 4, DATA_START = 5, VERSION_2 = 0xFE }; // of a blob's index

static const uint32_t crc_start = 0xFFFFFFFFu;

static uint32_t page_crc(const uint8_t header[ALOFT_NVS_MAP])
{
    return aloft_crc32(crc_start, header + OFF_SEQ, OFF_PAGE_CRC - OFF_SEQ);
}

// A sound header has more zeros than this, in its seq and its CRC. A page whose erase was torn and
// that looks erased reads some bits as zeros, too, but few.
static bool is_almost_blank(const uint8_t header[ALOFT_NVS_MAP])
{
    enum { ZEROS_MIN = 32 };
    uint32_t zeros = 0;
    for (uint32_t bit = 0; bit < ALOFT_NVS_MAP * 8; bit++) {
        zeros += (header[bit / 8] >> bit % 8 & 1) == 0;
    }
    return zeros < ZEROS_MIN;
}

void aloft_nvspage_parse(const uint8_t bytes[ALOFT_NVS_ENTRIES_OFF], struct aloft_nvs_page *out)
{
    out->state = aloft_get_le32(bytes);
    out->seq = aloft_get_le32(bytes + OFF_SEQ);
    out->version = bytes[OFF_VERSION];
    bool known = out->state == (uint32_t)ALOFT_NVS_ACTIVE ||
                 out->state == (uint32_t)ALOFT_NVS_FULL ||
                 out->state == (uint32_t)ALOFT_NVS_FREEING;
    out->live = known && aloft_get_le32(bytes + OFF_PAGE_CRC) == page_crc(bytes);
    out->torn = is_almost_blank(bytes);
    memcpy(out->map, bytes + ALOFT_NVS_MAP, sizeof out->map);
}

bool aloft_nvspage_is_used(const struct aloft_nvs_page *page)
{
    bool used = false;
    for (uint32_t i = 0; i < ALOFT_NVS_ENTRIES && !used; i++) {
        used = aloft_nvspage_mark(page, i) == ALOFT_NVS_WRITTEN;
    }
    return used;
}

void aloft_nvspage_emit(uint32_t seq, uint8_t header[ALOFT_NVS_MAP])
{
    memset(header, 0xFF, ALOFT_NVS_MAP);
    aloft_put_le32(header, (uint32_t)ALOFT_NVS_ACTIVE);
    aloft_put_le32(header + OFF_SEQ, seq);
    header[OFF_VERSION] = VERSION_2;
    aloft_put_le32(header + OFF_PAGE_CRC, page_crc(header));
}

enum aloft_nvs_mark aloft_nvspage_mark(const struct aloft_nvs_page *page, uint32_t index)
{
    return (enum aloft_nvs_mark)(page->map[index / 4] >> (index % 4 * 2) & 3);
}

uint32_t aloft_nvspage_word(uint32_t word, uint32_t index, enum aloft_nvs_mark mark)
{
    uint32_t shift = index % 16 * 2;
    return word & ~((3u & ~(uint32_t)mark) << shift);
}

uint32_t aloft_nvspage_entry(uint32_t index)
{
    return ALOFT_NVS_ENTRIES_OFF + index * ALOFT_NVS_ENTRY;
}

bool aloft_nvspage_has_bytes(uint8_t type)
{
    return type == ALOFT_NVS_STR || type == ALOFT_NVS_BLOB || type == ALOFT_NVS_BLOB_DATA;
}

uint32_t aloft_nvspage_number_len(uint8_t type)
{
    switch (type) {
    case ALOFT_NVS_U8:
    case ALOFT_NVS_I8:
        return 1;
    case ALOFT_NVS_U16:
    case ALOFT_NVS_I16:
        return 2;
    case ALOFT_NVS_U32:
    case ALOFT_NVS_I32:
    case ALOFT_NVS_FLOAT:
        return 4;
    case ALOFT_NVS_U64:
    case ALOFT_NVS_I64:
    case ALOFT_NVS_DOUBLE:
        return 8;
    default:
        return 0;
    }
}

// Without the CRC itself.
static uint32_t item_crc(const uint8_t bytes[ALOFT_NVS_ENTRY])
{
    uint32_t crc = aloft_crc32(crc_start, bytes, OFF_ITEM_CRC);
    return aloft_crc32(crc, bytes + OFF_KEY, ALOFT_NVS_ENTRY - OFF_KEY);
}

static bool item_fits(const struct aloft_nvs_item *item, uint32_t index)
{
    if (aloft_nvspage_has_bytes(item->type)) {
        uint32_t entries = aloft_align_up(aloft_nvspage_len(item), ALOFT_NVS_ENTRY);
        bool numbered = item->type != ALOFT_NVS_BLOB_DATA || item->chunk != ALOFT_NVS_NO_CHUNK;
        return numbered && item->span == 1 + entries / ALOFT_NVS_ENTRY &&
               item->span <= ALOFT_NVS_ENTRIES - index;
    }
    if (item->type == ALOFT_NVS_BLOB_INDEX) {
        return item->span == 1 && item->chunk == ALOFT_NVS_NO_CHUNK &&
               aloft_nvspage_blob_len(item) <= ALOFT_NVS_CHUNKS * ALOFT_NVS_ITEM_MAX;
    }
    return item->span == 1 && aloft_nvspage_number_len(item->type) != 0;
}

bool aloft_nvspage_item_parse(const uint8_t bytes[ALOFT_NVS_ENTRY], uint32_t index,
                              struct aloft_nvs_item *out)
{
    out->ns = bytes[0];
    out->type = bytes[1];
    out->span = bytes[2];
    out->chunk = bytes[3];
    memcpy(out->key, bytes + OFF_KEY, sizeof out->key);
    out->key[sizeof out->key - 1] = '\0';
    memcpy(out->data, bytes + OFF_DATA, sizeof out->data);
    return aloft_get_le32(bytes + OFF_ITEM_CRC) == item_crc(bytes) && item_fits(out, index);
}

// The CRC is linear: one flipped bit changes it by the same bits whatever the others are. They are
// compared from the last bit to the first, each a step of the polynomial away from the one behind.
bool aloft_nvspage_item_near(const uint8_t bytes[ALOFT_NVS_ENTRY], uint32_t index,
                             struct aloft_nvs_item *out)
{
    static const uint32_t polynomial = 0xEDB88320u;
    uint8_t mended[ALOFT_NVS_ENTRY];
    uint32_t wrong = aloft_get_le32(bytes + OFF_ITEM_CRC) ^ item_crc(bytes);
    uint32_t change = polynomial;
    memcpy(mended, bytes, sizeof mended);
    for (uint32_t bit = 8 * ALOFT_NVS_ENTRY; bit-- > 0;) {
        if (bit / 32 == OFF_ITEM_CRC / 4) {
            continue; // the CRC does not cover itself
        }
        if (change == wrong) {
            mended[bit / 8] ^= (uint8_t)(1u << bit % 8);
            return aloft_nvspage_item_parse(mended, index, out);
        }
        change = change >> 1 ^ ((change & 1) != 0 ? polynomial : 0);
    }
    aloft_put_le32(mended + OFF_ITEM_CRC, item_crc(bytes));
    return wrong != 0 && (wrong & (wrong - 1)) == 0 && aloft_nvspage_item_parse(mended, index, out);
}

void aloft_nvspage_item_emit(const struct aloft_nvs_item *item, uint8_t bytes[ALOFT_NVS_ENTRY])
{
    bytes[0] = item->ns;
    bytes[1] = item->type;
    bytes[2] = item->span;
    bytes[3] = item->chunk;
    memcpy(bytes + OFF_KEY, item->key, sizeof item->key);
    memcpy(bytes + OFF_DATA, item->data, sizeof item->data);
    aloft_put_le32(bytes + OFF_ITEM_CRC, item_crc(bytes));
}

uint32_t aloft_nvspage_len(const struct aloft_nvs_item *item)
{
    return aloft_get_le16(item->data + DATA_LEN);
}

uint32_t aloft_nvspage_crc(const struct aloft_nvs_item *item)
{
    return aloft_get_le32(item->data + DATA_CRC);
}

void aloft_nvspage_describe(struct aloft_nvs_item *item, uint32_t len, uint32_t crc)
{
    memset(item->data, 0xFF, sizeof item->data);
    aloft_put_le16(item->data + DATA_LEN, (uint16_t)len);
    aloft_put_le32(item->data + DATA_CRC, crc);
    item->span = (uint8_t)(1 + aloft_align_up(len, ALOFT_NVS_ENTRY) / ALOFT_NVS_ENTRY);
}

uint32_t aloft_nvspage_blob_len(const struct aloft_nvs_item *index)
{
    return aloft_get_le32(index->data + DATA_SIZE);
}

void aloft_nvspage_blob_describe(struct aloft_nvs_item *index, uint32_t len, uint8_t count,
                                 uint8_t start)
{
    memset(index->data, 0xFF, sizeof index->data);
    aloft_put_le32(index->data + DATA_SIZE, len);
    index->data[DATA_COUNT] = count;
    index->data[DATA_START] = start;
}

bool aloft_nvspage_blob_owns(const struct aloft_nvs_item *index, uint8_t chunk)
{
    uint32_t start = index->data[DATA_START];
    return chunk >= start && chunk - start < index->data[DATA_COUNT];
}

bool aloft_nvspage_same_key(const struct aloft_nvs_item *a, const struct aloft_nvs_item *b)
{
    return a->ns == b->ns && memcmp(a->key, b->key, sizeof a->key) == 0;
}

bool aloft_nvspage_twins(const struct aloft_nvs_item *a, const struct aloft_nvs_item *b)
{
    return aloft_nvspage_same_key(a, b) && a->type == b->type && a->chunk == b->chunk;
}
