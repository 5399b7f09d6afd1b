// otadata on a chip that encrypts its flash: erased cells read as noise, less than a unit is
// refused, and what is programmed twice reads as noise. All that works on a plain chip works here,
// and comes to an end.
#include "aloft/bootsel.h"
#include "check.h"
#include "device.h"

enum { OPERATIONS_MAX = 40 };

static struct device device;
static struct aloft_bootsel op;

// The chip: otadata is encrypted, the rest is plain, and any change can be torn.
static struct {
    struct aloft_flash flash;
    const struct aloft_flash_ops *below;
    const struct aloft_flash_cipher *cipher;
    uint32_t changes; // erases and programs
    uint32_t cut_at;  // this change is torn, and the chip is dead from then on; 0: none
} chip;

static uint32_t mix(uint32_t x)
{
    x = (x ^ x >> 16) * 0x85EBCA6Bu;
    x = (x ^ x >> 13) * 0xC2B2AE35u;
    return x ^ x >> 16;
}

static bool encrypted(uint32_t addr)
{
    return addr >= DEVICE_OTADATA && addr < DEVICE_OTADATA + ALOFT_OTADATA_LEN;
}

static enum aloft_err read_op(void *ctx, uint32_t addr, void *buf, uint32_t len)
{
    if (chip.cut_at != 0 && chip.changes >= chip.cut_at) {
        return ALOFT_ERR_FLASH_READ;
    }
    if (!encrypted(addr)) {
        return chip.below->read(ctx, addr, buf, len);
    }
    for (uint32_t i = 0; i < len; i++) {
        uint8_t block[16];
        uint32_t at = (addr + i) & ~15u;
        memcpy(block, device.ram.bytes + at, sizeof block);
        chip.cipher->decrypt(chip.cipher->ctx, at, block, sizeof block);
        ((uint8_t *)buf)[i] = block[(addr + i) % 16];
    }
    return ALOFT_OK;
}

// False when power is away now.
static bool change(void)
{
    chip.changes++;
    return chip.cut_at == 0 || chip.changes <= chip.cut_at;
}

static enum aloft_err prog_op(void *ctx, uint32_t addr, const void *data, uint32_t len)
{
    uint8_t bytes[ALOFT_FLASH_PAGE];
    memcpy(bytes, data, len);
    CHECK(addr % chip.flash.geometry.write_unit == 0 && len % chip.flash.geometry.write_unit == 0);
    if (encrypted(addr)) {
        chip.cipher->encrypt(chip.cipher->ctx, addr, bytes, len);
    }
    bool alive = change();
    if (!alive || chip.changes == chip.cut_at) {
        len = alive ? 3 + chip.cut_at % 11 : 0; // torn
    }
    enum aloft_err err = len > 0 ? chip.below->prog(ctx, addr, bytes, len) : ALOFT_OK;
    return alive && chip.changes != chip.cut_at ? err : ALOFT_ERR_FLASH_PROG;
}

static enum aloft_err erase_op(void *ctx, uint32_t addr, uint32_t len)
{
    bool alive = change();
    if (alive && chip.changes == chip.cut_at) {
        for (uint32_t i = 0; i < len; i++) { // bits here and there
            device.ram.bytes[addr + i] |= (uint8_t)(mix(chip.cut_at + i) & mix(i));
        }
    }
    bool whole = alive && chip.changes != chip.cut_at;
    return whole ? chip.below->erase(ctx, addr, len) : ALOFT_ERR_FLASH_ERASE;
}

// A device whose otadata was just erased.
static void fresh(uint32_t unit)
{
    static const struct aloft_flash_ops ops = {read_op, prog_op, erase_op};
    device_two_ota(&device);
    device_put_app(&device, ALOFT_SLOT_FACTORY, "f");
    device_put_app(&device, 0, "a");
    device_put_app(&device, 1, "b");
    memset(&chip, 0, sizeof chip);
    chip.below = device.ram.flash.ops;
    chip.flash = device.ram.flash;
    chip.flash.ops = &ops;
    chip.flash.geometry.write_unit = unit;
    chip.cipher = aloft_quick_cipher(unit);
    device.slots.flash = &chip.flash;
}

static void power_on(void)
{
    chip.changes = 0;
    chip.cut_at = 0;
}

