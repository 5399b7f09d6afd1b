// Reads the clock once per turn.
#include "hostlib/base/deadline.h"
#include "hostlib/base/clock.h"

struct aloft_deadline aloft_deadline_in(uint32_t ms)
{
    return (struct aloft_deadline){.at_ms = aloft_clock_ms() + ms};
}

bool aloft_deadline_turn(struct aloft_deadline *deadline, int *left_ms)
{
    bool turn = !deadline->over;
    *left_ms = aloft_clock_left_ms(deadline->at_ms);
    deadline->over = *left_ms == 0;
    return turn;
}
