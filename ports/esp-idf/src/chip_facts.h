// What this device is: partition table, the slot that runs, the running app, and the rules that any
// new image must meet here. Chip, table offset, anti-rollback and signatures are ESP-IDF's
// configuration.
#ifndef ALOFT_ESP_CHIP_FACTS_H
#define ALOFT_ESP_CHIP_FACTS_H

#include "aloft/image.h"
#include "aloft/slots.h"

struct aloft_esp_facts {
    struct aloft_slots slots;
    int running;                  // the slot, by where the code runs from
    struct aloft_image_facts app; // of its head
    struct aloft_image_rules rules;
    char mac[13]; // 12 hexadecimal digits
};

// Reads all of it. The struct stays where it is. Power loss: nothing changes.
// Errors: those of aloft_slots_load and aloft_slots_check; FLASH_READ.
enum aloft_err aloft_esp_facts_read(struct aloft_esp_facts *facts);

// Whether the running app is on trial, or otadata says that it is confirmed.
bool aloft_esp_on_trial(const struct aloft_esp_facts *facts);

// With CONFIG_BOOTLOADER_APP_ANTI_ROLLBACK: burns the running app's security version if otadata
// says that the app is confirmed, and it is not burned yet. Power loss: a version between the old
// and the new one; the next call goes on.
void aloft_esp_raise_secure_version(struct aloft_esp_facts *facts);

#endif
