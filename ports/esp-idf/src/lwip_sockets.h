// The link machine's sockets (ports/portlib/sockets/sockets.h) answered with lwIP's BSD calls. Who
// waits sleeps in select, or without sockets for a notification of its task.
#ifndef ALOFT_ESP_LWIP_SOCKETS_H
#define ALOFT_ESP_LWIP_SOCKETS_H

#include "ports/portlib/sockets/sockets.h"

extern const struct aloft_sockets aloft_lwip_sockets; // has no ctx

#endif
