// Any process of this user may trace the app then, where the system asks for such a permission.
#include "board/chip/debugger.h"
#include <sys/prctl.h>
#include <time.h>

#define LOOK_NS 20000000L

void aloft_debugger_wait(struct aloft_board *board)
{
    const struct timespec moment = {0, LOOK_NS};
    if (!board->retained->config.debug) {
        return;
    }
    (void)prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY); // systems without that permission refuse it
    atomic_store(&board->retained->waits, 1);
    while (atomic_load(&board->retained->waits) != 0) {
        (void)nanosleep(&moment, NULL);
        aloft_board_feed_watchdog(board);
    }
}
