// lwIP's names. Source: ESP-IDF components/lwip.
#ifndef LWIP_NETDB_H
#define LWIP_NETDB_H

#include <netdb.h>
#include <sys/socket.h>

#endif
