// A limit on how often something is done that strangers can ask for: so many at once, and then one
// in a while. For guesses of a secret, and for lines of a log. No I/O, no clock.
//
// Invariants
//   R1  In any span of t milliseconds, at most burst + t / every_ms are allowed and not returned.
//   R2  Whatever the clock does, also when it wraps, the next is allowed after at most
//       burst * every_ms.
#ifndef ALOFT_RATE_H
#define ALOFT_RATE_H

#include <stdbool.h>
#include <stdint.h>

struct aloft_rate {
    uint32_t burst;    // at once; at least 1
    uint32_t every_ms; // then one in this time; at least 1
    uint32_t denied;   // since the last that was allowed; the caller may set it to 0
    uint32_t spent;    // private from here on
    uint32_t since_ms;
};

// True: do it; this one is counted. False: not now.
bool aloft_rate_allow(struct aloft_rate *rate, uint32_t now_ms);

// The last that was allowed is not counted: it was not what the limit is for.
void aloft_rate_return(struct aloft_rate *rate);

// Milliseconds until the next is allowed; 0: it is.
uint32_t aloft_rate_wait(struct aloft_rate *rate, uint32_t now_ms);

#endif
