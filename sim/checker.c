// The rules of the header. The checker has readers of its own on purpose: with core's readers it
// would share core's mistakes.
#include "sim/checker.h"
#include <string.h>

#define SECTOR 0x1000u

// States of a record that let its slot boot: up to VALID, and UNDEFINED.
#define VALID     2u
#define UNDEFINED 0xFFFFFFFFu

void sim_checker_violation(struct sim_device *device, const char *text, long value)
{
    struct sim_tally *tally = &device->shared->tally;
    uint32_t index = tally->described;
    tally->violations++;
    device->ghost.broken = true;
    for (uint32_t i = 0; i < 2; i++) {
        const uint8_t *record = sim_record(device, i);
        sim_trace(device, 0, "record: seq, state", sim_get32(record), sim_get32(record + 24));
    }
    sim_trace(device, 0, text, (uint32_t)value, 0);
    // On replay the device stops at its first violation, so only that one is described.
    if (index < SIM_SHOWN && !device->described) {
        tally->described++;
        device->described = true;
        struct sim_violation *shown = &tally->shown[index];
        shown->device = device->number;
        shown->round = device->round.number;
        shown->now_us = device->now_us;
        (void)snprintf(shown->text, sizeof shown->text, "%s (%ld)", text, value);
    }
}

static uint32_t rot_bit(int slot)
{
    return 1u << (slot + 1);
}

static bool rotten(const struct sim_device *device, int slot)
{
    return (device->ghost.rot & rot_bit(slot)) != 0;
}

static int firmware_in(const struct sim_device *device, int slot)
{
    uint32_t addr = sim_slot_addr(device, slot);
    return sim_catalogue_find(&device->shared->catalogue, device->bytes + addr,
                              device->layout->slot_len);
}

bool sim_checker_sound_slot(const struct sim_device *device, int slot)
{
    int firmware = firmware_in(device, slot);
    uint32_t first = sim_slot_addr(device, slot) / SECTOR;
    if (firmware == SIM_FIRMWARE_NONE) {
        return false;
    }
    const struct sim_firmware *image = &device->shared->catalogue.firmware[firmware];
    for (uint32_t i = 0; i * SECTOR < image->len; i++) {
        if (device->sectors[first + i].weak != 0) {
            return false; // it reads differently each time
        }
    }
    return image->kind == SIM_FINE || image->kind == SIM_LOSES_CONFIRM;
}

static int first_slot(const struct sim_device *device)
{
    return device->layout->factory ? ALOFT_SLOT_FACTORY : 0;
}

void sim_checker_reset(struct sim_device *device)
{
    struct sim_ghost *ghost = &device->ghost;
    memset(ghost, 0, sizeof *ghost);
    ghost->base_slot = first_slot(device);
    ghost->base_firmware = firmware_in(device, ghost->base_slot);
    ghost->failed_firmware = SIM_FIRMWARE_NONE;
    ghost->trial_firmware = SIM_FIRMWARE_NONE;
}

// Its seq is erased. On flash that encrypts this does not show in what is read; the model's cells
// are asked.
static bool says_nothing(const struct sim_device *device, uint32_t index)
{
    uint32_t addr = SIM_OTADATA + index * SECTOR;
    uint8_t cells[32];
    memcpy(cells, sim_record(device, index), sizeof cells);
    if (device->nor.cipher != NULL) {
        const struct aloft_flash_cipher *cipher = device->nor.cipher;
        cipher->encrypt(cipher->ctx, addr, cells, sizeof cells);
    }
    return sim_get32(cells) == 0xFFFFFFFFu;
}

// What the records select, by the rules of docs/SPEC.md: the usable one with the larger seq. *state
// is the state of that one. Without any, the first slot is only promised as long as both are empty.
static int selected(const struct sim_device *device, uint32_t *state)
{
    uint32_t best = 0;
    bool empty = true;
    *state = UNDEFINED;
    for (uint32_t i = 0; i < 2; i++) {
        const uint8_t *record = sim_record(device, i);
        uint32_t seq;
        uint32_t its_state = sim_get32(record + 24);
        bool usable =
            sim_record_is_sound(record, &seq) && (its_state <= VALID || its_state == UNDEFINED);
        empty = empty && says_nothing(device, i);
        if (usable && seq > best) {
            best = seq;
            *state = its_state;
        }
    }
    if (best != 0) {
        return (int)((best - 1) % device->layout->ota);
    }
    return empty || device->layout->factory ? first_slot(device) : ALOFT_SLOT_NONE;
}

