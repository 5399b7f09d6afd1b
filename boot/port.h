// Seam 4 of 4: what the bootloader needs of its board. The port's start-up code fills this in,
// calls aloft_boot_init and aloft_boot_step, and never returns.
#ifndef ALOFT_BOOT_PORT_H
#define ALOFT_BOOT_PORT_H

#include "aloft/flash.h"
#include "aloft/image.h"

struct aloft_boot_port {
    void *ctx;
    const struct aloft_flash *flash;
    const struct aloft_image_rules *rules; // chip, crypto, needed segment; from eFuse revision,
                                           // security version, and whose signatures count
    uint32_t ptable_addr;
    bool power_on; // power was off before this boot: a trial that ended so says nothing of the app
    bool trials;   // roll back an app that did not confirm itself; the default of products

    // One console line: level 'E', 'W', 'I' or 'D', tag, then printf's format with %s %u %d %x,
    // widths and zero padding only. Never NULL.
    void (*log)(void *ctx, char level, const char *tag, const char *format, ...)
        __attribute__((format(printf, 4, 5)));

    // Called between flash operations.
    void (*feed_watchdog)(void *ctx);

    // Where segment data goes: called with ALOFT_IMAGE_SEGMENT when a segment begins and with
    // ALOFT_IMAGE_DATA for its bytes in order, as they are hashed. It may put them where they run,
    // for nothing runs before the image was found good. A fault refuses the image.
    enum aloft_err (*load)(void *ctx, const struct aloft_image *image, enum aloft_image_event event,
                           const uint8_t *data, uint32_t len);

    // The image being loaded is refused: forget what load was given.
    void (*unload)(void *ctx);
};

#endif
