// The update engine, driven by a script: begin, feed a good or spoiled image, step, finish, abort,
// power cycles and failing flash operations in any order.
//
// Checked: E1 and E6 (the watch stops a change outside the target; otadata may change only while it
// does not select the running app), E2 (no change before the head was
// accepted), E3 (what starts like an image is whole and good), and that DONE means a good image.
// Input: slots, then operations.
#include "aloft/base/bytes.h"
#include "aloft/engine.h"
#include "fuzz.h"
#include "oracle.h"
#include "repair.h"
#include "soft_crypto.h"
#include "watch.h"

enum { OPS_MAX = 200, SETTLE_MAX = 3000, STREAM_MAX = DEVICE_IMAGE_MAX };

static struct {
    struct device device;
    struct aloft_engine engine;
    bool begun;
    bool finishing; // finish has returned OK
    struct aloft_extent target;
    uint8_t stream[STREAM_MAX];
    uint32_t len;
    uint32_t at;
} scene;

static void check_slot(void)
{
    const struct aloft_extent *target = &scene.target;
    const uint8_t *bytes = scene.device.ram.bytes + target->addr;
    if (target->len != 0 && bytes[0] == 0xE9) {
        FUZZ_CHECK(oracle_image(bytes, target->len, NULL) != 0);
    }
    FUZZ_CHECK(!scene.begun || !watch.on_slot || scene.engine.head_passed);
}

// The record that scene sets up, if any, is number 0 and names ota_0.
static bool on_trial(int running)
{
    const uint8_t *records = scene.device.ram.bytes + DEVICE_OTADATA;
    return running == 0 && oracle_active(records, records + ALOFT_OTADATA_SECTOR) == 0 &&
           records[24] <= ALOFT_OTA_PENDING;
}

// True when otadata selects another slot than the running one (E6).
static bool in_fallback(int running)
{
    const struct device *device = &scene.device;
    const uint8_t *records = device->ram.bytes + DEVICE_OTADATA;
    int selected = device->slots.factory.len != 0 ? ALOFT_SLOT_FACTORY : 0;
    int active = device->slots.otadata.len == 0
                     ? -1
                     : oracle_active(records, records + ALOFT_OTADATA_SECTOR);
    if (active >= 0 && device->slots.ota_count > 0) {
        uint32_t seq = aloft_get_le32(records + (uint32_t)active * ALOFT_OTADATA_SECTOR);
        selected = (int)((seq - 1) % device->slots.ota_count);
    }
    return selected != running;
}

static void begin(struct fuzz_input *in)
{
    uint8_t how = fuzz_u8(in);
    static const int targets[] = {ALOFT_SLOT_NONE, 0, 1, 2, ALOFT_SLOT_FACTORY, 7};
    static struct aloft_image_facts current;
    current = (struct aloft_image_facts){.has_desc = true, .version = "1", .project = "test"};
    struct aloft_engine_config config = {
        .slots = &scene.device.slots,
        .rules = &scene.device.rules,
        .current = (how & 1) != 0 ? &current : NULL,
        .running = (int)(how >> 1 & 3) - 1,
        .target = targets[(how >> 3) % 6],
        .len = (how & 0x40) != 0   ? scene.len
               : (how & 0x80) != 0 ? fuzz_u16(in) * 4u
                                   : 0,
    };
    memset(&watch.allowed, 0, sizeof watch.allowed);
    watch.on_slot = false;
    watch_step();
    enum aloft_err err = aloft_engine_begin(&scene.engine, &config);
    scene.begun = true;
    scene.finishing = false;
    scene.at = 0;
    if (err == ALOFT_OK) {
        int target = scene.engine.target;
        FUZZ_CHECK(target >= 0 && target != config.running && !on_trial(config.running));
        scene.target = aloft_slots_extent(&scene.device.slots, target);
        watch.allowed[0] = scene.target;
        if (in_fallback(config.running)) {
            watch.allowed[1] = scene.device.slots.otadata;
        }
    }
    FUZZ_CHECK(scene.engine.err == err);
}

static enum aloft_step step(void)
{
    watch_step();
    enum aloft_step result = aloft_engine_step(&scene.engine);
    FUZZ_CHECK((result == ALOFT_STEP_FAILED) == (scene.engine.err != ALOFT_OK));
    if (result == ALOFT_STEP_DONE && scene.finishing) {
        const uint8_t *bytes = scene.device.ram.bytes + scene.target.addr;
        FUZZ_CHECK(oracle_image(bytes, scene.target.len, NULL) != 0);
        FUZZ_CHECK(memcmp(bytes, scene.stream, scene.at) == 0);
    }
    return result;
}

