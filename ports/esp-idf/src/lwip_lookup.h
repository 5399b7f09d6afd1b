// Names looked up by a small task that lives as long as its question, as lwIP's getaddrinfo blocks.
// It shares nothing with who asked but the answer, which the last of both frees.
#ifndef ALOFT_ESP_LWIP_LOOKUP_H
#define ALOFT_ESP_LWIP_LOOKUP_H

#include "ports/portlib/sockets/sockets.h"

// See the functions of the same names in struct aloft_sockets. The calling task is notified when
// the lookup has ended.
struct aloft_socket_lookup *aloft_lwip_look_up(void *ctx, enum aloft_socket_kind kind,
                                               const char *host, uint16_t port);
int32_t aloft_lwip_found(void *ctx, struct aloft_socket_lookup *lookup, uint32_t n,
                         struct aloft_socket_addr *out);
void aloft_lwip_drop(void *ctx, struct aloft_socket_lookup *lookup);

// "192.168.4.1" or "fe80::1". False: the text is no address.
bool aloft_lwip_parse(const char *host, uint16_t port, struct aloft_socket_addr *out);

#endif
