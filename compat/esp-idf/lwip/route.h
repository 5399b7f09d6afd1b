// Where the image's setting route sends connections, as a router or a name server would:
// "updates.example.com:443=127.0.0.1:8443"; several are separated by commas.
#ifndef ALOFT_IDF_ROUTE_H
#define ALOFT_IDF_ROUTE_H

#include <stdint.h>

#define ALOFT_IDF_HOST_MAX 256

// Replaces host and port when there is a route for them. host has ALOFT_IDF_HOST_MAX bytes or more.
void aloft_idf_route(char *host, int *port);

// The host's port for one on which the board listens: "80=8080,3232=13232" in the image's setting
// ports. Without an entry, the same.
uint16_t aloft_idf_host_port(uint16_t port);

#endif
