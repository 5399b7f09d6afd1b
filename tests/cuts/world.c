// A device in its world. The apps' behaviour is in app.c; here are chip, boot and trace.
#include "world.h"
#include "aloft/base/bytes.h"
#include "aloft/format/note.h"
#include "aloft/format/otadata.h"
#include "aloft/format/ptable.h"
#include "app.h"
#include "boot/boot.h"
#include "hostlib/crypto/mbed_crypto.h"
#include "hostlib/flash/quick_cipher.h"
#include "make_image.h"
#include "quiet_port.h"
#include "seal.h"
#include "signer.h"
#include "test_stages.h"
#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum { TABLE = 0x8000, IMAGE_MAX = 0x6000, ROT_AT = 600 };

// Unsigned ones, and signed ones. The unsigned are there encrypted, too.
static uint8_t images[2][SCENARIO_VERSIONS + 1][IMAGE_MAX];
static uint8_t sealed[SCENARIO_VERSIONS + 1][JUDGE_SEAL + IMAGE_MAX];
static struct judge_artifact artifacts[2][SCENARIO_VERSIONS + 1];

// As they come through stages, by 2 * row + encrypted. Made when they are asked for first.
static struct {
    uint32_t len;
    uint8_t bytes[JUDGE_SEAL + 4 * IMAGE_MAX];
} packed[2 * TEST_ROWS + 2][SCENARIO_VERSIONS + 1];

// Who signs what, and its security version. The device trusts A and B, in this order.
static const struct {
    enum signer_key keys[2];
    uint8_t count;
    uint8_t secure_version;
} signs[SCENARIO_VERSIONS + 1] = {
    [V1] = {{SIGNER_A}, 1, 1},  [V2] = {{SIGNER_A, SIGNER_B}, 2, 2},   [V3] = {{SIGNER_B}, 1, 2},
    [BIG] = {{SIGNER_P}, 1, 3}, [HUGE] = {{SIGNER_A, SIGNER_B}, 2, 2},
};

// The arithmetic of a signature costs more than all the rest of a run, and there are few of them:
// each is done once, and its result remembered with all that it depends on.
static enum aloft_err verify_once(enum aloft_signature_alg alg, const uint8_t *key,
                                  const uint8_t *signature, const uint8_t *digest)
{
    enum { KEY = ALOFT_RSA3072_LEN + 4, REMEMBERED = 16 };
    static struct {
        uint8_t key[KEY];
        uint8_t signature[ALOFT_RSA3072_LEN];
        uint8_t digest[ALOFT_SHA256_LEN];
        enum aloft_err err;
    } known[REMEMBERED];
    static uint32_t count;
    if (alg != ALOFT_SIGNATURE_RSA3072_PSS) {
        return aloft_mbed_signed_crypto.verify(alg, key, signature, digest);
    }
    for (uint32_t i = 0; i < count && i < REMEMBERED; i++) {
        if (memcmp(known[i].key, key, KEY) == 0 &&
            memcmp(known[i].signature, signature, sizeof known[i].signature) == 0 &&
            memcmp(known[i].digest, digest, ALOFT_SHA256_LEN) == 0) {
            return known[i].err;
        }
    }
    uint32_t at = count++ % REMEMBERED;
    memcpy(known[at].key, key, KEY);
    memcpy(known[at].signature, signature, sizeof known[at].signature);
    memcpy(known[at].digest, digest, ALOFT_SHA256_LEN);
    known[at].err = aloft_mbed_signed_crypto.verify(alg, key, signature, digest);
    return known[at].err;
}

static struct aloft_crypto crypto;
static struct aloft_trust trusted;

