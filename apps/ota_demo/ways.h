// The ways beside the pull by which ota_demo takes firmware and commands: Arduino's push, the
// browser's page, and what is typed on the console. All of them share one intake with the pull.
//
// A way is on when the device has a secret for it (`aloft secret set`), and off without:
//   push_hash               push, on port `push_port` (3232)
//   web_ha1, web_ha1_md5    page and control over HTTP, on port `web_port` (80); either is enough
//   device_id               no secret: the device's name; its MAC when there is none
//   web_realm               no secret: the realm of the page's passwords; when there is none, the
//                           device's name
//   ctl_token               control over HTTP by a token for scripts, on the same port
// `push_open` set to "yes" takes pushes without a password. The console needs none: the serial port
// can flash the device anyway.
#ifndef ALOFT_OTA_DEMO_WAYS_H
#define ALOFT_OTA_DEMO_WAYS_H

#include "aloft/push.h"
#include "aloft/unwrap.h"
#include "aloft/web.h"
#include "ports/port.h"

struct ways {
    struct aloft_port *port;
    struct aloft_unwrap unwrap; // opens encrypted images, of all ways
    struct aloft_intake intake;
    struct aloft_control control;
    struct aloft_push push;
    struct aloft_web web;
    struct aloft_way push_way;
    struct aloft_way web_way;
    char device_id[ALOFT_WEBUI_REALM_MAX + 1];
    char realm[ALOFT_WEBUI_REALM_MAX + 1];
    char push_hash[2 * ALOFT_SHA256_LEN + 1];
    struct aloft_webui_verifier web_ha1;
    struct aloft_webui_token token;
    bool check; // the command check was given
};

// Starts what is on, and says whether any is. ways and policy must stay as long as the app; events
// are those of all images. policy may be NULL.
bool ways_start(struct ways *ways, struct aloft_port *port, const struct aloft_policy *policy,
                const struct aloft_events *events);

#endif
