// lwIP's names. Source: ESP-IDF components/lwip.
#ifndef LWIP_NETDB_H
#define LWIP_NETDB_H

#include <netdb.h>
#include <sys/cdefs.h>
#include <sys/socket.h>

__BEGIN_DECLS

// getaddrinfo; when service is a number, the image's setting route may change the address.
int lwip_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                     struct addrinfo **res);
#define getaddrinfo(node, service, hints, res) lwip_getaddrinfo((node), (service), (hints), (res))

__END_DECLS

#endif