static void settle(void)
{
    for (int n = 0; step() == ALOFT_STEP_AGAIN; n++) {
        FUZZ_CHECK(n < SETTLE_MAX);
    }
}

static uint32_t feed(uint32_t len)
{
    uint32_t used;
    uint32_t room = aloft_engine_room(&scene.engine);
    len = len < scene.len - scene.at ? len : scene.len - scene.at;
    watch_step();
    uint32_t before = watch.total;
    enum aloft_err err = aloft_engine_feed(&scene.engine, scene.stream + scene.at, len, &used);
    FUZZ_CHECK(watch.total == before); // feed touches no flash
    FUZZ_CHECK(used <= len && used <= room);
    FUZZ_CHECK(err != ALOFT_OK || used == (len < room ? len : room));
    scene.at += used;
    return err == ALOFT_OK ? used : 0;
}

static void feed_all(void)
{
    for (int n = 0; scene.at < scene.len && n < SETTLE_MAX; n++) {
        uint32_t used = feed(4096);
        settle();
        if (used == 0 && aloft_engine_room(&scene.engine) == 0) {
            return;
        }
    }
}

static void make_stream(struct fuzz_input *in)
{
    uint8_t version[2] = {(uint8_t)('0' + fuzz_u8(in) % 4), 0};
    uint32_t extra = fuzz_u16(in);
    extra = extra % (extra < 0xF000u ? 0x1000u : 0x6000u) & ~3u; // mostly small, for speed
    const uint8_t *image = device_image((const char *)version, extra, &scene.len);
    memcpy(scene.stream, image, scene.len);
    scene.at = 0;
}

static void spoil(struct fuzz_input *in)
{
    uint32_t at = fuzz_u16(in) % STREAM_MAX;
    uint8_t len = fuzz_u8(in) % 32;
    len = at + len <= STREAM_MAX ? len : 0;
    (void)fuzz_bytes(in, scene.stream + at, len);
    scene.len = scene.len > at + len ? scene.len : at + len;
}

static void power_cycle(void)
{
    check_slot();
    memset(&scene.engine, 0xA5, sizeof scene.engine); // RAM is lost
    scene.begun = false;
}

static void operate_engine(uint8_t op, struct fuzz_input *in)
{
    if (op == 4) {
        (void)feed(fuzz_u16(in) % 2048);
    } else if (op == 5) {
        for (uint8_t n = fuzz_u8(in) % 64; n > 0; n--) {
            (void)step();
        }
    } else if (op == 6) {
        bool good = aloft_engine_finish(&scene.engine) == ALOFT_OK;
        scene.finishing = scene.finishing || good;
    } else if (op == 7) {
        aloft_engine_abort(&scene.engine);
    } else if (op == 8) {
        feed_all();
    } else if (op == 9) {
        settle();
    } else {
        power_cycle();
    }
}

static void operate(struct fuzz_input *in)
{
    uint8_t op = fuzz_u8(in) % 12;
    if (op == 0) {
        begin(in);
    } else if (op == 1 && !scene.begun) {
        make_stream(in);
    } else if (op == 2 && !scene.begun) {
        spoil(in);
    } else if (op == 3 && !scene.begun) {
        (void)repair_image(scene.stream, scene.len);
    } else if (op == 11) {
        watch_fail_after(&scene.device, fuzz_u8(in));
    } else if (op >= 4 && scene.begun) {
        operate_engine(op, in);
    }
    check_slot();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    uint8_t slots = fuzz_u8(&in);
    memset(&scene, 0, sizeof scene);
    device_init(&scene.device, slots % 4, (slots & 4) == 0, (slots & 8) == 0);
    for (int i = 0; i < (int)scene.device.slots.ota_count && (slots & 16) != 0; i++) {
        device_put_app(&scene.device, i, "old");
    }
    if ((slots & 0xE0) == 0xE0 && scene.device.slots.otadata.len != 0) {
        device_put_record(&scene.device, 0, 1, fuzz_u8(&in) % 6, true);
    }
    watch_device(&scene.device);
    make_stream(&in);
    for (int n = 0; n < OPS_MAX && in.left > 0; n++) {
        operate(&in);
    }
    return 0;
}
