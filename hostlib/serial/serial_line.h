// A serial line to a chip: a USB adapter, a pseudo terminal, a TCP connection, or RFC 2217 over
// TCP, behind one small interface. Bytes only; what they mean is the caller's business.
//
//   /dev/ttyUSB0             a terminal device, or a link to one: 8N1, raw, any speed; DTR and RTS
//   /dev/pts/5               the same without DTR and RTS, which no pseudo terminal has
//   socket://host:port       the bytes and nothing else: no speed, no DTR, no RTS
//   rfc2217://host:port      the bytes, the speed, DTR and RTS, as telnet carries them
//
// Life cycle: open, use, close. A failed call leaves a sentence in line->error; a line that is gone
// (cable unplugged, connection closed) stays gone until it is opened again.
// One program uses a terminal at a time: a second open fails and says so.
#ifndef ALOFT_HOSTLIB_SERIAL_LINE_H
#define ALOFT_HOSTLIB_SERIAL_LINE_H

#include "hostlib/serial/serial_line_raw.h"

// Opens the line at this speed. False, with line->error, when it cannot be: no such device, in use,
// no permission, no such host, refused, no RFC 2217 there.
bool aloft_serial_line_open(struct aloft_serial_line *line, const char *name, uint32_t baud);

// Closes; allowed after a failed open, and twice. DTR and RTS stay as they are.
void aloft_serial_line_close(struct aloft_serial_line *line);

// Sends all bytes. OK, TIMEOUT (some were not sent), GONE.
enum aloft_serial_line_result aloft_serial_line_write(struct aloft_serial_line *line,
                                                      const void *data, size_t len,
                                                      uint32_t timeout_ms);

// Waits for at least one byte, and takes what is there, at most cap bytes. timeout_ms 0 only looks.
// OK with *got >= 1, TIMEOUT, GONE.
enum aloft_serial_line_result aloft_serial_line_read(struct aloft_serial_line *line, void *buf,
                                                     size_t cap, uint32_t timeout_ms, size_t *got);

// Changes the speed, and waits for the server's word if there is one. OK, NONE for socket://,
// REFUSED, GONE.
enum aloft_serial_line_result aloft_serial_line_set_baud(struct aloft_serial_line *line,
                                                         uint32_t baud);

// Sets DTR and RTS, both in one go where the line can. true is "asserted", which is low voltage on
// the wire. OK, NONE, REFUSED, GONE.
enum aloft_serial_line_result aloft_serial_line_set_lines(struct aloft_serial_line *line, bool dtr,
                                                          bool rts);

// Throws away what has come and was not read, here and at the server. OK, GONE.
enum aloft_serial_line_result aloft_serial_line_purge(struct aloft_serial_line *line);

// The ids of the USB device behind a terminal, as the system tells them. False for all other lines.
bool aloft_serial_line_usb(const struct aloft_serial_line *line, uint16_t *vendor,
                           uint16_t *product);

#endif