// The slot that addr lies in; ALOFT_SLOT_NONE outside of slots.
static int slot_at(const struct sim_device *device, uint32_t addr)
{
    return addr < SIM_SLOTS ? ALOFT_SLOT_NONE
                            : (int)((addr - SIM_SLOTS) / SIM_SLOT_STEP) + first_slot(device);
}

// The bootloader is past its repairs and about to mark a record for the slot on trial.
static void note_mark(struct sim_device *device)
{
    struct sim_ghost *ghost = &device->ghost;
    const struct aloft_boot *boot = &device->boot;
    bool chosen = boot->facts.ota_count != 0;
    if (!chosen) {
        device->shared->tally.outcomes[SIM_OUTCOME_REPAIRED]++;
    }
    if (chosen && boot->plan.first == ghost->trial_slot &&
        (ghost->trial == SIM_TRIAL_MAYBE || ghost->trial == SIM_TRIAL_SELECTED)) {
        ghost->trial = SIM_TRIAL_MARKED;
    }
}

// The app is updating itself, and the image has not been found whole yet.
static bool receiving(const struct sim_device *device)
{
    return device->mode == SIM_PULLING && !device->verified;
}

// An update writes otadata: to select its image, or before, when what runs is a fallback.
static void write_in_pull(struct sim_device *device)
{
    struct sim_ghost *ghost = &device->ghost;
    uint32_t state;
    if (!receiving(device)) {
        if (ghost->trial != SIM_TRIAL_MAYBE) {
            sim_checker_selecting(device, device->work.update.intake.target);
        }
    } else if (!ghost->holding) {
        ghost->holding = true;
        if (selected(device, &state) == device->running && !ghost->otadata_hurt) {
            sim_checker_violation(device, "C2: an update writes otadata before its image is whole",
                                  device->running);
        }
    }
}

void sim_checker_before(struct sim_device *device, uint32_t addr, uint32_t len)
{
    const struct sim_ghost *ghost = &device->ghost;
    bool otadata = addr >= SIM_OTADATA && addr + len <= SIM_OTADATA + ALOFT_OTADATA_LEN;
    int slot = slot_at(device, addr);
    if (otadata) {
        if (device->mode == SIM_BOOTING) {
            note_mark(device);
        } else if (device->mode == SIM_PULLING) {
            write_in_pull(device);
        }
        return;
    }
    bool inside = slot >= 0 && slot < device->layout->ota &&
                  addr + len <= sim_slot_addr(device, slot) + device->layout->slot_len;
    if (!inside) {
        sim_checker_violation(device, "C1: wrote outside otadata and OTA slots", (long)addr);
    } else if (device->mode != SIM_PULLING) {
        sim_checker_violation(device, "C1: wrote a slot while no update was under way", slot);
    } else if (slot == device->running) {
        sim_checker_violation(device, "C1: wrote the running slot", slot);
    } else if (ghost->trial >= SIM_TRIAL_RAN && slot == ghost->base_slot && !ghost->otadata_hurt) {
        sim_checker_violation(device, "C1: wrote what the trial goes back to", slot);
    }
}

// C2. A seq that was there before does not count as a new choice.
static void check_record(struct sim_device *device, uint32_t sector)
{
    struct sim_ghost *ghost = &device->ghost;
    uint32_t seq;
    if (!sim_record_is_sound(sim_record(device, sector), &seq)) {
        return;
    }
    bool known = seq == ghost->last_seq[0] || seq == ghost->last_seq[1];
    int slot = (int)((seq - 1) % device->layout->ota);
    ghost->last_seq[sector] = seq;
    if (known) {
        return;
    }
    if (firmware_in(device, slot) == SIM_FIRMWARE_NONE && !rotten(device, slot)) {
        sim_checker_violation(device, "C2: otadata names a slot without a whole image", slot);
    } else if (receiving(device) && slot != device->running) {
        sim_checker_violation(device, "C2: names a slot before the update is whole", slot);
    }
}

// A fallback has been selected: what hurt the records before is gone, unless that turned out to be
// an app on trial. For factory all records go, and the memory of failed trials with them.
static void check_hold(struct sim_device *device)
{
    struct sim_ghost *ghost = &device->ghost;
    uint32_t state;
    if (receiving(device) && !device->nor.dead && !device->faults.stuck &&
        selected(device, &state) == device->running && state >= VALID) {
        if (ghost->trial >= SIM_TRIAL_RAN && ghost->otadata_hurt) {
            ghost->trial = SIM_NO_TRIAL; // its record was lost, so it counts as confirmed
            ghost->base_slot = device->running;
            ghost->base_firmware = device->firmware;
        }
        ghost->otadata_hurt = false;
        ghost->failed_by_itself = ghost->failed_by_itself && device->running >= 0;
    }
}

