// The board's USB-to-serial bridge: the far side of the chip's serial port, where tools plug in. It
// carries bytes both ways and, where the end has them, the modem lines DTR and RTS.
//
//   pty        a terminal of this machine; no modem lines
//   tcp        bytes over TCP, `socket://` to pyserial; no modem lines
//   rfc2217    a serial port over telnet, with modem lines and speed
//
// Several ends can be there; one client at a time holds the port, the first to come. Another waits
// 0.3 s for it to leave, and is turned away then. Ends listen on 127.0.0.1 alone.
//
// Where there are no lines, a host that asks a running app for SYNC, as all flashers do first,
// knocks: the supervisor then resets the chip into its loader, as DTR and RTS would have done. When
// a flasher that runs its stub leaves, the chip is reset, for the same reason.
#ifndef ALOFT_BRIDGE_H
#define ALOFT_BRIDGE_H

#include "hostlib/base/message.h"
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ALOFT_BRIDGE_ENDS_MAX 4u
#define ALOFT_BRIDGE_FDS_MAX  (2u * ALOFT_BRIDGE_ENDS_MAX)

// What a client does, told while aloft_bridge_handle runs.
struct aloft_bridge_events {
    void *ctx;
    void (*bytes)(void *ctx, const uint8_t *bytes, size_t len);
    void (*lines)(void *ctx, bool dtr,
                  bool rts); // after a change; both go off when a client leaves
    void (*knock)(void *ctx);
    void (*came)(void *ctx); // a client without lines is there
    void (*left)(void *ctx); // and gone
};

struct aloft_bridge;

// NULL: no memory.
struct aloft_bridge *aloft_bridge_new(const struct aloft_bridge_events *events);

// False when spec names no end; opens nothing.
bool aloft_bridge_check(const char *spec, struct aloft_message *error);

// Adds an end: "pty", "pty:LINK" (a symbolic link to the terminal is put there), "tcp:PORT",
// "rfc2217:PORT"; port 0 takes a free one. Says on standard error by which name it is reached.
bool aloft_bridge_add(struct aloft_bridge *bridge, const char *spec, struct aloft_message *error);

// What to poll for now; returns how many of the ALOFT_BRIDGE_FDS_MAX are filled in.
size_t aloft_bridge_fds(const struct aloft_bridge *bridge, struct pollfd *fds);

// The longest that the poll may take, in ms; -1: any time.
int aloft_bridge_wait_ms(const struct aloft_bridge *bridge);

// After the poll.
void aloft_bridge_handle(struct aloft_bridge *bridge);

// From the chip to the client; lost when there is none.
void aloft_bridge_send(struct aloft_bridge *bridge, const void *bytes, size_t len);

// The speed that the client has set; 0: this end has none.
uint32_t aloft_bridge_baud(struct aloft_bridge *bridge);

// Closes all ends; NULL is fine.
void aloft_bridge_free(struct aloft_bridge *bridge);

#endif
