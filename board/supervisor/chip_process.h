// The chip's one process: started by power, ended by us or by itself, and what its end means. Its
// console is drained here, as the text that ends a run is looked for in it.
#ifndef ALOFT_BOARD_CHIP_PROCESS_H
#define ALOFT_BOARD_CHIP_PROCESS_H

#include "board/supervisor/supervisor_state.h"

// The run is over, with this result.
void aloft_supervisor_finish(struct supervisor *s, enum aloft_supervisor_end end);

// Power comes: the ROM starts, with the cut plan of the configuration or without, into its loader
// or not.
void aloft_chip_power_on(struct supervisor *s, bool with_plan, bool download);

// Power goes. cut: in the middle of what the flash was doing.
void aloft_chip_power_off(struct supervisor *s, bool cut);

// Starts again from the ROM; the process has ended before.
void aloft_chip_reset(struct supervisor *s, enum aloft_board_reset reason);

// Kills the process and waits for it. Returns its wait status.
int aloft_chip_end(struct supervisor *s);

// Completes the flash operation that the process left, or tears it when power was cut.
void aloft_chip_settle(struct supervisor *s, bool power_cut);

// The process has ended without our doing, with this wait status.
void aloft_chip_ended(struct supervisor *s, int status);

// The watchdog was not fed in time. An app gets a moment to leave where it was.
void aloft_chip_watchdog(struct supervisor *s);

// The pause after a crash in a crash loop is over.
void aloft_chip_after_crash(struct supervisor *s);

// Shows what the chip has sent.
void aloft_chip_drain(struct supervisor *s);

// Why nothing could be booted.
void aloft_chip_why_nothing(const struct supervisor *s, enum aloft_supervisor_end end,
                            struct aloft_message *out);

#endif
