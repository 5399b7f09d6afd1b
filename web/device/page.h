// The page of the browser way (aloft/web.h): index.html, gzipped, made at build time by
// tools/embed. It needs nothing from outside the device.
#ifndef ALOFT_WEB_DEVICE_PAGE_H
#define ALOFT_WEB_DEVICE_PAGE_H

#include <stdint.h>

extern const uint8_t aloft_web_page[];
extern const uint32_t aloft_web_page_len;

#endif
