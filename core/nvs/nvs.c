// Reading NVS. One walk over the items serves everything: reading, listing, and the writer's
// looking around. Items of pages whose header is torn or rotten do not exist, as in ESP-IDF.
#include "aloft/nvs.h"
#include "aloft/base/bytes.h"
#include "aloft/base/crc32.h"
#include <string.h>

enum { VERSION_1 = 0xFF, VERSION_2 = 0xFE };

uint32_t aloft_nvs_entry_off(uint32_t page, uint32_t index)
{
    return page * ALOFT_NVS_PAGE + aloft_nvspage_entry(index);
}

enum aloft_err aloft_nvs_read_page(const struct aloft_nvs *nvs, uint32_t page,
                                   struct aloft_nvs_page *out)
{
    uint8_t bytes[ALOFT_NVS_ENTRIES_OFF];
    enum aloft_err err = aloft_flash_read(&nvs->view, page * ALOFT_NVS_PAGE, bytes, sizeof bytes);
    if (err == ALOFT_OK) {
        aloft_nvspage_parse(bytes, out);
    }
    return err;
}

enum aloft_err aloft_nvs_open(struct aloft_nvs *nvs, const struct aloft_flash_view *view)
{
    nvs->view = *view;
    nvs->pages = view->len / ALOFT_NVS_PAGE;
    if (view->len % ALOFT_NVS_PAGE != 0 || nvs->pages == 0) {
        return ALOFT_ERR_NVS_SIZE;
    }
    for (uint32_t i = 0; i < nvs->pages; i++) {
        struct aloft_nvs_page page;
        enum aloft_err err = aloft_nvs_read_page(nvs, i, &page);
        if (err != ALOFT_OK) {
            return err;
        }
        if (page.live && page.version != VERSION_1 && page.version != VERSION_2) {
            return ALOFT_ERR_NVS_VERSION;
        }
    }
    return ALOFT_OK;
}

static uint32_t unmarked(const struct aloft_nvs_page *page, uint32_t index, uint32_t span)
{
    uint32_t count = 0;
    for (uint32_t i = index; i < index + span; i++) {
        count += aloft_nvspage_mark(page, i) != ALOFT_NVS_WRITTEN;
    }
    return count;
}

bool aloft_nvs_is_whole(const struct aloft_nvs_cursor *cursor)
{
    return cursor->unmarked <= 1;
}

// An entry that is not marked written names an item all the same when its bytes follow and are
// marked: writers mark the entry first, and both writers take that mark away last. Nothing follows
// the name of a namespace.
static enum aloft_err is_unmarked_item(const struct aloft_nvs *nvs,
                                       const struct aloft_nvs_cursor *cursor, bool *is)
{
    const struct aloft_nvs_place *place = &cursor->place;
    *is = place->item.ns == 0 && place->item.span == 1;
    if (place->item.span == 1 ||
        aloft_nvspage_mark(&cursor->header, place->index + 1) != ALOFT_NVS_WRITTEN) {
        return ALOFT_OK;
    }
    return aloft_nvs_judge(nvs, place, is);
}

// Says what lies at cursor->place, of which page, index and seq are set.
static enum aloft_err look_at(const struct aloft_nvs *nvs, struct aloft_nvs_cursor *cursor,
                              bool *found)
{
    struct aloft_nvs_place *place = &cursor->place;
    uint8_t bytes[ALOFT_NVS_ENTRY];
    bool written = aloft_nvspage_mark(&cursor->header, place->index) == ALOFT_NVS_WRITTEN;
    *found = false;
    if (!written && !cursor->damaged) {
        return ALOFT_OK;
    }
    enum aloft_err err = aloft_flash_read(
        &nvs->view, aloft_nvs_entry_off(place->page, place->index), bytes, sizeof bytes);
    if (err != ALOFT_OK) {
        return err;
    }
    place->damage = cursor->header.live ? ALOFT_NVS_SOUND : ALOFT_NVS_BAD_PAGE;
    bool sound = aloft_nvspage_item_parse(bytes, place->index, &place->item);
    *found = written && sound;
    if (*found || !cursor->damaged || (!written && !sound)) {
        return ALOFT_OK;
    }
    if (sound) {
        place->damage = ALOFT_NVS_BAD_MARK;
        return is_unmarked_item(nvs, cursor, found);
    }
    // Zeros are what is left of an old value, and behind a blank entry only its mark has flipped.
    *found =
        !aloft_bytes_are(bytes, sizeof bytes, 0) && !aloft_bytes_are(bytes, sizeof bytes, 0xFF);
    place->damage = ALOFT_NVS_BAD_ENTRY;
    if (!cursor->header.live || !aloft_nvspage_item_near(bytes, place->index, &place->item)) {
        place->damage = ALOFT_NVS_UNKNOWN_ITEM;
        place->item.span = 1;
    }
    return ALOFT_OK;
}

