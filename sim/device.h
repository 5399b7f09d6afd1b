// One device: a NOR chip, the real bootloader, a small model of an app around the real pull, and
// the link to its server. It is stepped by the world: each event does one step of whatever runs,
// and says when the next one is due; flash keeps it busy in virtual time.
//
//   OFF -> BOOTING -> STARTING -> ONLINE <-> CONFIRMING
//    ^        ^                      \-> PULLING -> (restart) BOOTING
//    power    reset                   HUNG -> (watchdog) BOOTING
#ifndef ALOFT_SIM_DEVICE_H
#define ALOFT_SIM_DEVICE_H

#include "sim/state.h"

// False when there is no memory.
bool sim_device_open(struct sim_device *device, struct sim_shared *shared, uint32_t number);
void sim_device_close(struct sim_device *device);

// Does what is due at device->due_us, which is then the time of the next event.
void sim_device_event(struct sim_device *device);

// A first flash, by hand: table, one good firmware, empty otadata.
void sim_device_flash(struct sim_device *device);

// Power goes, at this moment.
void sim_device_cut(struct sim_device *device);

#endif