static void put_record(uint32_t index, uint32_t seq, uint32_t state)
{
    struct aloft_otadata record = {.seq = seq, .state = state};
    uint8_t bytes[ALOFT_OTADATA_RECORD];
    uint32_t addr = DEVICE_OTADATA + index * ALOFT_OTADATA_SECTOR;
    memset(device.ram.bytes + addr, 0xFF, ALOFT_OTADATA_SECTOR);
    aloft_otadata_emit(&record, bytes);
    CHECK_EQ(chip.flash.ops->prog(chip.flash.ctx, addr, bytes, sizeof bytes), ALOFT_OK);
    chip.changes = 0;
}

static enum aloft_err run(void)
{
    enum aloft_step step = ALOFT_STEP_AGAIN;
    uint32_t start = chip.changes;
    while (step == ALOFT_STEP_AGAIN && chip.changes - start <= OPERATIONS_MAX) {
        uint32_t before = chip.changes;
        step = aloft_bootsel_step(&op);
        CHECK(chip.changes - before <= 1);
    }
    CHECK(step != ALOFT_STEP_AGAIN); // it ends
    return step == ALOFT_STEP_DONE ? ALOFT_OK : op.err;
}

static void read_records(struct aloft_otadata records[2])
{
    CHECK_EQ(aloft_bootsel_read(&device.slots, records), ALOFT_OK);
}

static void check_record(uint32_t index, uint32_t seq, uint32_t state)
{
    struct aloft_otadata records[2];
    read_records(records);
    CHECK(aloft_otadata_sound(&records[index]));
    CHECK_EQ(records[index].seq, seq);
    CHECK_EQ(records[index].state, state);
}

static void mark(uint32_t sector, uint32_t seq, uint32_t state)
{
    aloft_bootsel_mark(&op, &device.slots, sector, &(struct aloft_otadata){seq, state, 0}, false);
}

static void repair(void)
{
    aloft_bootsel_repair(&op, &device.slots);
    CHECK_EQ(run(), ALOFT_OK);
}

static const uint32_t units[] = {16, 32};

static void what_is_erased_reads_as_no_record_and_no_note(void)
{
    for (uint32_t u = 0; u < 2; u++) {
        struct aloft_otadata records[2];
        uint8_t ids[2][ALOFT_NOTE_ID];
        uint32_t count;
        uint32_t cut;
        fresh(units[u]);
        read_records(records);
        CHECK(records[0].seq != 0xFFFFFFFF); // noise
        CHECK_EQ(aloft_otadata_active(records), -1);
        CHECK_EQ(aloft_bootsel_boot_slot(&device.slots, records), ALOFT_SLOT_FACTORY);
        CHECK_EQ(aloft_bootsel_failed(&device.slots, ids, &count, &cut), ALOFT_OK);
        CHECK_EQ(count, 0);
        repair();
        CHECK_EQ(chip.changes, 0);
    }
}

// Where erased cells read as noise, confirm and the bootloader's mark erased otadata without end: a
// place was blank only if it read FF, so there was never room for a note.
static void a_life_from_set_boot_to_rollback_works(void)
{
    for (uint32_t u = 0; u < 2; u++) {
        uint8_t ids[2][ALOFT_NOTE_ID];
        uint32_t count;
        uint32_t cut;
        check_note("unit %ld", (long)units[u], 0);
        fresh(units[u]);
        aloft_bootsel_set_boot(&op, &device.slots, &device.rules, 0, true);
        CHECK_EQ(run(), ALOFT_OK);
        check_record(0, 1, ALOFT_OTA_NEW);
        mark(0, 1, ALOFT_OTA_PENDING);
        CHECK_EQ(run(), ALOFT_OK);
        aloft_bootsel_confirm(&op, &device.slots, 0);
        CHECK_EQ(run(), ALOFT_OK);
        check_record(0, 1, ALOFT_OTA_VALID);
        aloft_bootsel_set_boot(&op, &device.slots, &device.rules, 1, true);
        CHECK_EQ(run(), ALOFT_OK);
        mark(1, 2, ALOFT_OTA_PENDING);
        CHECK_EQ(run(), ALOFT_OK);
        mark(1, 2, ALOFT_OTA_ABORTED);
        CHECK_EQ(run(), ALOFT_OK);
        check_record(0, 1, ALOFT_OTA_VALID);
        check_record(1, 2, ALOFT_OTA_ABORTED);
        CHECK_EQ(aloft_bootsel_failed(&device.slots, ids, &count, &cut), ALOFT_OK);
        CHECK_EQ(count, 1); // its notes were found again
        aloft_bootsel_set_boot(&op, &device.slots, &device.rules, 1, true);
        CHECK_EQ(run(), ALOFT_OK);
        aloft_bootsel_reject(&op, &device.slots, &device.rules, 1);
        CHECK_EQ(run(), ALOFT_OK);
        check_record(1, 4, ALOFT_OTA_INVALID);
        aloft_bootsel_set_boot(&op, &device.slots, &device.rules, ALOFT_SLOT_FACTORY, true);
        CHECK_EQ(run(), ALOFT_OK);
        what_is_erased_reads_as_no_record_and_no_note();
    }
}