// Looks for an item from cursor->index on in the page that is loaded.
static enum aloft_err next_in_page(const struct aloft_nvs *nvs, struct aloft_nvs_cursor *cursor,
                                   bool *found)
{
    struct aloft_nvs_place *place = &cursor->place;
    for (*found = false; cursor->index < ALOFT_NVS_ENTRIES && !*found;) {
        place->page = cursor->page;
        place->index = cursor->index;
        place->seq = cursor->header.seq;
        enum aloft_err err = look_at(nvs, cursor, found);
        if (err != ALOFT_OK) {
            return err;
        }
        cursor->index++;
        if (*found) {
            cursor->unmarked = unmarked(&cursor->header, place->index, place->item.span);
            cursor->index = place->index + place->item.span; // its entries are data, not items
        }
    }
    return ALOFT_OK;
}

enum aloft_err aloft_nvs_next(const struct aloft_nvs *nvs, struct aloft_nvs_cursor *cursor,
                              bool *found)
{
    for (*found = false; cursor->page < nvs->pages;) {
        enum aloft_err err = ALOFT_OK;
        if (!cursor->loaded) {
            err = aloft_nvs_read_page(nvs, cursor->page, &cursor->header);
            cursor->loaded = true;
        }
        bool looks =
            cursor->header.live || (cursor->damaged && aloft_nvspage_is_used(&cursor->header));
        if (err == ALOFT_OK && looks) {
            err = next_in_page(nvs, cursor, found);
        }
        if (err != ALOFT_OK || *found) {
            return err;
        }
        cursor->page++;
        cursor->index = 0;
        cursor->loaded = false;
    }
    return ALOFT_OK;
}

enum aloft_err aloft_nvs_judge(const struct aloft_nvs *nvs, const struct aloft_nvs_place *place,
                               bool *good)
{
    uint32_t crc = 0xFFFFFFFFu;
    uint8_t piece[ALOFT_NVS_ENTRY];
    *good = true;
    if (!aloft_nvspage_has_bytes(place->item.type)) {
        return ALOFT_OK;
    }
    uint32_t off = aloft_nvs_entry_off(place->page, place->index + 1);
    for (uint32_t left = aloft_nvspage_len(&place->item); left > 0;) {
        uint32_t n = left < sizeof piece ? left : (uint32_t)sizeof piece;
        enum aloft_err err = aloft_flash_read(&nvs->view, off, piece, n);
        if (err != ALOFT_OK) {
            return err;
        }
        crc = aloft_crc32(crc, piece, n);
        off += n;
        left -= n;
    }
    *good = crc == aloft_nvspage_crc(&place->item);
    return ALOFT_OK;
}

static bool newer(const struct aloft_nvs_place *a, const struct aloft_nvs_place *b)
{
    return a->seq != b->seq ? a->seq > b->seq : a->page == b->page && a->index > b->index;
}

enum aloft_err aloft_nvs_find(const struct aloft_nvs *nvs, const struct aloft_nvs_item *want,
                              struct aloft_nvs_place *out)
{
    struct aloft_nvs_cursor cursor = {.page = 0};
    enum aloft_err err;
    bool found = false;
    bool any = false;
    while ((err = aloft_nvs_next(nvs, &cursor, &found)) == ALOFT_OK && found) {
        bool better = aloft_nvs_is_whole(&cursor) &&
                      aloft_nvspage_twins(&cursor.place.item, want) &&
                      (!any || newer(&cursor.place, out));
        if (better) {
            err = aloft_nvs_judge(nvs, &cursor.place, &better);
        }
        if (err != ALOFT_OK) {
            return err;
        }
        if (better) {
            *out = cursor.place;
            any = true;
        }
    }
    return err == ALOFT_OK && !any ? ALOFT_ERR_NVS_NOT_FOUND : err;
}

