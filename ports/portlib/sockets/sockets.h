// What the link machine (net.h) asks of a port: sockets that never block, names looked up beside
// it, and one call in which it waits. ports/linux/host_sockets.c answers with Linux.
//
//   N1  No function but `wait` blocks, and `wait` no longer than it is told.
//   N2  A lookup can be dropped at any time, and dropping does not wait for its end.
//   N3  `wait` ends early when a socket that it was given is ready, or a lookup has ended.
//   N4  A result is DONE, LATER (try again after `wait`) or a fault: one of NET_REFUSED,
//       NET_CONNECT_TIMEOUT, NET_RESET, NET_UNREACHABLE, NET_DNS.
#ifndef ALOFT_SOCKETS_H
#define ALOFT_SOCKETS_H

#include "aloft/way.h"

// An address with its port, as the port keeps it: a struct sockaddr_in6 fits.
#define ALOFT_SOCKET_ADDR_LEN 28u
struct aloft_socket_addr {
    uint32_t len; // 0: none
    uint32_t opaque[ALOFT_SOCKET_ADDR_LEN / 4];
};

enum aloft_socket_kind {
    ALOFT_SOCKET_CONNECT, // a connection to the address is begun
    ALOFT_SOCKET_LISTEN,  // listens on the address
    ALOFT_SOCKET_TALK,    // datagrams, to and from the address alone
    ALOFT_SOCKET_BIND,    // datagrams, from anybody to the address
};

// A number of bytes, or one of these, or a fault: a negative enum aloft_err.
#define ALOFT_SOCKET_LATER INT32_MIN
#define ALOFT_SOCKET_DONE  0

// A name that is looked up; the port's own.
struct aloft_socket_lookup;

// What is waited for: a lookup, or a socket that has bytes or a peer and, when `writes`, one that
// takes bytes.
struct aloft_socket_wait {
    const struct aloft_socket_lookup *lookup; // NULL: the socket
    int fd;
    bool reads;
    bool writes;
};

struct aloft_sockets {
    void *ctx;
    void (*wait)(void *ctx, const struct aloft_socket_wait *list, uint32_t count, uint32_t ms);

    // Begins to look for the addresses of host, a name or an address as text, for sockets of this
    // kind. "": every address of this device; only to listen and to bind. NULL: it cannot.
    struct aloft_socket_lookup *(*look_up)(void *ctx, enum aloft_socket_kind kind, const char *host,
                                           uint16_t port);
    // Address number n of what was found. DONE, LATER, or NET_DNS when there are not so many.
    int32_t (*found)(void *ctx, struct aloft_socket_lookup *lookup, uint32_t n,
                     struct aloft_socket_addr *out);
    void (*drop)(void *ctx, struct aloft_socket_lookup *lookup); // N2

    // Makes a socket. DONE, or a fault; then there is none, and *hint, which was NULL, may be what
    // the user is to do about it, as the end of a sentence.
    int32_t (*open)(void *ctx, enum aloft_socket_kind kind, const struct aloft_socket_addr *addr,
                    int *fd, const char **hint);
    // Whether the connection stands: DONE, LATER or a fault. Of CONNECT and TALK.
    int32_t (*connected)(void *ctx, int fd);
    // The next peer of a listener. DONE, or LATER, when there is none.
    int32_t (*accept)(void *ctx, int listen_fd, int *fd, struct aloft_socket_addr *from);
    // Bytes received; 0 of a connection: its peer sends no more. LATER or a fault. from: who sent a
    // datagram; may be NULL.
    int32_t (*recv)(void *ctx, int fd, uint8_t *buf, uint32_t size, struct aloft_socket_addr *from);
    // Bytes that were taken; LATER or a fault. to: where a datagram of BIND goes; else NULL.
    int32_t (*send)(void *ctx, int fd, const uint8_t *data, uint32_t len,
                    const struct aloft_socket_addr *to);
    void (*finish)(void *ctx, int fd); // the peer is told that no more comes
    void (*close)(void *ctx, int fd);  // what was taken is still sent

    // An address as text, and back. True: it could be done.
    bool (*text)(void *ctx, const struct aloft_socket_addr *addr, struct aloft_way_peer *out);
    bool (*numeric)(void *ctx, const struct aloft_way_peer *peer, struct aloft_socket_addr *out);
};

#endif
