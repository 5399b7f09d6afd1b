// One way in which firmware comes to a device (pull, push, browser), as its port sees it: ids,
// bytes and deadlines. It is seam 3 of 4 in the form in which a port runs several at once; the
// agent (agent.h) is the pull, and aloft_pull_way makes a way of it.
//
// The port runs this for each of its ways, over and over:
//
//   carry out each request          open or close a connection
//   when a connection is there      opened, or failed
//   when it can take bytes          send, and write them
//   when bytes came                 feed: takes some of them; offer the rest again after a step
//   when the peer closed            closed
//   step                            BUSY: all of this again; WAIT: until input or `deadline`;
//                                   RESTART: what was sent is delivered, restart the chip
//
// Ids are the port's four; each way uses its own, so that no two ways meet.
#ifndef ALOFT_WAY_H
#define ALOFT_WAY_H

#include "aloft/agent.h"

enum aloft_way_id {
    ALOFT_WAY_ID_PULL = 0,
    ALOFT_WAY_ID_INVITE = 1, // push: datagrams
    ALOFT_WAY_ID_PUSH = 2,   // push: the connection back
    ALOFT_WAY_ID_WEB = 3,
};

// Connections, besides a plain ALOFT_LINK_TCP to a host:
//   ALOFT_LINK_LISTEN          one peer at a time is told as opened, fed and sent to; closing
//                              while it is there ends that peer, and the next one may come
//   ALOFT_LINK_UDP, no host    bound to the port. Each feed is one datagram, whole; what is sent
//                              after it goes to where it came from
// host "" listens on every address of the device.

// Where bytes came from: an address as text, as ALOFT_LINK_TCP takes it. The longest is an IPv6
// address with its scope, "fe80::1%eth0": 45 characters, '%', and an interface of up to 15.
#define ALOFT_WAY_HOST_MAX 61u
struct aloft_way_peer {
    char host[ALOFT_WAY_HOST_MAX + 1];
    uint16_t port;
};

enum aloft_way_state { ALOFT_WAY_BUSY, ALOFT_WAY_WAIT, ALOFT_WAY_RESTART };

// As the functions of the same names in agent.h; ctx is the way's own struct.
struct aloft_way_ops {
    enum aloft_way_state (*step)(void *ctx, uint32_t now_ms);
    uint32_t (*deadline)(const void *ctx);
    bool (*request)(void *ctx, struct aloft_request *out);
    void (*opened)(void *ctx, uint8_t id, const struct aloft_way_peer *peer, uint32_t now_ms);
    void (*failed)(void *ctx, uint8_t id, enum aloft_err err, uint32_t now_ms);
    uint32_t (*send)(void *ctx, uint8_t id, uint8_t *buf, uint32_t cap);
    uint32_t (*feed)(void *ctx, uint8_t id, const struct aloft_way_peer *peer, const uint8_t *data,
                     uint32_t len, uint32_t now_ms);
    void (*closed)(void *ctx, uint8_t id, uint32_t now_ms);
};

struct aloft_way {
    const struct aloft_way_ops *ops;
    void *ctx;
    uint32_t ids; // bit n: id n is this way's
};

#endif