void world_publish(void)
{
    static const uint32_t extra[] = {0, 520, 760, 1240, 4000, 13000};
    if (artifacts[0][V1].len != 0) {
        return;
    }
    for (uint32_t v = V1; v <= SCENARIO_VERSIONS; v++) {
        struct make_image make;
        char name[] = "v0";
        name[1] = (char)('0' + v);
        for (int with = 0; with < 2; with++) {
            uint8_t *bytes = images[with][v];
            make_image_begin(&make, bytes, IMAGE_MAX);
            make_image_app(&make, name, "cuts", 256);
            make_image_secure(&make, signs[v].secure_version);
            make_image_segment(&make, 0x3FFB0000, NULL, extra[v]);
            uint32_t len = make_image_end(&make);
            len = with != 0 ? signer_sign(bytes, len, signs[v].keys, signs[v].count) : len;
            artifacts[with][v] = (struct judge_artifact){bytes, len, with == 0 ? sealed[v] : NULL};
        }
        seal_make(images[0][v], artifacts[0][v].len, (uint8_t)v, sealed[v]);
    }
    crypto = aloft_mbed_signed_crypto;
    crypto.verify = verify_once;
    signer_trust(&trusted, (enum signer_key[]){SIGNER_A, SIGNER_B}, 2);
}

const uint8_t *world_artifact(const struct world *world, int version, uint32_t *len)
{
    const struct judge_artifact *artifact = &artifacts[world->scenario->is_signed][version];
    bool encrypted = (world->scenario->sealed >> version & 1) != 0;
    uint32_t row = world->scenario->row;
    if (row != 0) {
        uint8_t *bytes = packed[2 * row + encrypted][version].bytes;
        uint32_t *made = &packed[2 * row + encrypted][version].len;
        if (*made == 0) {
            static uint8_t inner[4 * IMAGE_MAX];
            *made =
                test_row_make(row - 1, artifact->bytes, artifact->len, encrypted ? inner : bytes);
            if (encrypted) {
                seal_make(inner, *made, (uint8_t)version, bytes);
                *made += JUDGE_SEAL;
            }
        }
        *len = *made;
        return bytes;
    }
    *len = artifact->len + (encrypted ? JUDGE_SEAL : 0);
    return encrypted ? artifact->sealed : artifact->bytes;
}

void world_bar(struct world *world, uint8_t revoked, uint32_t secure_version)
{
    world->trust.revoked |= revoked;
    world->rules.secure_version = secure_version;
    for (int v = V1; v <= SCENARIO_VERSIONS; v++) {
        bool good = false;
        for (uint32_t i = 0; i < signs[v].count; i++) {
            bool known = signs[v].keys[i] <= SIGNER_B;
            good = good || (known && (world->trust.revoked >> signs[v].keys[i] & 1) == 0);
        }
        good = good && signs[v].secure_version >= secure_version;
        world->judge.barred |= good ? 0 : 1u << v;
    }
    if (world->trace) {
        printf("  eFuses: keys %x are revoked, security version %u\n",
               (unsigned)world->trust.revoked, (unsigned)secure_version);
    }
}

// The chip's operations, with a line for each when the world is traced.
static void trace(struct world *world, const char *what, uint32_t addr, uint32_t len)
{
    if (world->trace && !world->nor.dead) {
        const struct aloft_nor_plan *plan = &world->nor.plan;
        uint32_t n = world->nor.operations + 1;
        bool cut = plan->cut != ALOFT_NOR_CUT_NONE && plan->cut_at == n;
        printf("  %3u %s %-5s %06x +%04x%s\n", (unsigned)n, world->booting ? "boot" : "app ", what,
               (unsigned)addr, (unsigned)len, cut ? "  <-- power is cut" : "");
    }
}

// A run without an end is ended as a cut would end it, and judged (JUDGE_ENDLESS).
static void stop_endless(struct world *world)
{
    bool much =
        world->nor.operations >= WORLD_OPERATIONS_MAX || world->nor.reads >= WORLD_READS_MAX;
    if (much && !world->nor.dead) {
        world->endless = true;
        world->nor.dead = true;
    }
}

