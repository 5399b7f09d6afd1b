// Seam 3 of 4: one way in which firmware comes to a device (pull, push, browser), as its port sees
// it: ids, bytes and deadlines. Bytes in, bytes out, time in: the port owns sockets and clock, and
// runs this for each of its ways, over and over:
//
//   carry out each request          open or close a connection
//   when a connection is there      opened, or failed
//   when it can take bytes          send, and write them
//   when bytes came                 feed: takes some of them, at most ALOFT_WAY_PIECE; offer the
//                                   rest again after the next step
//   when the peer closed            closed
//   step                            BUSY: all of this again; WAIT: until input or `deadline`;
//                                   RESTART: what was sent is delivered, restart the chip
//
// Ids are the port's four; each way uses its own, so that no two ways meet. Where the bytes of all
// ways go: intake.h.
#ifndef ALOFT_WAY_H
#define ALOFT_WAY_H

#include "aloft/err.h"
#include <stdbool.h>
#include <stdint.h>

#define ALOFT_WAY_IDS   4
#define ALOFT_WAY_PIECE 1024u // bytes: the most that one feed takes

enum aloft_way_id {
    ALOFT_WAY_ID_PULL = 0,
    ALOFT_WAY_ID_INVITE = 1, // push: datagrams
    ALOFT_WAY_ID_PUSH = 2,   // push: the connection back
    ALOFT_WAY_ID_WEB = 3,
};

// What a connection is, besides a plain ALOFT_LINK_TCP to a host:
//   ALOFT_LINK_LISTEN          one peer at a time is told as opened, fed and sent to; closing
//                              while it is there ends that peer, and the next one may come
//   ALOFT_LINK_UDP, no host    bound to the port. Each feed is one datagram, whole, and so is each
//                              send, which says where it goes
// host "" listens on every address of the device.
enum aloft_link { ALOFT_LINK_TCP, ALOFT_LINK_UDP, ALOFT_LINK_LISTEN };

enum aloft_request_kind { ALOFT_REQUEST_OPEN, ALOFT_REQUEST_CLOSE };

// What a way asks of its port. host is text of host_len bytes inside the way, valid until the next
// call into it; a name or an address, IPv6 without brackets.
struct aloft_request {
    enum aloft_request_kind kind;
    uint8_t id;
    enum aloft_link link;
    bool tls;
    uint32_t port;
    const char *host;
    uint32_t host_len;
};

// Where bytes came from: an address as text, as ALOFT_LINK_TCP takes it. The longest is an IPv6
// address with its scope, "fe80::1%eth0": 45 characters, '%', and an interface of up to 15.
#define ALOFT_WAY_HOST_MAX 61u
struct aloft_way_peer {
    char host[ALOFT_WAY_HOST_MAX + 1];
    uint16_t port;
};

enum aloft_way_state { ALOFT_WAY_BUSY, ALOFT_WAY_WAIT, ALOFT_WAY_RESTART };

// ctx is the way's own struct. now_ms is the port's clock, which may wrap.
struct aloft_way_ops {
    // One flash operation at most, or one look at the clock. What a power cut leaves is said where
    // the way is made (aloft_pull_way, aloft_push_way, aloft_web_way).
    enum aloft_way_state (*step)(void *ctx, uint32_t now_ms);
    // When to step again at the latest, in the clock of now_ms.
    uint32_t (*deadline)(const void *ctx);
    // The next thing that the way wants of the port; false when there is none.
    bool (*request)(void *ctx, struct aloft_request *out);
    // The connection stands. peer: who it is, for what listens; may be NULL for what was opened.
    void (*opened)(void *ctx, uint8_t id, const struct aloft_way_peer *peer, uint32_t now_ms);
    // The connection could not be made, or broke, and is closed. err is a NET_ or TLS_ fault.
    void (*failed)(void *ctx, uint8_t id, enum aloft_err err, uint32_t now_ms);
    // Bytes to send on this connection: up to cap of them are put into buf. 0: none now. to: of a
    // datagram, where it goes.
    uint32_t (*send)(void *ctx, uint8_t id, struct aloft_way_peer *to, uint8_t *buf, uint32_t cap);
    // Bytes that came. Takes as many as there is room for and says how many. 0 does not mean that
    // the peer is slow: a way that is BUSY takes nothing.
    uint32_t (*feed)(void *ctx, uint8_t id, const struct aloft_way_peer *peer, const uint8_t *data,
                     uint32_t len, uint32_t now_ms);
    // The peer will send no more, and all that it sent has been taken. The way asks for the close.
    void (*closed)(void *ctx, uint8_t id, uint32_t now_ms);
};

struct aloft_way {
    const struct aloft_way_ops *ops;
    void *ctx;
    uint32_t ids; // bit n: id n is this way's
};

#endif
