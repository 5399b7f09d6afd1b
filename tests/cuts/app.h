// What the running app does between two resets. Only world.c calls it.
#ifndef ALOFT_CUTS_APP_H
#define ALOFT_CUTS_APP_H

#include "world.h"

// Runs the app of world->running until it wants a reset, power is cut, or the script is over.
void app_run(struct world *world);

// A published version, as this world's device takes it: signed or encrypted or neither.
const uint8_t *world_artifact(const struct world *world, int version, uint32_t *len);

#endif