static enum aloft_err read_op(void *ctx, uint32_t addr, void *buf, uint32_t len)
{
    struct world *world = ctx;
    stop_endless(world);
    enum aloft_err err = world->nor.flash.ops->read(&world->nor, addr, buf, len);
    if (err == ALOFT_OK && world->calm) {
        memcpy(buf, world->bytes + addr, len);
    }
    return err;
}

// Is this operation the one with the fault?
static bool strikes(struct world *world)
{
    bool now = world->fault != WORLD_FAULTLESS && world->nor.operations + 1 == world->fault_at &&
               !world->faulted;
    world->faulted = world->faulted || now;
    world->judge.stale = world->judge.stale || now; // it may be the erase of the notes
    if (now && world->booting) {
        world->judge.hurt = true; // what the bootloader marks may be lost
    }
    if (now && world->trace) {
        printf("      the next one %s\n", world->fault == WORLD_FAILS ? "fails" : "lies");
    }
    return now;
}

// What these bytes are in the cells of a chip that may encrypt. addr and len: whole units.
static void cells_of(const struct world *world, uint32_t addr, const uint8_t *bytes, uint32_t len,
                     uint8_t *cells)
{
    const struct aloft_flash_cipher *cipher = world->nor.cipher;
    memcpy(cells, bytes, len);
    if (cipher != NULL) {
        cipher->encrypt(cipher->ctx, addr, cells, len);
    }
}

// A bit that was to become zero stays as it was. data and old: of the cells.
static void leave_bit(struct world *world, uint32_t addr, const uint8_t *data, const uint8_t *old,
                      uint32_t len)
{
    aloft_nor_to_cells(&world->nor, addr, len);
    for (uint32_t i = 0; i < len; i++) {
        uint32_t at = (world->fault_seed + i) % len;
        uint8_t wrong = (uint8_t)(old[at] & ~data[at]);
        if (wrong != 0) {
            world->bytes[addr + at] |= (uint8_t)(wrong & -wrong);
            break;
        }
    }
    aloft_nor_to_text(&world->nor, addr, len);
}

// A cut leaves one word of cells wholly unprogrammed; of a chip that encrypts, a word or a unit.
// With other seeds it is programmed in part.
static void leave_hole(struct world *world, uint32_t addr, const uint8_t *data, uint32_t len)
{
    struct aloft_nor_plan *plan = &world->nor.plan;
    bool now = plan->cut == ALOFT_NOR_CUT_TORN && plan->torn == ALOFT_NOR_TORN_HOLE &&
               plan->cut_at == world->nor.operations + 1 && plan->seed % 2 == 0;
    if (!now) {
        return;
    }
    uint32_t word = world->nor.cipher != NULL && plan->seed / 2 % 2 == 0 ? world->judge.unit : 4;
    uint32_t hole = plan->seed / 64 % ((len + word - 1) / word);
    aloft_nor_to_cells(&world->nor, addr, len);
    for (uint32_t i = 0; i < len; i++) {
        world->bytes[addr + i] &= i / word == hole ? 0xFF : data[i];
    }
    aloft_nor_to_text(&world->nor, addr, len);
    plan->cut = ALOFT_NOR_CUT_BEFORE; // what is left of it has happened
}

static enum aloft_err prog_op(void *ctx, uint32_t addr, const void *data, uint32_t len)
{
    struct world *world = ctx;
    uint8_t old[ALOFT_FLASH_PAGE];
    uint8_t cells[ALOFT_FLASH_PAGE];
    trace(world, "prog", addr, len);
    stop_endless(world);
    cells_of(world, addr, data, len, cells);
    leave_hole(world, addr, cells, len);
    bool strike = strikes(world);
    if (strike && world->fault == WORLD_FAILS) {
        world->nor.operations++;
        return ALOFT_ERR_FLASH_PROG;
    }
    cells_of(world, addr, world->bytes + addr, len, old);
    enum aloft_err err = world->nor.flash.ops->prog(&world->nor, addr, data, len);
    if (strike) {
        leave_bit(world, addr, cells, old, len);
    }
    return err;
}