enum aloft_err aloft_nvs_want(struct aloft_nvs_item *want, uint8_t ns, uint8_t type,
                              const char *key)
{
    memset(want, 0, sizeof *want);
    want->ns = ns;
    want->type = type;
    want->span = 1;
    want->chunk = ALOFT_NVS_NO_CHUNK;
    memset(want->data, 0xFF, sizeof want->data);
    size_t len = strlen(key);
    if (len == 0 || len >= sizeof want->key) {
        return ALOFT_ERR_NVS_NAME;
    }
    memcpy(want->key, key, len);
    return ALOFT_OK;
}

enum aloft_err aloft_nvs_is_damaged(const struct aloft_nvs *nvs,
                                    const struct aloft_nvs_cursor *cursor, bool *damaged)
{
    const struct aloft_nvs_place *place = &cursor->place;
    *damaged = true;
    if (place->damage == ALOFT_NVS_BAD_MARK && place->item.ns == 0) {
        return aloft_nvs_is_missed(nvs, place->item.data[0], damaged);
    }
    if (place->damage != ALOFT_NVS_SOUND) {
        return ALOFT_OK;
    }
    enum aloft_err err = aloft_nvs_judge(nvs, place, damaged);
    *damaged = !*damaged && cursor->unmarked == 0;
    return err;
}

// Never NVS_NOT_FOUND: what the walk has found may be the wanted item, or shows which fault it is.
static enum aloft_err suspect(const struct aloft_nvs *nvs, const struct aloft_nvs_item *want,
                              const struct aloft_nvs_cursor *cursor)
{
    const struct aloft_nvs_item *item = &cursor->place.item;
    bool damaged;
    if (cursor->place.damage == ALOFT_NVS_UNKNOWN_ITEM) {
        // In a page without a sound header it may be a remainder of a torn erase: its items are in
        // other pages.
        return cursor->header.live ? ALOFT_ERR_NVS_UNREADABLE : ALOFT_ERR_NVS_NOT_FOUND;
    }
    if (!aloft_nvspage_same_key(item, want) || item->type == ALOFT_NVS_BLOB_DATA) {
        return ALOFT_ERR_NVS_NOT_FOUND;
    }
    enum aloft_err err = aloft_nvs_is_damaged(nvs, cursor, &damaged);
    bool other = err == ALOFT_OK && !damaged && item->type != want->type &&
                 aloft_nvs_is_whole(cursor) && cursor->place.damage == ALOFT_NVS_SOUND;
    if (other) {
        return ALOFT_ERR_NVS_TYPE;
    }
    if (err != ALOFT_OK) {
        return err;
    }
    return damaged ? ALOFT_ERR_NVS_CORRUPT : ALOFT_ERR_NVS_NOT_FOUND;
}

enum aloft_err aloft_nvs_absent(const struct aloft_nvs *nvs, const struct aloft_nvs_item *want)
{
    struct aloft_nvs_cursor cursor = {.damaged = true};
    enum aloft_err err;
    enum aloft_err why = ALOFT_ERR_NVS_NOT_FOUND;
    bool found;
    bool sound = false; // something can be read
    bool lost = false;  // a page with a damaged header in which nothing can be read
    while ((err = aloft_nvs_next(nvs, &cursor, &found)) == ALOFT_OK && found) {
        bool unknown = cursor.place.damage == ALOFT_NVS_UNKNOWN_ITEM;
        err = suspect(nvs, want, &cursor);
        if (err != ALOFT_ERR_NVS_NOT_FOUND && err != ALOFT_ERR_NVS_UNREADABLE) {
            return err;
        }
        why = err == ALOFT_ERR_NVS_UNREADABLE ? err : why;
        sound = sound || cursor.place.damage == ALOFT_NVS_SOUND;
        lost = lost || (unknown && !cursor.header.live && !cursor.header.torn);
    }
    if (err != ALOFT_OK) {
        return err;
    }
    return lost && !sound ? ALOFT_ERR_NVS_UNREADABLE : why;
}

enum aloft_err aloft_nvs_is_missed(const struct aloft_nvs *nvs, uint8_t number, bool *missed)
{
    struct aloft_nvs_cursor cursor = {.damaged = true};
    bool used = false;
    bool named = false;
    enum aloft_err err;
    bool found;
    while ((err = aloft_nvs_next(nvs, &cursor, &found)) == ALOFT_OK && found) {
        const struct aloft_nvs_place *place = &cursor.place;
        bool name = place->damage == ALOFT_NVS_SOUND && place->item.ns == 0;
        bool known = place->damage != ALOFT_NVS_UNKNOWN_ITEM;
        named = named || (name && place->item.data[0] == number);
        used = used || (known && place->item.ns == number);
    }
    *missed = used && !named;
    return err;
}

