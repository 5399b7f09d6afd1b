// Names are resolved by netdb.h's calls; lwIP's raw API is not there.
#ifndef LWIP_DNS_H
#define LWIP_DNS_H

#include "lwip/err.h"
#include "lwip/netdb.h"

#endif
