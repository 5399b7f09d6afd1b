// The answers of struct aloft_sockets (sockets.h) that every port with BSD's socket calls gives in
// the same way: Linux and lwIP. An address is its struct sockaddr; ctx is not used.
#ifndef ALOFT_BSD_H
#define ALOFT_BSD_H

#include "ports/portlib/sockets/sockets.h"
#include <sys/socket.h>

static inline const struct sockaddr *aloft_bsd_addr(const struct aloft_socket_addr *addr)
{
    return (const struct sockaddr *)(const void *)addr->opaque;
}

// What errno says: LATER or a fault.
int32_t aloft_bsd_fault(int error);

// SOCK_DGRAM or SOCK_STREAM, whichever this kind is.
int aloft_bsd_type(enum aloft_socket_kind kind);

// Connects, binds or listens with a socket that does not block, and is new. Errno, or 0.
int aloft_bsd_begin(int fd, enum aloft_socket_kind kind, const struct aloft_socket_addr *addr,
                    int backlog);

// Closes a socket that could not be opened, if there is one (fd >= 0), and says why. Never LATER.
int32_t aloft_bsd_give_up(int fd, int error);

// Errno of the connection that was begun, or 0.
int aloft_bsd_error(int fd);

int32_t aloft_bsd_recv(void *ctx, int fd, uint8_t *buf, uint32_t size,
                       struct aloft_socket_addr *from);
int32_t aloft_bsd_send(void *ctx, int fd, const uint8_t *data, uint32_t len,
                       const struct aloft_socket_addr *to);
void aloft_bsd_finish(void *ctx, int fd);
void aloft_bsd_close(void *ctx, int fd);

#endif
