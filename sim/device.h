// One device: a NOR chip, the real bootloader, a small model of an app around the real pull, and
// the link to its server. It is stepped by the world: each event does one step of whatever runs,
// and says when the next one is due; flash keeps it busy in virtual time.
//
//   OFF -> BOOTING -> STARTING -> ONLINE <-> CONFIRMING
//    ^        ^                      \-> PULLING -> (restart) BOOTING
//    power    reset                   HUNG -> (watchdog) BOOTING
#ifndef ALOFT_SIM_DEVICE_H
#define ALOFT_SIM_DEVICE_H

#include "aloft/pull.h"
#include "boot.h"
#include "hostlib/flash/nor.h"
#include "sim/checker.h"
#include "sim/faults.h"
#include "sim/network.h"
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
    uint32_t write_unit; // bytes; more than 1 as with flash encryption
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

    uint8_t *bytes; // of the chip
    struct aloft_nor_sector sectors[SIM_CHIP_MAX / ALOFT_NOR_SECTOR];
    struct aloft_nor nor;
    struct aloft_flash flash; // the seam that core sees: nor behind the checker and the faults
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
            char urls[ALOFT_PULL_URLS(SIM_URL_MAX)];
        } update;
        struct aloft_bootsel bootsel;
    } work;
    struct sim_network network;
    struct sim_ghost ghost;
    struct sim_faults faults;
    struct sim_round round;
};

// False when there is no memory.
bool sim_device_open(struct sim_device *device, struct sim_shared *shared, uint32_t number);
void sim_device_close(struct sim_device *device);

// Does what is due at device->due_us, which is then the time of the next event.
void sim_device_event(struct sim_device *device);

// A first flash, by hand: table, one good firmware, empty otadata.
void sim_device_flash(struct sim_device *device);

// Power goes, at this moment.
void sim_device_cut(struct sim_device *device);

uint32_t sim_slot_addr(const struct sim_device *device, int slot);

// One line of the trace: what happened at which station of docs/FOLLOW_THE_BYTE.md (0: elsewhere).
void sim_trace(struct sim_device *device, int station, const char *text, uint32_t off,
               uint32_t seq);

#endif
