// The values of an NVS as commands show them: which ones count, and each as text.
#ifndef ALOFT_CLI_NVS_VALUES_H
#define ALOFT_CLI_NVS_VALUES_H

#include "aloft/nvs.h"

// Goes on to the next value that counts: the newest whole one of its key, in a namespace that has
// a name, which goes to ns. False: that was all.
bool aloft_nvs_values_next(const struct aloft_nvs *nvs, struct aloft_nvs_cursor *cursor,
                           char ns[ALOFT_NVS_NAME]);

// Whoever has one of these can act as the one who knows the password.
bool aloft_nvs_values_is_secret(const char *ns, const char *key);

// "u8", "str", "blob"; "other" for what is not shown.
const char *aloft_nvs_values_type(uint8_t type);

// A value as text, which the caller frees: a blob in hex. NULL when it cannot be read.
char *aloft_nvs_values_text(const struct aloft_nvs *nvs, const char *ns, const char *key,
                            uint8_t type);

#endif
