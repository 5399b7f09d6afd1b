// Core's reader of tables, on a chip at the other end of a cable.
#include "cli/serial/chip_place.h"
#include "aloft/slots.h"
#include "cli/base/suggest.h"
#include "hostlib/base/number.h"
#include "hostlib/crypto/mbed_crypto.h"
#include "hostlib/table/ptable_words.h"
#include "hostlib/table/table_find.h"
#include <string.h>

struct list {
    struct aloft_partition *out;
    uint32_t count;
};

static enum aloft_err note(void *ctx, const struct aloft_partition *partition)
{
    struct list *list = ctx;
    if (list->count < ALOFT_PTABLE_MAX) {
        list->out[list->count++] = *partition;
    }
    return ALOFT_OK;
}

bool aloft_chip_place_is_name(const char *word)
{
    int64_t number;
    return !aloft_number_parse(word, &number);
}

bool aloft_chip_place_all(const struct aloft_chip_flash *chip, uint32_t table_asked,
                          struct aloft_partition out[ALOFT_PTABLE_MAX], uint32_t *count,
                          struct aloft_message *error)
{
    const struct aloft_flasher *flasher = chip->cells.ctx;
    struct list list = {out, 0};
    uint32_t addr = aloft_table_find(&chip->flash, table_asked);
    enum aloft_err err = aloft_slots_walk(&chip->flash, &aloft_mbed_crypto, addr, note, &list);
    *count = list.count;
    return err == ALOFT_OK ||
           aloft_message_set(error, "the chip on %s has no partition table at 0x%x: %s (%s)%s",
                             flasher->line->name, (unsigned)addr, aloft_err_sentence(err),
                             aloft_err_name(err),
                             flasher->facts.flash_encryption && chip->key_path == NULL
                                 ? "; its flash is encrypted: give --flash-key"
                                 : "");
}

// The word of its subtype: "ota_0", "nvs"; "otadata" for that.
static void role_of(const struct aloft_partition *p, char name[ALOFT_PTABLE_WORD])
{
    aloft_ptable_words_subtype_name(NULL, p->type, p->subtype, name);
    if (p->type == ALOFT_TYPE_DATA && p->subtype == ALOFT_DATA_OTA) {
        memcpy(name, "otadata", sizeof "otadata");
    }
}

// The first one with this role, or NULL.
static const struct aloft_partition *with_role(const struct list *list, const char *name)
{
    char role[ALOFT_PTABLE_WORD];
    for (uint32_t i = 0; i < list->count; i++) {
        role_of(&list->out[i], role);
        if (strcmp(role, strcmp(name, "ota") == 0 ? "otadata" : name) == 0) {
            return &list->out[i];
        }
    }
    return NULL;
}

// Among these, of which owner has the table.
static bool choose(const struct list *list, const char *owner, const char *name,
                   struct aloft_partition *found, struct aloft_message *error)
{
    const struct aloft_partition *all = list->out;
    const uint32_t count = list->count;
    const char *labels[ALOFT_PTABLE_MAX];
    char text[ALOFT_SUGGEST_TEXT];
    for (uint32_t i = 0; i < count; i++) {
        labels[i] = all[i].label;
        if (strcmp(all[i].label, name) == 0) {
            *found = all[i];
            return true;
        }
    }
    bool boots = strcmp(name, "boot-default") == 0; // as parttool.py has it
    const struct aloft_partition *one = with_role(list, boots ? "factory" : name);
    one = one == NULL && boots ? with_role(list, "ota_0") : one;
    if (one != NULL) {
        *found = *one;
        return true;
    }
    return aloft_message_set(error, "%s has no partition '%s'%s", owner, name,
                             aloft_suggest_of(name, labels, count, text));
}

bool aloft_chip_place_find(const struct aloft_chip_flash *chip, uint32_t table_asked,
                           const char *name, struct aloft_partition *found,
                           struct aloft_message *error)
{
    struct aloft_partition all[ALOFT_PTABLE_MAX];
    struct list list = {all, 0};
    return aloft_chip_place_all(chip, table_asked, all, &list.count, error) &&
           choose(&list, "the chip", name, found, error);
}

bool aloft_chip_place_in(const struct aloft_flash *flash, uint32_t table_addr, const char *owner,
                         const char *name, struct aloft_partition *found,
                         struct aloft_message *error)
{
    struct aloft_partition all[ALOFT_PTABLE_MAX];
    struct list list = {all, 0};
    enum aloft_err err = aloft_slots_walk(flash, &aloft_mbed_crypto, table_addr, note, &list);
    return err == ALOFT_OK ? choose(&list, owner, name, found, error)
                           : aloft_message_set(error, "%s has no partition table: %s (%s)", owner,
                                               aloft_err_sentence(err), aloft_err_name(err));
}
