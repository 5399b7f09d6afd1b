// The keywords of types and subtypes, in the generator's order.
#include "hostlib/table/ptable_words.h"
#include "hostlib/base/number.h"
#include "hostlib/base/text.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct aloft_ptable_word types[] = {
    {0, ALOFT_TYPE_BOOTLOADER, "bootloader"},
    {0, ALOFT_TYPE_PTABLE, "partition_table"},
    {0, ALOFT_TYPE_APP, "app"},
    {0, ALOFT_TYPE_DATA, "data"},
};

static const struct aloft_ptable_word subtypes[] = {
    {ALOFT_TYPE_BOOTLOADER, 0, "primary"},
    {ALOFT_TYPE_BOOTLOADER, 1, "ota"},
    {ALOFT_TYPE_BOOTLOADER, 2, "recovery"},
    {ALOFT_TYPE_PTABLE, 0, "primary"},
    {ALOFT_TYPE_PTABLE, 1, "ota"},
    {ALOFT_TYPE_APP, ALOFT_APP_FACTORY, "factory"},
    {ALOFT_TYPE_APP, ALOFT_APP_TEST, "test"},
    {ALOFT_TYPE_APP, 0x10, "ota_0"},
    {ALOFT_TYPE_APP, 0x11, "ota_1"},
    {ALOFT_TYPE_APP, 0x12, "ota_2"},
    {ALOFT_TYPE_APP, 0x13, "ota_3"},
    {ALOFT_TYPE_APP, 0x14, "ota_4"},
    {ALOFT_TYPE_APP, 0x15, "ota_5"},
    {ALOFT_TYPE_APP, 0x16, "ota_6"},
    {ALOFT_TYPE_APP, 0x17, "ota_7"},
    {ALOFT_TYPE_APP, 0x18, "ota_8"},
    {ALOFT_TYPE_APP, 0x19, "ota_9"},
    {ALOFT_TYPE_APP, 0x1A, "ota_10"},
    {ALOFT_TYPE_APP, 0x1B, "ota_11"},
    {ALOFT_TYPE_APP, 0x1C, "ota_12"},
    {ALOFT_TYPE_APP, 0x1D, "ota_13"},
    {ALOFT_TYPE_APP, 0x1E, "ota_14"},
    {ALOFT_TYPE_APP, 0x1F, "ota_15"},
    {ALOFT_TYPE_APP, 0x30, "tee_0"},
    {ALOFT_TYPE_APP, 0x31, "tee_1"},
    {ALOFT_TYPE_DATA, ALOFT_DATA_OTA, "ota"},
    {ALOFT_TYPE_DATA, ALOFT_DATA_PHY, "phy"},
    {ALOFT_TYPE_DATA, ALOFT_DATA_NVS, "nvs"},
    {ALOFT_TYPE_DATA, ALOFT_DATA_COREDUMP, "coredump"},
    {ALOFT_TYPE_DATA, ALOFT_DATA_NVS_KEYS, "nvs_keys"},
    {ALOFT_TYPE_DATA, ALOFT_DATA_EFUSE, "efuse"},
    {ALOFT_TYPE_DATA, ALOFT_DATA_UNDEFINED, "undefined"},
    {ALOFT_TYPE_DATA, 0x80, "esphttpd"},
    {ALOFT_TYPE_DATA, 0x81, "fat"},
    {ALOFT_TYPE_DATA, 0x82, "spiffs"},
    {ALOFT_TYPE_DATA, 0x83, "littlefs"},
    {ALOFT_TYPE_DATA, ALOFT_DATA_TEE_OTA, "tee_ota"},
};

enum {
    TYPE_COUNT = sizeof types / sizeof types[0],
    SUBTYPE_COUNT = sizeof subtypes / sizeof subtypes[0]
};

// The subtypes one after the other, a project's own behind ESP-IDF's; NULL behind the last.
static const struct aloft_ptable_word *subtype_at(const struct aloft_ptable_own_words *own,
                                                  size_t i)
{
    return i < SUBTYPE_COUNT                               ? &subtypes[i]
           : own != NULL && i - SUBTYPE_COUNT < own->count ? &own->items[i - SUBTYPE_COUNT]
                                                           : NULL;
}

int aloft_ptable_words_type(const char *word)
{
    for (size_t i = 0; i < TYPE_COUNT; i++) {
        if (strcasecmp(types[i].text, word) == 0) {
            return types[i].value;
        }
    }
    return -1;
}

int aloft_ptable_words_subtype(const struct aloft_ptable_own_words *own, uint8_t type,
                               const char *word)
{
    const struct aloft_ptable_word *at;
    for (size_t i = 0; (at = subtype_at(own, i)) != NULL; i++) {
        if (at->type == type && strcasecmp(at->text, word) == 0) {
            return at->value;
        }
    }
    return -1;
}

// Appends to a list that is cut where the room ends.
static void list_word(char *text, size_t size, const char *word, const char *last)
{
    size_t used = strlen(text);
    (void)snprintf(text + used, size - used, "%s%s%s", used ? ", " : "", word, last);
}

void aloft_ptable_words_list(const struct aloft_ptable_own_words *own, int type, char *text,
                             size_t size)
{
    const struct aloft_ptable_word *at;
    text[0] = '\0';
    for (size_t i = 0; type < 0 && i < TYPE_COUNT; i++) {
        list_word(text, size, types[i].text, "");
    }
    for (size_t i = 0; type >= 0 && (at = subtype_at(own, i)) != NULL; i++) {
        bool slot = type == ALOFT_TYPE_APP && (at->value & 0xF0u) == ALOFT_APP_OTA_0;
        if (at->type == type && (!slot || at->value == ALOFT_APP_OTA_0)) {
            list_word(text, size, at->text, slot ? "..ota_15" : ""); // one of sixteen is enough
        }
    }
}

