// Who may stay connected to `aloft serve`: clients that are slow, and those that say nothing, make
// room for others. Connections are told as they come and go; the policy is a pure function.
//
//   a head must be complete within ALOFT_SERVE_HEAD_S; between two requests ALOFT_SERVE_IDLE_S
//   an answer is taken at ALOFT_SERVE_RATE bytes a second or more, over ALOFT_SERVE_WINDOW_S, or
//   half of --limit-rate if that is less when more than ALOFT_SERVE_GUESTS are there, the one that
//   has least to show for itself goes
#ifndef ALOFT_CLI_SERVE_GUARD_H
#define ALOFT_CLI_SERVE_GUARD_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define ALOFT_SERVE_GUESTS   128u
#define ALOFT_SERVE_SLOTS    256u // with those that are on their way out
#define ALOFT_SERVE_HEAD_S   10u
#define ALOFT_SERVE_IDLE_S   60u
#define ALOFT_SERVE_RATE     1024u
#define ALOFT_SERVE_WINDOW_S 30u

struct aloft_serve_guest {
    bool here;
    bool leaving;      // its socket was shut
    bool served;       // its request is complete, the answer goes out
    bool known;        // it has had an answer before
    int fd;            // for shutting it; the server's
    uint64_t since_ms; // of this state
    uint64_t window_ms;
    uint64_t sent; // bytes of this answer
    uint64_t window_sent;
};

struct aloft_serve_guard {
    pthread_mutex_t lock;
    uint32_t least; // bytes a second
    struct aloft_serve_guest guests[ALOFT_SERVE_SLOTS];
};

void aloft_serve_guard_init(struct aloft_serve_guard *guard, uint32_t limit_rate);

// A connection came; NULL: there is no room at all. When it is one too many, another is shut.
struct aloft_serve_guest *aloft_serve_guard_come(struct aloft_serve_guard *guard, int fd);
void aloft_serve_guard_leave(struct aloft_serve_guard *guard, struct aloft_serve_guest *guest);

// Its request is complete; some of the answer was handed over; it was all.
void aloft_serve_guard_serve(struct aloft_serve_guard *guard, struct aloft_serve_guest *guest);
void aloft_serve_guard_sent(struct aloft_serve_guard *guard, struct aloft_serve_guest *guest,
                            uint32_t len);
void aloft_serve_guard_done(struct aloft_serve_guard *guard, struct aloft_serve_guest *guest);

// Shuts whose time is over; to be called every second.
void aloft_serve_guard_look(struct aloft_serve_guard *guard);

// Whether its time is over. Moves its window on.
bool aloft_serve_guard_late(struct aloft_serve_guest *guest, uint32_t least, uint64_t now_ms);

// Which of them goes when there are too many.
struct aloft_serve_guest *aloft_serve_guard_least(struct aloft_serve_guard *guard, uint64_t now_ms);

#endif