static void a_rewrite_always_finds_room_for_its_note(void)
{
    for (uint32_t u = 0; u < 2; u++) {
        fresh(units[u]);
        put_record(0, 1, ALOFT_OTA_VALID);
        put_record(1, 2, ALOFT_OTA_VALID);
        for (uint32_t i = 0; i < 200; i++) {
            uint32_t state = i % 2 == 0 ? ALOFT_OTA_PENDING : ALOFT_OTA_VALID;
            chip.changes = 0;
            mark(1, 2, state);
            CHECK_EQ(run(), ALOFT_OK);
            CHECK(chip.changes <= 15);
            check_record(0, 1, ALOFT_OTA_VALID);
            check_record(1, 2, state);
        }
    }
}

// One rewrite in place, cut in the middle of each of its operations; the bootloader completes it,
// is cut itself there, and completes that.
static void check_cut(uint32_t unit, bool other, uint32_t cut, uint32_t again)
{
    check_note("cut at %ld, then at %ld", (long)cut, (long)again);
    fresh(unit);
    if (other) {
        put_record(0, 1, ALOFT_OTA_VALID);
    }
    put_record(1, 2, ALOFT_OTA_PENDING);
    chip.cut_at = cut;
    aloft_bootsel_confirm(&op, &device.slots, 1);
    bool done = run() == ALOFT_OK;
    power_on();
    chip.cut_at = again;
    aloft_bootsel_repair(&op, &device.slots);
    (void)run();
    power_on();
    repair();
    struct aloft_otadata records[2];
    read_records(records);
    CHECK(aloft_otadata_sound(&records[1]));
    CHECK_EQ(records[1].seq, 2);
    CHECK(records[1].state == ALOFT_OTA_VALID || (!done && records[1].state == ALOFT_OTA_PENDING));
    if (other) {
        check_record(0, 1, ALOFT_OTA_VALID);
    }
    power_on();
    repair();
    CHECK_EQ(chip.changes, 0); // nothing is left to do
    aloft_bootsel_confirm(&op, &device.slots, 1);
    CHECK_EQ(run(), ALOFT_OK);
    check_record(1, 2, ALOFT_OTA_VALID);
}

static void a_cut_of_confirm_leaves_the_old_state_or_the_new_one(void)
{
    for (uint32_t cut = 1; cut <= 9; cut++) {
        for (uint32_t again = 0; again <= 8; again++) {
            for (uint32_t u = 0; u < 4; u++) {
                check_cut(units[u / 2], u % 2 == 0, cut, again);
            }
        }
    }
}

// A note goes behind what was torn, as often as that takes, and is found behind it.
static void a_note_behind_torn_ones_is_found(void)
{
    for (uint32_t torn = 1; torn <= 5; torn++) {
        check_note("%ld torn notes", (long)torn, 0);
        fresh(16);
        put_record(0, 1, ALOFT_OTA_VALID);
        put_record(1, 2, ALOFT_OTA_PENDING);
        for (uint32_t i = 0; i < torn; i++) {
            uint8_t rest[16] = {(uint8_t)i, 1, 2};
            uint32_t addr = DEVICE_OTADATA + ALOFT_NOTE_OFF + i * ALOFT_NOTE_LEN;
            CHECK_EQ(chip.flash.ops->prog(chip.flash.ctx, addr, rest, sizeof rest), ALOFT_OK);
        }
        power_on();
        chip.cut_at = torn + 3; // the notes that do not read back, the one that does, void, erase
        aloft_bootsel_confirm(&op, &device.slots, 1);
        CHECK(run() != ALOFT_OK);
        power_on();
        repair();
        check_record(1, 2, ALOFT_OTA_VALID);
    }
}

