// Segments that run from RAM are copied while they are hashed: nothing runs before the image was
// found good. Segments that stay in flash are noted, and mapped when it was.
#include "ports/skeleton/bootloader.h"
#include "boot/boot.h"
#include "ports/skeleton/board.h"
#include "ports/skeleton/target.h"

struct mapped {
    uint32_t addr;
    uint32_t off; // in the image
    uint32_t len;
};

struct bootloader {
    struct aloft_boot boot;
    struct mapped mapped[ALOFT_IMAGE_SEGMENTS_MAX];
    uint32_t mapped_count;
    bool copies; // the segment that has begun runs from RAM
};

static enum aloft_err load(void *ctx, const struct aloft_image *image, enum aloft_image_event event,
                           const uint8_t *data, uint32_t len)
{
    struct bootloader *bootloader = ctx;
    const struct aloft_image_facts *facts = &image->facts;
    if (event == ALOFT_IMAGE_DATA && bootloader->copies) {
        target_copy(facts->segment_addr + image->off - facts->segment_off - len, data, len);
    }
    if (event != ALOFT_IMAGE_SEGMENT) {
        return ALOFT_OK;
    }
    bool padding = facts->segment_addr < ALOFT_CHIP_PADDING_END || facts->segment_len == 0;
    bool maps = aloft_chip_maps(image->rules.chip, facts->segment_addr);
    bootloader->copies = !padding && !maps;
    if (maps && !padding) {
        bootloader->mapped[bootloader->mapped_count++] =
            (struct mapped){facts->segment_addr, facts->segment_off, facts->segment_len};
    }
    return bootloader->copies && !target_ram_is_free(facts->segment_addr, facts->segment_len)
               ? ALOFT_ERR_IMAGE_SEGMENT
               : ALOFT_OK;
}

static void unload(void *ctx)
{
    struct bootloader *bootloader = ctx;
    bootloader->mapped_count = 0;
}

_Noreturn void aloft_skeleton_boot(void)
{
    static struct bootloader bootloader; // of the chip; core never sees it
    struct aloft_boot *boot = &bootloader.boot;
    const struct aloft_flash flash = aloft_skeleton_flash();
    const struct aloft_image_rules rules = aloft_skeleton_rules();
    const struct aloft_boot_port port = {.ctx = &bootloader,
                                         .flash = &flash,
                                         .rules = &rules,
                                         .ptable_addr = ALOFT_SKELETON_PTABLE_ADDR,
                                         .power_on = target_power_was_off(),
                                         .trials = true,
                                         .log = aloft_skeleton_log,
                                         .feed_watchdog = aloft_skeleton_feed_watchdog,
                                         .load = load,
                                         .unload = unload};
    enum aloft_boot_result result;
    bootloader.mapped_count = 0;
    aloft_boot_init(boot, &port);
    do {
        result = aloft_boot_step(boot);
    } while (result == ALOFT_BOOT_AGAIN);
    if (result == ALOFT_BOOT_NOTHING) {
        aloft_skeleton_log(NULL, 'E', "boot", "Nothing boots; waiting for a first flash");
        for (;;) {
            target_feed_watchdog();
        }
    }
    for (uint32_t i = 0; i < bootloader.mapped_count; i++) {
        const struct mapped *segment = &bootloader.mapped[i];
        target_map(segment->addr, boot->extent.addr + segment->off, segment->len);
    }
    target_jump(boot->image.entry, boot->extent.addr);
}
