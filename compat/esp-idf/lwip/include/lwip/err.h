// lwIP's errors are errno. Source: ESP-IDF components/lwip.
#ifndef LWIP_ERR_H
#define LWIP_ERR_H

#include <errno.h>

#endif
