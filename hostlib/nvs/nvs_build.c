// Invariants, which make the bytes the generator's:
// B1  A page is FULL when the next one is begun; the last one stays ACTIVE.
// B2  A string needs one entry more than it takes, unless its page is new.
// B3  A blob fills its page to the end; a new page is begun when less than an entry is left behind
//     a part, even when only the index follows.
#include "hostlib/nvs/nvs_build.h"
#include "aloft/base/assert.h"
#include "aloft/base/bytes.h"
#include "aloft/base/crc32.h"
#include <stdlib.h>
#include <string.h>

enum { MARK_WRITTEN_STEP = 2 };

static uint8_t *page_of(const struct aloft_nvs_build *build)
{
    return build->bytes + (size_t)build->page * ALOFT_NVS_PAGE;
}

static void begin_page(struct aloft_nvs_build *build)
{
    build->entry = 0;
    aloft_nvspage_emit(build->page, page_of(build));
}

bool aloft_nvs_build_init(struct aloft_nvs_build *build, uint32_t size, struct aloft_message *error)
{
    memset(build, 0, sizeof *build);
    if (size == 0 || size % ALOFT_NVS_PAGE != 0) {
        return aloft_message_set(error, "an NVS partition has a multiple of 4096 bytes, not %u",
                                 (unsigned)size);
    }
    build->size = size;
    build->pages = size / ALOFT_NVS_PAGE;
    build->pages -= build->pages >= 3 ? 1 : 0;
    build->bytes = malloc(size);
    if (build->bytes == NULL) {
        return aloft_message_set(error, "out of memory");
    }
    memset(build->bytes, 0xFF, size);
    begin_page(build);
    return true;
}

void aloft_nvs_build_release(struct aloft_nvs_build *build)
{
    free(build->bytes);
    build->bytes = NULL;
}

uint32_t aloft_nvs_build_len(const struct aloft_nvs_build *build)
{
    bool read_only = build->size < 3 * ALOFT_NVS_PAGE;
    return read_only ? (build->page + 1) * ALOFT_NVS_PAGE : build->size;
}

// Keeps B1.
static bool next_page(struct aloft_nvs_build *build, struct aloft_message *error)
{
    if (build->page + 1 == build->pages) {
        return aloft_message_set(error, "it does not fit %u bytes; give a larger --size",
                                 (unsigned)build->size);
    }
    aloft_put_le32(page_of(build), (uint32_t)ALOFT_NVS_FULL);
    build->page++;
    begin_page(build);
    return true;
}

// Marks `count` entries written; their bytes are there.
static void mark(struct aloft_nvs_build *build, uint32_t count)
{
    ALOFT_ASSERT(count <= ALOFT_NVS_ENTRIES - build->entry);
    uint8_t *map = page_of(build) + ALOFT_NVS_MAP;
    for (uint32_t i = build->entry; i < build->entry + count; i++) {
        map[i / 4] &= (uint8_t) ~(1u << (i % 4 * MARK_WRITTEN_STEP));
    }
    build->entry += count;
}

static void put_item(struct aloft_nvs_build *build, const struct aloft_nvs_item *item)
{
    aloft_nvspage_item_emit(item, page_of(build) + aloft_nvspage_entry(build->entry));
    mark(build, 1);
}

static void put_bytes(struct aloft_nvs_build *build, const uint8_t *data, uint32_t len)
{
    memcpy(page_of(build) + aloft_nvspage_entry(build->entry), data, len);
    mark(build, (len + ALOFT_NVS_ENTRY - 1) / ALOFT_NVS_ENTRY);
}

static uint32_t crc_of(const uint8_t *data, uint32_t len)
{
    return aloft_crc32(0xFFFFFFFF, data, len);
}

static bool begin_item(struct aloft_nvs_item *item, const char *key, uint8_t ns,
                       struct aloft_message *error)
{
    size_t len = strlen(key);
    memset(item, 0, sizeof *item);
    memset(item->data, 0xFF, sizeof item->data);
    if (len == 0 || len >= ALOFT_NVS_NAME) {
        return aloft_message_set(error, "'%s' has %zu bytes; names have 1 to 15", key, len);
    }
    memcpy(item->key, key, len);
    item->ns = ns;
    item->span = 1;
    item->chunk = ALOFT_NVS_NO_CHUNK;
    return true;
}

