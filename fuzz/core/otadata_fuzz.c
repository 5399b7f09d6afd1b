// otadata with any content: what the records say, which slot boots, and every writer of records,
// with one flash operation failing. Input: choices, two records, an operation.
#include "aloft/bootsel.h"
#include "boot/choose.h"
#include "fuzz.h"
#include "oracle.h"
#include "repair.h"
#include "watch.h"

enum { STEPS_MAX = 100 };

struct scene {
    uint8_t bytes[2][ALOFT_OTADATA_RECORD];
    uint32_t ota_count; // 1..16 where no flash is needed, 0..3 on the device
    bool factory;
    bool trials;
};

static void check_records(const struct scene *scene, struct aloft_otadata records[2])
{
    for (int i = 0; i < 2; i++) {
        struct aloft_otadata again;
        uint8_t bytes[ALOFT_OTADATA_RECORD];
        aloft_otadata_parse(scene->bytes[i], &records[i]);
        aloft_otadata_emit(&records[i], bytes);
        aloft_otadata_parse(bytes, &again);
        FUZZ_CHECK(again.seq == records[i].seq && again.state == records[i].state);
        FUZZ_CHECK(aloft_ota_state_name(again.state)[0] != '\0');
        uint32_t next =
            records[i].seq == 0 ? 0 : aloft_otadata_next_seq(records[i].seq, 0, scene->ota_count);
        FUZZ_CHECK(next == 0 || (next > records[i].seq && next - records[i].seq <= 16 &&
                                 aloft_otadata_slot(next, scene->ota_count) == 0));
    }
    FUZZ_CHECK(aloft_otadata_active(records) == oracle_active(scene->bytes[0], scene->bytes[1]));
}

// Every slot that exists is tried once, and no other.
static void check_plan(const struct scene *scene, const struct aloft_otadata records[2])
{
    struct aloft_boot_facts facts = {
        true, scene->trials, {records[0], records[1]}, scene->ota_count, scene->factory};
    struct aloft_boot_plan plan = aloft_boot_choose(&facts);
    uint32_t seen = 0;
    bool right = plan.reason != ALOFT_BOOT_SELECTED;
    FUZZ_CHECK(plan.first >= ALOFT_SLOT_FACTORY && plan.first < (int)scene->ota_count);
    for (uint32_t n = 0; n < scene->ota_count + 2; n++) {
        int slot = aloft_boot_candidate(&plan, scene->ota_count, n);
        FUZZ_CHECK(slot >= ALOFT_SLOT_TEST && slot < (int)scene->ota_count);
        FUZZ_CHECK((seen >> (slot + 2) & 1) == 0);
        seen |= 1u << (slot + 2);
    }
    FUZZ_CHECK(aloft_boot_candidate(&plan, scene->ota_count, scene->ota_count + 2) ==
               ALOFT_SLOT_NONE);
    for (int i = 0; i < 2; i++) {
        const struct aloft_otadata *now = &plan.records[i];
        bool ended = records[i].state == ALOFT_OTA_PENDING && now->state == ALOFT_OTA_ABORTED;
        bool begun = records[i].state == ALOFT_OTA_NEW && now->state == ALOFT_OTA_PENDING;
        FUZZ_CHECK(plan.save[i] == (ended || begun));
        FUZZ_CHECK(plan.save[i] || now->state == records[i].state);
        FUZZ_CHECK(!plan.save[i] || (scene->trials && aloft_otadata_sound(&records[i])));
        FUZZ_CHECK(now->seq == records[i].seq && now->crc == records[i].crc);
    }
    for (int i = 0; i < 2 && !right && plan.reason == ALOFT_BOOT_SELECTED; i++) {
        right = aloft_otadata_usable(&plan.records[i]) &&
                (int)aloft_otadata_slot(records[i].seq, scene->ota_count) == plan.first;
    }
    FUZZ_CHECK(right); // only a record whose trial has not failed selects a slot
}

static struct device device;

// What boots now, as seen by the second opinion: an OTA slot, or -1.
static int selected(uint32_t ota_count)
{
    const uint8_t *at = device.ram.bytes + DEVICE_OTADATA;
    int active = oracle_active(at, at + ALOFT_OTADATA_SECTOR);
    const uint8_t *seq = at + (active == 1 ? ALOFT_OTADATA_SECTOR : 0);
    uint32_t value = seq[0] | (uint32_t)seq[1] << 8 | (uint32_t)seq[2] << 16;
    value |= (uint32_t)seq[3] << 24;
    return active < 0 || ota_count == 0 ? -1 : (int)((value - 1) % ota_count);
}

