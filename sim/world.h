// The world: many devices and one virtual clock, which jumps to the earliest event. Nothing here
// reads a real clock or anything else from outside, so a seed determines everything that happens.
//
// Life cycle: open, step until false, close. Devices share no chance and no state that matters, so
// one device alone does what it does among all.
#ifndef ALOFT_SIM_WORLD_H
#define ALOFT_SIM_WORLD_H

#include "sim/device.h"

struct sim_options {
    uint64_t seed;
    uint32_t devices;
    uint64_t updates;     // of all devices together
    uint32_t only_device; // SIM_ANY_DEVICE: all
    uint32_t trace_round; // trace from this round on
    bool trace;           // of only_device, to standard output
};

struct sim_world {
    struct sim_shared shared;
    struct sim_device *devices;
    struct sim_device **queue; // binary heap by due_us, then by number
    uint32_t count;            // in devices
    uint32_t queued;
    uint64_t now_us;
};

// False when there is no memory.
bool sim_world_open(struct sim_world *world, const struct sim_options *options);
void sim_world_close(struct sim_world *world);

// The next event. False when all updates have been made.
bool sim_world_step(struct sim_world *world);

// Of all that happened so far; equal for equal options.
uint64_t sim_world_hash(const struct sim_world *world);

#endif
