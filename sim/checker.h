// The judge of one device. It knows what the device has been given and told, looks at the chip's
// bytes with readers of its own (decrypted, where the chip encrypts; at cells, to tell what is
// erased), and never asks core what it thinks. It is called at every flash operation, at the start
// of every app, and whenever the app changes what is promised.
//
//   C1  Only the bootloader and the confirming app write otadata; only the app writes slots;
//   nothing
//       writes the table, the factory slot, the running slot, or what a trial goes back to.
//   C2  A record that appears in otadata names a slot that holds a whole good image, byte for byte,
//       and the first byte of an image is programmed when all the others are there. Before an
//       update's image is whole it only writes otadata to select what runs, if nothing does.
//   C3  What the bootloader runs is a whole good image: the one confirmed last, or one on trial.
//   C4  A trial runs once: after that it is confirmed or another image runs, and what failed while
//       it had power is not selected again before something else was.
//   C5  As long as a whole good image is in flash, something runs.
//   C6  When faults stop, the device gets to the wanted version, or stays with the last good one
//       if that is bad.
//   C7  A download goes on only with the part of the file that was asked for.
//
// Bit rot, stuck bits and failing operations take away promises that no software can keep; what
// they excuse is said where they are recorded (`rot`, `otadata_hurt`).
#ifndef ALOFT_SIM_CHECKER_H
#define ALOFT_SIM_CHECKER_H

#include "sim/state.h"

// After a first flash: this firmware in this slot, nothing else promised.
void sim_checker_reset(struct sim_device *device);

// An erase or program is about to happen (C1), and has happened (C2).
void sim_checker_before(struct sim_device *device, uint32_t addr, uint32_t len);
void sim_checker_after(struct sim_device *device, uint32_t addr, uint32_t len, bool erased);

// The bootloader hands over to this slot (C3, C4). The firmware that runs.
int sim_checker_run(struct sim_device *device, int slot);

// The bootloader found nothing to run (C5). True when that is so.
bool sim_checker_nothing(struct sim_device *device);

// A pull begins; the intake is about to select, has selected; the app is about to confirm itself,
// has done so.
void sim_checker_pulling(struct sim_device *device);
void sim_checker_goes_on(struct sim_device *device); // C7: the pull takes a part of a file
void sim_checker_selecting(struct sim_device *device, int slot);
void sim_checker_selected(struct sim_device *device);
void sim_checker_confirming(struct sim_device *device);
void sim_checker_confirmed(struct sim_device *device);

// An update has come to its end (C6): nothing is on trial any more.
void sim_checker_settled(struct sim_device *device);

// A whole good image that would not fail at once is in this slot.
bool sim_checker_sound_slot(const struct sim_device *device, int slot);

// A rule was broken: counted, described once for a device, and the device is marked broken.
void sim_checker_violation(struct sim_device *device, const char *text, long value);

#endif