static enum aloft_err erase_op(void *ctx, uint32_t addr, uint32_t len)
{
    struct world *world = ctx;
    trace(world, "erase", addr, len);
    stop_endless(world);
    if (strikes(world)) {
        world->nor.operations++;
        return world->fault == WORLD_FAILS ? ALOFT_ERR_FLASH_ERASE : ALOFT_OK;
    }
    return world->nor.flash.ops->erase(&world->nor, addr, len);
}

bool world_forgives(struct world *world, enum aloft_err err)
{
    bool forgives = world->faulted && !world->forgiven &&
                    aloft_err_class(err) == ALOFT_ERR_CLASS_FLASH && err != ALOFT_ERR_FLASH_READ &&
                    err != ALOFT_ERR_FLASH_RANGE;
    world->forgiven = world->forgiven || forgives;
    return forgives;
}

static uint32_t slot_addr(const struct scenario *scenario, uint32_t index)
{
    return (index + 1 + (scenario->factory ? 1 : 0)) * WORLD_SLOT;
}

static void put_table(struct world *world)
{
    const struct scenario *scenario = world->scenario;
    struct aloft_partition rows[8] = {{1, 2, 0x9000, 0x4000, 0, "nvs"},
                                      {1, 0, WORLD_OTADATA, ALOFT_OTADATA_LEN, 0, "otadata"}};
    uint32_t count = 2;
    if (scenario->factory) {
        rows[count++] = (struct aloft_partition){0, 0, WORLD_SLOT, WORLD_SLOT, 0, "factory"};
    }
    for (uint32_t i = 0; i < scenario->ota; i++) {
        rows[count++] = (struct aloft_partition){
            0, (uint8_t)(0x10 + i), slot_addr(scenario, i), WORLD_SLOT, 0, "ota"};
    }
    (void)aloft_ptable_emit_all(rows, count, &aloft_mbed_crypto, world->bytes + TABLE);
}

// Puts images[index] where it belongs.
static void put_image(struct world *world, uint32_t index, uint32_t addr)
{
    int version = world->scenario->images[index];
    if (version != NO_IMAGE) {
        // In a slot an image is plain, however it came.
        const struct judge_artifact *artifact = &artifacts[world->scenario->is_signed][version];
        memcpy(world->bytes + addr, artifact->bytes, artifact->len);
        if ((world->scenario->rotten >> index & 1) != 0) {
            aloft_nor_to_cells(&world->nor, addr + ROT_AT, 1);
            aloft_nor_flip(&world->nor, (uint64_t)(addr + ROT_AT) * 8);
            aloft_nor_to_text(&world->nor, addr + ROT_AT, 1);
        }
    }
}

// Notes in sector 0 of rewrites of record 1 that are done, as a device has them after some life.
static void put_notes(struct world *world)
{
    uint8_t *sector = world->bytes + WORLD_OTADATA;
    uint32_t seq = world->scenario->records[1].seq;
    uint32_t whole = world->scenario->notes;
    for (uint32_t i = 0; i < whole + world->scenario->torn; i++) {
        struct aloft_note note = {.kind = 1 + i % 2, .seq = seq, .state = i / 2 % 3};
        uint8_t *bytes = sector + ALOFT_NOTE_OFF + i * ALOFT_NOTE_LEN;
        aloft_note_emit(&note, bytes);
        bytes[ALOFT_NOTE_LEN - 1] ^= i < whole ? 0 : 0xFF;
    }
}

// What is there reads as erased cells do.
static void wipe(struct world *world, uint32_t addr, uint32_t len)
{
    memcpy(world->bytes + addr, world->judge.erased + addr, len);
}

