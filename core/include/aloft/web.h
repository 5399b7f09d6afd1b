// The browser way: a page, an upload and the commands of control.h over HTTP, for one client at a
// time. A way (way.h) that a port runs beside others. Routes, dialects and limits: docs/SPEC.md,
// "Browser way"; the JSON interface: docs/CONTROL.md.
//
// Without a verifier that is not empty and without a token the way is off: it never listens. There
// is no password by default. With a token alone only /api/ can be used.
//
// Invariants
//   V1  Nothing is told and nothing is done without a good answer to a challenge, or a good token.
//   V2  Nothing is done for the page of another site (Origin).
//   V3  Between a request for an upload and its end no other image comes in; whatever ends it early
//       gives the turn back, and the slot holds no image.
//   V4  A client that stops is given up: it begins within 3 s, as browsers open connections ahead
//       of need; its headers take at most 10 s, and then no silence lasts longer than 15 s.
//       V4 has no assertion: it is about time; web_test.c waits for each of these ends.
#ifndef ALOFT_WEB_H
#define ALOFT_WEB_H

#include "aloft/agent/web_state.h"

#define ALOFT_WEB_PORT       80u
#define ALOFT_WEB_BEGIN_MS   3000u
#define ALOFT_WEB_HEADERS_MS 10000u
#define ALOFT_WEB_IDLE_MS    15000u
#define ALOFT_WEB_DRAIN_MS   5000u    // for the rest of a request that was refused
#define ALOFT_WEB_REST_MS    3600000u // between two looks at the clock when nobody comes
#define ALOFT_WEB_LISTEN_MS  10000u   // until a listener that failed is tried again
#define ALOFT_WEB_ROUNDS     50u      // of PBKDF2 in a step
#define ALOFT_WEB_BODY_MAX   256u     // bytes of a command's body

// config is copied, what it points to must outlive the web.
void aloft_web_init(struct aloft_web *web, const struct aloft_web_config *config);

// The way. One flash operation a step at most; what flash then holds is said at aloft_intake_step
// and aloft_control_step.
struct aloft_way aloft_web_way(struct aloft_web *web);

#endif
