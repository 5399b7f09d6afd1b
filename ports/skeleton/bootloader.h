// The bootloader of the skeleton: boot/ with seam 4.
#ifndef ALOFT_SKELETON_BOOTLOADER_H
#define ALOFT_SKELETON_BOOTLOADER_H

// Call it once clocks, console, watchdog and flash are up. Chooses a slot, judges and loads its
// image, and jumps; with nothing to boot, says so and waits for a first flash.
// Power loss: as aloft_boot_step.
_Noreturn void aloft_skeleton_boot(void);

#endif