// Looks for the damaged entry of a namespace whose values are left.
static enum aloft_err find_lost_ns(const struct aloft_nvs *nvs, const struct aloft_nvs_item *want,
                                   uint8_t *number)
{
    struct aloft_nvs_cursor cursor = {.damaged = true};
    enum aloft_err err;
    bool found;
    bool missed = false;
    while ((err = aloft_nvs_next(nvs, &cursor, &found)) == ALOFT_OK && found) {
        const struct aloft_nvs_place *place = &cursor.place;
        if (place->damage != ALOFT_NVS_UNKNOWN_ITEM && aloft_nvspage_twins(&place->item, want)) {
            err = aloft_nvs_is_missed(nvs, place->item.data[0], &missed);
        }
        if (err != ALOFT_OK) {
            return err;
        }
        if (missed) {
            *number = place->item.data[0];
            return ALOFT_ERR_NVS_CORRUPT;
        }
    }
    return err == ALOFT_OK ? aloft_nvs_absent(nvs, want) : err;
}

enum aloft_err aloft_nvs_find_ns(const struct aloft_nvs *nvs, const char *ns, uint8_t *number)
{
    struct aloft_nvs_item want;
    struct aloft_nvs_place place;
    *number = 0;
    enum aloft_err err = aloft_nvs_want(&want, 0, ALOFT_NVS_U8, ns);
    if (err == ALOFT_OK) {
        err = aloft_nvs_find(nvs, &want, &place);
    }
    if (err == ALOFT_OK) {
        *number = place.item.data[0];
    }
    return err == ALOFT_ERR_NVS_NOT_FOUND ? find_lost_ns(nvs, &want, number) : err;
}

// Whether a guard that is not found is on their list: then it was set, and is NVS_CORRUPT.
static enum aloft_err find_listed(const struct aloft_nvs *nvs, const char *key)
{
    struct aloft_nvs_item want;
    struct aloft_nvs_place place;
    uint8_t number;
    enum aloft_err err = aloft_nvs_find_ns(nvs, ALOFT_NVS_GUARDS, &number);
    if (err == ALOFT_OK) {
        err = aloft_nvs_want(&want, number, ALOFT_NVS_U8, key);
    }
    if (err == ALOFT_OK) {
        err = aloft_nvs_find(nvs, &want, &place);
        err = err == ALOFT_ERR_NVS_NOT_FOUND ? aloft_nvs_absent(nvs, &want) : err;
    }
    return err == ALOFT_OK || err == ALOFT_ERR_NVS_TYPE ? ALOFT_ERR_NVS_CORRUPT : err;
}

// The fault for a key that was not found, by its name and, when its namespace exists, by want.
static enum aloft_err missing(const struct aloft_nvs *nvs, const char *ns, const char *key,
                              const struct aloft_nvs_item *want)
{
    enum aloft_err err = want->ns != 0 ? aloft_nvs_absent(nvs, want) : ALOFT_ERR_NVS_NOT_FOUND;
    bool guard = err == ALOFT_ERR_NVS_NOT_FOUND && strcmp(ns, ALOFT_NVS_GUARDED) == 0;
    return guard ? find_listed(nvs, key) : err;
}

// *want is made from the names. Not NVS_TYPE: the caller may have another type to try.
static enum aloft_err look_up(const struct aloft_nvs *nvs, const char *ns, const char *key,
                              struct aloft_nvs_item *want, struct aloft_nvs_place *out)
{
    uint8_t number = 0;
    enum aloft_err err = aloft_nvs_find_ns(nvs, ns, &number);
    if (err == ALOFT_OK) {
        err = aloft_nvs_want(want, number, want->type, key);
    }
    return err == ALOFT_OK ? aloft_nvs_find(nvs, want, out) : err;
}

enum aloft_err aloft_nvs_read_bytes(const struct aloft_nvs *nvs,
                                    const struct aloft_nvs_place *place, void *out)
{
    return aloft_flash_read(&nvs->view, aloft_nvs_entry_off(place->page, place->index + 1), out,
                            aloft_nvspage_len(&place->item));
}

enum aloft_err aloft_nvs_compare(const struct aloft_nvs *nvs, const struct aloft_nvs_place *place,
                                 const uint8_t *data, bool *same)
{
    enum aloft_err err =
        aloft_flash_compare(&nvs->view, aloft_nvs_entry_off(place->page, place->index + 1), data,
                            aloft_nvspage_len(&place->item));
    *same = err == ALOFT_OK;
    return err == ALOFT_ERR_FLASH_VERIFY ? ALOFT_OK : err;
}

