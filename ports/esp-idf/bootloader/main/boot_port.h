// The boot seam (boot/port.h) over ESP-IDF's bootloader_support: flash through the MMU and the ROM,
// MD5 of the partition table from the ROM, console lines in ESP-IDF's form, the RTC watchdog.
#ifndef ALOFT_ESP_IDF_BOOT_PORT_H
#define ALOFT_ESP_IDF_BOOT_PORT_H

#include "boot/port.h"

// After bootloader_init. The port lives as long as the bootloader; load and unload are NULL, for
// boot_loader.c is linked in place of boot/load.c.
const struct aloft_boot_port *aloft_idf_boot_port(void);

// Gives back what reads of flash have mapped: ESP-IDF maps one place at a time.
void aloft_idf_boot_unmap(void);

// Why the chip was reset; RESET_REASON_... of soc/reset_reasons.h.
bool aloft_idf_woke_from_deep_sleep(void);

#endif
