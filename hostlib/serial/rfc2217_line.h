// The client's side of RFC 2217 over a connected socket: options are negotiated, then each setting
// is sent as a subnegotiation and waited for. The part of serial_line.h that is about this
// protocol; nobody else calls it. Results and errors are as there.
//
// Data that arrives while an answer is waited for is kept for the next read; of more than
// ALOFT_RFC2217_KEPT_MAX bytes the newest are lost, which only a talking console can reach.
#ifndef ALOFT_HOSTLIB_RFC2217_LINE_H
#define ALOFT_HOSTLIB_RFC2217_LINE_H

#include "hostlib/serial/serial_line_raw.h"

#define ALOFT_RFC2217_KEPT_MAX  65536u
#define ALOFT_RFC2217_ANSWER_MS 10000u // for the negotiation, and for each setting

// Negotiates on line->fd, and sets 8N1 without flow control at line->baud. Allocates line->rfc2217,
// which serial_line's close releases.
bool aloft_rfc2217_open(struct aloft_serial_line *line);

enum aloft_serial_line_result aloft_rfc2217_write(struct aloft_serial_line *line,
                                                  const uint8_t *data, size_t len,
                                                  struct aloft_deadline *deadline);
enum aloft_serial_line_result aloft_rfc2217_read(struct aloft_serial_line *line, uint8_t *buf,
                                                 size_t cap, struct aloft_deadline *deadline,
                                                 size_t *got);
enum aloft_serial_line_result aloft_rfc2217_set_baud(struct aloft_serial_line *line, uint32_t baud);
enum aloft_serial_line_result aloft_rfc2217_set_lines(struct aloft_serial_line *line, bool dtr,
                                                      bool rts);
enum aloft_serial_line_result aloft_rfc2217_purge(struct aloft_serial_line *line);

#endif
