// The realm that the page's password is hashed with: the device's name, or its MAC.
#ifndef ALOFT_CLI_SECRET_REALM_H
#define ALOFT_CLI_SECRET_REALM_H

#include "aloft/net/webui_auth.h"
#include "cli/nvs/flash_nvs.h"

// Its MAC is the name of a device that was given none: 12 lower-case hexadecimal digits.
struct aloft_secret_realm {
    const char *name; // of --name; NULL: not given
    const char *mac;  // of --mac
};

// Finds the realm, in this order: name; device_id in NVS; mac; the virtual board's MAC when the
// file is a virtual board's flash; what a person at the terminal answers. A name that was given is
// set as device_id, too. False: none is known, or one cannot be; it was said.
bool aloft_secret_realm_find(struct aloft_flash_nvs *of, const struct aloft_secret_realm *given,
                             char realm[ALOFT_WEBUI_REALM_MAX + 1]);

#endif
