// Events are optional: without a function nothing happens.
#include "aloft/event.h"
#include <stddef.h>

void aloft_event_emit(const struct aloft_events *events, const struct aloft_event *event)
{
    if (events != NULL && events->fn != NULL) {
        events->fn(events->ctx, event);
    }
}

void aloft_event_tell(const struct aloft_events *events, enum aloft_event_kind kind, uint32_t value,
                      uint32_t total)
{
    aloft_event_emit(events, &(struct aloft_event){.kind = kind, .value = value, .total = total});
}