void sim_checker_after(struct sim_device *device, uint32_t addr, uint32_t len, bool erased)
{
    if (addr >= SIM_OTADATA && addr < SIM_OTADATA + ALOFT_OTADATA_LEN) {
        if (!erased) {
            check_record(device, (addr - SIM_OTADATA) / SECTOR);
        }
        check_hold(device);
        return;
    }
    int slot = slot_at(device, addr);
    bool first = slot >= 0 && addr == sim_slot_addr(device, slot);
    bool hurt = slot >= 0 && (rotten(device, slot) || device->faults.stuck || device->nor.dead);
    if (first && !erased && !hurt && device->bytes[addr] == 0xE9 &&
        firmware_in(device, slot) == SIM_FIRMWARE_NONE) {
        sim_checker_violation(device, "C2: gives its head to what is not a whole image", slot);
    }
    if (erased && first && len > 0) {
        device->ghost.rot &= ~rot_bit(slot); // what rotted is gone
    }
}

static void count(struct sim_device *device, enum sim_outcome outcome)
{
    device->shared->tally.outcomes[outcome]++;
}

// The last confirmed image runs; a trial, if there was one, has ended.
static void back_to_base(struct sim_device *device)
{
    struct sim_ghost *ghost = &device->ghost;
    if (ghost->trial == SIM_TRIAL_RAN || ghost->trial == SIM_TRIAL_CONFIRMING) {
        ghost->failed_firmware = ghost->trial_firmware;
        ghost->failed_by_itself =
            !device->port.power_on && !ghost->otadata_hurt && !rotten(device, ghost->trial_slot);
        device->round.trial_failures++;
        count(device, SIM_OUTCOME_ROLLED_BACK);
    } else if (ghost->trial == SIM_TRIAL_MARKED) {
        count(device, SIM_OUTCOME_TRIAL_LOST);
    }
    uint32_t state;
    ghost->trial = SIM_NO_TRIAL;
    if (selected(device, &state) != ghost->base_slot) {
        ghost->otadata_hurt = true; // it runs as a fallback: a record names what cannot run now
    }
}

// Something else than promised runs, which only rot and a hurt otadata can explain.
static void other_runs(struct sim_device *device, int slot, int firmware)
{
    struct sim_ghost *ghost = &device->ghost;
    bool excused = ghost->otadata_hurt || rotten(device, ghost->base_slot) ||
                   (ghost->trial != SIM_NO_TRIAL && rotten(device, ghost->trial_slot));
    if (!excused && slot == ghost->trial_slot && firmware == ghost->trial_firmware) {
        sim_checker_violation(device, "C4: a trial runs a second time", slot);
    } else if (!excused && slot == ghost->base_slot && firmware == ghost->base_firmware) {
        sim_checker_violation(device, "C4: a selected version got no trial", slot);
    } else if (!excused) {
        sim_checker_violation(device, "C3: runs what is neither confirmed nor on trial", slot);
    }
    count(device, SIM_OUTCOME_FELL_BACK);
    ghost->trial = SIM_NO_TRIAL;
    ghost->base_slot = slot;
    ghost->base_firmware = firmware;
    ghost->otadata_hurt = true; // no record names it, so nothing says that it should run again
}

int sim_checker_run(struct sim_device *device, int slot)
{
    struct sim_ghost *ghost = &device->ghost;
    int firmware = firmware_in(device, slot);
    enum sim_trial trial = ghost->trial;
    if (firmware == SIM_FIRMWARE_NONE) {
        sim_checker_violation(device, "C3: runs what is not a whole good image", slot);
        return SIM_FIRMWARE_NONE;
    }
    bool is_base = slot == ghost->base_slot && firmware == ghost->base_firmware;
    uint32_t state;
    bool is_trial = selected(device, &state) == slot && slot == ghost->trial_slot &&
                    firmware == ghost->trial_firmware;
    // Neither its start nor its confirm could be recorded: its trial has just begun.
    bool begun = (state == ALOFT_OTA_NEW || state == ALOFT_OTA_PENDING) && ghost->otadata_hurt;
    if (is_base && trial != SIM_TRIAL_SELECTED) {
        back_to_base(device);
    } else if (is_trial && trial == SIM_TRIAL_CONFIRMING && begun) {
        ghost->trial = SIM_TRIAL_RAN;
    } else if (is_trial && trial == SIM_TRIAL_CONFIRMING) {
        count(device, SIM_OUTCOME_CONFIRM_CUT);
        sim_checker_confirmed(device);
    } else if (is_trial && trial != SIM_NO_TRIAL && trial != SIM_TRIAL_RAN) {
        ghost->trial = SIM_TRIAL_RAN;
    } else {
        other_runs(device, slot, firmware);
    }
    return firmware;
}

