// NVS is asked each time, so what an operator writes there counts from the next update on.
#include "ports/linux/tls_settings.h"
#include <string.h>
#include <time.h>

static const char unreadable[] = "?"; // neither a certificate nor a pin

static bool host_clock(void *ctx, int64_t *seconds)
{
    (void)ctx;
    *seconds = time(NULL);
    return true;
}

static const char *text(struct aloft_tls_settings *trust, const char *key, char *room)
{
    enum aloft_err err = aloft_port_secret_read(trust->port, key, room, ALOFT_TLS_SETTINGS_TEXT);
    if (err == ALOFT_ERR_NVS_NOT_FOUND) {
        return aloft_port_setting(trust->port, key, "");
    }
    if (err == ALOFT_OK) {
        return room;
    }
    aloft_port_log(trust->port, 'E', "tls", "%s in NVS cannot be read: %s: %s", key,
                   aloft_err_name(err), aloft_err_sentence(err));
    return unreadable;
}

void aloft_tls_settings_fill(void *ctx, struct aloft_tls_trust *out)
{
    struct aloft_tls_settings *trust = ctx;
    bool has_clock = strcmp(aloft_port_setting(trust->port, "clock", "host"), "none") != 0;
    *out = (struct aloft_tls_trust){
        .ca = text(trust, "ca", trust->ca),
        .pins = text(trust, "pin", trust->pins),
        .revoked = text(trust, "pin_revoked", trust->revoked),
        .built = trust->built,
        .now = has_clock ? host_clock : NULL,
    };
    if (!has_clock && trust->built == 0) {
        aloft_port_log(trust->port, 'W', "tls",
                       "Neither a clock nor a build time: dates of certificates are not judged");
    }
}