static void damage_record(struct world *world, uint32_t index, uint32_t seed)
{
    uint32_t addr = WORLD_OTADATA + index * ALOFT_OTADATA_SECTOR;
    uint8_t *record = world->bytes + addr;
    struct aloft_otadata last = {.seq = 0xFFFFFFFE, .state = ALOFT_OTA_VALID};
    switch (world->scenario->damage) {
    case INTACT:
        break;
    case BLANK:
        wipe(world, addr, ALOFT_OTADATA_RECORD);
        break;
    case RANDOM:
        for (uint32_t i = 0; i < ALOFT_OTADATA_RECORD; i++) {
            record[i] = (uint8_t)((seed * 31 + i + index) * 0x9E3779B1u >> 21);
        }
        break;
    case SEQ_ZERO:
        memset(record, 0, 4);
        memset(record + 28, 0xFF, 4);
        break;
    case SEQ_LAST:
        aloft_otadata_emit(&last, record);
        break;
    case BAD_CRC:
        record[28] ^= 0x10;
        break;
    case BAD_STATE:
        record[24] = 0x5A;
        break;
    case TORN:
        wipe(world, addr + ALOFT_OTADATA_RECORD / 2, ALOFT_OTADATA_RECORD / 2);
        break;
    case HALF_ERASED:
        aloft_nor_to_cells(&world->nor, addr, ALOFT_OTADATA_SECTOR);
        aloft_nor_tear_erase(&world->nor, addr, ALOFT_OTADATA_SECTOR, ALOFT_NOR_MIX_HALF, seed);
        aloft_nor_to_text(&world->nor, addr, ALOFT_OTADATA_SECTOR);
        break;
    }
}

static void put_otadata(struct world *world, uint32_t seed)
{
    const struct scenario *scenario = world->scenario;
    put_notes(world);
    for (uint32_t i = 0; i < 2; i++) {
        struct aloft_otadata record = {.seq = scenario->records[i].seq,
                                       .state = scenario->records[i].state};
        if (record.seq != 0) {
            aloft_otadata_emit(&record, world->bytes + WORLD_OTADATA + i * ALOFT_OTADATA_SECTOR);
        }
        if (scenario->damaged >> i & 1) {
            damage_record(world, i, seed);
        }
    }
}

// What starts with an app in the middle of its trial has booted it before the first operation.
static void resume_trial(struct world *world)
{
    const struct judge_facts *start = &world->judge.start;
    world->running = start->selected;
    world->version = start->slots[start->selected].version;
}

// What a chip of this unit reads where it is erased; 0: one that does not encrypt.
static const uint8_t *erased_chip(uint32_t unit)
{
    static uint8_t chips[3][WORLD_SIZE_MAX];
    uint8_t *bytes = chips[unit / 16];
    const struct aloft_flash_cipher *cipher = unit != 0 ? aloft_quick_cipher(unit) : NULL;
    if (bytes[0] == 0) { // not yet made; an erased chip of ours has no zero there
        memset(bytes, 0xFF, WORLD_SIZE_MAX);
        if (cipher != NULL) {
            cipher->decrypt(cipher->ctx, 0, bytes, WORLD_SIZE_MAX);
        }
    }
    return bytes;
}

