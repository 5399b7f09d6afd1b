// Faults fire at events of chance within their round. One that waits for a flash operation is armed
// first; what never fires in its round is not counted.
#include "sim/faults.h"
#include <string.h>

#define EVENTS_SPAN  140u // of a round, over which faults are spread
#define OPS_SPAN     6u   // flash operations ahead that a cut may wait for
#define OTADATA_SPAN 12u  // the same, from an operation in otadata on
#define TABLE_ROWS   160u // bytes of the table that are in use
#define SECTOR       ALOFT_NOR_SECTOR
#define HASH_FLAG    23u // offset in an image

static enum sim_fault draw_kind(struct sim_random *random)
{
    static const enum sim_fault often[] = {
        SIM_FAULT_CUT_BEFORE,       SIM_FAULT_CUT_TORN,    SIM_FAULT_CUT_TORN,
        SIM_FAULT_CUT_AFTER,        SIM_FAULT_CUT_BETWEEN, SIM_FAULT_CUT_BETWEEN,
        SIM_FAULT_FLASH_FAILS,      SIM_FAULT_SECTOR_WORN, SIM_FAULT_STUCK_BIT,
        SIM_FAULT_ROT_RUNNING,      SIM_FAULT_ROT_SPARE,   SIM_FAULT_ROT_RECORD,
        SIM_FAULT_ROT_OTHER_RECORD, SIM_FAULT_ROT_TABLE,
    };
    uint32_t n = sim_random_below(random, 100);
    if (n < 60) { // power is what fails most
        return often[n % 6];
    }
    return often[6 + n % (sizeof often / sizeof often[0] - 6)];
}

void sim_faults_plan(struct sim_device *device)
{
    struct sim_faults *faults = &device->faults;
    struct sim_random *random = &device->random;
    memset(faults, 0, sizeof *faults);
    faults->count = sim_random_below(random, SIM_FAULTS_A_ROUND + 1);
    for (uint32_t i = 0; i < faults->count; i++) {
        faults->kind[i] = draw_kind(random);
        faults->at[i] = sim_random_below(random, EVENTS_SPAN);
    }
}

static void count(struct sim_device *device, enum sim_fault fault)
{
    device->shared->tally.faults[fault]++;
    device->faults.fired++;
    sim_trace(device, 0, sim_fault_text(fault), device->faults.stuck_addr, 0);
}

// One byte of an image is left alone: the header's "a SHA-256 follows" flag. The format, ESP-IDF's,
// trusts an image without it for its checksum alone, and no reader can know better. Where flash
// encrypts, a bit of the cells turns over, and 16 bytes of text with it.
static void flip(struct sim_device *device, uint32_t addr, uint32_t len)
{
    uint32_t bit = sim_random_below(&device->random, len * 8);
    bit += addr >= SIM_SLOTS && bit / 8 == HASH_FLAG ? 8 : 0;
    aloft_nor_to_cells(&device->nor, addr + bit / 8, 1);
    aloft_nor_flip(&device->nor, (uint64_t)addr * 8 + bit);
    aloft_nor_to_text(&device->nor, addr + bit / 8, 1);
}

static void arm(struct sim_device *device, enum sim_fault kind)
{
    struct sim_random *random = &device->random;
    uint32_t at = device->nor.operations + 1 + sim_random_below(random, OPS_SPAN);
    struct aloft_nor_plan plan = {
        .cut = kind == SIM_FAULT_CUT_BEFORE ? ALOFT_NOR_CUT_BEFORE
               : kind == SIM_FAULT_CUT_TORN ? ALOFT_NOR_CUT_TORN
                                            : ALOFT_NOR_CUT_AFTER,
        .cut_at = at,
        .torn = (enum aloft_nor_torn)sim_random_below(random, ALOFT_NOR_TORN_HOLE + 1),
        .seed = (uint32_t)sim_random_next(random),
    };
    if (kind == SIM_FAULT_FLASH_FAILS) {
        plan.cut = ALOFT_NOR_CUT_NONE;
        plan.fail_at = at;
    }
    device->nor.plan = plan;
    device->faults.armed = true;
    device->faults.waits_for_otadata = sim_random_chance(random, 50);
    if (device->faults.waits_for_otadata) {
        device->nor.plan.cut_at = 0; // no operation has this number
        device->nor.plan.fail_at = 0;
    }
    device->faults.armed_kind = kind;
}

