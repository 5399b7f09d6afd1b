// Where the image's setting route sends connections, as a router or a name server would:
// "updates.example.com:443=127.0.0.1:8443"; several are separated by commas.
#ifndef ALOFT_IDF_ROUTE_H
#define ALOFT_IDF_ROUTE_H

#define ALOFT_IDF_HOST_MAX 256

// Replaces host and port when there is a route for them. host has ALOFT_IDF_HOST_MAX bytes or more.
void aloft_idf_route(char *host, int *port);

#endif