bool aloft_ptable_words_mislead(const struct aloft_ptable_own_words *own,
                                const struct aloft_partition *partition, const char **kind)
{
    const struct aloft_ptable_word *at;
    bool is_subtype = false;
    for (size_t i = 0; i < TYPE_COUNT; i++) {
        if (strcmp(types[i].text, partition->label) == 0 && types[i].value != partition->type) {
            *kind = "type";
            return true;
        }
    }
    for (size_t i = 0; (at = subtype_at(own, i)) != NULL; i++) {
        if (strcmp(at->text, partition->label) != 0) {
            continue;
        }
        if (at->type == partition->type && at->value == partition->subtype) {
            return false;
        }
        is_subtype = true;
    }
    *kind = "subtype";
    return is_subtype;
}

void aloft_ptable_words_type_name(uint8_t type, char word[ALOFT_PTABLE_WORD])
{
    (void)snprintf(word, ALOFT_PTABLE_WORD, "%u", type);
    for (size_t i = 0; i < TYPE_COUNT; i++) {
        if (types[i].value == type) {
            (void)snprintf(word, ALOFT_PTABLE_WORD, "%s", types[i].text);
        }
    }
}

static const struct aloft_ptable_word *find_value(const struct aloft_ptable_own_words *own,
                                                  uint8_t type, uint8_t value)
{
    const struct aloft_ptable_word *at;
    for (size_t i = 0; (at = subtype_at(own, i)) != NULL; i++) {
        if (at->type == type && at->value == value) {
            return at;
        }
    }
    return NULL;
}

void aloft_ptable_words_subtype_name(const struct aloft_ptable_own_words *own, uint8_t type,
                                     uint8_t subtype, char word[ALOFT_PTABLE_WORD])
{
    const struct aloft_ptable_word *found = find_value(own, type, subtype);
    if (found != NULL) {
        (void)snprintf(word, ALOFT_PTABLE_WORD, "%s", found->text);
    } else {
        (void)snprintf(word, ALOFT_PTABLE_WORD, "%u", subtype);
    }
}

// --- a project's own words

// The value as Python's int(text, 16) reads it, as far as it can be a subtype.
static bool read_hex(const char *text, uint8_t *value)
{
    char *end;
    if (!isxdigit((unsigned char)text[0])) {
        return false; // no sign, no blanks
    }
    unsigned long number = strtoul(text, &end, 16);
    *value = (uint8_t)number;
    return *end == '\0' && number <= UINT8_MAX;
}

static bool add_word(struct aloft_ptable_own_words *own, char *entry, struct aloft_message *error)
{
    char *rest = strchr(entry, ',');
    char *last = rest == NULL ? NULL : strchr(rest + 1, ',');
    struct aloft_ptable_word word = {0};
    int64_t number;
    if (last == NULL || strchr(last + 1, ',') != NULL) {
        return aloft_message_set(error,
                                 "'%s' is not a subtype word; write type, word and value, such as "
                                 "\"data, store, 0x40\"",
                                 entry);
    }
    *rest++ = '\0';
    *last++ = '\0';
    const char *type = aloft_text_strip(entry);
    const char *text = aloft_text_strip(rest);
    const char *value = aloft_text_strip(last);
    int type_value = aloft_ptable_words_type(type);
    if (type_value < 0) {
        return aloft_message_set(error, "'%s' is not a partition type; use app or data", type);
    }
    if (!read_hex(value, &word.value)) {
        return aloft_message_set(error, "'%s' of '%s' is not a subtype in hex, 0..0xff", value,
                                 text);
    }
    if (text[0] == '\0' || strlen(text) >= sizeof word.text || aloft_number_parse(text, &number)) {
        return aloft_message_set(error, "'%s' is not a word for a subtype; use 1 to %zu letters",
                                 text, sizeof word.text - 1);
    }
    word.type = (uint8_t)type_value;
    memcpy(word.text, text, strlen(text));
    const struct aloft_ptable_word *same = find_value(own, word.type, word.value);
    if (same != NULL || aloft_ptable_words_subtype(own, word.type, text) >= 0) {
        return aloft_message_set(error, "%s,%s = 0x%x: %s is taken already%s%s", type, text,
                                 word.value, same != NULL ? "the value" : "the word",
                                 same != NULL ? ", by " : "", same != NULL ? same->text : "");
    }
    if (own->count == ALOFT_PTABLE_OWN_WORDS) {
        return aloft_message_set(error, "'%s' is one subtype word too many; %u is the most", text,
                                 ALOFT_PTABLE_OWN_WORDS);
    }
    own->items[own->count++] = word;
    return true;
}

bool aloft_ptable_words_add(struct aloft_ptable_own_words *own, const char *text,
                            struct aloft_message *error)
{
    char *list = strdup(text);
    bool good = list != NULL || aloft_message_set(error, "out of memory");
    for (char *entry = list; good && entry != NULL;) {
        char *next = strchr(entry, ';');
        if (next != NULL) {
            *next++ = '\0';
        }
        entry = aloft_text_strip(entry);
        good = entry[0] == '\0' || add_word(own, entry, error);
        entry = next;
    }
    free(list);
    return good;
}