// A sector or a bit of the spare slots or, less often, of otadata.
static uint32_t place(struct sim_device *device)
{
    struct sim_random *random = &device->random;
    int slot = (int)sim_random_below(random, device->layout->ota);
    if (sim_random_chance(random, 20)) {
        return SIM_OTADATA + sim_random_below(random, 64) + SECTOR * sim_random_below(random, 2);
    }
    return sim_slot_addr(device, slot) + sim_random_below(random, 2 * SECTOR);
}

static void wear_or_stick(struct sim_device *device, enum sim_fault kind)
{
    struct sim_faults *faults = &device->faults;
    uint32_t addr = place(device);
    faults->counted = false;
    if (kind == SIM_FAULT_SECTOR_WORN) {
        faults->worn = true;
        faults->worn_addr = addr / SECTOR * SECTOR;
    } else {
        faults->stuck = true;
        faults->stuck_addr = addr;
        faults->stuck_mask = (uint8_t)(1u << sim_random_below(&device->random, 8));
        faults->stuck_high = sim_random_chance(&device->random, 50);
    }
}

static void rot_slot(struct sim_device *device, int slot, enum sim_fault kind)
{
    const struct sim_catalogue *catalogue = &device->shared->catalogue;
    uint32_t addr = sim_slot_addr(device, slot);
    int firmware = sim_catalogue_find(catalogue, device->bytes + addr, device->layout->slot_len);
    uint32_t len = firmware >= 0 ? catalogue->firmware[firmware].len : SECTOR;
    for (uint32_t i = 0; i <= sim_random_below(&device->random, 3); i++) {
        flip(device, addr, len);
    }
    device->ghost.rot |= 1u << (slot + 1);
    count(device, kind);
}

// The sound record with the larger seq is the active one.
static uint32_t active_sector(const struct sim_device *device)
{
    uint32_t seq[2];
    for (uint32_t i = 0; i < 2; i++) {
        if (!sim_record_is_sound(sim_record(device, i), &seq[i])) {
            seq[i] = 0;
        }
    }
    return seq[1] > seq[0] ? 1 : 0;
}

static void rot(struct sim_device *device, enum sim_fault kind)
{
    uint32_t sector = active_sector(device) ^ (kind == SIM_FAULT_ROT_OTHER_RECORD ? 1 : 0);
    int spare = (device->running + 1) % device->layout->ota;
    switch (kind) {
    case SIM_FAULT_ROT_RUNNING:
        rot_slot(device, device->running, kind);
        break;
    case SIM_FAULT_ROT_SPARE:
        rot_slot(device, spare, kind);
        break;
    case SIM_FAULT_ROT_TABLE:
        flip(device, ALOFT_PTABLE_ADDR_DEFAULT, TABLE_ROWS);
        device->ghost.table_rot = true;
        count(device, kind);
        break;
    default:
        flip(device, SIM_OTADATA + sector * SECTOR, ALOFT_OTADATA_RECORD);
        device->ghost.otadata_hurt = true;
        count(device, kind);
        break;
    }
}

// True when power is to fail now.
static bool fire(struct sim_device *device, enum sim_fault kind)
{
    switch (kind) {
    case SIM_FAULT_CUT_BEFORE:
    case SIM_FAULT_CUT_TORN:
    case SIM_FAULT_CUT_AFTER:
    case SIM_FAULT_FLASH_FAILS:
        arm(device, kind);
        return false;
    case SIM_FAULT_CUT_BETWEEN:
        count(device, kind);
        return true;
    case SIM_FAULT_SECTOR_WORN:
    case SIM_FAULT_STUCK_BIT:
        wear_or_stick(device, kind);
        return false;
    default:
        rot(device, kind);
        // Rot is met when it is read, so most of it is followed by a restart.
        return sim_random_chance(&device->random, 70);
    }
}

