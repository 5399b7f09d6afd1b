// The whole bootloader on a fuzzed flash: tables, records and images in any state, an operation
// that fails, three boots in a row.
//
// Checked: what runs is good by a second opinion and is what was handed to the port; at most one
// change of flash a step; nothing but otadata changes; every boot ends.
// Input: choices, then patches of the flash.
#include "aloft/base/bytes.h"
#include "boot/boot.h"
#include "fuzz.h"
#include "oracle.h"
#include "repair.h"
#include "soft_crypto.h"
#include "watch.h"
#include <stdarg.h>

enum { PATCHES_MAX = 40, STEPS_MAX = 4000, BOOTS = 3, TABLE = ALOFT_PTABLE_ADDR_DEFAULT };

static struct {
    struct device device;
    struct aloft_boot boot;
    uint8_t loaded[DEVICE_SIZE]; // what the port was given since the last unload
    uint32_t loaded_len;
} scene;

__attribute__((format(printf, 4, 5))) static void say(void *ctx, char level, const char *tag,
                                                      const char *format, ...)
{
    char line[256];
    va_list args;
    (void)ctx;
    va_start(args, format);
    (void)vsnprintf(line, sizeof line, format, args); // reads every argument
    va_end(args);
    FUZZ_CHECK(strchr("EWID", level) != NULL && tag[0] != '\0');
}

static void feed_watchdog(void *ctx)
{
    (void)ctx;
}

static enum aloft_err load(void *ctx, const struct aloft_image *image, enum aloft_image_event event,
                           const uint8_t *data, uint32_t len)
{
    (void)ctx;
    FUZZ_CHECK(image->facts.segment_index < image->facts.segment_count);
    if (event == ALOFT_IMAGE_DATA) {
        FUZZ_CHECK(len <= sizeof scene.loaded - scene.loaded_len);
        memcpy(scene.loaded + scene.loaded_len, data, len);
        scene.loaded_len += len;
    }
    return ALOFT_OK;
}

static void unload(void *ctx)
{
    (void)ctx;
    scene.loaded_len = 0;
}

static uint32_t region(uint8_t which)
{
    static const uint32_t starts[] = {TABLE,
                                      DEVICE_OTADATA,
                                      DEVICE_OTADATA + 0x1000,
                                      DEVICE_FACTORY,
                                      DEVICE_OTA_0,
                                      DEVICE_OTA_0 + DEVICE_SLOT_STEP,
                                      0x9000,
                                      0};
    return starts[which % 8];
}

static void put_row(struct fuzz_input *in)
{
    struct aloft_partition row = {.label = "row"};
    uint8_t *table = scene.device.ram.bytes + TABLE;
    uint8_t index = fuzz_u8(in) % 8;
    row.type = fuzz_u8(in) % 4;
    row.subtype = fuzz_u8(in);
    row.addr = fuzz_u8(in) * 0x1000u;
    row.len = fuzz_u8(in) * 0x1000u;
    aloft_ptable_emit(&row, table + index * ALOFT_PTABLE_ROW);
    repair_table(table, ALOFT_PTABLE_LEN);
}

static void put_record(struct fuzz_input *in)
{
    struct aloft_otadata record = {.seq = 0};
    uint8_t bytes[ALOFT_OTADATA_RECORD];
    uint8_t index = fuzz_u8(in);
    record.seq = fuzz_u8(in);
    record.seq -= record.seq > 0xF0 ? 0x100 : 0; // numbers at the end of the range
    record.state = fuzz_u8(in) % 8;
    record.state -= record.state == 7 ? 8 : 0;
    aloft_otadata_emit(&record, bytes);
    bytes[28] ^= (index & 2) != 0 ? 1 : 0;
    device_put(&scene.device, region(1 + index % 2), bytes, sizeof bytes);
}

// Bytes of the input, as they are or made into an image.
static void put_bytes(struct fuzz_input *in, bool image)
{
    static uint8_t bytes[0x4000];
    uint32_t addr = region(fuzz_u8(in)) + (image ? 0 : fuzz_u16(in) % 0x1000u);
    uint32_t len = fuzz_u16(in) % (image ? (uint32_t)sizeof bytes : 64u);
    memset(bytes, 0, sizeof bytes);
    (void)fuzz_bytes(in, bytes, len);
    if (image) {
        (void)repair_image(bytes, len);
    }
    device_put(&scene.device, addr, bytes, len);
}

static void patch(struct fuzz_input *in)
{
    struct device *device = &scene.device;
    uint8_t kind = fuzz_u8(in) % 7;
    if (kind == 0) {
        put_row(in);
    } else if (kind == 1) {
        put_record(in);
    } else if (kind <= 3) {
        put_bytes(in, kind == 3);
    } else if (kind == 4) {
        char version[2] = {(char)('a' + fuzz_u8(in) % 8), 0};
        int slot = (int)(fuzz_u8(in) % 4) - 1;
        if (aloft_slots_extent(&device->slots, slot).len != 0) {
            device_put_app(device, slot, version);
        }
    } else if (kind == 5) {
        uint32_t addr = region(fuzz_u8(in)) + fuzz_u16(in) % 0x1000u;
        device->ram.bytes[addr] ^= (uint8_t)(1 << fuzz_u8(in) % 8);
    } else {
        memset(device->ram.bytes + region(fuzz_u8(in)), 0xFF, 0x1000);
    }
}

