// Whom an app on the virtual board trusts over TLS: the texts `ca`, `pin` and `pin_revoked` of its
// NVS, which outlive updates, or else of its settings; the time at which its image was built; and
// the host's clock, unless the setting `clock` is "none", as on a chip without one.
#ifndef ALOFT_TRUST_H
#define ALOFT_TRUST_H

#include "ports/linux/tls.h"
#include "ports/port.h"

#define ALOFT_TRUST_TEXT 4001u // the longest text of NVS, with its NUL

struct aloft_trust {
    struct aloft_port *port;
    int64_t built; // see tls.h
    char ca[ALOFT_TRUST_TEXT];
    char pins[ALOFT_TRUST_TEXT];
    char revoked[ALOFT_TRUST_TEXT];
};

// For aloft_net_trust; ctx is a struct aloft_trust, whose port and built are set.
void aloft_trust_fill(void *ctx, struct aloft_tls_trust *out);

#endif
