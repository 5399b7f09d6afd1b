// How long a loop may wait for a peer. A loop asks before every turn, also before one that need not
// wait: a peer that always has something to say, or takes one byte at a time, ends as one that is
// silent does.
//
//   struct aloft_deadline deadline = aloft_deadline_in(5000);
//   int left_ms;
//   while (!done && aloft_deadline_turn(&deadline, &left_ms)) {
//       wait for the peer for left_ms at most, and take what is there
//   }
//
// When the time is over there is one more turn, with 0 ms, so that a machine that was busy or
// asleep takes what had come in time.
#ifndef ALOFT_HOSTLIB_DEADLINE_H
#define ALOFT_HOSTLIB_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>

struct aloft_deadline {
    uint64_t at_ms; // aloft_clock_ms
    bool over;      // the last turn has been given
};

// From now on.
struct aloft_deadline aloft_deadline_in(uint32_t ms);

// False: the time is up.
bool aloft_deadline_turn(struct aloft_deadline *deadline, int *left_ms);

#endif
