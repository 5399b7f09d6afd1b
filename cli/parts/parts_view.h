// How a partition table looks to a person and to a script.
#ifndef ALOFT_CLI_PARTS_VIEW_H
#define ALOFT_CLI_PARTS_VIEW_H

#include "hostlib/table/ptable_plan.h"
#include <jansson.h>

struct aloft_parts_view {
    const struct aloft_ptable_plan *plan;
    uint32_t table_addr;
    uint32_t flash_size; // 0: not known; the picture then ends at the next chip size
    const struct aloft_ptable_own_words *own_words; // for subtypes; NULL: none
};

// Draws the flash from its first byte to its last: every partition, the gaps, and where each lies.
void aloft_parts_view_draw(const struct aloft_parts_view *view);

json_t *aloft_parts_view_json(const struct aloft_parts_view *view);

#endif
