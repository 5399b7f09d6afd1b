// Nothing that an app uses. Source: ESP-IDF components/lwip.
#ifndef LWIP_SYS_H
#define LWIP_SYS_H

#include <stdint.h>

#endif
