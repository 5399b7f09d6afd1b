// Slots are found with the partition table in the flash itself, by the code that devices find them
// with.
#include "cli/image/image_source.h"
#include "aloft/image.h"
#include "aloft/slots.h"
#include "hostlib/crypto/mbed_crypto.h"
#include "hostlib/flash/flash_file.h"
#include "hostlib/table/table_find.h"
#include "hostlib/table/table_plain.h"
#include <stdlib.h>
#include <string.h>

bool aloft_image_source_slot(const char *name, int *slot)
{
    for (*slot = ALOFT_SLOT_TEST; *slot < (int)ALOFT_OTADATA_SLOTS_MAX; (*slot)++) {
        char text[ALOFT_SLOT_NAME];
        aloft_slot_name(*slot, text);
        if (strcmp(text, name) == 0) {
            return true;
        }
    }
    return false;
}

const char *aloft_image_source_slots(const struct aloft_slots *slots, const char *name,
                                     char text[ALOFT_SUGGEST_TEXT])
{
    char names[ALOFT_OTADATA_SLOTS_MAX + 2][ALOFT_SLOT_NAME];
    const char *words[ALOFT_OTADATA_SLOTS_MAX + 2];
    size_t count = 0;
    for (int slot = ALOFT_SLOT_TEST; slot < (int)ALOFT_OTADATA_SLOTS_MAX; slot++) {
        if (aloft_slots_extent(slots, slot).len != 0) {
            aloft_slot_name(slot, names[count]);
            words[count] = names[count];
            count++;
        }
    }
    return aloft_suggest_of(name, words, count, text);
}

static bool read_slot(struct aloft_image_source *source, struct aloft_flash_file *file,
                      struct aloft_message *error)
{
    const struct aloft_flash *flash = &file->flash;
    struct aloft_slots slots;
    int slot;
    if (!aloft_image_source_slot(source->slot, &slot)) {
        return aloft_message_set(
            error, "'%s' is not a slot; slots are factory, test, ota_0..ota_15", source->slot);
    }
    source->table_addr = aloft_table_find_file(file, source->table_addr);
    enum aloft_err err = aloft_slots_load(&slots, flash, &aloft_mbed_crypto, source->table_addr);
    if (err != ALOFT_OK) {
        return aloft_message_set(error, "%s: %s (%s, table at 0x%x)%s", source->path,
                                 aloft_err_sentence(err), aloft_err_name(err), source->table_addr,
                                 aloft_table_find_note(flash, source->table_addr));
    }
    struct aloft_extent extent = aloft_slots_extent(&slots, slot);
    if (extent.len == 0) {
        char text[ALOFT_SUGGEST_TEXT];
        return aloft_message_set(error, "%s: the table has no slot %s%s (%s)", source->path,
                                 source->slot, aloft_image_source_slots(&slots, source->slot, text),
                                 aloft_err_name(ALOFT_ERR_SLOT_UNKNOWN));
    }
    struct aloft_flash_view view = aloft_slots_view(&slots, extent);
    source->file.data = malloc(extent.len);
    if (source->file.data == NULL) {
        return aloft_message_set(error, "out of memory");
    }
    source->file.len = extent.len;
    source->len = extent.len;
    err = aloft_flash_read(&view, 0, source->file.data, extent.len);
    return err == ALOFT_OK || aloft_message_set(error, "%s: %s: %s", source->path, source->slot,
                                                aloft_err_sentence(err));
}

bool aloft_image_source_read(struct aloft_image_source *source, struct aloft_message *error)
{
    struct aloft_flash_file flash;
    struct aloft_message ignored;
    source->file = (struct aloft_file){NULL, 0};
    if (source->slot == NULL) {
        if (!aloft_table_plain_read_file(source->path, &source->file, error)) {
            return false;
        }
        source->len = (uint32_t)source->file.len;
        return true;
    }
    if (!aloft_flash_file_open(&flash, source->path, ALOFT_FLASH_FILE_DUMP, error)) {
        return false;
    }
    bool ok = read_slot(source, &flash, error);
    (void)aloft_flash_file_close(&flash, &ignored); // only read from
    if (!ok) {
        aloft_file_release(&source->file);
    }
    return ok;
}
