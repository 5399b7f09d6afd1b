// Seam 3 on the virtual board: the connections of all ways as the host's sockets, with TLS where a
// way asks for it. Nothing blocks, name lookup and handshake included, so deadlines and the
// watchdog hold whatever the network does.
//
// A peer of a listening id is let go gently: what it was sent is delivered, and what it still sends
// is read and dropped for a moment, as an answer that is overtaken by a reset is no answer.
#ifndef ALOFT_NET_H
#define ALOFT_NET_H

#include "aloft/way.h"
#include "board/chip/board.h"
#include "ports/linux/tls.h"

struct aloft_net;

// listen_on: the address on which ways without one of their own listen; it must stay.
// NULL: no memory.
struct aloft_net *aloft_net_new(struct aloft_board *board, const char *listen_on);

// Who is trusted over TLS: fn fills `out` when the first connection of an update wants it, so that
// each update sees what was set last; its texts must stay until it is asked again. Without, TLS
// fails as TLS_NO_TRUST.
void aloft_net_trust(struct aloft_net *net, void (*fn)(void *ctx, struct aloft_tls_trust *out),
                     void *ctx);

// The way runs from now on; what it points to stays until it is removed.
// Errors: ARG when one of its ids is another way's.
enum aloft_err aloft_net_add(struct aloft_net *net, const struct aloft_way *way);

// Closes the way's connections and forgets it, and the TLS sessions that it could have resumed.
void aloft_net_remove(struct aloft_net *net, const struct aloft_way *way);

// Steps every way once and moves its connections on; when nothing moved, waits for input, until
// until_ms at the latest. True: a way asks for a restart, and what it has sent is delivered.
bool aloft_net_turn(struct aloft_net *net, uint32_t until_ms);

#endif