void world_begin(struct world *world, const struct scenario *scenario, uint8_t *origin,
                 uint32_t seed)
{
    static const struct aloft_flash_ops ops = {read_op, prog_op, erase_op};
    uint32_t size = slot_addr(scenario, scenario->ota);
    memset(world, 0, offsetof(struct world, payload));
    memset(world->sectors, 0, sizeof world->sectors);
    memcpy(world->bytes, erased_chip(scenario->unit), size);
    memset(world->bytes + 0x1000, 0xB0, 0x800); // a bootloader that must stay as it is
    world->scenario = scenario;
    world->running = JUDGE_NOWHERE;
    aloft_nor_init(&world->nor, world->bytes, world->sectors, size);
    world->nor.noise = seed;
    world->seed = seed;
    if (scenario->unit != 0) {
        aloft_nor_encrypt(&world->nor, aloft_quick_cipher(scenario->unit));
    }
    world->judge.unit = world->nor.flash.geometry.write_unit;
    world->judge.erased = erased_chip(scenario->unit);
    world->flash = (struct aloft_flash){&ops, world, world->nor.flash.geometry, NULL};
    world->rules = (struct aloft_image_rules){.crypto = &crypto,
                                              .len_max = WORLD_SLOT,
                                              .chip = &aloft_chip_esp32,
                                              .chip_revision = 0xFFFF};
    world->judge.is_signed = scenario->is_signed;
    if (scenario->is_signed) {
        world->trust = trusted;
        world->rules.trust = &world->trust;
        world_bar(world, scenario->revoked, 0);
    }
    put_table(world);
    for (uint32_t i = 0; i < scenario->ota; i++) {
        put_image(world, i, slot_addr(scenario, i));
    }
    if (scenario->factory) {
        put_image(world, 4, WORLD_SLOT);
    }
    put_otadata(world, seed);
    memcpy(origin, world->bytes, size);
    world->judge.artifacts = artifacts[scenario->is_signed];
    world->judge.versions = SCENARIO_VERSIONS;
    for (int v = V1; v <= SCENARIO_VERSIONS; v++) {
        struct judge_sent *sent = &world->judge.sent[v];
        sent->bytes = world_artifact(world, v, &sent->len);
        sent->image = world->judge.artifacts[v].bytes;
        sent->image_len = world->judge.artifacts[v].len;
    }
    judge_start(&world->judge, origin, size);
    world->judge.untried = scenario->untried;
    world->judge.stale = scenario->stale;
    // The table is frozen, so what an app would find in it is read once.
    (void)aloft_slots_load(&world->slots, &world->flash, &aloft_mbed_crypto, TABLE);
    if (scenario->open_trial) {
        resume_trial(world);
    }
}

void world_copy(struct world *to, const struct world *from)
{
    memcpy(to, from, offsetof(struct world, payload));
    memcpy(to->sectors, from->sectors, sizeof to->sectors + (size_t)from->nor.flash.geometry.size);
    // Whatever points into the world points into this one.
    aloft_nor_moved(&to->nor, to->bytes, to->sectors);
    to->flash.ctx = to;
    to->slots.flash = &to->flash;
    to->rules.trust = from->rules.trust != NULL ? &to->trust : NULL;
}

static enum aloft_err load(void *ctx, const struct aloft_image *image, enum aloft_image_event event,
                           const uint8_t *data, uint32_t len)
{
    struct world *world = ctx;
    (void)image;
    if (event != ALOFT_IMAGE_DATA) {
        return ALOFT_OK;
    }
    if (len > WORLD_PAYLOAD_MAX - world->loaded) {
        return ALOFT_ERR_IMAGE_TOO_LARGE;
    }
    memcpy(world->payload + world->loaded, data, len);
    world->loaded += len;
    return ALOFT_OK;
}

static void unload(void *ctx)
{
    struct world *world = ctx;
    world->loaded = 0;
}

