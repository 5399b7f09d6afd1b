// What a simulated device is, for all that act on it: its events (device.c), its faults (faults.c)
// and its judge (checker.c), which know each other only through this.
#ifndef ALOFT_SIM_STATE_H
#define ALOFT_SIM_STATE_H

#include "aloft/pull.h"
#include "boot.h"
#include "hostlib/flash/nor.h"
#include "sim/network.h"
#include "sim/tally.h"
#include <stdio.h>

#define SIM_OTADATA    0xD000u
#define SIM_SLOTS      0x10000u // address of the first slot
#define SIM_SLOT_STEP  0x10000u
#define SIM_CHIP_MAX   0x50000u
#define SIM_ANY_DEVICE UINT32_MAX
#define SIM_URL_MAX    200u

struct sim_layout {
    bool factory;
    uint8_t ota;         // slots
    uint32_t slot_len;   // bytes
    uint32_t write_unit; // bytes; 16 or 32: its flash encrypts
};

enum sim_mode {
    SIM_OFF,
    SIM_BOOTING,
    SIM_STARTING,
    SIM_ONLINE, // between two looks at the server
    SIM_CONFIRMING,
    SIM_PULLING,
    SIM_HUNG,
};

#define SIM_FAULTS_A_ROUND 3u

struct sim_faults {
    uint32_t count;
    uint32_t at[SIM_FAULTS_A_ROUND]; // event of the round
    enum sim_fault kind[SIM_FAULTS_A_ROUND];
    bool armed;             // a cut or failure waits for its flash operation
    bool waits_for_otadata; // armed, and counting only from the next operation in otadata on
    enum sim_fault armed_kind;
    bool worn;
    uint32_t worn_addr; // of the sector
    bool stuck;
    uint32_t stuck_addr;
    uint8_t stuck_mask;
    bool stuck_high;
    bool counted;   // this stuck bit or worn sector has taken effect
    uint32_t fired; // in this round
};

// How far the trial of a new version has come, by what the device did so far.
enum sim_trial {
    SIM_NO_TRIAL,
    SIM_TRIAL_MAYBE,      // its record was being written
    SIM_TRIAL_SELECTED,   // its record stands
    SIM_TRIAL_MARKED,     // the bootloader was about to note its start
    SIM_TRIAL_RAN,        // its app was started
    SIM_TRIAL_CONFIRMING, // its app was confirming itself
};

struct sim_ghost {
    int base_slot; // what was confirmed last
    int base_firmware;
    int trial_slot;
    int trial_firmware;
    enum sim_trial trial;
    int failed_firmware;   // of the last trial that failed
    bool failed_by_itself; // not by a loss of power: it is refused until another is offered
    uint32_t last_seq[2];  // that a sound record in this sector had
    uint32_t rot;          // slots whose bytes rotted: bit slot + 1
    bool otadata_hurt;     // a record rotted, or otadata could not be written as asked
    bool holding;          // an update selects the fallback that runs
    bool table_rot;
    bool broken; // a violation was found; the device is flashed again
};

// What all devices of a world have in common.
struct sim_shared {
    struct sim_catalogue catalogue;
    struct sim_tally tally;
    uint64_t seed;
    FILE *trace;          // NULL: no trace
    uint32_t trace_round; // print from this round on
    uint32_t rounds;      // a device ends after so many; UINT32_MAX: none
    bool stop;            // at the first violation
};

// One update: what is wanted, and how it goes. A bad one is given up after `limit` attempts, or
// when the device says that it has failed its trial here: then the operator offers another.
struct sim_round {
    uint32_t number;
    uint32_t events;
    int wanted;
    uint32_t limit;
    uint32_t trial_failures;
    uint32_t refusals;
    bool banned; // the wanted release failed its trial, and is not taken again
    bool calm;
    uint64_t calm_us; // when it begins, and then: by when it must have converged
};

struct sim_device {
    struct sim_shared *shared;
    uint32_t number;
    const struct sim_layout *layout;
    struct sim_random random;
    uint64_t now_us;
    uint64_t due_us;
    uint64_t hash; // of the trace
    bool done;
    bool described;   // its first violation
    uint32_t updates; // that came to their end

    uint8_t *bytes; // of the chip; text, where it encrypts (nor.h)
    struct aloft_nor_sector sectors[SIM_CHIP_MAX / ALOFT_NOR_SECTOR];
    struct aloft_nor nor;
    struct aloft_flash flash; // the seam that core sees: nor behind the checker and the faults
    struct aloft_flash raw;   // the same for partitions that are kept plain; flash.raw
    uint32_t busy_us;         // of flash since the step began

    enum sim_mode mode;
    int running; // slot
    int firmware;
    uint64_t reset_us; // when the app's clock was at clock_ms
    uint32_t clock_ms; // some start just before the clock wraps
    uint64_t trial_us; // by when a trial must be confirmed
    uint32_t panic_in; // steps until the app panics; 0: never
    bool on_trial;
    bool confirmed;
    bool received; // this boot has received a part of an image
    bool verified; // this pull says that its image is whole

    struct aloft_image_rules rules;
    struct aloft_boot_port port;
    struct aloft_boot boot;
    struct aloft_slots slots;
    union {
        struct {
            struct aloft_intake intake;
            struct aloft_pull pull;
            struct sim_stages stages;
            char urls[ALOFT_PULL_URLS(SIM_URL_MAX)];
        } update;
        struct aloft_bootsel bootsel;
    } work;
    struct sim_network network;
    struct sim_ghost ghost;
    struct sim_faults faults;
    struct sim_round round;
};

// The factory slot, where the layout has one.
int sim_first_slot(const struct sim_device *device);

uint32_t sim_slot_addr(const struct sim_device *device, int slot);

// Record 0 or 1 of otadata as it reads, and whether it is one: its CRC holds. Its state is in byte
// 24. A reader of the simulator's own, for its faults and its checker.
const uint8_t *sim_record(const struct sim_device *device, uint32_t index);
bool sim_record_is_sound(const uint8_t *record, uint32_t *seq);
uint32_t sim_get32(const uint8_t *from);

// One line of the trace: what happened at which station of docs/FOLLOW_THE_BYTE.md (0: elsewhere).
void sim_trace(struct sim_device *device, int station, const char *text, uint32_t off,
               uint32_t seq);

#endif
