// A whole small device in RAM for tests of slots, otadata, engine, agent and bootloader: a NOR chip
// with a partition table, factory app and OTA slots, laid out by the test. Nothing in it does I/O.
#ifndef ALOFT_DEVICE_H
#define ALOFT_DEVICE_H

#include "aloft/image.h"
#include "aloft/slots.h"
#include "check.h"
#include "make_image.h"
#include "ram_flash.h"

enum {
    DEVICE_SIZE = 0x80000,
    DEVICE_OTADATA = 0xD000,
    DEVICE_FACTORY = 0x10000,
    DEVICE_FACTORY_LEN = 0x10000,
    DEVICE_OTA_0 = 0x20000,
    DEVICE_SLOT_LEN = 0x18000, // not a multiple of a block, so both kinds of erase occur
    DEVICE_SLOT_STEP = 0x20000,
    DEVICE_IMAGE_MAX = 0x8000,
};

// What the chip of the next device programs at least: 1, or 16 or 32, and then it encrypts.
extern uint32_t device_unit;

struct device {
    struct ram_flash ram;
    struct aloft_slots slots;
    struct aloft_image_rules rules; // ESP32, any revision, soft crypto
};

// An erased chip with a table of `ota` OTA slots (0..3), with or without factory and otadata.
// slots are loaded. There is one chip: a second device replaces the first.
void device_init(struct device *device, uint32_t ota, bool factory, bool otadata);

// The default: factory, otadata and two OTA slots.
void device_two_ota(struct device *device);

// Puts the bytes there without counting operations.
void device_put(struct device *device, uint32_t addr, const void *bytes, uint32_t len);

// Puts a good image of this version into a slot. Returns its length.
uint32_t device_put_app(struct device *device, int slot, const char *version);

// Writes record `index` of otadata; crc_ok false spoils its CRC.
void device_put_record(struct device *device, uint32_t index, uint32_t seq, uint32_t state,
                       bool crc_ok);

// A good image in the fixture's own buffer, which the next call reuses. extra: bytes of payload.
const uint8_t *device_image(const char *version, uint32_t extra, uint32_t *len);

// The same of a bootloader: all of it is copied to RAM, and nothing is mapped from flash.
const uint8_t *device_bootloader(uint32_t *len);

// The stride of a loop that is too slow to try everything on every chip: 1 on a plain one, and this
// on those that encrypt.
static inline uint32_t device_stride(uint32_t encrypting)
{
    return device_unit == 1 ? 1 : encrypting;
}

static inline int device_run(const struct check_test *tests, size_t count)
{
    int status = 0;
    uint32_t units = UINTPTR_MAX > UINT32_MAX ? 3 : 1; // an emulated device has time for one
    for (uint32_t i = 0; i < units; i++) {
        device_unit = i == 0 ? 1 : 8u << i;
        printf("write unit %u:\n", (unsigned)device_unit);
        status |= check_run(tests, count);
    }
    return status;
}

// CHECK_MAIN (check.h) for tests that hold on every chip: they run on a plain one, and on two that
// encrypt; under emulation on the plain one alone.
#define DEVICE_MAIN(...)                                                                           \
    int main(void)                                                                                 \
    {                                                                                              \
        static const struct check_test tests[] = {__VA_ARGS__};                                    \
        return device_run(tests, sizeof tests / sizeof tests[0]);                                  \
    }

// A sum of flash outside [addr, addr + len) and outside otadata.
uint32_t device_rest(const struct device *device, uint32_t addr, uint32_t len);

#endif
