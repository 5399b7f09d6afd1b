// What a flash boots, and why: both otadata records, what each slot holds, what is selected, and
// what would run. Gathered once, then
// printed for people or as JSON.
#ifndef ALOFT_CLI_OTADATA_VIEW_H
#define ALOFT_CLI_OTADATA_VIEW_H

#include "aloft/bootsel.h"
#include "hostlib/device/dryboot.h"
#include <jansson.h>

struct aloft_otadata_view {
    const char *name;                      // of the file
    const struct aloft_slots *slots;       // NULL: only the two records are known
    const struct aloft_image_rules *rules; // of images in them
    const struct aloft_dryboot *boot;      // what boots; NULL as slots
    struct aloft_otadata records[2];
    uint32_t slot_count;
};

void aloft_otadata_view_print(const struct aloft_otadata_view *view);
json_t *aloft_otadata_view_json(const struct aloft_otadata_view *view);

#endif
