// The scenario of a name, for the tests of this folder; a name that does not exist fails the test.
#ifndef ALOFT_CUTS_NAMED_H
#define ALOFT_CUTS_NAMED_H

#include "check.h"
#include "scenario.h"

static inline const struct scenario *named(const char *name)
{
    uint32_t count;
    const struct scenario *all = scenarios(&count);
    for (uint32_t i = 0; i < count; i++) {
        if (strcmp(all[i].name, name) == 0) {
            return &all[i];
        }
    }
    CHECK(!"there is no such scenario");
    return &all[0];
}

#endif
