// What bootloader and app of the skeleton have in common, made of target.h: flash, rules, log.
#ifndef ALOFT_SKELETON_BOARD_H
#define ALOFT_SKELETON_BOARD_H

#include "aloft/flash.h"
#include "aloft/image.h"

#define ALOFT_SKELETON_PTABLE_ADDR 0x8000u // where the build puts the partition table

// Seam 1, over target_flash_*. A chip that encrypts needs more: a write unit of 16 or 32 here, and
// a second one without encryption as its `raw`.
struct aloft_flash aloft_skeleton_flash(void);

// What an image must be to run here: bootloader and app ask the same. Signatures, where they are
// wanted, are a struct aloft_trust beside it (aloft/trust.h).
struct aloft_image_rules aloft_skeleton_rules(void);

// One line on the console, as struct aloft_boot_port and struct aloft_net_port want it.
void aloft_skeleton_log(void *ctx, char level, const char *tag, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

void aloft_skeleton_feed_watchdog(void *ctx);

#endif
