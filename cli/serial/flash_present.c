// Core's readers of tables, records and images, on a chip at the other end of a cable.
#include "cli/serial/flash_present.h"
#include "aloft/bootsel.h"
#include "cli/base/ui.h"
#include "hostlib/crypto/mbed_crypto.h"
#include "hostlib/table/table_find.h"
#include <stdio.h>
#include <string.h>

bool aloft_flash_present_read(struct aloft_flash_present *present,
                              const struct aloft_flasher *flasher,
                              const struct aloft_chip_flash *chip, uint32_t table_asked)
{
    struct aloft_otadata records[2];
    memset(present, 0, sizeof *present);
    present->selected = ALOFT_SLOT_NONE;
    present->readable =
        !flasher->secure_download && (!flasher->facts.flash_encryption || chip->key_path != NULL);
    present->flash = &chip->flash;
    if (!present->readable) {
        return true;
    }
    present->table_err = aloft_slots_load(&present->slots, present->flash, &aloft_mbed_crypto,
                                          aloft_table_find(present->flash, table_asked));
    present->has_table = present->table_err == ALOFT_OK;
    if (!present->has_table) {
        return present->table_err != ALOFT_ERR_FLASH_READ;
    }
    enum aloft_err err = aloft_bootsel_read(&present->slots, records);
    if (err == ALOFT_OK) {
        present->selected = aloft_bootsel_boot_slot(&present->slots, records);
    }
    return err != ALOFT_ERR_FLASH_READ;
}

void aloft_flash_present_name(const struct aloft_image_facts *facts,
                              char text[ALOFT_FLASH_PRESENT_APP])
{
    char both[ALOFT_FLASH_PRESENT_APP];
    (void)snprintf(both, sizeof both, "%s %s", facts->project, facts->version);
    aloft_ui_clean(both, text, ALOFT_FLASH_PRESENT_APP);
}

bool aloft_flash_present_app(struct aloft_flash_present *present, uint32_t addr,
                             char text[ALOFT_FLASH_PRESENT_APP])
{
    const struct aloft_flash_view view = {present->flash, addr, ALOFT_IMAGE_HEAD_LEN};
    const struct aloft_image_rules rules = {
        .len_max = ALOFT_IMAGE_LEN_MAX, .bootloader = true, .chip_revision = 0xFFFF};
    struct aloft_image image;
    enum aloft_image_event event;
    uint8_t head[ALOFT_IMAGE_HEAD_LEN];
    uint32_t used;
    uint32_t off = 0;
    text[0] = '\0';
    // Most of flash is blank, and one short read tells.
    if (aloft_flash_read(&view, 0, head, ALOFT_IMAGE_HEADER) != ALOFT_OK) {
        return false;
    }
    if (head[0] == 0xFF) {
        return true;
    }
    if (aloft_flash_read(&view, 0, head, sizeof head) != ALOFT_OK) {
        return false;
    }
    aloft_image_init(&image, &rules);
    do {
        event = aloft_image_next(&image, head + off, sizeof head - off, &used);
        off += used;
    } while (event != ALOFT_IMAGE_MORE && event != ALOFT_IMAGE_BAD && event != ALOFT_IMAGE_DESC);
    if (event == ALOFT_IMAGE_DESC && image.facts.has_desc) {
        aloft_flash_present_name(&image.facts, text);
    } else if (event != ALOFT_IMAGE_BAD) {
        (void)snprintf(text, ALOFT_FLASH_PRESENT_APP, "an image without a name");
    }
    return true;
}
