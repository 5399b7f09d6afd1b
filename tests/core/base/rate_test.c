// The limit on what strangers can ask for, over time and over the wrap of the clock.
#include "aloft/base/rate.h"
#include "check.h"

static void so_many_at_once_and_then_one_in_a_while(void)
{
    struct aloft_rate rate = {.burst = 3, .every_ms = 100};
    uint32_t allowed = 0;
    for (uint32_t ms = 0; ms < 1000; ms++) {
        allowed += aloft_rate_allow(&rate, ms);
    }
    CHECK_EQ(allowed, 3 + 9);
    CHECK(rate.denied > 900);
    CHECK_EQ(aloft_rate_wait(&rate, 1000), 0);
    CHECK(aloft_rate_allow(&rate, 1000));
    CHECK_EQ(aloft_rate_wait(&rate, 1000), 100);
    CHECK_EQ(aloft_rate_wait(&rate, 1099), 1);
    CHECK_EQ(aloft_rate_wait(&rate, 5000), 0);
}

static void the_clock_may_wrap(void)
{
    struct aloft_rate rate = {.burst = 2, .every_ms = 1000};
    CHECK(aloft_rate_allow(&rate, 0xFFFFFFF0u));
    CHECK(aloft_rate_allow(&rate, 0xFFFFFFF0u));
    CHECK(!aloft_rate_allow(&rate, 0x00000010u));
    CHECK_EQ(aloft_rate_wait(&rate, 0x00000010u), 1000 - 0x20);
    CHECK(aloft_rate_allow(&rate, 1000 - 0x10));
}

// 49.7 days later the clock shows the time of the last one again. That looks like no time at all,
// and may cost the pause that was due then, no more (R2).
static void a_limit_that_comes_back_lasts_no_longer_than_before(void)
{
    struct aloft_rate rate = {.burst = 5, .every_ms = 2000};
    for (uint32_t i = 0; i < 5; i++) {
        CHECK(aloft_rate_allow(&rate, 1000));
    }
    CHECK(aloft_rate_wait(&rate, 1000) <= 2000); // after 2^32 ms
    CHECK(aloft_rate_allow(&rate, 3000));
}

CHECK_MAIN(TEST(so_many_at_once_and_then_one_in_a_while), TEST(the_clock_may_wrap),
           TEST(a_limit_that_comes_back_lasts_no_longer_than_before))
