// What the simulator prints: progress, the histogram, violations with the command that replays
// them, and the same as JSON.
#ifndef ALOFT_SIM_REPORT_H
#define ALOFT_SIM_REPORT_H

#include "sim/world.h"

// One line; on a terminal it replaces the one before.
void sim_report_progress(const struct sim_world *world, uint64_t updates, bool terminal);

void sim_report_text(const struct sim_world *world, double seconds);
void sim_report_json(const struct sim_world *world, double seconds);

#endif
