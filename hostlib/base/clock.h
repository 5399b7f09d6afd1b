// Time that only goes forward, for deadlines of host code.
#ifndef ALOFT_HOSTLIB_CLOCK_H
#define ALOFT_HOSTLIB_CLOCK_H

#include <stdint.h>

// Milliseconds since some moment before the program began.
uint64_t aloft_clock_ms(void);

// Waits that long, signals or not.
void aloft_clock_sleep_ms(uint32_t ms);

// Milliseconds until the deadline as poll(2) takes them; 0 when it has passed.
int aloft_clock_left_ms(uint64_t deadline_ms);

#endif
