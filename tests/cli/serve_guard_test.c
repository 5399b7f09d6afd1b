// Which client of `aloft serve` is dropped, by the test's clock.
#include "check.h"
#include "cli/serve/serve_guard.h"
#include <string.h>

static void a_request_head_and_a_pause_have_time_limits(void)
{
    struct aloft_serve_guest guest = {.here = true, .since_ms = 5000};
    CHECK(!aloft_serve_guard_late(&guest, 1024, 5000 + 9999));
    CHECK(aloft_serve_guard_late(&guest, 1024, 5000 + 10000));
    guest.known = true;
    CHECK(!aloft_serve_guard_late(&guest, 1024, 5000 + 59999));
    CHECK(aloft_serve_guard_late(&guest, 1024, 5000 + 60000));
}

static void an_answer_that_is_taken_too_slowly_ends(void)
{
    struct aloft_serve_guest guest = {.here = true, .served = true};
    guest.sent = 1 << 20; // much at once, and then a drip
    CHECK(!aloft_serve_guard_late(&guest, 1024, 29999));
    CHECK(!aloft_serve_guard_late(&guest, 1024, 30000));
    guest.sent += 30 * 1024 - 1;
    CHECK(!aloft_serve_guard_late(&guest, 1024, 59999));
    CHECK(aloft_serve_guard_late(&guest, 1024, 60000));
    guest.sent += 30 * 1024;
    CHECK(!aloft_serve_guard_late(&guest, 1024, 90000));
}

static void the_slowest_client_is_dropped(void)
{
    static struct aloft_serve_guard guard;
    aloft_serve_guard_init(&guard, 0);
    CHECK_EQ(guard.least, 1024);
    guard.guests[3] = (struct aloft_serve_guest){.here = true, .served = true, .sent = 10};
    guard.guests[4] = (struct aloft_serve_guest){.here = true, .served = true, .sent = 1000};
    CHECK(aloft_serve_guard_least(&guard, 9000) == &guard.guests[3]);
    guard.guests[7] = (struct aloft_serve_guest){.here = true, .since_ms = 2000};
    guard.guests[8] = (struct aloft_serve_guest){.here = true, .since_ms = 1000};
    guard.guests[9] = (struct aloft_serve_guest){.here = true, .since_ms = 8999};
    CHECK(aloft_serve_guard_least(&guard, 9000) == &guard.guests[8]);
    guard.guests[8].leaving = true;
    CHECK(aloft_serve_guard_least(&guard, 9000) == &guard.guests[7]);
    guard.guests[7].here = false; // 7 has left, and 9 has just come, so it is spared
    CHECK(aloft_serve_guard_least(&guard, 9000) == &guard.guests[3]);
    aloft_serve_guard_init(&guard, 100);
    CHECK_EQ(guard.least, 50);
}

CHECK_MAIN(TEST(a_request_head_and_a_pause_have_time_limits),
           TEST(an_answer_that_is_taken_too_slowly_ends), TEST(the_slowest_client_is_dropped))
