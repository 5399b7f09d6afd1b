// Names looked up in a thread, so that nobody waits for a name server: not who asks, and not who
// has lost interest. The thread shares nothing with its caller but a socket, into which it puts
// what it found.
#ifndef ALOFT_HOST_LOOKUP_H
#define ALOFT_HOST_LOOKUP_H

#include "ports/portlib/sockets/sockets.h"

// See the functions of the same names in struct aloft_sockets.
struct aloft_socket_lookup *aloft_host_look_up(void *ctx, enum aloft_socket_kind kind,
                                               const char *host, uint16_t port);
int32_t aloft_host_found(void *ctx, struct aloft_socket_lookup *lookup, uint32_t n,
                         struct aloft_socket_addr *out);
void aloft_host_drop(void *ctx, struct aloft_socket_lookup *lookup);

// Can be read from when the lookup has ended; -1: it has already.
int aloft_host_lookup_fd(const struct aloft_socket_lookup *lookup);

// Whether the text is an address.
bool aloft_host_numeric(void *ctx, const struct aloft_way_peer *peer,
                        struct aloft_socket_addr *out);

#endif
