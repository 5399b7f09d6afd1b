// The fault model of one device, the network aside: when power fails, which flash operation fails,
// which bits stick or rot. A round of an update has a few of these at moments of chance; in the
// calm that follows, all of them are over and what they left behind has to be coped with.
//
//   power     cut before, in the middle of, or after a flash operation; or at any other moment
//   flash     one operation fails; a sector is worn until the calm; a bit sticks until the calm
//   bit rot   one to three bits of the running or spare image, a record, or the table turn over
#ifndef ALOFT_SIM_FAULTS_H
#define ALOFT_SIM_FAULTS_H

#include "sim/state.h"

// Chooses the faults of a round.
void sim_faults_plan(struct sim_device *device);

// Before every event: applies what is due. True when power is to fail now.
bool sim_faults_event(struct sim_device *device);

// Stops waiting for particular moments: the rest of the plan happens as soon as it can.
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
