// Seam 3 for every port with sockets: the connections of all ways, with TLS where a way asks for
// it. The port's side are two tables (sockets.h, and struct aloft_net_port). Nothing blocks, name
// lookup and handshake included, so deadlines and the watchdog hold whatever the network does; all
// waiting is for sockets, never for a tick of a clock.
//
// A peer of a listening id is let go gently: what it was sent is delivered, and what it still sends
// is read and dropped for a moment, as an answer that is overtaken by a reset is no answer.
//
// All memory is the caller's. A device with a pull alone has one link:
//
//     static struct aloft_net net;
//     static struct aloft_net_link link;
//     static uint8_t in[1024], out[512];
//     static char host[ALOFT_NET_HOST];
//     aloft_net_init(&net, &sockets, &port, "");
//     aloft_net_lend(&net, ALOFT_WAY_ID_PULL, &link,
//                    &(struct aloft_net_buffers){host, sizeof host, in, sizeof in, out, sizeof
//                    out});
#ifndef ALOFT_NET_H
#define ALOFT_NET_H

#include "aloft/way.h"
#include "ports/portlib/sockets/sockets.h"
#include "ports/portlib/tls/tls.h"

// 1: connections to hosts alone, which is all that a pull opens; 650 bytes of code less. Ways that
// listen or talk in datagrams must not be added then.
#ifndef ALOFT_NET_CLIENT_ONLY
#define ALOFT_NET_CLIENT_ONLY 0
#endif

struct aloft_net_port {
    void *ctx;
    uint32_t (*now_ms)(void *ctx); // since reset; may wrap
    void (*feed_watchdog)(void *ctx);
    // One console line: level is E, W, I or D.
    void (*log)(void *ctx, char level, const char *tag, const char *format, ...)
        __attribute__((format(printf, 4, 5)));
};

// Bytes of the buffers of one link. A buffer that is too small is a fault of the connection, not of
// memory, but for `in` and `out`, of which smaller ones of a connection only cost time.
//   host   the name of a peer with its NUL: ALOFT_NET_HOST for the pull, as no name is longer;
//          ALOFT_WAY_HOST_MAX + 1 for the push's connection back, whose peer is an address; of what
//          listens, the address on which it does. A longer name is one that cannot be found.
//   in     a piece that was received, at most ALOFT_WAY_PIECE: of a datagram, all of it counts
//   out    what waits to be sent; a datagram whole: ALOFT_NET_DATAGRAM for the push
#define ALOFT_NET_HOST     254u
#define ALOFT_NET_DATAGRAM 256u
struct aloft_net_buffers {
    char *host;
    uint32_t host_size;
    uint8_t *in;
    uint32_t in_size;
    uint8_t *out;
    uint32_t out_size;
};

enum aloft_net_state {
    ALOFT_NET_CLOSED,
    ALOFT_NET_RESOLVING,
    ALOFT_NET_CONNECTING,
    ALOFT_NET_SECURING,
    ALOFT_NET_LISTENING,
    ALOFT_NET_OPEN,
    ALOFT_NET_ENDED,
    ALOFT_NET_DRAINING
};

// One id's connection; see net.c for its states.
struct aloft_net_link {
    struct aloft_net_buffers buffers;
    const struct aloft_way *way;
    struct aloft_socket_lookup *lookup; // NULL: none
    struct aloft_tls *tls;              // NULL: none yet
    enum aloft_net_state state;
    enum aloft_socket_kind kind;
    int fd;               // -1: none
    int listen_fd;        // -1: none; stays while peers come and go
    const char *hint;     // what to do about the last address that was tried; NULL: nothing
    uint32_t tried;       // addresses of the lookup
    uint32_t in_len;      // bytes received
    uint32_t in_off;      // of these, taken by the way
    uint32_t out_len;     // bytes to send
    uint32_t out_off;     // of these, sent
    uint32_t drain_until; // ms
    uint16_t port;
    bool heard;                    // something came from the peer
    bool secure;                   // TLS is wanted
    bool tls_writes;               // and waits for the socket to take bytes
    struct aloft_socket_addr from; // the peer, or who sent the last datagram
    struct aloft_socket_addr to;   // of the datagram that is sent
};

struct aloft_net {
    const struct aloft_sockets *sockets;
    const struct aloft_net_port *port;
    const char *listen_on;
    const struct aloft_way *ways[ALOFT_WAY_IDS];
    struct aloft_net_link *links[ALOFT_WAY_IDS]; // NULL: this id has no memory
    const struct aloft_tls_calls *tls;           // NULL: this port has no TLS
    void (*trust)(void *ctx, struct aloft_tls_trust *out);
    void *trust_ctx;
    struct aloft_tls_client *client; // of the update that is under way; NULL: none
    bool restart;                    // asked for
};

// listen_on: the address on which ways without one of their own listen; "": every address. All that
// is pointed to must stay.
void aloft_net_init(struct aloft_net *net, const struct aloft_sockets *sockets,
                    const struct aloft_net_port *port, const char *listen_on);

// From now on this id can be used, with this memory, which must stay.
void aloft_net_lend(struct aloft_net *net, uint8_t id, struct aloft_net_link *link,
                    const struct aloft_net_buffers *buffers);

// TLS by these calls (&aloft_tls_calls, or a port's own), and who is trusted: fn fills `out` when
// the first connection of an update wants it, so that each update sees what was set last; its texts
// must stay until it is asked again. Without, TLS fails as TLS_NO_TRUST, and none is linked.
void aloft_net_trust(struct aloft_net *net, const struct aloft_tls_calls *tls,
                     void (*fn)(void *ctx, struct aloft_tls_trust *out), void *ctx);

// The way runs from now on; what it points to stays until it is removed.
// Errors: ARG when one of its ids is another way's, or has no memory.
enum aloft_err aloft_net_add(struct aloft_net *net, const struct aloft_way *way);

// Closes the way's connections and forgets it, and the TLS sessions that it could have resumed.
void aloft_net_remove(struct aloft_net *net, const struct aloft_way *way);

// Steps every way once and moves its connections on; when nothing moved, waits for input, until
// until_ms at the latest. True: a way asks for a restart, and what it has sent is delivered.
bool aloft_net_turn(struct aloft_net *net, uint32_t until_ms);

#endif