// A page with room for one more entry.
static bool make_room(struct aloft_nvs_build *build, struct aloft_message *error)
{
    return build->entry < ALOFT_NVS_ENTRIES || next_page(build, error);
}

bool aloft_nvs_build_ns(struct aloft_nvs_build *build, const char *name,
                        struct aloft_message *error)
{
    struct aloft_nvs_item item;
    if (build->ns == 254) {
        return aloft_message_set(error, "there are at most 254 namespaces");
    }
    if (!begin_item(&item, name, 0, error) || !make_room(build, error)) {
        return false;
    }
    build->ns++;
    item.type = ALOFT_NVS_U8;
    item.data[0] = build->ns;
    put_item(build, &item);
    return true;
}

bool aloft_nvs_build_number(struct aloft_nvs_build *build, const char *key,
                            enum aloft_nvs_type type, uint64_t value, struct aloft_message *error)
{
    struct aloft_nvs_item item;
    if (!begin_item(&item, key, build->ns, error) || !make_room(build, error)) {
        return false;
    }
    item.type = (uint8_t)type;
    for (uint32_t i = 0; i < aloft_nvspage_number_len(item.type); i++) {
        item.data[i] = (uint8_t)(value >> 8 * i);
    }
    put_item(build, &item);
    return true;
}

bool aloft_nvs_build_str(struct aloft_nvs_build *build, const char *key, const char *text,
                         struct aloft_message *error)
{
    struct aloft_nvs_item item;
    size_t len = strlen(text) + 1;
    if (len > ALOFT_NVS_ITEM_MAX) {
        return aloft_message_set(error, "the text of %s has %zu bytes; 3999 are the most", key,
                                 len - 1);
    }
    uint32_t span = 1 + ((uint32_t)len + ALOFT_NVS_ENTRY - 1) / ALOFT_NVS_ENTRY;
    if (!begin_item(&item, key, build->ns, error) ||
        (build->entry != 0 && build->entry + span >= ALOFT_NVS_ENTRIES &&
         !next_page(build, error))) { // keeps B2
        return false;
    }
    const uint8_t *data = (const uint8_t *)text;
    item.type = ALOFT_NVS_STR;
    aloft_nvspage_describe(&item, (uint32_t)len, crc_of(data, (uint32_t)len));
    put_item(build, &item);
    put_bytes(build, data, (uint32_t)len);
    return true;
}

bool aloft_nvs_build_blob(struct aloft_nvs_build *build, const char *key, const uint8_t *data,
                          uint32_t len, struct aloft_message *error)
{
    struct aloft_nvs_item item;
    uint32_t left = len;
    uint8_t count = 0;
    if (!begin_item(&item, key, build->ns, error) || !make_room(build, error)) {
        return false;
    }
    do {
        uint32_t room = (ALOFT_NVS_ENTRIES - build->entry - 1) * ALOFT_NVS_ENTRY;
        uint32_t part = left < room ? left : room;
        if (count == ALOFT_NVS_CHUNKS) {
            return aloft_message_set(error, "%s has %u bytes, too many for one blob", key,
                                     (unsigned)len);
        }
        item.type = ALOFT_NVS_BLOB_DATA;
        item.chunk = count++;
        aloft_nvspage_describe(&item, part, crc_of(data + (len - left), part));
        put_item(build, &item);
        put_bytes(build, data + (len - left), part);
        left -= part;
        if ((left > 0 || room - part < ALOFT_NVS_ENTRY) && !next_page(build, error)) { // keeps B3
            return false;
        }
    } while (left > 0);
    item.type = ALOFT_NVS_BLOB_INDEX;
    item.span = 1;
    item.chunk = ALOFT_NVS_NO_CHUNK;
    aloft_nvspage_blob_describe(&item, len, count, 0);
    put_item(build, &item);
    return true;
}