bool sim_checker_nothing(struct sim_device *device)
{
    if (device->ghost.table_rot) {
        return true;
    }
    for (int slot = first_slot(device); slot < device->layout->ota; slot++) {
        if (sim_checker_sound_slot(device, slot)) {
            sim_checker_violation(device, "C5: nothing runs, with a good image in a slot", slot);
            return false;
        }
    }
    if (device->ghost.rot == 0) {
        sim_checker_violation(device, "C5: no good image is left, and no bit rotted", 0);
    }
    return true;
}

void sim_checker_pulling(struct sim_device *device)
{
    struct sim_ghost *ghost = &device->ghost;
    if (ghost->trial >= SIM_TRIAL_RAN && !ghost->otadata_hurt) {
        return; // it must be refused: C1 holds until then
    }
    if (ghost->trial >= SIM_TRIAL_RAN) { // its record is lost, so it counts as confirmed
        ghost->base_slot = device->running;
        ghost->base_firmware = device->firmware;
    }
    ghost->trial = SIM_NO_TRIAL; // what was begun before did not come to its end
    ghost->holding = false;
}

void sim_checker_goes_on(struct sim_device *device)
{
    if (device->network.fault == SIM_FAULT_NET_BAD_RANGE && device->network.fired) {
        sim_checker_violation(device, "C7: goes on with another part than it asked for",
                              device->running);
    }
}

void sim_checker_selecting(struct sim_device *device, int slot)
{
    struct sim_ghost *ghost = &device->ghost;
    ghost->trial_slot = slot;
    ghost->trial_firmware = firmware_in(device, slot);
    ghost->trial = SIM_TRIAL_MAYBE;
    if (ghost->trial_firmware == SIM_FIRMWARE_NONE) {
        if (!rotten(device, slot)) {
            sim_checker_violation(device, "C2: selects a slot without a whole image", slot);
        }
        return;
    }
    if (ghost->trial_firmware == ghost->failed_firmware) {
        count(device, SIM_OUTCOME_BAD_AGAIN);
        if (ghost->failed_by_itself && !ghost->otadata_hurt) {
            sim_checker_violation(device, "C4: selects a release that failed its trial", slot);
        }
    } else {
        ghost->failed_by_itself = false; // another was offered
    }
}

void sim_checker_selected(struct sim_device *device)
{
    struct sim_ghost *ghost = &device->ghost;
    if (ghost->trial != SIM_TRIAL_MAYBE && !ghost->otadata_hurt) {
        sim_checker_violation(device, "C2: selected without writing otadata", 0);
    } else if (ghost->trial != SIM_TRIAL_MAYBE) {
        // The CRC does not cover the state: after one flipped bit a record of the same slot already
        // said what was to be written.
        sim_checker_selecting(device, device->work.update.intake.target);
    }
    ghost->trial = SIM_TRIAL_SELECTED;
}

void sim_checker_confirming(struct sim_device *device)
{
    struct sim_ghost *ghost = &device->ghost;
    if (ghost->trial == SIM_TRIAL_RAN && device->running == ghost->trial_slot) {
        ghost->trial = SIM_TRIAL_CONFIRMING;
    }
}

void sim_checker_confirmed(struct sim_device *device)
{
    struct sim_ghost *ghost = &device->ghost;
    if (ghost->trial == SIM_TRIAL_CONFIRMING) {
        ghost->base_slot = ghost->trial_slot;
        ghost->base_firmware = ghost->trial_firmware;
        ghost->trial = SIM_NO_TRIAL;
        // Whatever hurt the records before, these are new.
        uint32_t state;
        ghost->otadata_hurt = selected(device, &state) != ghost->base_slot;
    }
}

void sim_checker_settled(struct sim_device *device)
{
    struct sim_ghost *ghost = &device->ghost;
    bool settled = ghost->trial == SIM_NO_TRIAL && device->running == ghost->base_slot;
    if (!settled && !ghost->otadata_hurt) {
        sim_checker_violation(device, "C6: settled while on trial", device->running);
    }
    ghost->trial = SIM_NO_TRIAL;
    ghost->base_slot = device->running;
    ghost->base_firmware = device->firmware;
}
