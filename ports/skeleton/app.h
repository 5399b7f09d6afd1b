// The app's side of the skeleton: what an app does at its start, that it is good, and an update
// from a server. All other ways are added to the same net and the same intake (aloft/way.h).
#ifndef ALOFT_SKELETON_APP_H
#define ALOFT_SKELETON_APP_H

#include "aloft/intake.h"
#include "aloft/pull.h"
#include "ports/portlib/sockets/net.h"

struct aloft_skeleton_app {
    struct aloft_flash flash;
    struct aloft_slots slots;
    struct aloft_image_rules rules;
    struct aloft_image_facts facts; // of the running image
    int running;                    // its slot
    struct aloft_intake intake;
    struct aloft_pull pull;
    struct aloft_net net;
    struct aloft_net_port net_port;
    struct aloft_net_link link;
    char host[ALOFT_NET_HOST];
    uint8_t in[1024];
    uint8_t out[512];
    char urls[ALOFT_PULL_URLS(ALOFT_PULL_URL_DEFAULT)];
};

// Once, before anything else may write otadata.
// Errors: those of aloft_slots_load; SLOT_UNKNOWN when no slot begins where the app runs from. Then
//         the app may run, and cannot be updated.
enum aloft_err aloft_skeleton_start(struct aloft_skeleton_app *app);

// The app is good, by a test of its own: without this the next reset rolls it back. Costs nothing
// when it is confirmed already. Power loss, errors: as aloft_bootsel_confirm.
enum aloft_err aloft_skeleton_confirm(struct aloft_skeleton_app *app);

// Fetches the image at this URL and selects it. OK: call target_reset. Power loss: aloft_pull_way.
enum aloft_err aloft_skeleton_update(struct aloft_skeleton_app *app, const char *url);

#endif
