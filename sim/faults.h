// The fault model of one device, the network aside: when power fails, which flash operation fails,
// which bits stick or rot. A round of an update has a few of these at moments of chance; in the
// calm that follows, all of them are over and what they left behind has to be coped with.
//
//   power     cut before, in the middle of, or after a flash operation; or at any other moment
//   flash     one operation fails; a sector is worn until the calm; a bit sticks until the calm
//   bit rot   one to three bits of the running or spare image, a record, or the table turn over
#ifndef ALOFT_SIM_FAULTS_H
#define ALOFT_SIM_FAULTS_H

#include "sim/tally.h"

#define SIM_FAULTS_A_ROUND 3u

struct sim_device;

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

// Chooses the faults of a round.
void sim_faults_plan(struct sim_device *device);

// Before every event: does what is due. True when power is gone.
bool sim_faults_event(struct sim_device *device);

// No longer wait for a moment: the rest of the plan happens as soon as it can.
void sim_faults_hurry(struct sim_device *device);
bool sim_faults_pending(const struct sim_device *device);

// The calm begins.
void sim_faults_end(struct sim_device *device);

// A flash operation is about to begin: half of the cuts wait for one in otadata, where they hurt.
void sim_faults_before(struct sim_device *device, uint32_t addr);

// True when this operation fails for good; and what sticks after an operation.
bool sim_faults_refuse(struct sim_device *device, uint32_t addr, uint32_t len);
void sim_faults_stick(struct sim_device *device, uint32_t addr, uint32_t len);

// A flash operation has ended: counts what fired.
void sim_faults_after(struct sim_device *device, uint32_t addr, bool failed);

#endif
