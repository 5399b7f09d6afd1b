// A leaky bucket: it fills with each event that was allowed and drains with time. The level is
// computed when it is asked for.
#include "aloft/base/rate.h"
#include "aloft/base/assert.h"

static void drain(struct aloft_rate *rate, uint32_t now_ms)
{
    uint32_t steps = (now_ms - rate->since_ms) / rate->every_ms;
    if (steps >= rate->spent) {
        rate->spent = 0;
        rate->since_ms = now_ms;
    } else {
        rate->spent -= steps;
        rate->since_ms += steps * rate->every_ms;
    }
}

uint32_t aloft_rate_wait(struct aloft_rate *rate, uint32_t now_ms)
{
    drain(rate, now_ms);
    ALOFT_INVARIANT("R2", rate->spent == 0 || now_ms - rate->since_ms < rate->every_ms);
    return rate->spent < rate->burst ? 0 : rate->every_ms - (now_ms - rate->since_ms);
}

bool aloft_rate_allow(struct aloft_rate *rate, uint32_t now_ms)
{
    bool allowed = aloft_rate_wait(rate, now_ms) == 0; // keeps R1
    rate->spent += allowed;
    rate->denied += !allowed;
    ALOFT_INVARIANT("R1", rate->spent <= rate->burst);
    return allowed;
}

void aloft_rate_return(struct aloft_rate *rate)
{
    rate->spent -= rate->spent > 0;
}
