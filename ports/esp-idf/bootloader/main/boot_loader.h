// Loads by ESP-IDF's own loader: it answers boot/load.h in place of boot/load.c, and hands over.
//
// What the stock bootloader does with an app is done by the same functions here: chip and revision,
// addresses that would overlap the bootloader, checksum, SHA-256 and signature, flash encryption
// and Secure Boot being switched on, MMU, jump. So nothing of it is weaker than stock, on any chip.
//
// Invariants
//   I1  What runs was loaded and verified by ESP-IDF's loader in this boot, in one pass: it hashes
//       what it loads.
//   I2  Only an app is handed over: an image with a segment that is mapped from flash. At another
//       one the stock hand-over jumps to wherever it says or, on newer chips, stops at every boot.
//   I3  With anti-rollback, no app of a lower security version than the eFuses say runs.
#ifndef ALOFT_ESP_IDF_BOOT_LOADER_H
#define ALOFT_ESP_IDF_BOOT_LOADER_H

#include "boot/load.h"

// Starts the app that aloft_boot_step said RUN of. Where security features are switched on for the
// first time, they are now. Does not return.
void aloft_idf_boot_start(const struct aloft_boot *boot) __attribute__((noreturn));

#endif
