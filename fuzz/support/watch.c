// The original operations are kept aside; there is one device, so there is one watch.
#include "watch.h"
#include "fuzz.h"
#include "hostlib/crypto/mbed_crypto.h"

// What a step may read before it changes something.
enum { LOOK_MAX = 4096 };

struct watch watch;
static const struct aloft_flash_ops *below;

static bool inside(struct aloft_extent extent, uint32_t addr, uint32_t len)
{
    return addr >= extent.addr && addr - extent.addr <= extent.len &&
           len <= extent.len - (addr - extent.addr);
}

static void change(uint32_t addr, uint32_t len)
{
    bool slot = inside(watch.allowed[0], addr, len);
    FUZZ_CHECK(slot || inside(watch.allowed[1], addr, len));
    watch.on_slot = watch.on_slot || slot;
    watch.changes++;
    watch.total++;
    FUZZ_CHECK(watch.changes <= 1);
    FUZZ_CHECK(watch.read_bytes <= LOOK_MAX);
}

static enum aloft_err read_op(void *ctx, uint32_t addr, void *buf, uint32_t len)
{
    watch.read_bytes += len;
    watch.total++;
    FUZZ_CHECK(watch.changes == 0);
    return below->read(ctx, addr, buf, len);
}

static enum aloft_err prog_op(void *ctx, uint32_t addr, const void *data, uint32_t len)
{
    change(addr, len);
    return below->prog(ctx, addr, data, len);
}

static enum aloft_err erase_op(void *ctx, uint32_t addr, uint32_t len)
{
    change(addr, len);
    return below->erase(ctx, addr, len);
}

void watch_device(struct device *device)
{
    static const struct aloft_flash_ops ops = {read_op, prog_op, erase_op};
    memset(&watch, 0, sizeof watch);
    device->rules.crypto = &aloft_mbed_crypto;
    if (device->ram.flash.ops != &ops) {
        below = device->ram.flash.ops;
        device->ram.flash.ops = &ops;
    }
}

void watch_step(void)
{
    watch.changes = 0;
    watch.read_bytes = 0;
}

void watch_fail_after(struct device *device, uint32_t n)
{
    device->ram.fail_op = device->ram.ops + 1 + n;
}
