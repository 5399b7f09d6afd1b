// Nobody has to listen.
#include "aloft/event.h"
#include <stddef.h>

void aloft_event_emit(const struct aloft_events *events, const struct aloft_event *event)
{
    if (events != NULL && events->fn != NULL) {
        events->fn(events->ctx, event);
    }
}
