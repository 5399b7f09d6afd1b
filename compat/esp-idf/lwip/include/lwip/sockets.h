// lwIP's sockets. Source: ESP-IDF components/lwip.
#ifndef LWIP_SOCKETS_H
#define LWIP_SOCKETS_H

#include "sys/socket.h"

#endif