static void check_read(const struct scene *scene, struct aloft_otadata records[2])
{
    uint32_t state = 0;
    FUZZ_CHECK(aloft_bootsel_read(&device.slots, records) == ALOFT_OK);
    int slot = aloft_bootsel_boot_slot(&device.slots, records);
    int wanted = selected(device.slots.ota_count);
    if (wanted >= 0) {
        FUZZ_CHECK(slot == wanted);
        FUZZ_CHECK(aloft_bootsel_state(&device.slots, records, slot, &state));
        FUZZ_CHECK(state == records[aloft_otadata_active(records)].state);
    } else {
        FUZZ_CHECK(slot == (scene->factory                ? ALOFT_SLOT_FACTORY
                            : device.slots.ota_count != 0 ? 0
                                                          : ALOFT_SLOT_NONE));
    }
}

static void begin(struct aloft_bootsel *op, uint8_t kind, int slot, bool trial)
{
    const struct aloft_slots *slots = &device.slots;
    if (kind == 0) {
        aloft_bootsel_set_boot(op, slots, &device.rules, slot, trial);
    } else if (kind == 1) {
        aloft_bootsel_confirm(op, slots, slot);
    } else if (kind == 2) {
        aloft_bootsel_reject(op, slots, &device.rules, slot);
    } else {
        const struct aloft_otadata record = {3, ALOFT_OTA_PENDING, 0};
        aloft_bootsel_mark(op, slots, slot > 0, &record, trial);
    }
}

// One writer of records. Selecting another slot never passes through a third one (B1).
static void check_write(uint8_t kind, int slot, bool trial)
{
    struct aloft_bootsel op;
    struct aloft_otadata records[2];
    uint32_t state;
    int before = selected(device.slots.ota_count);
    watch_step();
    begin(&op, kind, slot, trial);
    enum aloft_step step = ALOFT_STEP_AGAIN;
    for (int n = 0; step == ALOFT_STEP_AGAIN; n++) {
        FUZZ_CHECK(n < STEPS_MAX);
        watch_step();
        step = aloft_bootsel_step(&op);
        int now = selected(device.slots.ota_count);
        FUZZ_CHECK(kind != 0 || slot == before || now == before || now == slot ||
                   (slot == ALOFT_SLOT_FACTORY && now == -1));
    }
    FUZZ_CHECK((step == ALOFT_STEP_FAILED) == (op.err != ALOFT_OK));
    device.ram.fail_op = 0;
    watch_step();
    if (step == ALOFT_STEP_DONE && kind == 0) {
        FUZZ_CHECK(aloft_bootsel_read(&device.slots, records) == ALOFT_OK);
        FUZZ_CHECK(selected(device.slots.ota_count) == slot);
        FUZZ_CHECK(slot < 0 || aloft_bootsel_state(&device.slots, records, slot, &state));
    }
}

static void check_device(struct scene *scene, struct fuzz_input *in)
{
    struct aloft_otadata records[2];
    uint8_t goodness = fuzz_u8(in);
    uint8_t kind = fuzz_u8(in) % 4;
    int slot = (int)(fuzz_u8(in) % 8) - 2;
    uint8_t fail = fuzz_u8(in);
    device_init(&device, scene->ota_count % 4, scene->factory, (goodness & 16) == 0);
    watch_device(&device);
    for (int i = -1; i < (int)device.slots.ota_count; i++) {
        if ((goodness >> (i + 1) & 1) == 0 && aloft_slots_extent(&device.slots, i).len != 0) {
            device_put_app(&device, i, "x");
        }
    }
    if (device.slots.otadata.len == 0) {
        return;
    }
    for (uint32_t i = 0; i < 2; i++) {
        device_put(&device, DEVICE_OTADATA + i * ALOFT_OTADATA_SECTOR, scene->bytes[i],
                   ALOFT_OTADATA_RECORD);
    }
    check_read(scene, records);
    watch.allowed[1] = device.slots.otadata;
    if (fail != 0) {
        watch_fail_after(&device, fail);
    }
    check_write(kind, slot, scene->trials);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    struct aloft_otadata records[2];
    struct scene scene;
    uint8_t choice = fuzz_u8(&in);
    memset(&scene, 0xFF, sizeof scene);
    scene.ota_count = 1 + fuzz_u8(&in) % 16;
    scene.factory = (choice & 1) != 0;
    scene.trials = (choice & 2) != 0;
    for (int i = 0; i < 2; i++) {
        (void)fuzz_bytes(&in, scene.bytes[i], ALOFT_OTADATA_RECORD);
        if ((choice & (4 << i)) != 0) {
            repair_record(scene.bytes[i]);
        }
    }
    check_records(&scene, records);
    check_plan(&scene, records);
    check_device(&scene, &in);
    return 0;
}
