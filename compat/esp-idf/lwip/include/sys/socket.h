// lwIP's sockets, which are the host's; its header brings more along than the host's does.
// Source: ESP-IDF components/lwip/port/include/sys/socket.h, lwip/sockets.h.
#ifndef ALOFT_IDF_SYS_SOCKET_H
#define ALOFT_IDF_SYS_SOCKET_H

#include_next <sys/socket.h>

#ifndef _NETINET_IN_H // else netinet/in.h includes this, and these must come later
#include <netinet/in.h>

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/tcp.h>
#endif

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/cdefs.h>
#include <sys/time.h>
#include <unistd.h>

__BEGIN_DECLS

// connect; the image's setting route may change the address (docs/IDF_API.md).
int lwip_connect(int s, const struct sockaddr *name, socklen_t namelen);
#define connect(s, name, namelen) lwip_connect((s), (name), (namelen))

// socket and accept: a reset closes what they made, as it does on a chip. bind: the image's
// settings listen and ports say where on the host.
int lwip_socket(int domain, int type, int protocol);
int lwip_accept(int s, struct sockaddr *addr, socklen_t *addrlen);
int lwip_bind(int s, const struct sockaddr *name, socklen_t namelen);
#ifndef __cplusplus // where std::bind is another thing
#define socket(domain, type, protocol) lwip_socket((domain), (type), (protocol))
#define accept(s, addr, addrlen)       lwip_accept((s), (addr), (addrlen))
#define bind(s, name, namelen)         lwip_bind((s), (name), (namelen))
#endif

__END_DECLS

#endif
