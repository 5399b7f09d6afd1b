// Resets of a chip by DTR and RTS, as boards wire them: DTR pulls the boot pin low, RTS the reset
// pin, and both together do nothing. Users include flasher.h.
#ifndef ALOFT_HOSTLIB_FLASHER_RESET_H
#define ALOFT_HOSTLIB_FLASHER_RESET_H

#include "hostlib/serial/serial_line.h"

// Resets the chip into its loader, in another manner at each attempt: boards differ in how fast
// their reset pin follows. OK, NONE when the line cannot, GONE, REFUSED.
enum aloft_serial_line_result aloft_flasher_reset_to_loader(struct aloft_serial_line *line,
                                                            unsigned attempt);

// Resets the chip into its app by RTS, without a loader: for monitors. NONE when the line cannot.
enum aloft_serial_line_result aloft_flasher_reset_chip(struct aloft_serial_line *line);

// True when the terminal is the chip's own USB peripheral and no adapter.
bool aloft_flasher_reset_is_usb(const struct aloft_serial_line *line);

#endif
