// What the kinds of serial line share below serial_line.h: bytes through a descriptor that never
// blocks, with deadlines, and how a line that is gone says so. For serial_line*.c and
// rfc2217_line.c.
#ifndef ALOFT_HOSTLIB_SERIAL_LINE_RAW_H
#define ALOFT_HOSTLIB_SERIAL_LINE_RAW_H

#include "hostlib/serial/serial_line.h"

enum aloft_serial_line_result aloft_serial_line_raw_write(struct aloft_serial_line *line,
                                                          const uint8_t *data, size_t len,
                                                          uint64_t deadline_ms);
enum aloft_serial_line_result aloft_serial_line_raw_read(struct aloft_serial_line *line,
                                                         uint8_t *buf, size_t cap,
                                                         uint64_t deadline_ms, size_t *got);

// Marks the line as gone, with the sentence for its kind. Returns GONE.
enum aloft_serial_line_result aloft_serial_line_lost(struct aloft_serial_line *line);

// Opens line->name as a terminal device: raw, 8N1, line->baud, locked. False with line->error.
bool aloft_serial_line_tty_open(struct aloft_serial_line *line);
enum aloft_serial_line_result aloft_serial_line_tty_set_baud(struct aloft_serial_line *line,
                                                             uint32_t baud);
enum aloft_serial_line_result aloft_serial_line_tty_set_lines(struct aloft_serial_line *line,
                                                              bool dtr, bool rts);
enum aloft_serial_line_result aloft_serial_line_tty_purge(struct aloft_serial_line *line);

#endif