// One boot. False when power went away in it or it broke a promise.
static bool boot(struct world *world)
{
    static const struct aloft_boot_port shape = {.ptable_addr = TABLE,
                                                 .log = quiet_log,
                                                 .feed_watchdog = quiet_nothing,
                                                 .load = load,
                                                 .unload = unload};
    struct aloft_boot_port port = shape;
    port.trials = !world->scenario->untried;
    port.power_on = world->power_on;
    struct aloft_boot machine;
    enum aloft_boot_result result;
    port.ctx = world;
    port.flash = &world->flash;
    port.rules = &world->rules;
    world->booting = true;
    world->calm = world->calm && world->power_on;
    world->boots++;
    world->loaded = 0;
    aloft_boot_init(&machine, &port);
    do {
        result = aloft_boot_step(&machine);
    } while (result == ALOFT_BOOT_AGAIN && !world->nor.dead);
    if (world->nor.dead) {
        return false;
    }
    world->woke = world->power_on;
    world->power_on = false;
    int slot = result != ALOFT_BOOT_RUN             ? JUDGE_NOWHERE
               : machine.slot == ALOFT_SLOT_FACTORY ? JUDGE_FACTORY
                                                    : machine.slot;
    world->booting = false;
    world->running = slot;
    world->version = slot < 0 ? NO_IMAGE : (int)(machine.image.version[1] - '0');
    world->verdict = judge_boot(&world->judge, world->bytes, slot, world->payload, world->loaded);
    if (world->trace) {
        printf("  boot %u: version %d in place %d: %s\n", (unsigned)world->boots, world->version,
               slot, judge_sentence(world->verdict));
    }
    return world->verdict == JUDGE_GOOD;
}

static enum world_end bad(struct world *world, enum judge_verdict verdict)
{
    verdict = world->endless ? JUDGE_ENDLESS : verdict;
    if (world->trace) {
        printf("  %s\n", judge_sentence(verdict));
    }
    world->verdict = verdict;
    return WORLD_BAD;
}

// Why a run that did not come to its end has stopped.
static enum world_end stopped(struct world *world)
{
    if (world->endless) {
        return bad(world, JUDGE_ENDLESS);
    }
    return world->nor.dead ? WORLD_CUT : bad(world, world->verdict);
}

// What otadata says may change by itself, so a boot may find something to write now or later.
static bool unstable(const struct world *world)
{
    const struct aloft_nor_sector *sectors = world->sectors + WORLD_OTADATA / ALOFT_NOR_SECTOR;
    return sectors[0].weak != 0 || sectors[1].weak != 0;
}

// The script is over: two more boots change nothing, and the wanted version is the confirmed one.
static enum world_end end(struct world *world)
{
    if (world->power_on && !boot(world)) { // this one completes what was cut
        return world->nor.dead ? WORLD_CUT : WORLD_BAD;
    }
    uint32_t operations = world->nor.operations;
    bool restless = unstable(world);
    for (int i = 0; i < 2; i++) {
        if (!boot(world)) {
            return stopped(world);
        }
    }
    int wanted = world->resigned ? world->judge.settled : world->scenario->wanted;
    enum judge_verdict verdict = judge_end(&world->judge, world->bytes, wanted);
    if (verdict != JUDGE_GOOD) {
        return bad(world, verdict);
    }
    if (operations != world->nor.operations && !restless) {
        return bad(world, JUDGE_RESTLESS);
    }
    return WORLD_FINISHED;
}

enum world_end world_run(struct world *world)
{
    while (!world->finished) {
        if (world->boots > WORLD_BOOTS_MAX) {
            return bad(world, JUDGE_ENDLESS);
        }
        if (world->running == JUDGE_NOWHERE && !boot(world)) {
            return stopped(world);
        }
        app_run(world);
        if (world->nor.dead || world->verdict != JUDGE_GOOD) {
            return stopped(world);
        }
        world->running = JUDGE_NOWHERE;
    }
    return end(world);
}

enum world_end world_power_on(struct world *world)
{
    if (world->booting) {
        judge_cut_in_boot(&world->judge);
    }
    world->booting = false;
    world->power_on = true;
    world->running = JUDGE_NOWHERE;
    enum judge_verdict verdict = judge_flash(&world->judge, world->bytes);
    if (verdict != JUDGE_GOOD) {
        return bad(world, verdict);
    }
    world->calm = (world->nor.plan.cut_at + world->seed) % 2 != 0;
    world->nor.reads = 0;
    aloft_nor_power_on(&world->nor);
    return WORLD_CUT;
}
