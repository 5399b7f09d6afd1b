// Addresses as text, which are the host's. Source: ESP-IDF components/lwip.
#ifndef LWIP_INET_H
#define LWIP_INET_H

#include <arpa/inet.h>
#include <netinet/in.h>

#endif