// The sector as ESP-IDF leaves it when it switches encryption on, or a tool that encrypts a file:
// all of it is programmed, and what was blank reads FF.
static void pack(uint32_t index, uint32_t seq, uint32_t state)
{
    struct aloft_otadata record = {.seq = seq, .state = state};
    uint8_t page[ALOFT_FLASH_PAGE];
    uint32_t addr = DEVICE_OTADATA + index * ALOFT_OTADATA_SECTOR;
    memset(device.ram.bytes + addr, 0xFF, ALOFT_OTADATA_SECTOR);
    for (uint32_t off = 0; off < ALOFT_OTADATA_SECTOR; off += sizeof page) {
        memset(page, 0xFF, sizeof page);
        if (off == 0 && seq != 0xFFFFFFFF) {
            aloft_otadata_emit(&record, page);
        }
        CHECK_EQ(chip.flash.ops->prog(chip.flash.ctx, addr + off, page, sizeof page), ALOFT_OK);
    }
    chip.changes = 0;
}

// On the first boots after ESP-IDF had encrypted otadata in place, each note was programmed over
// FF and read as noise: no trial was ever marked, and the bootloader tried again at every boot.
static void a_sector_that_was_encrypted_whole_is_erased_before_it_gets_a_note(void)
{
    for (uint32_t u = 0; u < 2; u++) {
        fresh(units[u]);
        pack(0, 1, ALOFT_OTA_VALID);
        pack(1, 2, ALOFT_OTA_NEW);
        mark(1, 2, ALOFT_OTA_PENDING);
        CHECK_EQ(run(), ALOFT_OK);
        check_record(0, 1, ALOFT_OTA_VALID);
        check_record(1, 2, ALOFT_OTA_PENDING);
        mark(1, 2, ALOFT_OTA_ABORTED);
        CHECK_EQ(run(), ALOFT_OK);
        check_record(0, 1, ALOFT_OTA_VALID);
        check_record(1, 2, ALOFT_OTA_ABORTED);

        fresh(units[u]);
        pack(0, 0xFFFFFFFF, 0);
        pack(1, 0xFFFFFFFF, 0);
        mark(0, 1, ALOFT_OTA_VALID);
        CHECK_EQ(run(), ALOFT_OK);
        aloft_bootsel_set_boot(&op, &device.slots, &device.rules, 1, true);
        CHECK_EQ(run(), ALOFT_OK);
        aloft_bootsel_confirm(&op, &device.slots, 1);
        CHECK_EQ(run(), ALOFT_OK);
        check_record(0, 1, ALOFT_OTA_VALID);
        check_record(1, 2, ALOFT_OTA_VALID);
    }
}

// The one change without a note can lose the record that it is about, as in stock, and no other.
// The changes behind it lose none.
static void a_cut_of_the_first_change_after_encryption_keeps_the_fallback(void)
{
    for (uint32_t n = 1; n <= 24; n++) {
        uint32_t unit = units[n % 2];
        check_note("change %ld of either", (long)(n + 1) / 2, 0);
        fresh(unit);
        pack(0, 1, ALOFT_OTA_VALID);
        pack(1, 2, ALOFT_OTA_PENDING);
        chip.cut_at = (n + 1) / 2;
        aloft_bootsel_confirm(&op, &device.slots, 1);
        (void)run();
        power_on();
        repair();
        check_record(0, 1, ALOFT_OTA_VALID);

        fresh(unit);
        pack(0, 1, ALOFT_OTA_VALID);
        pack(1, 2, ALOFT_OTA_NEW);
        mark(1, 2, ALOFT_OTA_PENDING);
        CHECK_EQ(run(), ALOFT_OK);
        power_on();
        chip.cut_at = (n + 1) / 2;
        aloft_bootsel_confirm(&op, &device.slots, 1);
        (void)run();
        power_on();
        repair();
        struct aloft_otadata records[2];
        read_records(records);
        CHECK(aloft_otadata_sound(&records[0]));
        CHECK(aloft_otadata_sound(&records[1]));
    }
}

CHECK_MAIN(TEST(what_is_erased_reads_as_no_record_and_no_note),
           TEST(a_life_from_set_boot_to_rollback_works),
           TEST(a_rewrite_always_finds_room_for_its_note),
           TEST(a_cut_of_confirm_leaves_the_old_state_or_the_new_one),
           TEST(a_note_behind_torn_ones_is_found),
           TEST(a_sector_that_was_encrypted_whole_is_erased_before_it_gets_a_note),
           TEST(a_cut_of_the_first_change_after_encryption_keeps_the_fallback))
