// What is in the flash of a chip now, as far as somebody who is about to overwrite it wants to
// know: table, boot choice, and the app of each slot. Read through the loader, by core's readers.
#ifndef ALOFT_CLI_FLASH_PRESENT_H
#define ALOFT_CLI_FLASH_PRESENT_H

#include "aloft/image.h"
#include "aloft/slots.h"
#include "cli/serial/chip_flash.h"

struct aloft_flash_present {
    bool readable;  // false: the chip reads nothing back, or encrypts it and there is no key
    bool has_table; // slots, selected
    enum aloft_err table_err;
    struct aloft_slots slots;
    int selected; // slot that boots next
    // Private.
    const struct aloft_flash *flash;
};

// table_asked 0: the table is found. False, with flasher->error, when the line failed; a board with
// nothing on it is no failure.
bool aloft_flash_present_read(struct aloft_flash_present *present,
                              const struct aloft_flasher *flasher,
                              const struct aloft_chip_flash *chip, uint32_t table_asked);

// "ota_demo 1.2" of the app that begins at addr into text; "" when there is none. False as above.
#define ALOFT_FLASH_PRESENT_APP 80
bool aloft_flash_present_app(struct aloft_flash_present *present, uint32_t addr,
                             char text[ALOFT_FLASH_PRESENT_APP]);

// The same of a descriptor's facts.
void aloft_flash_present_name(const struct aloft_image_facts *facts,
                              char text[ALOFT_FLASH_PRESENT_APP]);

#endif
