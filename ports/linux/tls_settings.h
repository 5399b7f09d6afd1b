// Whom an app on the virtual board trusts over TLS: the texts `ca`, `pin` and `pin_revoked` of its
// NVS, which outlive updates, or else of its settings; the time at which its image was built; and
// the host's clock, unless the setting `clock` is "none", as on a chip without one.
//
// What is in NVS and cannot be read is not passed over for the setting: it may revoke a key that
// the setting trusts. Nobody is trusted then.
#ifndef ALOFT_TLS_SETTINGS_H
#define ALOFT_TLS_SETTINGS_H

#include "ports/port.h"
#include "ports/portlib/tls/tls.h"

#define ALOFT_TLS_SETTINGS_TEXT 4001u // the longest text of NVS, with its NUL

struct aloft_tls_settings {
    struct aloft_port *port;
    int64_t built; // see tls.h
    char ca[ALOFT_TLS_SETTINGS_TEXT];
    char pins[ALOFT_TLS_SETTINGS_TEXT];
    char revoked[ALOFT_TLS_SETTINGS_TEXT];
};

// For aloft_net_trust; ctx is a struct aloft_tls_settings, whose port and built are set.
void aloft_tls_settings_fill(void *ctx, struct aloft_tls_trust *out);

#endif