// Rot shows in what runs, so it waits until something does.
static bool possible(const struct sim_device *device, enum sim_fault kind)
{
    bool rots = kind >= SIM_FAULT_ROT_RUNNING && kind <= SIM_FAULT_ROT_TABLE;
    return device->mode != SIM_OFF && (!rots || device->mode != SIM_BOOTING);
}

bool sim_faults_event(struct sim_device *device)
{
    struct sim_faults *faults = &device->faults;
    for (uint32_t i = 0; i < faults->count; i++) {
        if (faults->at[i] <= device->round.events && possible(device, faults->kind[i])) {
            enum sim_fault kind = faults->kind[i];
            faults->count--;
            faults->kind[i] = faults->kind[faults->count];
            faults->at[i] = faults->at[faults->count];
            return fire(device, kind);
        }
    }
    return false;
}

void sim_faults_hurry(struct sim_device *device)
{
    for (uint32_t i = 0; i < device->faults.count; i++) {
        device->faults.at[i] = 0;
    }
}

bool sim_faults_pending(const struct sim_device *device)
{
    return device->faults.count != 0;
}

void sim_faults_end(struct sim_device *device)
{
    uint32_t fired = device->faults.fired;
    memset(&device->faults, 0, sizeof device->faults);
    memset(&device->nor.plan, 0, sizeof device->nor.plan);
    device->faults.fired = fired;
}

void sim_faults_before(struct sim_device *device, uint32_t addr)
{
    struct sim_faults *faults = &device->faults;
    if (!faults->armed || !faults->waits_for_otadata || addr >= SIM_SLOTS) {
        return;
    }
    bool fails = faults->armed_kind == SIM_FAULT_FLASH_FAILS;
    uint32_t at = device->nor.operations + 1 + sim_random_below(&device->random, OTADATA_SPAN);
    faults->waits_for_otadata = false;
    device->nor.plan.cut_at = fails ? 0 : at;
    device->nor.plan.fail_at = fails ? at : 0;
}

static bool covers(uint32_t addr, uint32_t len, uint32_t at)
{
    return at >= addr && at - addr < len;
}

static void hurts(struct sim_device *device, uint32_t addr, enum sim_fault kind)
{
    if (addr < SIM_SLOTS) {
        device->ghost.otadata_hurt = true;
    }
    if (!device->faults.counted) {
        device->faults.counted = true;
        count(device, kind);
    }
}

bool sim_faults_refuse(struct sim_device *device, uint32_t addr, uint32_t len)
{
    const struct sim_faults *faults = &device->faults;
    bool worn = faults->worn &&
                (covers(addr, len, faults->worn_addr) || covers(faults->worn_addr, SECTOR, addr));
    if (worn) {
        hurts(device, addr, SIM_FAULT_SECTOR_WORN);
    }
    return worn;
}

void sim_faults_stick(struct sim_device *device, uint32_t addr, uint32_t len)
{
    const struct sim_faults *faults = &device->faults;
    if (!faults->stuck || !covers(addr, len, faults->stuck_addr)) {
        return;
    }
    aloft_nor_to_cells(&device->nor, faults->stuck_addr, 1);
    uint8_t *byte = device->bytes + faults->stuck_addr;
    uint8_t forced = faults->stuck_high ? (uint8_t)(*byte | faults->stuck_mask)
                                        : (uint8_t)(*byte & ~faults->stuck_mask);
    bool turned = forced != *byte;
    *byte = forced;
    aloft_nor_to_text(&device->nor, faults->stuck_addr, 1);
    if (turned) {
        hurts(device, addr, SIM_FAULT_STUCK_BIT);
    }
}

void sim_faults_after(struct sim_device *device, uint32_t addr, bool failed)
{
    struct sim_faults *faults = &device->faults;
    if (!faults->armed || !failed) {
        return;
    }
    bool expected = device->nor.dead || device->nor.operations == device->nor.plan.fail_at;
    if (expected) {
        faults->armed = false;
        count(device, faults->armed_kind);
        if (faults->armed_kind == SIM_FAULT_FLASH_FAILS && addr < SIM_SLOTS) {
            device->ghost.otadata_hurt = true;
        }
    }
}
