// The keywords of types and subtypes, in the generator's order.
#include "hostlib/table/ptable_words.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>

struct word {
    uint8_t type;
    uint8_t value;
    const char *text;
};

static const struct word types[] = {
    {0, ALOFT_TYPE_BOOTLOADER, "bootloader"},
    {0, ALOFT_TYPE_PTABLE, "partition_table"},
    {0, ALOFT_TYPE_APP, "app"},
    {0, ALOFT_TYPE_DATA, "data"},
};

static const struct word subtypes[] = {
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

int aloft_ptable_words_type(const char *word)
{
    for (size_t i = 0; i < TYPE_COUNT; i++) {
        if (strcasecmp(types[i].text, word) == 0) {
            return types[i].value;
        }
    }
    return -1;
}

int aloft_ptable_words_subtype(uint8_t type, const char *word)
{
    for (size_t i = 0; i < SUBTYPE_COUNT; i++) {
        if (subtypes[i].type == type && strcasecmp(subtypes[i].text, word) == 0) {
            return subtypes[i].value;
        }
    }
    return -1;
}

void aloft_ptable_words_list(int type, char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; type < 0 && i < TYPE_COUNT; i++) {
        used += (size_t)snprintf(text + used, size - used, "%s%s", i ? ", " : "", types[i].text);
    }
    for (size_t i = 0; type >= 0 && i < SUBTYPE_COUNT; i++) {
        const char *word = subtypes[i].text;
        if (subtypes[i].type != type || (strncmp(word, "ota_", 4) == 0 && word[4] != '0')) {
            continue; // one of the sixteen is enough in a sentence
        }
        bool many = strcmp(word, "ota_0") == 0;
        used += (size_t)snprintf(text + used, size - used, "%s%s%s", used ? ", " : "", word,
                                 many ? "..ota_15" : "");
    }
}

bool aloft_ptable_words_mislead(const struct aloft_partition *partition, const char **kind)
{
    bool is_subtype = false;
    for (size_t i = 0; i < TYPE_COUNT; i++) {
        if (strcmp(types[i].text, partition->label) == 0 && types[i].value != partition->type) {
            *kind = "type";
            return true;
        }
    }
    for (size_t i = 0; i < SUBTYPE_COUNT; i++) {
        if (strcmp(subtypes[i].text, partition->label) != 0) {
            continue;
        }
        if (subtypes[i].type == partition->type && subtypes[i].value == partition->subtype) {
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

void aloft_ptable_words_subtype_name(uint8_t type, uint8_t subtype, char word[ALOFT_PTABLE_WORD])
{
    (void)snprintf(word, ALOFT_PTABLE_WORD, "%u", subtype);
    for (size_t i = 0; i < SUBTYPE_COUNT; i++) {
        if (subtypes[i].type == type && subtypes[i].value == subtype) {
            (void)snprintf(word, ALOFT_PTABLE_WORD, "%s", subtypes[i].text);
        }
    }
}
