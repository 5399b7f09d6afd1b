// Lists what is damaged. Remainders of a power cut are not listed: the next write removes them.
#include "cli/nvs/nvs_damage.h"
#include "cli/base/ui.h"
#include <stdio.h>
#include <string.h>

struct damage {
    const struct aloft_nvs *nvs;
    json_t *list; // NULL: lines
    uint32_t count;
    uint32_t page, first, last; // entries of which nothing is known, not shown yet
    bool pending;
};

static const char *reason(const struct aloft_nvs_place *place)
{
    switch ((enum aloft_nvs_damage)place->damage) {
    case ALOFT_NVS_BAD_ENTRY:
        return "a bit of the entry that names it has flipped";
    case ALOFT_NVS_BAD_MARK:
        return "it is not marked as written, though it was";
    case ALOFT_NVS_BAD_PAGE:
        return "the header of its page is damaged";
    case ALOFT_NVS_UNKNOWN_ITEM:
        return "encrypted, damaged, or of an unknown type";
    case ALOFT_NVS_SOUND:
        break;
    }
    return "its bytes are damaged";
}

// entries is empty for what has no place.
static void show(struct damage *damage, const char *entries, const char *ns, const char *key,
                 const char *why)
{
    char what[80];
    damage->count++;
    if (damage->list != NULL) {
        json_t *row = json_pack("{ss so so ss}", "where", entries, "namespace",
                                ns == NULL ? json_null() : aloft_ui_json_text(ns), "key",
                                key == NULL ? json_null() : aloft_ui_json_text(key), "why", why);
        (void)json_array_append_new(damage->list, row);
        return;
    }
    (void)snprintf(what, sizeof what, "%s %s", ns == NULL ? "?" : ns, key == NULL ? "?" : key);
    aloft_ui_clean(what, what, sizeof what);
    printf("%-32s %-5s cannot be read%s%s: %s\n", what, "-", entries[0] != 0 ? ", " : "", entries,
           why);
}

// The entries that were counted so far, as one line.
static void flush(struct damage *damage)
{
    char where[64];
    const struct aloft_nvs_place unknown = {.damage = ALOFT_NVS_UNKNOWN_ITEM};
    if (!damage->pending) {
        return;
    }
    if (damage->first == damage->last) {
        (void)snprintf(where, sizeof where, "page %u entry %u", damage->page, damage->first);
    } else {
        (void)snprintf(where, sizeof where, "page %u entries %u to %u", damage->page, damage->first,
                       damage->last);
    }
    damage->pending = false;
    show(damage, where, NULL, NULL, reason(&unknown));
}

static void add_unknown(struct damage *damage, const struct aloft_nvs_place *place)
{
    if (damage->pending && damage->page == place->page && place->index == damage->last + 1) {
        damage->last++;
        return;
    }
    flush(damage);
    damage->pending = true;
    damage->page = place->page;
    damage->first = damage->last = place->index;
}

// The name of a namespace, damaged or not; NULL: it has none.
static const char *name_of(const struct aloft_nvs *nvs, uint8_t number, char name[ALOFT_NVS_NAME])
{
    struct aloft_nvs_cursor cursor = {.damaged = true};
    bool found;
    while (aloft_nvs_next(nvs, &cursor, &found) == ALOFT_OK && found) {
        const struct aloft_nvs_place *place = &cursor.place;
        if (place->damage != ALOFT_NVS_UNKNOWN_ITEM && place->item.ns == 0 &&
            place->item.data[0] == number) {
            memcpy(name, place->item.key, ALOFT_NVS_NAME);
            return name;
        }
    }
    return NULL;
}

static void add_item(struct damage *damage, const struct aloft_nvs_cursor *cursor)
{
    char where[64];
    char name[ALOFT_NVS_NAME];
    struct aloft_nvs_place good;
    const struct aloft_nvs_place *place = &cursor->place;
    bool bad = false;
    if (aloft_nvs_is_damaged(damage->nvs, cursor, &bad) != ALOFT_OK || !bad) {
        return;
    }
    if (place->damage == ALOFT_NVS_BAD_PAGE &&
        aloft_nvs_find(damage->nvs, &place->item, &good) == ALOFT_OK) {
        return; // it was copied, and the page freed, but for an erase that was cut
    }
    (void)snprintf(where, sizeof where, "page %u entry %u", place->page, place->index);
    const char *ns = place->item.ns == 0 ? "namespace" : name_of(damage->nvs, place->item.ns, name);
    show(damage, where, ns, place->item.key, reason(place));
}

// Guards that the list names and that are not there.
static void add_missed(struct damage *damage)
{
    struct aloft_nvs_cursor cursor = {.damaged = false};
    uint8_t list;
    char text[1];
    bool found;
    if (aloft_nvs_find_ns(damage->nvs, ALOFT_NVS_GUARDS, &list) != ALOFT_OK) {
        return;
    }
    while (aloft_nvs_next(damage->nvs, &cursor, &found) == ALOFT_OK && found) {
        const char *key = cursor.place.item.key;
        if (cursor.place.item.ns == list &&
            aloft_nvs_get_str(damage->nvs, ALOFT_NVS_GUARDED, key, text, sizeof text) ==
                ALOFT_ERR_NVS_CORRUPT) {
            show(damage, "", ALOFT_NVS_GUARDED, key, "it was set, and is lost or damaged");
        }
    }
}

uint32_t aloft_nvs_damage_show(const struct aloft_nvs *nvs, json_t *list)
{
    struct damage damage = {.nvs = nvs, .list = list};
    struct aloft_nvs_cursor cursor = {.damaged = true};
    bool found;
    while (aloft_nvs_next(nvs, &cursor, &found) == ALOFT_OK && found) {
        if (cursor.place.damage == ALOFT_NVS_UNKNOWN_ITEM) {
            add_unknown(&damage, &cursor.place);
        } else {
            flush(&damage);
            add_item(&damage, &cursor);
        }
    }
    flush(&damage);
    add_missed(&damage);
    return damage.count;
}