enum aloft_err aloft_nvs_get_str(const struct aloft_nvs *nvs, const char *ns, const char *key,
                                 char *out, uint32_t size)
{
    struct aloft_nvs_item want = {.type = ALOFT_NVS_STR};
    struct aloft_nvs_place place;
    enum aloft_err err = look_up(nvs, ns, key, &want, &place);
    if (err == ALOFT_ERR_NVS_NOT_FOUND) {
        return missing(nvs, ns, key, &want);
    }
    if (err != ALOFT_OK) {
        return err;
    }
    uint32_t len = aloft_nvspage_len(&place.item);
    if (len == 0) {
        return ALOFT_ERR_NVS_CORRUPT;
    }
    if (len > size) {
        return ALOFT_ERR_NVS_ROOM;
    }
    err = aloft_nvs_read_bytes(nvs, &place, out);
    if (err == ALOFT_OK && out[len - 1] != '\0') {
        out[len - 1] = '\0'; // a writer that forgot it
    }
    return err;
}

// All parts of the blob that place is the index of, one behind the other.
static enum aloft_err read_parts(const struct aloft_nvs *nvs, const struct aloft_nvs_place *place,
                                 uint8_t *out)
{
    uint32_t left = aloft_nvspage_blob_len(&place->item);
    struct aloft_nvs_item want = place->item;
    want.type = ALOFT_NVS_BLOB_DATA;
    for (uint32_t i = 0; i < 256; i++) {
        struct aloft_nvs_place part;
        want.chunk = (uint8_t)i;
        if (!aloft_nvspage_blob_owns(&place->item, want.chunk)) {
            continue;
        }
        enum aloft_err err = aloft_nvs_find(nvs, &want, &part);
        uint32_t len = err == ALOFT_OK ? aloft_nvspage_len(&part.item) : 0;
        if (err == ALOFT_ERR_NVS_NOT_FOUND || len > left) {
            return ALOFT_ERR_NVS_CORRUPT;
        }
        if (err == ALOFT_OK) {
            err = aloft_nvs_read_bytes(nvs, &part, out);
        }
        if (err != ALOFT_OK) {
            return err;
        }
        out += len;
        left -= len;
    }
    return left == 0 ? ALOFT_OK : ALOFT_ERR_NVS_CORRUPT;
}

enum aloft_err aloft_nvs_get_blob(const struct aloft_nvs *nvs, const char *ns, const char *key,
                                  void *out, uint32_t size, uint32_t *len)
{
    struct aloft_nvs_item want = {.type = ALOFT_NVS_BLOB_INDEX};
    struct aloft_nvs_place place;
    enum aloft_err err = look_up(nvs, ns, key, &want, &place);
    bool parts = err == ALOFT_OK;
    if (err == ALOFT_ERR_NVS_NOT_FOUND && want.ns != 0) {
        want.type = ALOFT_NVS_BLOB;
        err = aloft_nvs_find(nvs, &want, &place);
    }
    if (err == ALOFT_ERR_NVS_NOT_FOUND) {
        return missing(nvs, ns, key, &want);
    }
    if (err != ALOFT_OK) {
        return err;
    }
    *len = parts ? aloft_nvspage_blob_len(&place.item) : aloft_nvspage_len(&place.item);
    if (*len > size) {
        return ALOFT_ERR_NVS_ROOM;
    }
    return parts ? read_parts(nvs, &place, out) : aloft_nvs_read_bytes(nvs, &place, out);
}

enum aloft_err aloft_nvs_get_number(const struct aloft_nvs *nvs, const char *ns, const char *key,
                                    enum aloft_nvs_type type, uint64_t *out)
{
    struct aloft_nvs_item want = {.type = (uint8_t)type};
    struct aloft_nvs_place place;
    uint32_t len = aloft_nvspage_number_len((uint8_t)type);
    ALOFT_ASSERT(len != 0);
    enum aloft_err err = look_up(nvs, ns, key, &want, &place);
    if (err == ALOFT_ERR_NVS_NOT_FOUND) {
        return missing(nvs, ns, key, &want);
    }
    if (err != ALOFT_OK) {
        return err;
    }
    bool is_signed = (type & 0x30) == 0x10;
    bool negative = is_signed && (place.item.data[len - 1] & 0x80) != 0;
    *out = negative ? ~(uint64_t)0 : 0;
    for (uint32_t i = len; i > 0; i--) {
        *out = *out << 8 | place.item.data[i - 1];
    }
    return ALOFT_OK;
}

