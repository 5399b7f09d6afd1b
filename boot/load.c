// One pass over the slot: see the header. Byte path 11/12: is loaded where it runs, verified again,
// and executed by the port.
#include "load.h"
#include "aloft/chip.h"

static void describe(const struct aloft_boot *boot, const struct aloft_image_facts *facts)
{
    const struct aloft_chip *chip = boot->port->rules->chip;
    bool map = chip != NULL && aloft_chip_maps(chip, facts->segment_addr);
    const char *how = map ? "map" : facts->segment_addr >= ALOFT_CHIP_PADDING_END ? "load" : "";
    uint32_t paddr = boot->extent.addr + facts->segment_off;
    boot->port->log(boot->port->ctx, 'I', "esp_image",
                    "segment %d: paddr=%08x vaddr=%08x size=%05xh (%6d) %s",
                    (int)facts->segment_index, (unsigned)paddr, (unsigned)facts->segment_addr,
                    (unsigned)facts->segment_len, (int)facts->segment_len, how);
}

static enum aloft_err load(void *ctx, const struct aloft_image *image, enum aloft_image_event event,
                           const uint8_t *data, uint32_t len)
{
    const struct aloft_boot *boot = ctx;
    if (event == ALOFT_IMAGE_DESC) {
        return ALOFT_OK; // nothing to load
    }
    if (event == ALOFT_IMAGE_SEGMENT) {
        describe(boot, &image->facts);
    }
    return boot->port->load(boot->port->ctx, image, event, data, len);
}

bool aloft_boot_load_begin(struct aloft_boot *boot)
{
    struct aloft_verify *verify = &boot->work.verify;
    ALOFT_ASSERT(boot->slot != ALOFT_SLOT_NONE);
    boot->extent = aloft_slots_extent(&boot->slots, boot->slot);
    if (boot->extent.len == 0) {
        return false;
    }
    struct aloft_flash_view view = aloft_slots_view(&boot->slots, boot->extent);
    aloft_verify_init(verify, &view, boot->port->rules);
    verify->sink = load;
    verify->ctx = boot;
    return true;
}

enum aloft_step aloft_boot_load_step(struct aloft_boot *boot)
{
    const struct aloft_boot_port *port = boot->port;
    struct aloft_verify *verify = &boot->work.verify;
    ALOFT_INVARIANT("L1", verify->sink == load); // what runs is what is hashed
    enum aloft_step step = aloft_verify_step(verify);
    if (step == ALOFT_STEP_DONE) {
        ALOFT_INVARIANT("L1", verify->err == ALOFT_OK);
        boot->image = verify->image.facts;
        port->log(port->ctx, 'I', "boot", "Loaded app from partition at offset 0x%x",
                  (unsigned)boot->extent.addr);
    } else if (step == ALOFT_STEP_FAILED) {
        port->log(port->ctx, 'E', "boot", "image at 0x%x is refused: %s",
                  (unsigned)boot->extent.addr, aloft_err_boot_name(verify->err));
        // The fault of a slot with an image is kept: an empty slot does not explain why nothing
        // boots.
        if (boot->err == ALOFT_OK || boot->err == ALOFT_ERR_IMAGE_MAGIC) {
            boot->err = verify->err;
        }
        port->unload(port->ctx);
    }
    return step;
}
