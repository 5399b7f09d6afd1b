// The items of a partition lie in the order in which they were written; of one key the newest
// counts.
#include "cli/nvs/nvs_values.h"
#include "cli/base/ui.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { BLOB_MAX = 508000, TEXT_MAX = 2 * BLOB_MAX + 1 };

const char *aloft_nvs_values_type(uint8_t type)
{
    switch (type) {
    case ALOFT_NVS_U8:
        return "u8";
    case ALOFT_NVS_U16:
        return "u16";
    case ALOFT_NVS_U32:
        return "u32";
    case ALOFT_NVS_U64:
        return "u64";
    case ALOFT_NVS_I8:
        return "i8";
    case ALOFT_NVS_I16:
        return "i16";
    case ALOFT_NVS_I32:
        return "i32";
    case ALOFT_NVS_I64:
        return "i64";
    case ALOFT_NVS_STR:
        return "str";
    case ALOFT_NVS_BLOB:
    case ALOFT_NVS_BLOB_INDEX:
        return "blob";
    default:
        return "other";
    }
}

bool aloft_nvs_values_is_secret(const char *ns, const char *key)
{
    static const char *const parts[] = {"_ha1", "_hash", "_token", "enc_key"};
    bool secret = false;
    for (size_t i = 0; i < COUNT(parts); i++) {
        secret = secret || strstr(key, parts[i]) != NULL;
    }
    return secret && strcmp(ns, "aloft") == 0;
}

char *aloft_nvs_values_text(const struct aloft_nvs *nvs, const char *ns, const char *key,
                            uint8_t type)
{
    char *text = calloc(1, TEXT_MAX);
    uint64_t number = 0;
    enum aloft_err err;
    if (text == NULL) {
        return NULL;
    }
    if (type == ALOFT_NVS_STR) {
        err = aloft_nvs_get_str(nvs, ns, key, text, TEXT_MAX);
    } else if (type == ALOFT_NVS_BLOB || type == ALOFT_NVS_BLOB_INDEX) {
        uint8_t *bytes = calloc(1, BLOB_MAX);
        uint32_t len = 0;
        err = bytes == NULL ? ALOFT_ERR_NVS_ROOM
                            : aloft_nvs_get_blob(nvs, ns, key, bytes, BLOB_MAX, &len);
        if (err == ALOFT_OK) {
            (void)aloft_ui_hex(bytes, len, text);
        }
        free(bytes);
    } else {
        err = aloft_nvs_get_number(nvs, ns, key, (enum aloft_nvs_type)type, &number);
        bool is_signed = (type & 0xF0) == 0x10;
        (void)snprintf(text, 32, is_signed ? "%" PRId64 : "%" PRIu64, number);
    }
    if (err != ALOFT_OK) {
        free(text);
        return NULL;
    }
    return text;
}

// The name of namespace `number` into name.
static bool space_name(const struct aloft_nvs *nvs, uint8_t number, char name[ALOFT_NVS_NAME])
{
    struct aloft_nvs_cursor cursor = {.page = 0};
    bool found;
    while (aloft_nvs_next(nvs, &cursor, &found) == ALOFT_OK && found) {
        const struct aloft_nvs_item *item = &cursor.place.item;
        if (item->ns == 0 && item->type == ALOFT_NVS_U8 && item->data[0] == number) {
            memcpy(name, item->key, ALOFT_NVS_NAME);
            return true;
        }
    }
    return false;
}

bool aloft_nvs_values_next(const struct aloft_nvs *nvs, struct aloft_nvs_cursor *cursor,
                           char ns[ALOFT_NVS_NAME])
{
    bool found;
    while (aloft_nvs_next(nvs, cursor, &found) == ALOFT_OK && found) {
        const struct aloft_nvs_place *place = &cursor->place;
        struct aloft_nvs_place newest;
        bool value = place->item.ns != 0 && place->item.type != ALOFT_NVS_BLOB_DATA;
        // Without the name of its namespace ESP-IDF has no way to it either.
        if (value && aloft_nvs_is_whole(cursor) &&
            aloft_nvs_find(nvs, &place->item, &newest) == ALOFT_OK && newest.page == place->page &&
            newest.index == place->index && space_name(nvs, place->item.ns, ns)) {
            return true;
        }
    }
    return false;
}
