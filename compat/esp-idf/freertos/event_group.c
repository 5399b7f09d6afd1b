// Event groups.
#include "compat/esp-idf/freertos/rtos.h"
#include "freertos/event_groups.h"
#include <stdlib.h>

#define BITS_MASK 0x00FFFFFFu

struct EventGroupDef_t {
    EventBits_t bits;
};

struct wish {
    const struct EventGroupDef_t *group;
    EventBits_t bits;
    bool all;
};

static bool fulfilled(void *ctx)
{
    const struct wish *wish = ctx;
    EventBits_t set = wish->group->bits & wish->bits;
    return wish->all ? set == wish->bits : set != 0;
}

EventGroupHandle_t xEventGroupCreate(void)
{
    return calloc(1, sizeof(struct EventGroupDef_t));
}

void vEventGroupDelete(EventGroupHandle_t group)
{
    free(group);
}

EventBits_t xEventGroupWaitBits(EventGroupHandle_t group, EventBits_t bits, BaseType_t clear,
                                BaseType_t all, TickType_t ticks)
{
    struct wish wish = {group, bits & BITS_MASK, all != pdFALSE};
    aloft_rtos_lock();
    bool good = aloft_rtos_wait(fulfilled, &wish, ticks);
    EventBits_t now = group->bits;
    if (good && clear != pdFALSE) {
        group->bits &= ~wish.bits;
    }
    aloft_rtos_unlock();
    return now;
}

EventBits_t xEventGroupSetBits(EventGroupHandle_t group, EventBits_t bits)
{
    aloft_rtos_lock();
    group->bits |= bits & BITS_MASK;
    EventBits_t now = group->bits;
    aloft_rtos_changed();
    aloft_rtos_unlock();
    return now;
}

EventBits_t xEventGroupClearBits(EventGroupHandle_t group, EventBits_t bits)
{
    aloft_rtos_lock();
    EventBits_t before = group->bits;
    group->bits &= ~bits;
    aloft_rtos_unlock();
    return before;
}

EventBits_t xEventGroupGetBits(EventGroupHandle_t group)
{
    return xEventGroupClearBits(group, 0);
}

EventBits_t xEventGroupSync(EventGroupHandle_t group, EventBits_t set, EventBits_t wait,
                            TickType_t ticks)
{
    (void)xEventGroupSetBits(group, set);
    return xEventGroupWaitBits(group, wait, pdTRUE, pdTRUE, ticks);
}

BaseType_t xEventGroupSetBitsFromISR(EventGroupHandle_t group, EventBits_t bits, BaseType_t *woken)
{
    if (woken != NULL) {
        *woken = pdFALSE;
    }
    (void)xEventGroupSetBits(group, bits);
    return pdPASS;
}
