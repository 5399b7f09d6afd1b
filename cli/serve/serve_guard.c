// A table under a lock. A socket is shut, never closed: its own thread of the server finds it
// ended, and leaves the table before the descriptor can be another's.
#include "cli/serve/serve_guard.h"
#include "hostlib/base/clock.h"
#include <string.h>
#include <sys/socket.h>

enum { MS_PER_S = 1000 };

void aloft_serve_guard_init(struct aloft_serve_guard *guard, uint32_t limit_rate)
{
    memset(guard, 0, sizeof *guard);
    (void)pthread_mutex_init(&guard->lock, NULL); // cannot fail for a plain one
    guard->least =
        limit_rate > 0 && limit_rate / 2 < ALOFT_SERVE_RATE ? limit_rate / 2 : ALOFT_SERVE_RATE;
}

static void shut(struct aloft_serve_guest *guest)
{
    guest->leaving = true;
    (void)shutdown(guest->fd, SHUT_RDWR); // gone already is as good
}

bool aloft_serve_guard_late(struct aloft_serve_guest *guest, uint32_t least, uint64_t now_ms)
{
    uint64_t age = now_ms - guest->since_ms;
    if (!guest->served) {
        return age >= (guest->known ? ALOFT_SERVE_IDLE_S : ALOFT_SERVE_HEAD_S) * MS_PER_S;
    }
    if (now_ms - guest->window_ms < ALOFT_SERVE_WINDOW_S * MS_PER_S) {
        return false;
    }
    bool late = guest->sent - guest->window_sent < (uint64_t)least * ALOFT_SERVE_WINDOW_S;
    guest->window_ms = now_ms;
    guest->window_sent = guest->sent;
    return late;
}

// The fewest bytes a second since its state began; without a request none at all, and then who has
// been there for longest.
static bool has_less(const struct aloft_serve_guest *a, const struct aloft_serve_guest *b,
                     uint64_t now_ms)
{
    if (a->served != b->served) {
        return b->served;
    }
    uint64_t a_age = now_ms - a->since_ms + 1;
    uint64_t b_age = now_ms - b->since_ms + 1;
    return a->served ? a->sent * b_age < b->sent * a_age : a_age > b_age;
}

struct aloft_serve_guest *aloft_serve_guard_least(struct aloft_serve_guard *guard, uint64_t now_ms)
{
    struct aloft_serve_guest *least = NULL;
    for (uint32_t i = 0; i < ALOFT_SERVE_SLOTS; i++) {
        struct aloft_serve_guest *guest = &guard->guests[i];
        bool young = !guest->served && now_ms - guest->since_ms < MS_PER_S / 2;
        if (guest->here && !guest->leaving && !young &&
            (least == NULL || has_less(guest, least, now_ms))) {
            least = guest;
        }
    }
    return least;
}

struct aloft_serve_guest *aloft_serve_guard_come(struct aloft_serve_guard *guard, int fd)
{
    struct aloft_serve_guest *found = NULL;
    uint32_t count = 0;
    (void)pthread_mutex_lock(&guard->lock);
    uint64_t now_ms = aloft_clock_ms();
    for (uint32_t i = 0; i < ALOFT_SERVE_SLOTS; i++) {
        count += guard->guests[i].here && !guard->guests[i].leaving;
        found = guard->guests[i].here ? found : &guard->guests[i];
    }
    struct aloft_serve_guest *least =
        count >= ALOFT_SERVE_GUESTS ? aloft_serve_guard_least(guard, now_ms) : NULL;
    if (least != NULL) {
        shut(least);
    }
    if (found != NULL) {
        *found = (struct aloft_serve_guest){.here = true, .fd = fd, .since_ms = now_ms};
    }
    (void)pthread_mutex_unlock(&guard->lock);
    return found;
}

void aloft_serve_guard_leave(struct aloft_serve_guard *guard, struct aloft_serve_guest *guest)
{
    if (guest != NULL) {
        (void)pthread_mutex_lock(&guard->lock);
        guest->here = false;
        (void)pthread_mutex_unlock(&guard->lock);
    }
}

static void begin(struct aloft_serve_guard *guard, struct aloft_serve_guest *guest, bool served)
{
    if (guest != NULL) {
        (void)pthread_mutex_lock(&guard->lock);
        guest->served = served;
        guest->known = guest->known || !served;
        guest->since_ms = guest->window_ms = aloft_clock_ms();
        guest->sent = guest->window_sent = 0;
        (void)pthread_mutex_unlock(&guard->lock);
    }
}

void aloft_serve_guard_serve(struct aloft_serve_guard *guard, struct aloft_serve_guest *guest)
{
    begin(guard, guest, true);
}

void aloft_serve_guard_done(struct aloft_serve_guard *guard, struct aloft_serve_guest *guest)
{
    begin(guard, guest, false);
}

void aloft_serve_guard_sent(struct aloft_serve_guard *guard, struct aloft_serve_guest *guest,
                            uint32_t len)
{
    if (guest != NULL) {
        (void)pthread_mutex_lock(&guard->lock);
        guest->sent += len;
        (void)pthread_mutex_unlock(&guard->lock);
    }
}

void aloft_serve_guard_look(struct aloft_serve_guard *guard)
{
    (void)pthread_mutex_lock(&guard->lock);
    uint64_t now_ms = aloft_clock_ms();
    for (uint32_t i = 0; i < ALOFT_SERVE_SLOTS; i++) {
        struct aloft_serve_guest *guest = &guard->guests[i];
        if (guest->here && !guest->leaving && aloft_serve_guard_late(guest, guard->least, now_ms)) {
            shut(guest);
        }
    }
    (void)pthread_mutex_unlock(&guard->lock);
}
