// The kernel gives up to 256 bytes at once for certain, and more unless a signal comes.
#include "hostlib/base/random.h"
#include <errno.h>
#include <stdint.h>
#include <sys/random.h>

bool aloft_random(void *out, size_t len)
{
    uint8_t *at = out;
    while (len > 0) {
        ssize_t n = getrandom(at, len, 0);
        if (n < 0 && errno != EINTR) {
            return false;
        }
        at += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
    return true;
}
