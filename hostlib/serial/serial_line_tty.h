// A serial line that is a terminal device. For serial_line.c.
#ifndef ALOFT_HOSTLIB_SERIAL_LINE_TTY_H
#define ALOFT_HOSTLIB_SERIAL_LINE_TTY_H

#include "hostlib/serial/serial_line_raw.h"

// Opens line->name as a terminal device: raw, 8N1, line->baud, locked. False with line->error.
bool aloft_serial_line_tty_open(struct aloft_serial_line *line);
enum aloft_serial_line_result aloft_serial_line_tty_set_baud(struct aloft_serial_line *line,
                                                             uint32_t baud);
enum aloft_serial_line_result aloft_serial_line_tty_set_lines(struct aloft_serial_line *line,
                                                              bool dtr, bool rts);
enum aloft_serial_line_result aloft_serial_line_tty_purge(struct aloft_serial_line *line);

// The ids of the USB device behind a terminal, as the system tells them.
bool aloft_serial_line_tty_usb(const struct aloft_serial_line *line, uint16_t *vendor,
                               uint16_t *product);

#endif
