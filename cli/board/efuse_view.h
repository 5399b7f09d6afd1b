// A board's eFuses, as people and as scripts read them.
#ifndef ALOFT_CLI_EFUSE_VIEW_H
#define ALOFT_CLI_EFUSE_VIEW_H

#include "aloft/efuse.h"
#include <jansson.h>

// "SECURE_BOOT_DIGEST0", as espefuse calls it; NULL for a number without a meaning.
const char *aloft_efuse_purpose_name(uint32_t purpose);

// The number of such a name, in upper or lower case; false when there is none.
bool aloft_efuse_purpose_find(const char *name, uint32_t *purpose);

void aloft_efuse_view_print(const struct aloft_efuse *efuse);

// A new object; NULL when there is no memory.
json_t *aloft_efuse_view_json(const struct aloft_efuse *efuse);

#endif
