// A bootloader's board for tests that look at flash only: it prints nothing, has no watchdog, and
// keeps nothing of what is loaded.
#ifndef ALOFT_QUIET_PORT_H
#define ALOFT_QUIET_PORT_H

#include "aloft/image.h"

__attribute__((format(printf, 4, 5))) static inline void
quiet_log(void *ctx, char level, const char *tag, const char *format, ...)
{
    (void)ctx;
    (void)level;
    (void)tag;
    (void)format;
}

static inline void quiet_nothing(void *ctx)
{
    (void)ctx;
}

static inline enum aloft_err quiet_load(void *ctx, const struct aloft_image *image,
                                        enum aloft_image_event event, const uint8_t *data,
                                        uint32_t len)
{
    (void)ctx;
    (void)image;
    (void)event;
    (void)data;
    (void)len;
    return ALOFT_OK;
}

#endif
