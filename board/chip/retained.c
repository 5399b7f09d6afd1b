// What the supervisor and the board's programs must agree on: the check of retained memory, and the
// clock that its times belong to.
#include "board/chip/retained.h"
#include "aloft/base/crc32.h"
#include <time.h>

uint32_t aloft_retained_crc(const struct aloft_retained *retained)
{
    return aloft_crc32(0, (const uint8_t *)&retained->config, sizeof retained->config);
}

uint64_t aloft_board_clock_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now); // cannot fail for this clock
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}