// The image that runs, judged as it lies in flash now, and held against what was loaded.
static void check_running(void)
{
    const struct aloft_boot *boot = &scene.boot;
    const uint8_t *image = scene.device.ram.bytes + boot->extent.addr;
    uint32_t crc;
    FUZZ_CHECK((uint64_t)boot->extent.addr + boot->extent.len <= DEVICE_SIZE);
    uint32_t len = oracle_image(image, boot->extent.len, &crc);
    FUZZ_CHECK(len != 0 && len == boot->image.image_len);
    FUZZ_CHECK(crc == oracle_crc32(scene.loaded, scene.loaded_len));
    FUZZ_CHECK(boot->image.entry == aloft_get_le32(image + 4));
}

static bool apart(struct aloft_extent a, struct aloft_extent b)
{
    return a.len == 0 || b.len == 0 || a.addr + a.len <= b.addr || b.addr + b.len <= a.addr;
}

// What a boot may change: otadata, once the table has said where it is. If the table puts otadata
// over the table itself or over a slot, nothing may be erased.
static struct aloft_extent changeable(void)
{
    const struct aloft_slots *slots = &scene.boot.slots;
    bool fine = apart(slots->otadata, (struct aloft_extent){0, TABLE + ALOFT_PTABLE_SECTOR});
    for (int slot = ALOFT_SLOT_TEST; slot < (int)ALOFT_OTADATA_SLOTS_MAX; slot++) {
        fine = fine && apart(slots->otadata, aloft_slots_extent(slots, slot));
    }
    return fine ? slots->otadata : (struct aloft_extent){0, 0};
}

// Nothing boots only when nothing could: no slot that may be tried holds an image that core's judge
// (checked by image_fuzz.c) accepts.
static void check_nothing(void)
{
    struct device *device = &scene.device;
    watch_step();
    device->ram.fail_op = 0;
    if (aloft_slots_load(&device->slots, &device->ram.flash, &aloft_soft_crypto, TABLE) !=
        ALOFT_OK) {
        return;
    }
    for (int slot = ALOFT_SLOT_TEST; slot < (int)device->slots.ota_count; slot++) {
        struct aloft_verify verify;
        enum aloft_step step;
        struct aloft_extent extent = aloft_slots_extent(&device->slots, slot);
        struct aloft_flash_view view = aloft_slots_view(&device->slots, extent);
        aloft_verify_init(&verify, &view, &device->rules);
        do {
            step = aloft_verify_step(&verify);
        } while (step == ALOFT_STEP_AGAIN);
        FUZZ_CHECK(step == ALOFT_STEP_FAILED);
    }
}

static void boot_once(bool trials, uint8_t fail)
{
    struct aloft_boot_port port = {.flash = &scene.device.ram.flash,
                                   .rules = &scene.device.rules,
                                   .ptable_addr = TABLE,
                                   .trials = trials,
                                   .log = say,
                                   .feed_watchdog = feed_watchdog,
                                   .load = load,
                                   .unload = unload};
    enum aloft_boot_result result;
    scene.device.ram.fail_op = 0;
    if (fail != 0) {
        watch_fail_after(&scene.device, fail);
    }
    scene.loaded_len = 0;
    aloft_boot_init(&scene.boot, &port);
    int n = 0;
    do {
        FUZZ_CHECK(n++ < STEPS_MAX);
        watch_step();
        watch.allowed[1] = changeable();
        result = aloft_boot_step(&scene.boot);
    } while (result == ALOFT_BOOT_AGAIN);
    if (result == ALOFT_BOOT_RUN) {
        check_running();
    } else if (fail == 0) {
        check_nothing();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    uint8_t choice = fuzz_u8(&in);
    uint8_t fail = fuzz_u8(&in);
    device_init(&scene.device, choice % 4, (choice & 4) == 0, (choice & 8) == 0);
    for (int slot = ALOFT_SLOT_FACTORY; slot < 3 && (choice & 16) == 0; slot++) {
        if (aloft_slots_extent(&scene.device.slots, slot).len != 0) {
            device_put_app(&scene.device, slot, "a");
        }
    }
    for (int n = 0; n < PATCHES_MAX && in.left > 0; n++) {
        patch(&in);
    }
    watch_device(&scene.device);
    for (int n = 0; n < BOOTS; n++) {
        boot_once((choice & 128) == 0, n == (choice >> 5) % BOOTS ? fail : 0);
    }
    return 0;
}
