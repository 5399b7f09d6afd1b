// The monotonic clock of Linux, in the unit that the callers think in.
#include "hostlib/base/clock.h"
#include <errno.h>
#include <limits.h>
#include <time.h>

uint64_t aloft_clock_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now); // cannot fail for this clock
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void aloft_clock_sleep_ms(uint32_t ms)
{
    struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    while (nanosleep(&left, &left) != 0 && errno == EINTR) {
    }
}

int aloft_clock_left_ms(uint64_t deadline_ms)
{
    uint64_t now = aloft_clock_ms();
    uint64_t left = deadline_ms > now ? deadline_ms - now : 0;
    return left > INT_MAX ? INT_MAX : (int)left;
}
