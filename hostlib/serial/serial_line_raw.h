// What the kinds of serial line share below serial_line.h: the line itself, bytes through its
// descriptor, which never blocks, with deadlines, and how a line that is gone says so. Users
// include serial_line.h; this is for serial_line*.c and rfc2217_line.c.
#ifndef ALOFT_HOSTLIB_SERIAL_LINE_RAW_H
#define ALOFT_HOSTLIB_SERIAL_LINE_RAW_H

#include "hostlib/base/deadline.h"
#include "hostlib/base/message.h"
#include <stddef.h>
#include <stdint.h>

#define ALOFT_SERIAL_LINE_NAME_MAX 255u

enum aloft_serial_line_result {
    ALOFT_SERIAL_LINE_OK,
    ALOFT_SERIAL_LINE_TIMEOUT, // the deadline passed first
    ALOFT_SERIAL_LINE_GONE,    // unplugged or closed; every call from now on says so
    ALOFT_SERIAL_LINE_NONE,    // this line has no modem lines, or no speed
    ALOFT_SERIAL_LINE_REFUSED, // the system or the server at the other end will not do it
};

enum aloft_serial_line_kind {
    ALOFT_SERIAL_LINE_TTY,
    ALOFT_SERIAL_LINE_SOCKET,
    ALOFT_SERIAL_LINE_RFC2217,
};

struct aloft_rfc2217;

struct aloft_serial_line {
    char name[ALOFT_SERIAL_LINE_NAME_MAX + 1]; // as it was opened
    enum aloft_serial_line_kind kind;
    int fd; // for poll(2): readable when more has come. After set_baud, set_lines or purge, read
            // first: they may have found bytes while they waited for an answer
    uint32_t baud;
    bool gone;
    struct aloft_rfc2217 *rfc2217; // of that kind only; released by close
    struct aloft_message error;    // of the call that failed last
};

enum aloft_serial_line_result aloft_serial_line_raw_write(struct aloft_serial_line *line,
                                                          const uint8_t *data, size_t len,
                                                          struct aloft_deadline *deadline);
// One turn of the deadline at least: whoever calls it over and over ends in time, however much
// comes.
enum aloft_serial_line_result aloft_serial_line_raw_read(struct aloft_serial_line *line,
                                                         uint8_t *buf, size_t cap,
                                                         struct aloft_deadline *deadline,
                                                         size_t *got);

// Marks the line as gone, with the sentence for its kind. Returns GONE.
enum aloft_serial_line_result aloft_serial_line_lost(struct aloft_serial_line *line);

#endif
