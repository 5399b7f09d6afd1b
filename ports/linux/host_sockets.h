// The link machine's sockets (ports/portlib/sockets/sockets.h) answered with Linux.
#ifndef ALOFT_HOST_SOCKETS_H
#define ALOFT_HOST_SOCKETS_H

#include "ports/portlib/sockets/sockets.h"

extern const struct aloft_sockets aloft_host_sockets; // has no ctx

#endif