// ---- what a writer wants to know

enum aloft_err aloft_nvs_next_good(const struct aloft_nvs *nvs, uint32_t page, uint32_t index,
                                   struct aloft_nvs_place *place, bool *found)
{
    struct aloft_nvs_cursor cursor = {.damaged = true, .page = page, .index = index};
    for (;;) {
        bool good = false;
        enum aloft_err err = aloft_nvs_next(nvs, &cursor, found);
        *found = *found && cursor.page == page;
        bool item =
            cursor.place.damage == ALOFT_NVS_SOUND || cursor.place.damage == ALOFT_NVS_BAD_PAGE;
        if (err == ALOFT_OK && *found && item && aloft_nvs_is_whole(&cursor)) {
            err = aloft_nvs_judge(nvs, &cursor.place, &good);
        }
        if (err != ALOFT_OK || !*found || good) {
            *place = cursor.place;
            return err;
        }
    }
}

enum aloft_err aloft_nvs_is_copy(const struct aloft_nvs *nvs, uint32_t page, uint32_t from,
                                 bool *copy)
{
    struct aloft_nvs_place mine;
    struct aloft_nvs_place theirs;
    uint32_t index = 0;
    uint32_t from_index = 0;
    bool found = true;
    for (*copy = true; *copy;) {
        enum aloft_err err = aloft_nvs_next_good(nvs, page, index, &mine, &found);
        if (err != ALOFT_OK || !found) {
            return err;
        }
        bool same = false;
        while (found && !same && err == ALOFT_OK) {
            err = aloft_nvs_next_good(nvs, from, from_index, &theirs, &found);
            from_index = theirs.index + theirs.item.span;
            same = memcmp(&theirs.item, &mine.item, sizeof mine.item) == 0;
        }
        if (err != ALOFT_OK) {
            return err;
        }
        index = mine.index + mine.item.span;
        *copy = found && same;
    }
    return ALOFT_OK;
}

enum aloft_err aloft_nvs_free_ns(const struct aloft_nvs *nvs, uint8_t *free)
{
    struct aloft_nvs_cursor cursor = {.damaged = true};
    uint8_t used[32] = {1};
    enum aloft_err err;
    bool found;
    while ((err = aloft_nvs_next(nvs, &cursor, &found)) == ALOFT_OK && found) {
        const struct aloft_nvs_item *item = &cursor.place.item;
        uint8_t number = item->ns == 0 ? item->data[0] : item->ns;
        bool name = item->ns == 0 && cursor.place.damage == ALOFT_NVS_BAD_MARK;
        if (cursor.place.damage != ALOFT_NVS_UNKNOWN_ITEM && !name) {
            used[number / 8] |= (uint8_t)(1u << number % 8);
        }
    }
    uint32_t number = 1;
    while (number < 255 && (used[number / 8] >> number % 8 & 1) != 0) {
        number++;
    }
    *free = (uint8_t)number;
    return err == ALOFT_OK && number == 255 ? ALOFT_ERR_NVS_FULL : err;
}

enum aloft_err aloft_nvs_compare_blob(const struct aloft_nvs *nvs,
                                      const struct aloft_nvs_place *index, const uint8_t *data,
                                      uint32_t len, bool *same)
{
    struct aloft_nvs_item want = index->item;
    uint32_t done = 0;
    want.type = ALOFT_NVS_BLOB_DATA;
    *same = aloft_nvspage_blob_len(&index->item) == len;
    for (uint32_t i = 0; i < 256 && *same; i++) {
        struct aloft_nvs_place part;
        want.chunk = (uint8_t)i;
        if (!aloft_nvspage_blob_owns(&index->item, want.chunk)) {
            continue;
        }
        enum aloft_err err = aloft_nvs_find(nvs, &want, &part);
        uint32_t part_len = err == ALOFT_OK ? aloft_nvspage_len(&part.item) : 0;
        if (err == ALOFT_ERR_NVS_NOT_FOUND || part_len > len - done) {
            *same = false;
            return ALOFT_OK;
        }
        if (err == ALOFT_OK) {
            err = aloft_nvs_compare(nvs, &part, data + done, same);
        }
        if (err != ALOFT_OK) {
            return err;
        }
        done += part_len;
    }
    *same = *same && done == len;
    return ALOFT_OK;
}
