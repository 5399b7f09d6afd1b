// What cannot be read in NVS, where it lies and why, for `aloft nvs show`.
#ifndef ALOFT_CLI_NVS_DAMAGE_H
#define ALOFT_CLI_NVS_DAMAGE_H

#include "aloft/nvs.h"
#include <jansson.h>

// A line each, or objects in list when it is not NULL. Returns how many entries or values there are
// that cannot be read.
uint32_t aloft_nvs_damage_show(const struct aloft_nvs *nvs, json_t *list);

#endif
